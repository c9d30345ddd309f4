#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What another kernel may write to a file system that is mounted here: errors, and no harm.
. ./lib.sh

DIR=/tmp/data

host_snapshot
pool_up 2-3 256M
must modprobe mk_daxfs
must mkctl fs create data --size 8M
must mkdir -p $DIR
must mount -t daxfs data $DIR
mkdir -p $DIR/dir/deep $DIR/many
for i in 1 2 3 4 5 6 7 8 9; do
	echo $i >$DIR/dir/deep/$i
	ln -s "$(printf "%0${i}0d" 7)" $DIR/dir/$i
done
i=0
while [ $i -lt 120 ]; do
	: >"$DIR/many/a name that fills a block sooner than others, number $i"
	i=$((i + 1))
done
truncate -s 4M $DIR/dir/mapped
printf x | dd of=$DIR/dir/mapped bs=1 seek=3000000 conv=notrunc 2>/dev/null
ln $DIR/dir/mapped $DIR/hard
must umount $DIR
seed
check "damage gives errors" fuzz-fs data $DIR "${FUZZ_ROUNDS:-200}" "$FUZZ_SEED"
note /tmp/output
dmesg | grep -o 'daxfs.*bad [a-z ]* at' | sed 's/.*bad //' | sort | uniq -c | sort -rn | head -n 30 | note
check "it is mounted as it was" mount -t daxfs data $DIR
check "and whole" test "$(cat $DIR/dir/deep/7)" = 7
must umount $DIR
check "check finds nothing" mkctl fs check data
must mkctl fs delete data
must rmmod mk_daxfs
pool_down
host_compare 4096
