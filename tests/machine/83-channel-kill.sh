#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Who talks dies at any instant: programs (ROUNDS times), kernels that are killed
# (KERNELS times) and kernels that stand still (HANGS times).  The other side sees it
# in time, in each round, and the next epoch works.
. ./lib.sh

ROUNDS=${ROUNDS:-1000}
KERNELS=${KERNELS:-20}
HANGS=${HANGS:-5}

# A time below 100 ms, other ones in each round.
nap() {
	usleep $((($1 * 7919 + $1 * $1 * 31) % 100000))
}

now_ms() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# sent NAME: bytes, of side 0, in this epoch
sent() {
	mkctl channel list --json --pretty | sed -n "/\"name\": *\"$1\"/,\$p" | member bytes
}

# more than a ring takes, so that somebody receives
both_talk() {
	[ "$(sent one)" -gt 16384 ] && [ "$(sent two)" -gt 16384 ]
}

# ended FILE: the program that writes there did, some time
ended() {
	grep -q ended "$1"
}

# begin ROUND: the host sends through one, and web through two
begin() {
	: >/tmp/sent
	: >/tmp/received
	{ channel send one 100000000; echo "ended $(now_ms)"; } >/tmp/sent 2>&1 &
	{ channel outlive two; echo "ended $(now_ms)"; } >/tmp/received 2>&1 &
	must within 20 both_talk
	nap "$1"
}

# told MS: both were, not later than that after web's last message; counts those that
# were not
told() {
	within 20 ended /tmp/sent && within 20 ended /tmp/received
	ms=$(sed -n 's/^received .*over after \([0-9]*\) ms$/\1/p' /tmp/received)
	if ! grep -q 'Connection reset' /tmp/sent || ! [ "${ms:-none}" -le "$1" ]; then
		untold=$((untold + 1))
		note /tmp/sent /tmp/received
		return
	fi
	[ "$ms" -le "$longest" ] || longest=$ms
	# who sends is told when who receives is
	ms=$(($(sed -n 's/^ended //p' /tmp/sent) - $(sed -n 's/^ended //p' /tmp/received)))
	[ ${ms#-} -le "$apart" ] || apart=${ms#-}
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
liveness=$(cat /sys/module/mk_core/parameters/liveness_ms)
must run_instance web 2 256M 'while :; do channel take one 100000000; done 2>/dev/null & while :; do channel send two 100000000; done 2>/dev/null'
must in_log web 'test: alive'
must mkctl channel add three --between host,web --size 16K
must mkctl channel add told --between web,host --size 4K
/bin/mkctl exec web -T -- channel witness three told >/tmp/witness 2>&1 &
check "$ROUNDS programs die" channel die three told "$ROUNDS"
cp /tmp/output /tmp/died
note /tmp/died /tmp/witness
talking=$(sed -n 's/.*talking \([0-9]*\),.*/\1/p' /tmp/died)
check "most of them while they talk" test "${talking:-0}" -ge $((ROUNDS * 9 / 10))
ms=$(sed -n 's/.*seen within \([0-9]*\) ms$/\1/p' /tmp/died)
check "each is seen in time: within $ms ms" test "${ms:-none}" -le $((liveness * SLOW))
check "web is healthy" healthy web
must mkctl channel remove three
must mkctl channel remove told
must mkctl channel add one --between host,web --size 16K
must mkctl channel add two --between web,host --size 16K

round=0 untold=0 longest=0 apart=0
while [ $round -lt "$KERNELS" ]; do
	round=$((round + 1))
	begin $((round * 13))
	must mkctl kill web
	told $((liveness * SLOW))
	must mkctl start web --wait
done
equal "who talks with one of $KERNELS kernels that die is told" 0 $untold
check "in time: within $longest ms, both in $apart ms" test "$apart" -le $((500 * SLOW))

round=0 untold=0 longest=0 apart=0
while [ $round -lt "$HANGS" ]; do
	round=$((round + 1))
	begin $((round * 17))
	/bin/mkctl exec web -T -- insmod "/lib/modules/$RELEASE/mk_test.ko" act=spin >/dev/null 2>&1 &
	told $((liveness + 500 * SLOW))
	check "it stood still" mkctl wait web --state crashed --timeout 5
	must mkctl start web --wait
done
equal "who talks with one of $HANGS kernels that stand still is told" 0 $untold
check "in time: within $longest ms, both in $apart ms" test "$apart" -le $((500 * SLOW))
check "and not for another reason" test "$longest" -ge $((liveness / 2))
begin 1
passed "after them all they still talk"
must mkctl kill web
for name in one two; do
	must mkctl channel remove $name
done
check "nothing is held" within 5 rmmod mk_ipc
pool_down
host_compare
