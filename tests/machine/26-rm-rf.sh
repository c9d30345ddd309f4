#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance that removes all its files harms itself only.
. ./lib.sh

pool_up 2-3 256M
check "run" run_instance web 2 256M 'exec 3>/dev/kmsg; rm -rf /* 2>/dev/null; echo test: left /* /dev/* >&3'
check "its files are gone" in_log web 'test: left /dev /proc /sys /dev/\*$'
equal "it runs" running "$(of web state)"
check "the host serves" mkctl list
check "kill" mkctl kill web
equal "state and reason" "stopped killed" "$(of web state) $(of web reason)"
pool_down
