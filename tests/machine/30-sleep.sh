#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The host does not sleep while an instance is alive.
. ./lib.sh

pool_up 2-3 256M
check "run" run_instance web 2 256M
check "sleep is refused" sh -c '! echo freeze >/sys/power/state'
equal "the instance runs on" running "$(of web state)"
check "its heart beats" in_log web "test: alive"
pool_down
