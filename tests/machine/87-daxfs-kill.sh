#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Kernels die at any instant (MK_ROUNDS times) while three work in one file system: the
# others go on in time, check finds nothing, and what was completed is there.
. ./lib.sh

DIR=/tmp/shared
MK_ROUNDS=${MK_ROUNDS:-4}
BOUND_MS=$((5000 * SLOW))	# that a step of another may take
SEED=${MK_SEED:-1}

ACT='[ -e /d ] || { insmod /lib/modules/$(uname -r)/mk_daxfs.ko; mkdir /d; mount -t daxfs shared /d; }'

# works NAME ROUND: the instance has begun; its programs end with it
works() {
	[ "$(of "$1" state)" = running ] || must mkctl start "$1" --wait --timeout 60
	mkctl exec "$1" -T --timeout 60 -- sh -c "$ACT; (tree run /d $1 100000 $2 >/d/$1.said 2>&1; echo ended >>/d/$1.said) &" </dev/null \
		>/tmp/output 2>&1 || failed "round $2: $1 works: $(cat /tmp/output)"
	within 30 test -s "$DIR/$1.journal" || failed "round $2: $1 has begun"
}

# dies NAME ROUND: at some instant
dies() {
	[ ! -s "$DIR/$1.said" ] || { failed "round $2: $1 was right: $(cat "$DIR/$1.said")"; }
	must mkctl kill "$1"
	mkctl fs check shared >/tmp/output 2>&1 || { failed "round $2: check"; note /tmp/output; }
	tree verify $DIR "$1" >/tmp/output 2>&1 || { failed "round $2: what $1 had completed"; note /tmp/output; }
	done=$((done + $(awk '{ print $1 + 0 }' /tmp/output)))
	must tree clean $DIR "$1"
	rm -f "$DIR/$1.said"
}

host_snapshot
pool_up 1-3 1G
must modprobe mk_daxfs
must modprobe mk_ipc
must mkctl fs create shared --size 128M --permit web,db,ad
mkdir -p $DIR
must mount -t daxfs shared $DIR
before=$(stat -f -c %f $DIR)
must run_instance ad 1 256M
must run_instance web 2 256M
must run_instance db 3 256M
for each in ad web db; do
	works $each 0
done
done=0 round=0
while [ $round -lt "$MK_ROUNDS" ]; do
	round=$((round + 1))
	[ $((round % 2)) = 0 ] && victim=web || victim=db
	usleep $(((SEED * 104729 + round * 7919 + round * round * 3137) % 3000000))
	dies "$victim" $round
	works "$victim" $round
done
passed "$MK_ROUNDS kernels died; $done operations that they had completed are there"
touch $DIR/stop
for each in ad web db; do
	check "$each went on, and is right" within 30 grep -qx ended "$DIR/$each.said"
	note "$DIR/$each.said"
	check "its operations are there" tree verify $DIR "$each"
	check "healthy" healthy "$each"
done
check "ad, which saw all of them die, waited for $BOUND_MS ms at most" \
	sh -c "read -r _ _ _ _ most _ <$DIR/ad.said && [ \$most -le $BOUND_MS ]"
for each in ad web db; do
	must mkctl kill "$each"
	must mkctl delete "$each"
	must tree clean $DIR "$each"
done
check "check finds nothing" mkctl fs check shared
rm -rf ${DIR:?}/*
check "all blocks are free again" within 10 test "$(stat -f -c %f $DIR)" -ge $((before - 64))
must umount $DIR
must mkctl fs delete shared
must rmmod mk_daxfs
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 2048
