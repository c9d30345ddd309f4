#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# CPUs go into the pool and come back; what cannot go is refused.
. ./lib.sh

must modprobe mk_core
all=$(online)
last=$(($(nproc) - 1))
check "two CPUs go" mkctl pool add --cpus "2-$last"
equal "the host keeps the others" 0-1 "$(online)"
refused cpu_taken 1 "a CPU of the pool" pool add --cpus 2
refused cpu_boot 1 "the boot CPU" pool add --cpus 0
refused cpu_unknown 1 "a CPU that is not there" pool add --cpus 200
refused usage 2 "a CPU named twice" pool add --cpus 1,1
echo 0 >/sys/devices/system/cpu/cpu1/online
refused cpu_offline 1 "a CPU that is offline" pool add --cpus 1
echo 1 >/sys/devices/system/cpu/cpu1/online
equal "a refusal changes nothing" 0-1 "$(online)"
refused cpu_boot 1 "all or nothing" pool add --cpus 1,0
equal "all or nothing: CPU 1 stays" 0-1 "$(online)"
check "one comes back" mkctl pool remove --cpus 2
refused cpu_not_pool 1 "one that is back" pool remove --cpus 2
# The host's own switch for tests: the next bring-up of this CPU fails there.
fails=$(sed -n 's/^ *\([0-9]*\): workqueue:online$/\1/p' /sys/devices/system/cpu/hotplug/states)
must mkctl pool add --cpus 2 --memory 128M
must sh -c "echo $fails >/sys/devices/system/cpu/cpu$last/hotplug/fail"
refused cpu_refused 1 "one that the host refuses" pool remove --cpus "2-$last" --memory 128M
equal "all or nothing: the CPUs stay in the pool" 0-1 "$(online)"
equal "all or nothing: the memory, too" 134217728 "$(pool memory)"
check "all come back" mkctl pool remove --all
equal "the host has all CPUs" "$all" "$(online)"
check "a CPU that came back works" taskset -c 2 true
must mkctl pool add --cpus "$last"
must sh -c "echo $fails >/sys/devices/system/cpu/cpu$last/hotplug/fail"
check "rmmod, though the host refuses a CPU" rmmod mk_core
equal "it stays offline" "0-$((last - 1))" "$(online)"
check "the kernel log has the remedy" \
	sh -c "dmesg | grep 'CPU $last stays offline.*echo 1 >/sys/devices/system/cpu/cpu$last/online'"
check "which works" sh -c "echo 1 >/sys/devices/system/cpu/cpu$last/online"
equal "the host has all CPUs again" "$all" "$(online)"
