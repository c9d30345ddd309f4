#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Instances are created and deleted; names and resources are checked.
. ./lib.sh

pool_up 2-3 512M
check "create" mkctl create web --cpus 2 --memory 256M
equal "state" created "$(of web state)"
equal "its CPU has an owner" used "$(pool state)"
equal "one window is used" 1 $(($(pool windows) - $(pool windows_free)))
equal "sysfs has its id" 1 "$(cat /sys/fs/multikernel/instances/web/id)"
equal "sysfs has its state" created "$(cat /sys/fs/multikernel/instances/web/status)"
refused name_taken 1 "a name twice" create web --cpus 3 --memory 128M
refused name_taken 1 "the name of the host" create host --cpus 3 --memory 128M
refused name_invalid 2 "a name with a slash" create a/b --cpus 3 --memory 128M
refused name_invalid 2 "a name that begins with a digit" create 1a --cpus 3 --memory 128M
refused name_invalid 2 "a name of 64 characters" create "$(printf 'a%063d' 0)" --cpus 3 --memory 128M
refused cpu_busy 1 "a CPU in use" create db --cpus 2 --memory 128M
refused cpu_not_pool 1 "a CPU of the host" create db --cpus 1 --memory 128M
refused memory_pool 1 "too much memory" create db --cpus 3 --memory 512M
refused memory_align 1 "odd memory" create db --cpus 3 --memory 1000001
refused cpu_busy 1 "pool CPU in use" pool remove --cpus 2
refused memory_busy 1 "pool memory in use" pool remove --memory 512M
refused state 1 "start without an image" start web
check "delete" mkctl delete web
refused no_instance 1 "it is gone" show web
equal "no window is used" 0 $(($(pool windows) - $(pool windows_free)))
pool_down
