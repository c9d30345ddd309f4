#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Damaged arguments of every call of /dev/mk; reads and writes of sysfs.
. ./lib.sh

host_snapshot
must modprobe mk_core
check "each error has its code, and the pool empties" fuzz-ioctl "${FUZZ_ROUNDS:-10000}" ${FUZZ_SEED:+"$FUZZ_SEED"}
note /tmp/output
must rmmod mk_core
# the kernel keeps pages of slabs for all that was in sysfs
host_compare 2048
