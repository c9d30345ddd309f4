#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A stock kernel boots beside the host, is seen, stops when asked.
. ./lib.sh

host_snapshot
pool_up 2-3 512M
check "run" run_instance web 2 256M
equal "state" running "$(of web state)"
equal "release" "$RELEASE" "$(of web release)"
check "its log shows the kernel" in_log web "Linux version $RELEASE"
check "its first process is alive, one CPU" in_log web "test: alive $RELEASE cpus 1"
equal "status in sysfs" running "$(cat /sys/fs/multikernel/instances/web/status)"
check "rmmod is refused" sh -c '! rmmod mk_core'
refused state 1 "delete is refused" delete web
check "stop" mkctl stop web --timeout 20
equal "state" stopped "$(of web state)"
equal "reason" poweroff "$(of web reason)"
check "its log can still be read" in_log web "Linux version $RELEASE"
check "no warning is in it" healthy web
pool_down
host_compare
