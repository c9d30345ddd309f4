#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# File systems in memory that is no region: a block device that is memory, and what
# nobody uses (vm/run --spare).
. ./lib.sh

DIR=/tmp/data
PHYS=$((5632 << 20))
DEV=/dev/pmem0

# refuses TEXT OPTIONS SOURCE
refuses() {
	check "$1" sh -c "! mount -t daxfs -o $2 $3 $DIR"
}

# works WHAT [OPTIONS] SOURCE: as any other
works() {
	what=$1
	shift
	check "$what: mount" mount -t daxfs -o "$@" $DIR
	check "$what: calls" sh -c "cd $DIR && posix"
	check "$what: random operations on a file" fsx $DIR/fsx 300
	rm -f $DIR/fsx*
	echo kept >$DIR/kept
	note <<-END
		$(grep " $DIR " /proc/mounts)
	END
	check "$what: unmount" umount $DIR
	check "$what: read-only" mount -t daxfs -o "ro,$1" "$2" $DIR
	equal "$what: what was there is there" kept "$(cat $DIR/kept)"
	check "$what: a hole is read" sh -c "cd $DIR && cat holes | tr -d '\0' | wc -c | grep -qx 0"
	refuses "$what: not writable beside" "$1" "$2"
	must umount $DIR
}

modprobe -q nd_e820
modprobe -q nd_pmem
[ -b $DEV ] || skip "no memory is a block device (vm/run --spare)"
grep -qi "^$(printf %x $PHYS)-.*reserved" /proc/iomem || skip "no memory is set aside (vm/run --spare)"
host_snapshot
pool_up 2-3 256M
must modprobe mk_daxfs
must mkdir -p $DIR
must mkctl fs create data --size 32M
must mount -t daxfs data $DIR
truncate -s 1M $DIR/holes
umount $DIR
must region data save /tmp/image

refuses "nothing is in it yet" phys=$PHYS,size=32M none
refuses "not whole" phys=$PHYS,size=33K none
refuses "no memory" phys=0xfffffffffffe00000,size=2M none
refuses "RAM" phys=64M,size=2M none
refuses "RAM in part" phys=$((PHYS - (2 << 20))),size=4M none
refuses "no number" phys=64Q,size=2M none
refuses "no option" speed=11 data
refuses "a file" dax=/tmp/image none
refuses "nothing is in the device" dax=$DEV none
refuses "no name" region= none

must dd if=/tmp/image of=$DEV bs=1M
must dd if=/tmp/image of=/dev/mem bs=1M seek=$((PHYS >> 20)) conv=notrunc
rm /tmp/image
works "a device" dax=$DEV none
check "a device is the source" mount -t daxfs $DEV $DIR
refuses "no device" rw /dev/pmem0p1
equal "and is told" "dax=$DEV" "$(sed -n "s|.* $DIR daxfs .*\(dax=[^ ,]*\).*|\1|p" /proc/mounts)"
must umount $DIR
works "memory" "phys=$PHYS,size=32M" none
check "memory that is alone" mount -t daxfs -o "phys=$PHYS,size=32M,alone" none $DIR
must umount $DIR
must mkctl fs delete data
check "the module can go" rmmod mk_daxfs
pool_down
host_compare 4096
