#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs of two kernels talk through a channel.
. ./lib.sh

bells() {
	awk '/mk_ipc doorbell/ { print $2 + $3 }' /proc/interrupts
}

uptime_ms() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# channel_of NAME KEY
channel_of() {
	mkctl channel list --json --pretty | sed -n "/\"name\": *\"$1\"/,/\"sides\"/p" | member "$2"
}

host_snapshot
pool_up 2-3 512M
refused not_loaded 3 "no mk_ipc" channel list
check "programs are told, too" sh -c 'channel ask one 1 2>&1 | grep "one: No such device"'
must modprobe mk_ipc
check "a doorbell in /proc/interrupts" grep -q 'mk_ipc doorbell' /proc/interrupts
# until there is one, which takes long on a busy machine
at_last='at_last() { until channel $*; do :; done 2>/dev/null; };'
must run_instance web 2 256M "$at_last at_last take slow 2000 & at_last echo one; at_last echo one spin; at_last echo one; at_last both five 10000 >/dev/kmsg; at_last take two 20000 >/dev/kmsg; at_last echo three"
must run_instance db 3 256M "$at_last channel ask four 1 >/dev/kmsg 2>&1; at_last ask three 500 >/dev/kmsg; channel ask three 1000000 >/dev/kmsg 2>&1"
check "web links up" in_log web 'mk_ipc: linked with the host'
check "db links up" in_log db 'mk_ipc: linked with the host'
check "host and web may talk" mkctl channel add one --between host,web --size 64K
refused channel_taken 1 "a name that is taken" channel add one --between host,db
refused channel_size 1 "an odd size" channel add odd --between host,db --size 5000
refused no_channel 1 "none of that name" channel remove odd
equal "rings are of that size" 65536 "$(channel_of one ring_size)"
before=$(bells)
check "messages go round, both sleep" channel ask one 1000
note /tmp/output
rang=$(($(bells) - before))
check "doorbells rang: $rang" test $rang -gt 20	# fewer on a busy machine: answers come meanwhile
before=$(bells)
check "and again, both spin" channel ask one 1000 spin
note /tmp/output
rang=$(($(bells) - before))
check "hardly a doorbell rang: $rang" test $rang -lt 100
check "and again, through poll()" channel ask one 1000 poll
must mkctl channel add five --between host,web --size 4K
check "10,000 messages each way at once, two threads on each side" timeout 60 channel both five 10000
check "come as they were sent" in_log web 'took 10000'
must mkctl channel remove five
must mkctl channel add two --between web,host --size 16K
check "20,000 messages" channel send two 20000
check "come as they were sent" in_log web 'took 20000'
must mkctl channel add jobs --between host,web
must mkctl cp /bin/greet web:/bin
at greet jobs &
answers=$!
equal "the example of the library" "hello Ada hello Grace" "$(greet jobs Ada Grace | xargs)"
check "its other side ends with it" wait $answers
must mkctl channel remove jobs
must mkctl channel add slow --between host,web --rate 100K
begin=$(uptime_seconds)
check "600 KB through a channel with a rate of 100 KiB a second" channel send slow 2000
took=$(($(uptime_seconds) - begin))
check "take 5 seconds or more: $took" test $took -ge 5
must mkctl channel remove slow
must mkctl channel add least --between host,web --rate 1
at channel send least 2 >/dev/null 2>&1 &
channel outlive least >/tmp/outlived 2>&1 &
sleep $((2 * SLOW))
must mkctl channel remove least
check "who rests for hours by a rate sees the end, and what came before" \
	within 5 grep -q 'received 2,' /tmp/outlived
note /tmp/outlived
must mkctl channel add three --between web,db
equal "if nothing is said, rings take the longest message" 131072 "$(channel_of three ring_size)"
check "a channel that was not permitted" sh -c '! channel ask four 1 2>/dev/null'
check "db was refused it, too" in_log db 'four: No such file' 60
check "both are logged" in_log db 'channel "four", which this kernel has not: refused' 5
check "   with the program" sh -c "dmesg | grep 'mk_ipc: channel ([0-9]*) asked for channel \"four\", which this kernel has not: refused'"
check "instances talk" in_log db 'round trip'
must mkctl kill web
check "the survivor sees that its peer is dead" in_log db 'Connection reset' 5
within 5 test "$(channel_of three state)" = waiting
equal "the channel waits" waiting "$(channel_of three state)"
check "db is healthy" healthy db
must mkctl start web --wait
check "host and web may talk again" channel ask one 10
i=0 many=
while [ $i -lt 64 ]; do
	i=$((i + 1))
	must mkctl channel add "m$i" --between host,web --size 4K
	many="$many m$i"
done
hosts() {
	[ "$(channel_of m50 state)" = open ]
}
must within 20 hosts
check "what an instance has no room for waits, and why is logged" \
	within 5 sh -c "dmesg | grep 'mk_ipc: channel m6[0-4] waits: web .* has 64 channels'"
begin=$(uptime_ms)
must mkctl kill web
took=$(($(uptime_ms) - begin))
check "64 channels end with an instance in half a second: $took ms" test $took -lt $((500 * SLOW))
must mkctl start web --wait
check "they come again" within 20 hosts
for name in $many; do
	must mkctl channel remove "$name"
done
for name in one two three; do
	check "forbid $name" mkctl channel remove $name
done
check "web is healthy" healthy web
must mkctl kill web
must mkctl kill db
within 5 sh -c 'rmmod mk_ipc'
pool_down
# the modules of AF_VSOCK stay, and with 7.2 a page of 2 MiB for the text of modules
host_compare 4096
