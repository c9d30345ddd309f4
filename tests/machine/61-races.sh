#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Calls from many threads on the same instances at once, while the pool changes.
. ./lib.sh

host_snapshot
pool_up 2-3 256M
check "all is free after a race" races "${RACE_SECONDS:-10}"
must mkctl pool remove --cpus 3
check "a change of the pool lets nobody wait" churn $((10 * SLOW)) 256
note /tmp/output
equal "no instance is left" 0 "$(pool instances)"
pool_down
host_compare
