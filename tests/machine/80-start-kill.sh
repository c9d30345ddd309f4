#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 50 starts and kills lose nothing.
. ./lib.sh

pool_up 2-3 512M
must run_instance web 2-3 256M
must mkctl kill web
free=$(free_kib)
round=0
while [ $round -lt 50 ]; do
	round=$((round + 1))
	must mkctl start web
	# each at another point of its way
	sleep "$((round / 20)).$((round % 10))"
	must mkctl kill web
done
equal "51 starts" 51 "$(of web boots)"
equal "no CPU is lost" 0 "$(of web lost_cpus)"
lost=$((free - $(free_kib)))
equal "no page is lost: $lost KiB" yes "$([ $lost -lt 200 ] && echo yes)"
must mkctl delete web
equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
equal "the windows are free" "$(pool windows)" "$(pool windows_free)"
pool_down
