#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The instance has the host's time of day.
. ./lib.sh

pool_up 2-3 256M
before=$(date +%s)
check "run" run_instance web 2 256M 'say time $(date +%s)'
must in_log web 'test: time'
time=$(mkctl logs web | sed -n 's/.*test: time \([0-9]*\).*/\1/p')
now=$(date +%s)
equal "it is between start and now" yes "$([ "$time" -ge "$before" ] && [ "$time" -le "$now" ] && echo yes)"
pool_down
