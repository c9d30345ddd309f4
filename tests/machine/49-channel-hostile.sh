#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance writes what it wants into all that it shares with the host and with
# another instance, first random words, then messages that are nearly good: its
# channels are over, other ones and the two kernels do not feel it.
. ./lib.sh

COUNT=${COUNT:-20000}
SECONDS_EACH=${HOSTILE_TIME:-10}
talk='/lib/modules/$(uname -r)/mk_talk.ko'
AREA=0x40000	# of mk_ipc, from the control page on
SIZE=0x9000	# its head, the link and its rings

# use NAME: all day, whatever comes
use() {
	while [ ! -e /tmp/done ]; do
		timeout 2 channel ask "$1" 1000
		timeout 2 channel ask "$1" 1000 spin
	done >/dev/null 2>&1
}

# look: at the console of web, likewise
look() {
	while [ ! -e /tmp/done ]; do
		timeout 2 mkctl console web
		sleep 0.1
	done >/dev/null 2>&1 </dev/null
}

# good: all day, and counts what fails
good() {
	while [ ! -e /tmp/done ]; do
		timeout $((30 * SLOW)) channel ask good 100 >>/tmp/good 2>&1 || echo "not as it should be" >>/tmp/good
	done
}

# toil: milliseconds that the same work takes, on the CPU that has less time for it
toil() {
	slowest=0
	for cpu in 0 1; do
		begin=$(awk '{ print int($1 * 1000) }' /proc/uptime)
		taskset -c $cpu awk 'BEGIN { while (i < 100000) i++ }'
		end=$(awk '{ print int($1 * 1000) }' /proc/uptime)
		[ $((end - begin)) -lt $slowest ] || slowest=$((end - begin))
	done
	echo $slowest
}

# serve: sockets, likewise
serve() {
	while [ ! -e /tmp/done ]; do
		timeout 2 vsock serve
		sleep 0.1
	done >/dev/null 2>&1
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must mkctl channel add good --between host,db
must mkctl channel add bad --between host,web --size 4K
must mkctl channel add other --between host,web --size 4K
must mkctl channel add bus --between db,web --kind messages --classes user
must mkctl channel add socks --between web,db --kind vsock
must run_instance db 3 256M "insmod $talk; while :; do vsock serve; done & while :; do channel echo good; done"
must channel ask good 1
rm -f /tmp/done /tmp/good
good &
use bad &
# Vectors of the kernel itself (reboot, system call, timer, spurious, NMI), and of all CPUs.
must run_instance web 2 256M "channel forge bad 0xf800000000 0x8000000000 0xec00000000 0xff00000000 0x200000000 \
0x31000000ff 0x31ffffffff 0x31000001ff; echo forged >/dev/kmsg"
check "a program has its kernel ring at wrong addresses" in_log web forged 60
check "   it does not" in_log web 'bad: host (0) has no doorbell at APIC 0x0, vector 0xf8: it is not rung'
must mkctl delete web --force
round=0
while [ $round -lt 3 ]; do
	round=$((round + 1))
	must run_instance web 2 256M "for i in 1 2 3 4 5; do channel scribble bad $COUNT; done; echo scribbled >/dev/kmsg; \
insmod /lib/modules/\$(uname -r)/mk_test.ko act=scribble size=$((SIZE)) count=$COUNT at=\$((\$(cat /sys/fs/multikernel/handoff/control) + $((AREA)))); \
echo spoiled >/dev/kmsg"
	check "round $round: it scribbles over a channel" in_log web scribbled 60
	check "and over its link" in_log web spoiled 60
	must mkctl delete web --force
done

# Programs of the host that read and answer what comes.
look &
serve &
INSTANCE_ARGS="module_blacklist=mk_ipc${INSTANCE_ARGS+ $INSTANCE_ARGS}"
for seed in ${HOSTILE_SEEDS:-1 2}; do
	dmesg -c >/dev/null
	must run_instance web 2 256M "insmod /lib/modules/\$(uname -r)/mk_peer.ko seconds=$SECONDS_EACH seed=$seed"
	check "seed $seed: nearly good messages" in_log web 'mk_peer: .* messages' $((SECONDS_EACH + 60))
	mkctl logs web | grep -o 'mk_peer: .*' | note
	check "its version is escaped in the host's log" \
		sh -c "dmesg -r | grep -qF 'is linked, mk_ipc 7\\nforged: \\e[31m\\r'"
	equal "which has no line and no control character of it" "" "$(dmesg -r | grep -e '>.*\] forged' -e '^forged' -e "$(printf '[\033\r]')")"
	why='it wrote nonsense'
	[ $((seed % 2)) = 0 ] || why='another version'
	check "the second hello ends its link" within 10 sh -c "dmesg | grep 'the link to web .* is over: $why'"
	must mkctl delete web --force
done

# One that rings without end leaves the host its CPUs.
limit=/sys/module/mk_ipc/parameters/bell_limit
was=$(cat $limit)
alone=$(toil)
must run_instance web 2 256M "insmod /lib/modules/\$(uname -r)/mk_peer.ko seconds=600 rings=1"
must in_log web 'test: alive'
dmesg -c >/dev/null
# beside other machines the emulator rings too slowly for the usual limit
for each in 500 250 125; do
	echo $each >$limit
	! within 20 sh -c "dmesg | grep 'mk_ipc doorbell: rung without end'" || break
done
must sh -c "dmesg | grep 'mk_ipc doorbell: rung without end'"
took=$(toil)
dmesg | grep 'rung without end' | tail -n 1 | note
check "programs on its CPUs get on: $took ms, alone $alone" test "$took" -lt $((alone * 8 + 1000))
echo "$was" >$limit
check "it still rings" sh -c "! mkctl logs web | grep 'mk_peer: .* messages'"
must mkctl delete web --force
touch /tmp/done
wait
INSTANCE_ARGS=${INSTANCE_ARGS#module_blacklist=mk_ipc}
equal "who had nothing to do with it could always talk" "" "$(grep -v 'round trip' /tmp/good | sort | uniq -c)"
check "and did" test "$(wc -l </tmp/good)" -gt 5
check "and can" channel ask good 1000
check "the other instance refuses classes that are not permitted" \
	in_log db 'web .* sent a message of class [0-35], which is not permitted: refused'
check "nonsense ends their link or their sockets" \
	in_log db '\(the link to\|no more sockets with\) web .*: it wrote nonsense'
check "it is healthy" healthy db
ask="insmod $talk ask=1 count=100 peer=$(of db id)"
must run_instance web 2 256M "until $ask && dmesg | tail -n 1 | grep -q ' well '; do rmmod mk_talk; sleep 0.5; done; channel echo other"
check "a new start is a new beginning" within 20 channel ask other 1000
check "between instances, too" in_log web 'mk_talk: .* asked well'
for name in good bad other bus socks; do
	must mkctl channel remove $name
done
must mkctl kill web
must mkctl kill db
check "nothing is held" within 15 rmmod mk_ipc
pool_down
# AF_VSOCK leaves caches behind, as in 48-vsock
host_compare 4096
