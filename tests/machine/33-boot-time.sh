#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance that never says that it runs has crashed when the time to boot is over.
. ./lib.sh

pool_up 2-3 256M
limit=/sys/module/mk_core/parameters/boot_ms
check "start without an agent" run_instance web 2 256M '' --no-agent --no-wait
check "its user space is alive" in_log web 'test: alive'
equal "for the host it is starting" "starting none" "$(of web state) $(of web reason)"
check "it has less time" sh -c "echo 1000 >$limit"
check "it crashes" mkctl wait web --state crashed --timeout 10
equal "reason" boot "$(of web reason)"
echo 0 >$limit
must mkctl start web
check "no limit: it starts again" in_log web 'test: alive'
sleep 2
equal "it is still starting" "starting none" "$(of web state) $(of web reason)"
pool_down
