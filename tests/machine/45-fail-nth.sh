#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of each call, and of the load of each module, fails once; with
# FAIL_PART only those of core, ipc or fs.
. ./lib.sh

[ -e /proc/self/fail-nth ] || skip "this kernel cannot make allocations fail (KERNEL=debug can)"
host_snapshot
check "errors change nothing, and what failed works again" \
	fail-nth "$KERNEL" "$INITRD" ${FAIL_PART:+"$FAIL_PART"}
[ $FAILED != 0 ] || note /tmp/output
host_compare
