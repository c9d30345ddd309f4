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

# seen KEY: what "fs inspect" has of the device, but for its own name
seen() {
	mkctl fs inspect /dev/pmem0 --json --pretty | grep -v '"name": "/' | member "$1"
}

# A group of the device does not know what is free.
damage() {
	printf '\377\377' | dd of=/dev/pmem0 bs=1 seek=$(($(seen offset) + 16)) conv=notrunc,fsync 2>/dev/null
}

# As "ndctl create-namespace --mode devdax" does.
make_dax() {
	device=/sys/bus/nd/devices/$(cat /sys/bus/nd/devices/region0/dax_seed)
	cat /proc/sys/kernel/random/uuid >"$device/uuid"
	echo $((2 << 20)) >"$device/align"
	echo ram >"$device/mode"
	echo namespace0.0 >"$device/namespace"
	echo "${device##*/}" >/sys/bus/nd/drivers/dax_pmem/bind
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
check "that is seen in the device, too" mkctl fs check /dev/pmem0
check "which is as it was" cmp /dev/pmem0 /tmp/image
damage
mkctl fs check /dev/pmem0 >/tmp/out
equal "damage of it is found" 1 $?
check "and mended" mkctl fs check /dev/pmem0 --repair
must mount -t daxfs /dev/pmem0 $DIR
check "what is mounted has it" tree verify $DIR t
equal "one may look at it" host "$(seen name)"
inodes=$(seen inodes)
: >$DIR/new
equal "and sees what there is now" $((inodes + 1)) "$(seen inodes)"
rm $DIR/new
equal "always" "$inodes" "$(seen inodes)"
refused fs_mounted 1 "but not check it" fs check /dev/pmem0
refused fs_mounted 1 "nor repair it" fs check /dev/pmem0 --repair
must umount $DIR
check "then it is clean" mkctl fs check /dev/pmem0
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

modprobe -q dax_pmem && modprobe -q device_dax
check "a device-dax" make_dax
check "is there" within 10 test -c /dev/dax0.0
refused no_room 1 "a file system that is too large for it" fs create /dev/dax0.0 --size 64M
check "a file system in it" mkctl fs create /dev/dax0.0 --size 62M
equal "it is shown" dax0.0 "$(mkctl fs inspect /dev/dax0.0 --json --pretty | member label)"
refused usage 2 "it is not filled" fs create /dev/dax0.0 --size 62M --from /tmp
refuses "nor mounted as it is" dax=/dev/dax0.0
check "the kernel says what to do" sh -c "dmesg | grep 'dax0.0: .*device-dax needs phys='"
address=$(cat /sys/bus/dax/devices/dax0.0/resource)
echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
used "a device-dax's memory" none "phys=$address,size=62M"
echo dax0.0 >/sys/bus/dax/drivers/device_dax/bind
check "is there again" within 10 test -c /dev/dax0.0
check "its content is in order" mkctl fs check /dev/dax0.0
check "also to repair it" mkctl fs check /dev/dax0.0 --repair
refused file 1 "another device" fs check /dev/null

check "an image in a file" mkctl fs create /tmp/image --size $SIZE
check "goes to memory that is reserved" dd if=/tmp/image of=/dev/mem bs=1M seek=$((RESERVED >> 20)) conv=notrunc
rm /tmp/image
used "reserved memory" none "phys=$RESERVED,size=$SIZE,alone"
must rmmod mk_daxfs mk_core
