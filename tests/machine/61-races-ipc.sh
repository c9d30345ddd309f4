#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Calls of /dev/mk_ipc from many threads on the same channels and console at once.
. ./lib.sh

host_snapshot
pool_up 2 256M
INSTANCE_ARGS="console=hvc0${INSTANCE_ARGS+ $INSTANCE_ARGS}"
must modprobe mk_ipc
must run_instance web 2 256M 'for name in r0 r1 r2; do (while :; do BELL=0 channel echo $name || sleep 0.1; done 2>/dev/null) & done; while sleep 0.1; do echo here; done'
check "all calls at once" races-ipc "${RACE_SECONDS:-10}"
note /tmp/output
must mkctl channel add r1 --between host,web
check "a channel works as before" within 20 channel ask r1 100
must mkctl channel remove r1
check "and a console" sh -c 'mkctl console web --read-only --timeout 2 | grep here'
equal "no permit is left" 0 "$(mkctl channel list --json --pretty | grep -c '"r[0-9]"')"
check "healthy" healthy web
must mkctl kill web
check "nothing is held" within 15 rmmod mk_ipc
pool_down
host_compare 2048
