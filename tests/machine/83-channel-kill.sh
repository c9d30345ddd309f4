#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Who talks dies at any instant: programs (ROUNDS times), then kernels (KERNELS
# times).  The other side sees it in time, and the next epoch works.
. ./lib.sh

ROUNDS=${ROUNDS:-1000}
KERNELS=${KERNELS:-20}

# A time below 100 ms, other ones in each round.
nap() {
	usleep $((($1 * 7919 + $1 * $1 * 31) % 100000))
}

# talk NAME ROUND: a sender that is killed at some instant
talk() {
	channel send "$1" 100000000 >/dev/null 2>&1 &
	nap "$2"
	kill -9 $!
	wait $! 2>/dev/null
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must mkctl channel add one --between host,web --size 16K
must run_instance web 2 256M 'while ! [ -e /tmp/end ]; do channel take one 1000 2>&1 | grep -v reset >/dev/kmsg; done'
check "they talk" channel send one 1000
round=0
while [ $round -lt "$ROUNDS" ]; do
	round=$((round + 1))
	talk one $round
done
check "after $ROUNDS dead programs they still talk" channel send one 1000
check "web got a whole message, or none" sh -c '! mkctl logs web | grep "is another one"'
check "web is healthy" healthy web

late=0 round=0
must mkctl channel add two --between web,host --size 16K
while [ $round -lt "$KERNELS" ]; do
	round=$((round + 1))
	channel send one 100000000 >/tmp/sent 2>&1 &
	sender=$!
	sleep 0.5
	nap $((round * 13))
	must mkctl kill web
	within 5 sh -c "! kill -0 $sender 2>/dev/null" || late=$((late + 1))
	grep -q 'Connection reset' /tmp/sent || note /tmp/sent
	must mkctl start web --wait
done
equal "who talks with a kernel that dies is told" 0 $late
check "after $KERNELS dead kernels they still talk" channel send one 1000
must mkctl kill web
must mkctl channel remove one
must mkctl channel remove two
check "nothing is held" within 5 rmmod mk_ipc
pool_down
host_compare
