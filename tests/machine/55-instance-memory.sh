#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What an instance has no memory for comes when it has some.
. ./lib.sh

[ -d /sys/kernel/debug/failslab ] || skip "this kernel cannot make allocations fail (KERNEL=debug can)"
talk='/lib/modules/$(uname -r)/mk_talk.ko'

permit() {
	must mkctl channel add one --between host,web --size 16K
	must mkctl channel add bus --between db,web --kind messages --classes user
}

forbid() {
	must mkctl channel remove one
	must mkctl channel remove bus
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must run_instance db 3 256M "insmod $talk"
must run_instance web 2 256M 'while :; do channel echo one || sleep 0.1; done 2>/dev/null'
check "memory fails where channels are opened" within 20 at faults agent_message
round=0
while [ $round -lt 8 ]; do
	round=$((round + 1))
	permit
	sleep 0.5
	forbid
done
permit
sleep 1
failed=$(at faults)
check "it did: $failed times" test "$failed" -gt 10
check "the channel comes" within 20 channel ask one 10
check "messages do" within 20 at sh -c "insmod $talk ask=1 count=100 peer=$(of db id); dmesg | grep 'mk_talk: .* asked well' || ! rmmod mk_talk"
forbid
for name in web db; do
	check "$name is healthy" healthy $name
	must mkctl delete $name --force
done
check "nothing is held" within 10 rmmod mk_ipc
pool_down
host_compare 2048
