#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance writes random words into all that it shares with the host: its
# channels are over, other ones and the host do not feel it.
. ./lib.sh

COUNT=${COUNT:-20000}
AREA=0x40000	# of mk_ipc, from the control page on
SIZE=0x9000	# its head, the link and its rings

# use NAME: all day, whatever comes
use() {
	while [ ! -e /tmp/done ]; do
		timeout 2 channel ask "$1" 1000
		timeout 2 channel ask "$1" 1000 spin
	done >/dev/null 2>&1
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must mkctl channel add good --between host,db
must mkctl channel add bad --between host,web --size 4K
must mkctl channel add other --between host,web --size 4K
must run_instance db 3 256M 'channel echo good'
rm -f /tmp/done
use bad &
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
touch /tmp/done
wait
check "others can still talk" channel ask good 1000
must run_instance web 2 256M 'channel echo other'
check "a new start is a new beginning" channel ask other 1000
for name in good bad other; do
	must mkctl channel remove $name
done
must mkctl kill web
must mkctl kill db
check "nothing is held" within 5 rmmod mk_ipc
pool_down
host_compare
