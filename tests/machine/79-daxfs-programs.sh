#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs of Debian in an instance whose root is a region: what they do is right.
. ./lib.sh

DIR=/tmp/mounted
ROOT=/boot/programs.tar.zst

# program NAME: it succeeds
program() {
	begin=$(uptime_seconds)
	check "$1" mkctl exec web -T --timeout 250 -- /programs "$1"
	note /tmp/output
	echo "# $(($(uptime_seconds) - begin)) seconds"
}

[ -e $ROOT ] || skip "it takes a Debian root"
host_snapshot
pool_up 2-3 2560M
must modprobe mk_ipc
begin=$(uptime_seconds)
check "a Debian root" mkctl fs create root --size 1G --from $ROOT
echo "# $(($(uptime_seconds) - begin)) seconds"
mkdir -p $DIR
must mount -t daxfs root $DIR
cp /programs $DIR
mkdir -p $DIR/proc $DIR/sys $DIR/dev
printf '#!/bin/sh\nmount -t proc proc /proc\nmount -t devtmpfs dev /dev\nexec sleep infinity\n' >$DIR/start
chmod 755 $DIR/start $DIR/programs
umount $DIR
check "it runs" mkctl run web --cpus 2-3 --memory 1G --kernel "$KERNEL" --rootfs root \
	--cmdline "mk.init=/start ${INSTANCE_ARGS-}" --timeout $((60 * SLOW))
for each in ${PROGRAMS:-compile git sqlite fio dpkg}; do
	program "$each"
done
check "check finds nothing" mkctl fs check root
note /tmp/output
check "healthy" healthy web
must mkctl kill web
check "nor after it was killed" mkctl fs check root
must mkctl delete web
must mkctl fs delete root
must rmmod mk_daxfs
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 4096
