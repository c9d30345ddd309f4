#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs in the same directories of a file system at once, in the host and in an
# instance, both with two CPUs.  Each finds what it did itself.
. ./lib.sh

DIR=/tmp/shared
SECONDS_EACH=${RACE_SECONDS:-10}
WHO='1 2 3'

# all NAME DIR: so many at once; each says how it ended
ALL="all() { for i in $WHO; do { tree run \$2 \$1\$i $SECONDS_EACH \$i; echo \$1\$i: \$?; } & done; wait; }"

host_snapshot
pool_up 2-3 512M
must modprobe mk_daxfs
must mkctl fs create shared --size 128M --permit web
mkdir -p $DIR
must mount -t daxfs shared $DIR
must run_instance web 2-3 256M "insmod /lib/modules/\$(uname -r)/mk_daxfs.ko; mkdir /d; mount -t daxfs shared /d; \
$ALL; until [ -e /d/go ]; do sleep 0.1; done; all web /d >/d/said 2>&1; touch /d/end"
eval "$ALL"
touch $DIR/go
all host $DIR >/tmp/said 2>&1
for i in $WHO; do
	check "host $i finds what it did" grep -qx "host$i: 0" /tmp/said
done
check "the instance's end" within $((SECONDS_EACH + 30)) test -e $DIR/end
for i in $WHO; do
	check "web $i finds what it did" grep -qx "web$i: 0" $DIR/said
	check "and the host finds it" tree verify $DIR "web$i"
done
note /tmp/said $DIR/said
must mkctl stop web --timeout 60
check "healthy" healthy web
must umount $DIR
check "check finds nothing" mkctl fs check shared
must mkctl fs delete shared
must rmmod mk_daxfs
rmdir $DIR
pool_down
host_compare 4096
