#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Damaged arguments of every call of /dev/mk.
. ./lib.sh

host_snapshot
must modprobe mk_core
check "each error has its code, and the pool empties" fuzz-ioctl "${FUZZ_ROUNDS:-10000}" ${FUZZ_SEED:+"$FUZZ_SEED"}
note /tmp/output
must rmmod mk_core
host_compare
