#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance uses both of its CPUs.
. ./lib.sh

pool_up 2-3 512M
check "run" run_instance web 2-3 512M
check "two CPUs are online in it" in_log web "alive $RELEASE cpus 2"
check "stop" mkctl stop web --timeout 20
equal "reason" poweroff "$(of web reason)"
check "no warning is in its log" healthy web
pool_down
