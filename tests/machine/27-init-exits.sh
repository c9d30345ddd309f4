#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The end of the first process is a panic, and is told.
. ./lib.sh

pool_up 2-3 256M
check "run" run_instance web 2 256M 'sleep 1; exit 3'
check "it crashes" mkctl wait web --state crashed --timeout 30
equal "reason" panic "$(of web reason)"
check "the text says why" sh -c "mkctl show web --json | grep -q 'Attempted to kill init'"
pool_down
