#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A loop with interrupts off is found, and killed at once.
. ./lib.sh

host_snapshot
pool_up 2-3 512M
spin='sleep 1; insmod /lib/modules/$(uname -r)/mk_test.ko act=spin'
check "run" run_instance web 2 256M "$spin"
check "it is found" mkctl wait web --state crashed --timeout 60
equal "reason" liveness "$(of web reason)"
age=$(of web text | sed -n 's/.*no heartbeat for \([0-9]*\) ms$/\1/p')
limit=$(cat /sys/module/mk_core/parameters/liveness_ms)
check "$age ms are not much below the limit of $limit" [ "$age" -gt $((limit - 200)) ]
check "and not much above it" [ "$age" -le $((limit + 200 * SLOW)) ]
check "delete" mkctl delete web
echo 5000 >/sys/module/mk_core/parameters/liveness_ms
check "run again on two CPUs" run_instance web 2-3 256M "${spin}_all"
spins() { [ "$(of web beat_ms)" -gt 1000 ]; }
check "it spins" within 20 spins
check "it has longer now" [ "$(of web state)" = running ]
check "kill" mkctl kill web
equal "state and reason" "stopped killed" "$(of web state) $(of web reason)"
check "delete" mkctl delete web
pool_down
host_compare
