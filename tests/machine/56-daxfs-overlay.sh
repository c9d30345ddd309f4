#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# overlayfs with a region below and another one above, in the host and in an instance:
# files are copied up, whiteouts, and what the layer below had stays as it was.
. ./lib.sh

DIR=/tmp/overlay
SECONDS_EACH=5

# The overlay of WHO, whose upper layer is a directory of the region above.
OVERLAY='mkdir -p $top/above/$who/up $top/above/$who/work $top/$who &&
	mount -t overlay overlay -o lowerdir=$top/below,upperdir=$top/above/$who/up,workdir=$top/above/$who/work $top/$who'

# A program's tree as containers have it, in what is copied up.  It prints what is wrong.
TRY='cd $top/$who || exit
fail() { echo "$*"; exit 1; }
[ "$(cat etc/here)" = below ] || fail "what is below is not there"
echo above >etc/here || fail write
[ "$(cat etc/here)" = above ] && [ "$(cat $top/below/etc/here)" = below ] || fail "not copied up"
rm etc/gone && [ ! -e etc/gone ] && [ -e $top/below/etc/gone ] || fail "no whiteout"
[ -c $top/above/$who/up/etc/gone ] || fail "a whiteout is no device"
mv etc/old etc/new && [ ! -e etc/old ] && [ "$(cat etc/new)" = old ] || fail rename
rm -r dir && mkdir dir && [ -z "$(ls dir)" ] || fail "an opaque directory shows what is below"
ln etc/new etc/hard && [ "$(stat -c %h etc/new)" = 2 ] || fail link
chmod 600 etc/mode && chown 5:6 etc/mode && [ "$(stat -c %a:%u:%g etc/mode)" = 600:5:6 ] || fail mode
[ "$(stat -c %a $top/below/etc/mode)" = 644 ] || fail "the mode below"
[ "$(ls many | wc -l)" = 300 ] || fail "not all names: $(ls many | wc -l)"
rm many/1*
: >many/other
[ "$(ls many | wc -l)" = 201 ] || fail "names are not merged: $(ls many | wc -l)"
chmod 755 busybox && ./busybox true || fail exec
mkdir own && cp /bin/busybox own/ && own/busybox true || fail "exec of what is new"
rm -rf own'

make_below() {
	mkdir -p below/etc below/dir/sub below/many
	echo below >below/etc/here
	echo old >below/etc/old
	: >below/etc/gone
	: >below/etc/mode
	: >below/dir/sub/file
	cp /bin/busybox below/
	i=100
	while [ $i -lt 400 ]; do
		: >below/many/$i
		i=$((i + 1))
	done
}

# in_host, in_web COMMAND: with $who and $top
in_host() {
	who=host top=$DIR sh -c "$1"
}

in_web() {
	mkctl exec web -T --timeout 60 -- sh -c "who=web top=/ SECONDS_EACH=$SECONDS_EACH; $1" </dev/null
}

# try HOW: all of it, as that kernel does it
try() {
	check "$1: mount" "$1" "$OVERLAY"
	check "$1: a tree" "$1" "$TRY"
	check "$1: random operations on what is below" "$1" 'tree run $top/$who t $SECONDS_EACH 3'
	check "$1: a file" "$1" 'fsx $top/$who/fsx 300'
	sum=$("$1" 'tree sum $top/$who')
	check "$1: unmount" "$1" 'umount $top/$who'
	check "$1: mount again" "$1" "$OVERLAY"
	equal "$1: the same tree" "$sum" "$("$1" 'tree sum $top/$who')"
	check "$1: all that was done is there" "$1" 'tree verify $top/$who t'
}

export SECONDS_EACH
modprobe -q overlay
grep -qw overlay /proc/filesystems || skip "this kernel has no overlayfs"
host_snapshot
pool_up 2-3 1G
must modprobe mk_daxfs
must modprobe mk_ipc
must mkctl fs create below --size 64M --permit web:ro
must mkctl fs create above --size 128M --permit web
mkdir -p $DIR/below $DIR/above
cd $DIR || exit
must mount -t daxfs below below
must mount -t daxfs above above
must make_below
must tree run below t 3 1
lower=$(tree sum below)
cp "/lib/modules/$RELEASE/kernel/overlay.ko" above/
must umount below
check "below it is read-only" mount -t daxfs -o ro below below
dmesg | grep -c overlayfs: >/tmp/said
try in_host
check "overlayfs misses nothing above" sh -c '[ "$(dmesg | grep -c overlayfs:)" = "$(cat /tmp/said)" ]'
dmesg | grep overlayfs: | note

cd /tests || exit
must run_instance web 2 256M "insmod /lib/modules/\$(uname -r)/mk_daxfs.ko; mkdir /below /above; mount -t daxfs above /above; \
	mount -t daxfs -o ro below /below; insmod /above/overlay.ko"
check "the instance has its layers" within 20 in_web 'grep -q "/below daxfs" /proc/mounts && grep -qw overlay /proc/filesystems'
try in_web
check "the host's is as it was" in_host 'tree verify $top/$who t'
equal "so is what is below" "$lower" "$(tree sum $DIR/below)"
check "healthy" healthy web
must mkctl kill web
must mkctl delete web
for each in host below above; do
	must umount "$DIR/$each"
done
for each in below above; do
	check "check of $each" mkctl fs check "$each"
	must mkctl fs delete "$each"
done
rmmod overlay 2>/dev/null
must rmmod mk_daxfs
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 4096
