#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# sysrq-b in an instance ends the instance, not the machine.
. ./lib.sh

host_snapshot
pool_up 2-3 512M
for cpus in 2 2-3; do
	check "run on CPU $cpus" run_instance web "$cpus" 256M 'sleep 1; echo b > /proc/sysrq-trigger'
	check "it ends by itself" mkctl wait web --timeout 30
	equal "state" stopped "$(of web state)"
	equal "reason" emergency "$(of web reason)"
	check "delete" mkctl delete web
done
pool_down
host_compare
