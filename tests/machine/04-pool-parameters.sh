#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The pool can be filled by module parameters.
. ./lib.sh

host_snapshot
check "modprobe with cpus and memory" modprobe mk_core cpus=2-3 memory=256M,128M
equal "CPUs" 0-1 "$(online)"
equal "memory" $((384 << 20)) "$(pool memory)"
check "rmmod gives everything back" rmmod mk_core
host_compare

# bad PARAMETER TEXT: modprobe refuses it, the kernel log says why
bad() {
	check "modprobe refuses $1" sh -c "! modprobe mk_core $1"
	check "   it says '$2'" sh -c "dmesg | tail -n 2 | grep '$1: $2'"
}

bad cpus=99 'there is no such CPU'
bad cpus=0-1 'CPU 0 boots the machine'
bad cpus=two 'no list of CPUs'
bad memory=1G@ 'no list like'
bad memory="$(printf '128M,%.0s' $(seq 17))" 'no list like'
bad memory=0 'no list like'
bad memory=1G,,1G 'no list like'
bad memory=129M '.* is no multiple of'
bad memory=128M@5 'there is no NUMA node 5'
bad memory=1T '.* contiguous bytes'
bad realmode=0x100000 'real-mode code begins below'
echo 0 >/sys/devices/system/cpu/cpu3/online
bad cpus=2-3 'CPU 3 is offline'
echo 1 >/sys/devices/system/cpu/cpu3/online
host_compare
# The host's own switch for tests: the next way of this CPU through there fails.
fails=$(sed -n 's/^ *\([0-9]*\): workqueue:online$/\1/p' /sys/devices/system/cpu/hotplug/states)
must sh -c "echo $fails >/sys/devices/system/cpu/cpu3/hotplug/fail"
# busybox tries a second time, by another system call
modprobe mk_core cpus=2-3 && must rmmod mk_core
check "a CPU that the host refuses is named" \
	sh -c "dmesg | grep 'cpus=2-3: the host cannot hand over CPU 3'"

host_snapshot
# Too early the kernel itself ends what a signal finds in alloc_workqueue(), too late
# all is there: the next try is later, or sooner.
interrupted() {
	ms=500
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		modprobe mk_core memory=1536M &
		sleep "$(printf %d.%03d $((ms / 1000)) $((ms % 1000)))"
		kill -9 $! 2>/dev/null
		if wait $!; then
			rmmod mk_core
			ms=$((ms / 2))
		elif dmesg | tail -n 2 | grep -q 'the load was interrupted'; then
			return
		else
			ms=$((ms * 3 / 2))
		fi
	done
	return 1
}
check "a load that takes long can be killed, and says so" interrupted
host_compare
