#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# One and two CPUs, 256 MiB and 2 GiB.
. ./lib.sh

[ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -gt 5000000 ] || skip "less than 5 GB"
host_snapshot
pool_up 2-3 2G
for memory in 256M 2G; do
	for cpus in 2 2-3; do
		check "run with $memory on CPU $cpus" run_instance web "$cpus" "$memory"
		check "all CPUs are up" in_log web "alive $RELEASE cpus $([ $cpus = 2 ] && echo 1 || echo 2) "
		mkctl logs web | sed -n 's/.*test: alive/alive/p' | note
		check "stop" mkctl stop web --timeout 30
		equal "reason" poweroff "$(of web reason)"
		check "delete" mkctl delete web
	done
done
pool_down
host_compare
