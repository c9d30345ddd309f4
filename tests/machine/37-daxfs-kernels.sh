#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Three kernels in one file system: what one does the others see at once, and when
# one is killed the others go on.
. ./lib.sh

DIR=/tmp/shared
SECONDS_EACH=20

# tell NAME COMMAND: it runs it and writes what it says, and "done STATUS"
tell() {
	rm -f "$DIR/$1.said"
	echo "$2" >"$DIR/$1.new"
	mv "$DIR/$1.new" "$DIR/$1.do"
}

# asked NAME COMMAND: likewise, and it has been done; its words on standard output
asked() {
	tell "$@"
	within 60 grep -q '^done' "$DIR/$1.said" || return
	grep -v '^done' "$DIR/$1.said"
	grep -qx 'done 0' "$DIR/$1.said"
}

# Runs what it finds, and answers.
ACT="insmod /lib/modules/\$(uname -r)/mk_daxfs.ko; mkdir -p /d; mount -t daxfs shared /d && touch /d/\$name.here; while sleep 0.1; do \
[ -e /d/\$name.do ] || continue; mv /d/\$name.do /tmp/do; \
{ sh /tmp/do 2>&1; echo done \$?; } >/d/\$name.tmp; mv /d/\$name.tmp /d/\$name.said; done"

start() {
	check "$1 runs" run_instance "$1" "$2" 256M "name=$1; $ACT"
	check "$1 has mounted it" within 30 test -e "$DIR/$1.here"
}

free_blocks() {
	stat -f -c %f $DIR
}

# same WHAT COMMAND EXPECTED: it says the same in all kernels
same() {
	for each in web db; do
		equal "$1: $each" "$3" "$(asked "$each" "$2")"
	done
}

host_snapshot
pool_up 2-3 1G
must modprobe mk_daxfs
check "a region" mkctl fs create shared --size 256M --permit web,db
mkdir -p $DIR
check "the host mounts it" mount -t daxfs shared $DIR
before=$(free_blocks)
start web 2
start db 3

echo one >$DIR/file
same "what the host wrote" 'cat /d/file' one
asked web 'echo two >/d/file; echo more >>/d/file' >/dev/null
equal "what an instance wrote, in the host" "two more" "$(paste -sd" " $DIR/file)"
equal "and in another one" "two more" "$(asked db 'cat /d/file' | paste -sd" " -)"
equal "size" 9 "$(stat -c %s $DIR/file)"
asked db 'mv /d/file /d/moved; mkdir /d/dir; chmod 700 /d/dir' >/dev/null
check "a name that went is not there" test ! -e $DIR/file
equal "mode" 700 "$(stat -c %a $DIR/dir)"
ln $DIR/moved $DIR/dir/link
same "names" 'stat -c %h /d/moved' 2
rm $DIR/moved
same "a name that went" 'test -e /d/moved || echo gone; cat /d/dir/link | wc -l' "gone
2"
# a file that is open elsewhere stays
tell web 'exec 3</d/dir/link; touch /d/open; until [ -e /d/go ]; do sleep 0.1; done; cat <&3; rm /d/go'
must within 20 test -e $DIR/open
rm $DIR/dir/link
touch $DIR/go
check "a file that is open in web is read after its last name went" within 20 grep -q more $DIR/web.said
# a directory in which a process is
tell web 'mkdir /d/cwd; cd /d/cwd; touch /d/there; until [ -e /d/go ]; do sleep 0.1; done
stat -c %h . && ls && ! touch x 2>/tmp/no && grep -o "No such file.*" /tmp/no; cd -P .. && pwd; rm /d/go'
must within 20 test -e $DIR/there
check "a directory in which web is goes" rmdir $DIR/cwd
touch $DIR/go
within 20 grep -q '^done' $DIR/web.said
equal "there web finds nothing" "0
No such file or directory
/d
done 0" "$(cat $DIR/web.said)"
rm $DIR/there
same "statfs" 'stat -f -c %b /d' "$(stat -f -c %b $DIR)"

tell web 'litmus /d 1 200'
check "what two kernels may see of each other" litmus $DIR 0 200
note /tmp/output
check "likewise in web" within 10 grep -qx 'done 0' $DIR/web.said
note $DIR/web.said

# what 36 looks at, where the pages are no RAM of the kernel, and may be mapped by 2 MiB
for each in $POSIX; do
	cp "/bin/$each" $DIR
done
tell web 'echo always >/sys/kernel/mm/transparent_hugepage/enabled; mkdir /d/calls && cd /d/calls || exit
for each in /d/posix-*; do $each || exit; done'
check "calls in an instance" within 120 grep -qx 'done 0' $DIR/web.said
note $DIR/web.said
rm -r $DIR/posix-* $DIR/calls

# locks, also of a directory, hold across kernels, and fall with their holder
mkdir $DIR/locks
tell web 'tree hold /d/lock /d/locks >/d/locked'
must within 20 grep -q locked $DIR/locked
for file in lock locks; do
	for how in flock fcntl; do
		check "a lock of web's keeps db out: $how, $file" asked db "! tree lock $how /d/$file 0 2>/tmp/no && grep -q $how /tmp/no"
		check "and the host: $how, $file" sh -c "! tree lock $how $DIR/$file 0 2>/tmp/no && grep -q $how /tmp/no"
	done
done

tell db "tree run /d db $SECONDS_EACH 2; tree verify /d db"
tree run $DIR host $((SECONDS_EACH / 2)) 1 >/tmp/host.tree 2>&1 || note /tmp/host.tree
check "the host's tree is right beside another kernel's" grep -q steps /tmp/host.tree
must mkctl kill web
began=$(uptime_seconds)
for file in lock locks; do
	for how in flock fcntl; do
		check "the host gets the lock of the dead: $how, $file" tree lock $how $DIR/$file 10
	done
done
check "within the bound" test $(($(uptime_seconds) - began)) -le 5
check "db went on" within 60 grep -qx 'done 0' $DIR/db.said
note $DIR/db.said /tmp/host.tree
sum=$(tree sum $DIR/dir0)
equal "the same tree in db" "$sum" "$(asked db 'tree sum /d/dir0')"
check "db's operations are there, as the host sees it" tree verify $DIR db

# a kernel that is killed while it works
must mkctl delete web
start web 2
tell web 'tree run /d web 1000 3'
sleep 4
must mkctl kill web
check "what web had completed is there" tree verify $DIR web
note /tmp/output
check "db is alive" asked db true

must mkctl stop db --timeout 30
for each in web db host; do
	must tree clean $DIR "$each"
done
rm -rf ${DIR:?}/*
check "all blocks are free again" within 10 test "$(free_blocks)" -ge $((before - 64))
check "check finds nothing" mkctl fs check shared
note /tmp/output
for each in web db; do
	check "no warning is in the log of $each" healthy "$each"
	must mkctl delete "$each"
done
must umount $DIR
check "the region goes" mkctl fs delete shared
must rmmod mk_daxfs
rmdir $DIR
pool_down
host_compare
