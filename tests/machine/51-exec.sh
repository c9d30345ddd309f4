#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Commands in an instance: streams, exit codes, signals, terminals, and the end.
. ./lib.sh

pool_up 2-3 512M
must modprobe mk_ipc
must run_instance web 2 256M
mkctl exec web --timeout 20 -- echo hello >/tmp/out 2>&1
equal "exit code" 0 $?
equal "output" hello "$(cat /tmp/out)"
mkctl exec web sh -c 'echo out; echo err >&2; exit 7' >/tmp/out 2>/tmp/err </dev/null
equal "exit" 7 $?
equal "out" "out" "$(cat /tmp/out)"
equal "err" "err" "$(cat /tmp/err)"
mkctl exec web ps | note
mkctl exec -t web -- sh -c 'tty; stty -a; ls -l /proc/self/fd' | note
mkctl logs web | tail -n 5 | note
mkctl exec web nothing; equal "nothing" 127 $?
mkctl exec web /etc; equal "dir" 126 $?
time mkctl exec web true
must mkctl delete web --force
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
