#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Memory that is none of the pool's (memmap=): an NVDIMM's, as a device and by its
# address, and a range that is reserved.  What is in it stays.
. ./lib.sh

DIR=/tmp/mounted
SIZE=64M
BYTES=$((64 << 20))
RESERVED=$((5376 << 20))

# at_of WHAT: where /proc/iomem has it
at_of() {
	sed -n "s/^\([0-9a-f]*\)-.* : $1\$/0x\1/p" /proc/iomem | head -n 1
}

# refuses TEXT OPTIONS [SOURCE]
refuses() {
	check "$1" sh -c "! mount -t daxfs -o $2 ${3-none} $DIR"
}

# used HOW SOURCE OPTIONS: mounted, used, unmounted, mounted again
used() {
	check "$1: mount" mount -t daxfs -o "$3" "$2" $DIR
	must mkdir $DIR/work
	for each in $POSIX; do
		check "$1: calls: $each" sh -c "cd $DIR/work && $each"
	done
	rm -rf ${DIR:?}/work
	check "$1: random operations on a file" fsx $DIR/fsx 300
	check "$1: random operations on names" tree run $DIR t 3
	check "$1: a program in it" sh -c "cp /bin/busybox $DIR && $DIR/busybox true"
	sum=$(tree sum $DIR)
	check "$1: sync" sync
	check "$1: unmount" umount $DIR
	check "$1: mount again" mount -t daxfs -o "$3" "$2" $DIR
	equal "$1: all of it is there" "$sum" "$(tree sum $DIR)"
	check "$1: and right" tree verify $DIR t
	check "$1: what runs in it is not taken away" sh -c "cd $DIR && ! umount $DIR"
	must umount $DIR
}

modprobe -q nd_e820 && modprobe -q nd_pmem
[ -b /dev/pmem0 ] || skip "no memory is a block device (check.sh pmem)"
modprobe -q mk_core || true
must modprobe mk_daxfs
mkdir -p $DIR
refuses "nothing is there" rw /dev/pmem0
check "a file system in the device" mkctl fs create /dev/pmem0 --size $SIZE
refused no_room 1 "one that is too large" fs create /dev/pmem0 --size 1G
mkdir -p /tmp/from/in
echo filled >/tmp/from/in/file
check "it is filled from a directory" mkctl fs create /dev/pmem0 --size $SIZE --from /tmp/from
must mount -t daxfs /dev/pmem0 $DIR
equal "which is there" filled "$(cat $DIR/in/file)"
must umount $DIR
dd if=/dev/zero of=/tmp/from/large bs=1M count=$((BYTES >> 20)) 2>/dev/null
refused no_room 1 "from one that is too large" fs create /dev/pmem0 --size $SIZE --from /tmp/from
refuses "a part of it is no file system" rw /dev/pmem0
rm -r /tmp/from
check "a file system in the device again" mkctl fs create /dev/pmem0 --size $SIZE
used "a device" /dev/pmem0 rw
check "by an option" mount -t daxfs -o dax=/dev/pmem0 none $DIR
check "it is busy" sh -c "! mkctl fs create /dev/pmem0 --size $SIZE"
must mkdir -p $DIR.2
check "twice" mount -t daxfs /dev/pmem0 $DIR.2
must umount $DIR.2
must umount $DIR
check "read-only" mount -t daxfs -o ro /dev/pmem0 $DIR
refuses "not writable beside" rw /dev/pmem0
must umount $DIR
check "the mount says what a power failure takes" sh -c "dmesg | grep 'pmem0: sync and unmount make it safe'"
dd if=/dev/pmem0 of=/tmp/image bs=1M 2>/dev/null
check "what the device has is in order" mkctl fs check /tmp/image
refused file 1 "a file that is there" fs create /tmp/image --size $SIZE
rm /tmp/image

address=$(at_of 'Persistent Memory (legacy)')
refuses "what a driver has" "phys=$address,size=$BYTES"
echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind
check "its memory by its address" mount -t daxfs -o "phys=$address,size=$BYTES" none $DIR
check "has what the device had" tree verify $DIR t
refuses "what another mount has in part" "phys=$((address + (2 << 20))),size=2M"
must umount $DIR
refuses "RAM" "phys=0x1000000,size=$BYTES"
refuses "RAM in part" phys=$((RESERVED - (2 << 20))),size=4M
refuses "an odd size" "phys=$address,size=12345"
refuses "no memory" phys=0xfffffffffffe00000,size=2M
refuses "no number" phys=64Q,size=2M
refuses "no option" speed=11
refuses "no name" region=
refuses "no device" dax=/tmp

check "an image in a file" mkctl fs create /tmp/image --size $SIZE
check "goes to memory that is reserved" dd if=/tmp/image of=/dev/mem bs=1M seek=$((RESERVED >> 20)) conv=notrunc
rm /tmp/image
used "reserved memory" none "phys=$RESERVED,size=$SIZE,alone"
must rmmod mk_daxfs mk_core
