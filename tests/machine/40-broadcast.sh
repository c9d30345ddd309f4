#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Broadcasts of the host reach no instance.
. ./lib.sh

pool_up 3 256M
must test "$(online)" = 0-2
show='while sleep 1; do say calls $(grep CAL: /proc/interrupts); done'
check "run" run_instance web 3 256M "$show"
must in_log web 'test: calls'
calls() { mkctl logs web | sed -n 's/.*test: calls CAL: *\([0-9]*\).*/\1/p'; }
more_calls() { [ "$(calls | wc -l)" -gt "$1" ]; }
before=$(calls | tail -n 1)
check "10000 broadcasts" insmod "/lib/modules/$(uname -r)/mk_test.ko" act=broadcast
rmmod mk_test
said=$(calls | wc -l)
check "the instance goes on" within 20 more_calls $((said + 1))
equal "the instance got none" "$before" "$(calls | tail -n 1)"
equal "state" running "$(of web state)"
pool_down
