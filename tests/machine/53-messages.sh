#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Modules of kernels send each other messages, of the classes that are permitted.
. ./lib.sh

talk='/lib/modules/$(uname -r)/mk_talk.ko'
here="/lib/modules/$(uname -r)/mk_talk.ko"

# asks EXPECTED [PARAMETER...]: from the host
asks() {
	expected=$1
	shift
	insmod "$here" ask=1 "expect=$expected" "$@" || return
	must rmmod mk_talk
	dmesg | grep 'mk_talk:' | tail -n 1 | tee /tmp/output | grep -q ' well '
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
check "nobody is there" asks -19 peer=1 # ENODEV
must run_instance web 2 256M "insmod $talk"
web=$(of web id)
check "web links up" in_log web 'mk_ipc: linked with the host'
check "the host asks an instance" within 20 asks 0 "peer=$web"
check "nobody takes another class there" asks -95 "peer=$web" class=3 # EOPNOTSUPP
must at rmmod mk_talk
at sh -c "insmod $talk ask=1 flood=1 peer=0 count=3000" &
other=$!
must insmod "$here" ask=1 flood=1 "peer=$web" count=3000
check "both send at once, without a rest" sh -c "dmesg | grep 'mk_talk:' | tail -n 1 | grep ' well '"
wait $other
check "and the other one gets on, too" in_log web 'mk_talk: 0 asked well (0)' 60
must rmmod mk_talk

must insmod "$here"
ask="insmod $talk ask=1 count=300"
must run_instance db 3 256M "$ask peer=0; rmmod mk_talk; $ask peer=$web expect=-19; rmmod mk_talk; \
	until $ask peer=$web expect=0 && dmesg | tail -n 1 | grep -q ' well '; do rmmod mk_talk; sleep 0.5; done; \
	rmmod mk_talk; $ask peer=$web class=3 expect=-13; rmmod mk_talk; echo end of db >/dev/kmsg"
check "an instance asks the host" in_log db 'mk_talk: 0 asked well (0)' 60
check "it has no messages with another one" in_log db "mk_talk: $web asked well (-19)" 60
check "messages for modules" mkctl channel add bus --between db,web --kind messages --classes user --rate 100K
refused channel_taken 1 "two of them" channel add bus2 --between web,db --kind messages
check "now it has" in_log db "mk_talk: $web asked well (0)" 60
# took KERNEL: ms, what db asked it
took() {
	mkctl logs db | sed -n "s/.*mk_talk: $1 asked well (0) for \([0-9]*\) ms/\1/p" | tail -n 1
}
slow=$(took "$web") free=$(took 0)
# 300 of up to 4 KiB each way, half of that on average: 6 seconds
check "a rate of 100 KiB a second takes its time: $slow ms, without one $free" test "$slow" -ge $((free + 4000))
check "but not of another class" in_log db "mk_talk: $web asked well (-13)" 60
check "both are logged" in_log db "mk_ipc: a message for kernel $web: refused"
check "with the class" in_log db 'mk_ipc: a message of class 3 for web .*: refused'
check "it ends" in_log db 'end of db' 20
check "both are healthy" sh -c '. ./lib.sh >/dev/null; trap - EXIT; healthy web && healthy db'
check "forbid" mkctl channel remove bus
must rmmod mk_talk
insmod "$here" ask=1 expect=-4 "peer=$web" forever=1 & # EINTR
asker=$!
sleep 2
kill -KILL $asker
wait $asker
check "who is killed waits no longer" sh -c "dmesg | grep 'mk_talk:' | tail -n 1 | grep 'asked well (-4)'"
must rmmod mk_talk
asks -104 "peer=$web" forever=1 & # ECONNRESET
asker=$!
sleep 2
must mkctl delete web --force
check "who waits for an answer of one that ends is told" wait $asker
must mkctl delete db --force
check "the module can go" within 10 rmmod mk_ipc
pool_down
host_compare
