#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# There are fewer low windows than CPUs: the last instance is refused.
. ./lib.sh

cpus=$(nproc)
must modprobe mk_core
windows=$(pool windows)
must rmmod mk_core
[ "$windows" -lt $((cpus - 1)) ] || skip "$cpus CPUs are not more than $windows low windows"
host_snapshot
pool_up "1-$((cpus - 1))" 128M
cpu=0
while [ "$cpu" -lt "$windows" ]; do
	cpu=$((cpu + 1))
	must mkctl create "web$cpu" --cpus $cpu --memory 2M
done
equal "no window is left" 0 "$(pool windows_free)"
free=$(pool memory_free)
refused no_window 1 "one more" create more --cpus $((cpu + 1)) --memory 2M
cp /tmp/output /tmp/said
check "it says what bounds it and what to do" grep -q "of $windows;.*delete an instance first" /tmp/said
equal "its memory is back" "$free" "$(pool memory_free)"
equal "its CPU is free" "$windows" "$(mkctl pool show --json --pretty | grep -c '"state": "used"')"
check "delete one" mkctl delete web1
check "then one more" mkctl create more --cpus $((cpu + 1)) --memory 2M
pool_down
host_compare
