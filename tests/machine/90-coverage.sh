#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance tells which lines of mk_core it has reached (tests/coverage.sh).
. ./lib.sh

[ -n "$GCOV" ] || skip "only for make coverage"
pool_up 2-3 512M
check "an instance runs" run_instance web 2-3 256M \
	'find /sys/fs/multikernel /sys/module/mk_core/parameters -type f -exec cat {} +; sleep 3; gcov kmsg'
check "it tells what it has reached" within 60 in_log web 'test: gcov ends'
mkctl logs web | sed -n 's/.*test: gcov //p' | grep -v ends | sed 's/^/# gcov-instance: /'
must mkctl delete web --force
pool_down
