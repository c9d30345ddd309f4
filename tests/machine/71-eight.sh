#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Eight instances run at once and come back whole.
. ./lib.sh

[ "$(nproc)" -ge 10 ] || skip "fewer than 10 CPUs"
# What CPUs leave behind in the host's caches on their first way out and back
# is no leak.
pool_up 2-9 2G
pool_down
host_snapshot
pool_up 2-9 2G
for cpu in 2 3 4 5 6 7 8 9; do
	check "start on CPU $cpu" run_instance "web$cpu" "$cpu" 256M "" --no-wait
done
for cpu in 2 3 4 5 6 7 8 9; do
	check "web$cpu runs" mkctl wait "web$cpu" --state running --timeout 300
	check "web$cpu is alive" in_log "web$cpu" "test: alive $RELEASE cpus 1" 120
done
check "all are killed" mkctl kill --all
for cpu in 2 3 4 5 6 7 8 9; do
	check "no warning is in the log of web$cpu" healthy "web$cpu"
	must mkctl delete "web$cpu"
done
equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
equal "the windows are free" "$(pool windows)" "$(pool windows_free)"
pool_down
host_compare
