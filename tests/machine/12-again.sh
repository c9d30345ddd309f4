#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The same image starts again after stop, kill and crash.
. ./lib.sh

pool_up 2-3 256M
check "first start" run_instance web 2 256M
check "stop" mkctl stop web --timeout 20
check "start after stop" mkctl start web --wait --timeout 60
check "kill" mkctl kill web
equal "reason" killed "$(of web reason)"
check "start after kill" mkctl start web --wait --timeout 60
check "its log is of the new run only" sh -c '[ "$(mkctl logs web | grep -c "Linux version")" = 1 ]'
check "kill" mkctl kill web
check "delete" mkctl delete web
shared=/run/multikernel/$RELEASE.cpio
check "what all instances need is there once" [ -s "$shared" ]
echo nonsense >"$shared"
check "one that crashes" run_instance web 2 256M 'sleep 1; echo c > /proc/sysrq-trigger'
check "it crashes" mkctl wait web --state crashed --timeout 30
equal "reason" panic "$(of web reason)"
check "start after crash" mkctl start web --wait --timeout 60
equal "three starts were one instance" 2 "$(of web boots)"
check "what was damaged was made anew" [ "$(wc -c <"$shared")" -gt 100000 ]
pool_down
