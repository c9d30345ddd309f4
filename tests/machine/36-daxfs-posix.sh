#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A region mounted in the host: what programs expect of a file system.
. ./lib.sh

DIR=/tmp/data

used() {
	df -P "$DIR" | awk 'NR == 2 { print $3 }'
}

# refuses TEXT OPTIONS SOURCE
refuses() {
	check "$1" sh -c "! mount -t daxfs -o $2 $3 $DIR"
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_daxfs
must mkctl fs create data --size 64M
must mkdir -p $DIR
refuses "no region" rw none
refuses "no name" region= none
refuses "an option that is none" speed=11 data
refuses "no number" phys=64Q,size=2M none
refuses "an odd size" phys=64M,size=33K none
refuses "RAM" phys=64M,size=2M none
refuses "no memory" phys=0xffffffffffe00000,size=2M none
refuses "no device" dax=/dev/nothing none
refuses "a device that is no memory" dax=/dev/null none
check "mount" mount -t daxfs data $DIR
check "twice" sh -c "mkdir -p $DIR.2 && mount -t daxfs -o region=data none $DIR.2"
check "it is the same" sh -c "touch $DIR/here && test -e $DIR.2/here && rm $DIR.2/here"
must umount $DIR.2
refuses "read-only beside" ro data
check "it cannot be deleted" sh -c "! mkctl fs delete data"
before=$(used)
for each in $POSIX; do
	check "calls: $each" sh -c "cd $DIR && $each"
done
check "random operations on a file" fsx $DIR/fsx 1000
rm -f $DIR/fsx*
check "a tree is copied" cp -a /tests /etc $DIR
check "it is the same tree" diff -r /etc $DIR/etc
check "removed" rm -rf $DIR/tests $DIR/etc
# room for inodes stays: 15 of them in 4 KiB
free_again() {
	[ "$(used)" -le $((before + 256)) ]
}

check "the blocks are free again" within 10 free_again
echo kept >$DIR/kept
truncate -s 1M $DIR/holes
check "unmount" umount $DIR
# util-linux's mount does so where the current directory has a file of that name
check "its name as a path" sh -c "mkdir -p /tmp/data && mount -t daxfs /tmp/data $DIR"
must umount $DIR
check "read-only" mount -t daxfs -o ro data $DIR
equal "what was there is there" kept "$(cat $DIR/kept)"
check "it cannot be written" sh -c "! touch $DIR/kept"
check "a hole is read" sh -c "tr -d '\\0' <$DIR/holes | wc -c | grep -qx 0"
reads() {
	mkctl fs inspect data | grep -q ", reads"
}

check "others see that it is only read" reads
must mount -o remount,rw $DIR
check "and that it is written again" sh -c "mkctl fs inspect data >/tmp/said && ! grep -q ', reads' /tmp/said"
check "unmount again" umount $DIR
check "it is in order" mkctl fs check data
must mkctl fs delete data
check "the module can go" rmmod mk_daxfs
rmdir $DIR $DIR.2
pool_down
host_compare
