#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A host that does not know the rate of its TSC makes no instances, and says why.
. ./lib.sh

grep -q 'clearcpuid=tsc' /proc/cmdline || skip "this host knows its TSC (clearcpuid=tsc hides it)"
pool_up 2-3 256M
refused tsc 3 "create" create web --cpus 2 --memory 128M
refused tsc 3 "run" run web --cpus 2 --memory 128M --kernel "$KERNEL" --initrd "$INITRD"
equal "no instance was made" 0 "$(pool instances)"
equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
pool_down
