#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance that removes all its files harms itself only.
. ./lib.sh

pool_up 2-3 256M
check "run" run_instance web 2 256M 'sleep 1; rm -rf /* 2>/dev/null; say() { echo "<5>test: $*" >/dev/kmsg; }'
sleep 3
check "the host serves" mkctl list
check "kill" mkctl kill web
pool_down
