#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Eight kernels and the host work in one file system (MK_SECONDS), each against its
# model; then all see the same tree, and it is the one that the models say.
. ./lib.sh

DIR=/tmp/shared
MK_SECONDS=${MK_SECONDS:-30}
CPUS="2 3 4 5 6 7 8 9"

ACT="insmod /lib/modules/\$(uname -r)/mk_daxfs.ko; mkdir /d; mount -t daxfs shared /d; touch /d/\$name.here; \
until [ -e /d/go ]; do sleep 0.1; done; tree run /d \$name 1000000 \$seed >/d/\$name.said 2>&1; echo ended \$? >>/d/\$name.said; \
until [ -e /d/sum ]; do sleep 0.3; done; tree sum /d/all >/d/\$name.sum.new 2>&1; mv /d/\$name.sum.new /d/\$name.sum"

# all_have SUFFIX: a file of each instance
all_have() {
	for cpu in $CPUS; do
		[ -e "$DIR/web$cpu.$1" ] || return
	done
}

all_ended() {
	for cpu in $CPUS; do
		grep -q ended "$DIR/web$cpu.said" || return
	done
}

[ "$(nproc)" -ge 10 ] || skip "fewer than 10 CPUs"
# in two pieces: with KASAN's shadow in it no memory has one of 3G
pool_up_warm 2-9 2G,1G
must modprobe mk_daxfs
permits=$(for cpu in $CPUS; do printf 'web%s,' "$cpu"; done)
must mkctl fs create shared --size 256M --permit "${permits%,}"
mkdir -p $DIR
must mount -t daxfs shared $DIR
for cpu in $CPUS; do
	check "start on CPU $cpu" run_instance "web$cpu" "$cpu" 256M "name=web$cpu; seed=$cpu; $ACT" --no-wait
done
check "all have it mounted" within 300 all_have here
touch $DIR/go
tree run $DIR host "$MK_SECONDS" 1 >/tmp/host.said 2>&1
check "the host is right" grep steps /tmp/host.said
note /tmp/host.said
touch $DIR/stop
check "all have ended" within 120 all_ended
mkdir $DIR/all
mv $DIR/dir? $DIR/all
sum=$(tree sum $DIR/all)
touch $DIR/sum
check "all have looked" within 120 all_have sum
mv $DIR/all/dir? $DIR
for cpu in $CPUS; do
	check "web$cpu was right all the time" grep -qx 'ended 0' "$DIR/web$cpu.said"
	note "$DIR/web$cpu.said"
	equal "it sees the tree that the host sees" "$sum" "$(cat "$DIR/web$cpu.sum")"
	check "its operations are there" tree verify $DIR "web$cpu"
done
check "the host's are" tree verify $DIR host
check "check finds nothing" mkctl fs check shared
note /tmp/output
check "all are killed" mkctl kill --all
for cpu in $CPUS; do
	check "no warning is in the log of web$cpu" healthy "web$cpu"
	must mkctl delete "web$cpu"
done
must umount $DIR
must mkctl fs delete shared
must rmmod mk_daxfs
pool_down
host_compare 2048
