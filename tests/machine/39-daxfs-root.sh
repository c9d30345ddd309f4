#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Two instances whose root is one region, which grows meanwhile; memory has it once,
# also with a third one.
. ./lib.sh

DIR=/tmp/mounted
WORK=/tmp/work

# KiB that an instance has free; what its processes leave behind is not counted
FREE='sync; sleep 1; awk "/^MemFree/ { print \$2 }" /proc/meminfo'

host_snapshot
pool_up 1-3 512M,512M,256M
must modprobe mk_ipc
mkdir -p $DIR $WORK
cd $WORK || exit
mkdir root
(cd root && cpio -idm <$INITRD 2>/dev/null)
check "a root" mkctl fs create root --size 128M --from root
check "web has it as its root" mkctl run web --cpus 2 --memory 256M --kernel "$KERNEL" \
	--rootfs root --cmdline "mk.init=/init ${INSTANCE_ARGS-}" --timeout $((60 * SLOW))
check "db only reads it" mkctl run db --cpus 3 --memory 256M --kernel "$KERNEL" \
	--rootfs root:ro --cmdline "mk.init=/init ${INSTANCE_ARGS-}" --timeout $((60 * SLOW))
db() {
	/bin/mkctl exec db -T --timeout $((20 * SLOW)) -- "$@" </dev/null
}
equal "web's root" "daxfs rw" "$(at sh -c 'awk "\$2 == \"/\" { print \$3, substr(\$4, 1, 2) }" /proc/mounts' </dev/null | tail -n 1)"
equal "db's root" overlay "$(db awk '$2 == "/" { print $3 }' /proc/mounts | tail -n 1)"
equal "permits" "rw ro" "$(mkctl fs show root --json --pretty | sed -n 's/.*"mode": "\(.*\)".*/\1/p' | xargs)"
check "web writes" at sh -c 'echo from web >/file'
check "db writes beside it" db sh -c 'echo from db >/file; echo more >/other'
equal "each has its own" "from web from db" "$(at cat /file </dev/null) $(db cat /file)"
check "what db writes is not there" at test ! -e /other
check "the initramfs is empty" at sh -c 'test ! -e /mk'
echo copied >copied
check "cp goes there" mkctl cp copied web:/tmp
equal "and is there" copied "$(at cat /tmp/copied </dev/null)"
must mount -t daxfs root $DIR
equal "the host sees it" copied "$(cat $DIR/tmp/copied)"
before=$(stat -f -c %b $DIR)
check "it grows while three kernels have it" mkctl fs resize root 256M
note /tmp/output
check "the host has more" test "$(stat -f -c %b $DIR)" -gt $((before + 30000))
check "web, too" at sh -c "test \$(stat -f -c %b /) -gt $((before + 30000))"
check "web fills what is new" at sh -c 'dd if=/dev/zero of=/tmp/large bs=1M count=180 2>/dev/null && sync'
equal "the host reads it" "$(dd if=/dev/zero bs=1M count=180 2>/dev/null | md5sum)" "$(md5sum <$DIR/tmp/large)"
# each has its own memory, and there is one copy of the files
size=$((256 << 20))
used=$(($(stat -f -c %b $DIR) - $(stat -f -c %f $DIR)))
read_all='find / -xdev -type f -exec cat {} + | wc -c'
db_free=$(db sh -c "$FREE")
check "db reads all of it" test "$(db sh -c "$read_all")" -gt $((180 << 20))
db_took=$((db_free - $(db sh -c "$FREE")))
kept=$(quarantine $((256 << 10)))
check "which is in its memory not at all: $db_took KiB" test $db_took -lt $((size / 1024 / 50 + kept))
must mkctl fs permit root ad:ro
must run_instance ad 1 256M 'insmod /lib/modules/$(uname -r)/mk_daxfs.ko; mkdir /d; say ready'
check "a third instance" in_log ad 'test: ready' 60
ad() {
	/bin/mkctl exec ad -T --timeout $((20 * SLOW)) -- sh -c "$1" </dev/null
}
ad_free=$(ad "$FREE")
check "a third instance reads it" test "$(ad 'mount -t daxfs -o ro root /d; find /d -type f -exec cat {} + | wc -c')" -gt $((180 << 20))
ad_took=$((ad_free - $(ad "$FREE")))
check "it costs an instance 2 % of its size at most: $ad_took KiB" test $ad_took -le $((size / 1024 / 50 + kept))
more=$(($(stat -f -c %b $DIR) - $(stat -f -c %f $DIR) - used))
check "and nothing in it: $more blocks" test $more -le $((used / 50))
equal "the pool has it once" $size "$(pool memory_regions)"
must mkctl kill ad
must mkctl delete ad

check "check finds nothing" mkctl fs check root
note /tmp/output
mkctl fs inspect root | note

# child_of PROCESS: it has one now, and does not go on
child_of() {
	kill -STOP "-$1" 2>/dev/null || return
	child=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '$4 == parent { print $1 }')
	[ -n "$child" ]
}

# the process that holds everybody up dies, sometimes while it does
died=0
for wait in 0 2000 4000 6000 8000 10000 15000 20000 30000 40000; do
	child=
	setsid mkctl fs check root >/tmp/out 2>&1 &
	while kill -0 $! 2>/dev/null && ! child_of $!; do
		kill -CONT -$! 2>/dev/null
	done
	kill -CONT -$! 2>/dev/null
	usleep $((wait * SLOW))
	[ -z "$child" ] || kill -KILL "$child" 2>/dev/null
	wait $! || died=$((died + 1))
	must timeout 20 touch $DIR/touched
done
check "some of 10 checks died: $died" test $died -gt 0
check "checks that die hold nobody up" at touch /touched
check "and leave nothing wrong" mkctl fs check root
note /tmp/output
check "nor their slots" test "$(mkctl fs inspect root --json --pretty | grep -c '"slot":')" = 3
check "stop" mkctl stop web --timeout 30
check "start again" mkctl start web --wait --timeout 60
equal "what it wrote is there" "from web" "$(at cat /file </dev/null)"
check "healthy" healthy web
must mkctl kill --all
check "check after they were killed" mkctl fs check root
note /tmp/output
must umount $DIR
refused no_region 1 "no such root" run new --cpus 2 --memory 256M --kernel "$KERNEL" --rootfs nothing
refused cpu_busy 1 "a run that fails" run new --cpus 2 --memory 256M --kernel "$KERNEL" --rootfs root
equal "leaves no permit" "db web" "$(mkctl fs show root --json --pretty | grep -A 9 permitted | sed -n 's/.*"name": "\(.*\)".*/\1/p' | sort | xargs)"
must mkctl delete web
must mkctl delete db
check "the root goes" mkctl fs delete root
cd /tests || exit
rm -rf $WORK
must rmmod mk_daxfs
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
rmdir $DIR
pool_down
host_compare 4096
