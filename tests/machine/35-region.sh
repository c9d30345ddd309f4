#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Regions: memory that the host and instances share, by permission.
. ./lib.sh

# region_of NAME KEY
region_of() {
	mkctl fs show "$1" --json --pretty | member "$2"
}

# share NAME ARGUMENT...: in that instance, or in the host, what the test module says
share() {
	insmod="insmod /lib/modules/\$(uname -r)/mk_share.ko" who=$1
	shift
	if [ "$who" = host ]; then
		eval "$insmod $*"
		dmesg | grep 'mk_share:' | tail -n 1
	else
		mkctl exec "$who" -T --timeout 20 -- sh -c "$insmod $*; rmmod mk_share
			dmesg | grep mk_share: | tail -n 1"
	fi 2>/dev/null | sed 's/.*mk_share: //'
}

# shared TEXT PATTERN NAME ARGUMENT...: it says so
shared() {
	text=$1 wanted=$2
	shift 2
	share "$@" >/tmp/says
	check "$text" grep "$wanted" /tmp/says
	note /tmp/says
}

# scribble AT VALUE: the host's page for web says something else, as a broken one might
scribble() {
	must insmod "/lib/modules/$(uname -r)/mk_test.ko" act=fill count=1 value="$2" \
		at=$(($(of web control) + 0x3000 + $1))
	must rmmod mk_test
}

pool_up_warm 2-3 768M
must modprobe mk_ipc
free=$(pool memory_free)
refused no_region 1 "no region" fs show data
check "create" mkctl fs create data --size 64M --permit web
id=$(region_of data id)
equal "its memory is used" $((free - (64 << 20))) "$(pool memory_free)"
equal "by regions" $((64 << 20)) "$(pool memory_regions)"
equal "sysfs has its id" "$id" "$(cat /sys/fs/multikernel/regions/data/id)"
equal "its size" $((64 << 20)) "$(cat /sys/fs/multikernel/regions/data/size)"
equal "its permits" web "$(cat /sys/fs/multikernel/regions/data/permitted)"
check "it is all zeros, behind its file system's own" region data zero $((4 << 20))
refused region_taken 1 "a name twice" fs create data --size 2M
refused name_invalid 2 "a malformed name" fs create "a b" --size 2M
refused memory_align 1 "an odd size" fs create odd --size 3M
refused memory_none 2 "no size" fs create none --size 0
refused memory_pool 1 "more than there is" fs create much --size 1T
refused memory_node 1 "a node that is not there" fs create far --size 2M --node 99
refused memory_busy 1 "pool memory in use" pool remove --memory 768M
refused region_shrink 1 "shrinking" fs resize data 32M
refused no_permit 1 "forbid what is not permitted" fs forbid data db
equal "what was refused left nothing" $((64 << 20)) "$(pool memory_regions)"

must region data put 8388608 17
must run_instance web 2 256M
must run_instance db 3 256M
shared "web has it" "^data is $id: 67108864 bytes, flags 0, word 17," web region=data at=8388608
shared "db has not" '^data: error -2' db region=data
shared "web writes" 'word 18,' web region=data at=16777216 value=18
equal "the host sees what web writes" 18 "$(region data get 16777216)"
check "db is permitted while it runs" mkctl fs permit data db:ro
shared "and may read" "^data is $id: 67108864 bytes, flags 1, word 18," db region=data at=16777216
check "it grows" mkctl fs resize data 128M
equal "its memory" $((128 << 20)) "$(pool memory_regions)"
equal "what was there stays" "17 18" "$(region data get 8388608) $(region data get 16777216)"
equal "zeros are added" 0 "$(region data get $((100 << 20)))"
must region data put $((100 << 20)) 19
shared "web has more of it" "134217728 bytes, flags 0, word 19," web region=data at=$((100 << 20))
epoch=$(mkctl exec web -T -- cat /sys/fs/multikernel/handoff/epoch)
shared "db knows that web lives" "epoch $epoch lives" db region=data epoch="$epoch"
shared "the host, too" "epoch $epoch lives" host region=data epoch="$epoch"
refused region_mounted 1 "delete what the host uses" fs delete data
must rmmod mk_share
refused region_used 1 "delete what instances may use" fs delete data
equal "the error says which one" "$(of web id)" \
	"$(mkctl fs delete data --json --pretty | tr -d '\n ' | sed -n 's/.*"args":\[\([0-9]*\),.*/\1/p')"
scribble 596 99
shared "a number of extents that cannot be" '^data: error -117' web region=data
must mkctl fs permit data web
scribble 600 4096
shared "an odd address" '^data: error -117' web region=data
must mkctl fs permit data web
scribble 600 "$(($(of web control) & 0xffe00000))"
shared "an address of its own memory" '^data: error -117' web region=data
must mkctl fs permit data web
scribble 0 77
shared "a table that is never finished" '^data: error -11$' web region=data
must mkctl fs permit data web
shared "the next change is seen again" 'word 19,' web region=data at=$((100 << 20))
check "forbid it" mkctl fs forbid data web
shared "web has it no longer" '^data: error -2' web region=data
must mkctl fs forbid data db
refused region_used 1 "what they had mapped, they may still have" fs delete data
check "healthy" healthy web
must mkctl kill web
must mkctl fs permit data db
shared "db knows that web is over" "epoch $epoch is over" db region=data epoch="$epoch"
must mkctl fs permit data web
must mkctl start web --wait
must in_log web "test: alive"
shared "a restart has the permits that are there now" "word 19," web region=data at=$((100 << 20))
must mkctl kill web
must mkctl delete web
equal "permits stay when an instance is deleted" db,web "$(cat /sys/fs/multikernel/regions/data/permitted)"
check "healthy, too" healthy db
must mkctl kill db

region data hold &
must within 5 sh -c 'mkctl fs show data --json | grep -q "\"maps\":1"'
refused region_mapped 1 "delete what a program maps" fs delete data
kill $!
check "unused, it is deleted" within 5 mkctl fs delete data
refused no_region 1 "it is gone" fs show data
equal "its memory is free" "$((free - (256 << 20)))" "$(pool memory_free)"
must mkctl delete db
equal "all of it" "$free" "$(pool memory_free)"

for i in 1 2 3 4 5 6 7 8; do
	must mkctl fs create "r$i" --size 2M --permit web
done
refused region_shares 1 "a ninth region for one instance" fs create r9 --size 2M --permit web
check "ids are not used again" test "$(region_of r1 id)" -gt "$id"
equal "it is not there then" 8 "$(mkctl fs list --json --pretty | grep -c '"mounts": 0,$')"
must mkctl fs delete r1
check "regions go with the module" mkctl pool remove --cpus 2-3
must rmmod mk_ipc mk_core
host_compare 2048
