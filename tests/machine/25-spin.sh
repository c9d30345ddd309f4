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
check "delete" mkctl delete web
check "run again on two CPUs" run_instance web 2-3 256M "${spin}_all"
spins() { [ "$(of web beat_ms)" -gt 1000 ]; }
check "it spins" within 20 spins
check "kill" mkctl kill web
equal "state and reason" "stopped killed" "$(of web state) $(of web reason)"
check "delete" mkctl delete web
pool_down
host_compare
