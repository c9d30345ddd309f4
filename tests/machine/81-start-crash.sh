#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 50 starts and crashes lose nothing.
. ./lib.sh

pool_up 2-3 512M
must run_instance web 2-3 256M 'echo c > /proc/sysrq-trigger' --no-wait
must mkctl wait web --timeout 60
free=$(free_kib)
round=0
while [ $round -lt 50 ]; do
	round=$((round + 1))
	must mkctl start web
	must mkctl wait web --timeout 60
	[ "$(of web state) $(of web reason)" = "crashed panic" ] || failed "round $round: $(of web state)"
done
equal "51 starts" 51 "$(of web boots)"
equal "no CPU is lost" 0 "$(of web lost_cpus)"
lost=$((free - $(free_kib)))
equal "no page is lost: $lost KiB" yes "$([ $lost -lt 200 ] && echo yes)"
must mkctl delete web
equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
equal "the windows are free" "$(pool windows)" "$(pool windows_free)"
pool_down
