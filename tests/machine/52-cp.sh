#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Files into an instance and out of it, and one that sends what nobody wants.
. ./lib.sh

at() {
	/bin/mkctl exec web -T --timeout $((20 * SLOW)) -- "$@" </dev/null
}

# cp WORD...: it copies
cp_() {
	/bin/mkctl cp --timeout $((20 * SLOW)) "$@"
}

# facts: of all that is below this directory
facts() {
	find . -exec stat -c '%n %f %Y %N' {} + | sort
	find . -type f -exec md5sum {} + | sort
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must run_instance web 2 512M
must in_log web 'test: alive'
mkdir -p /tmp/here/tree/empty /tmp/here/tree/a/b "/tmp/here/tree/with space"
cd /tmp/here || exit 1
head -c 3000000 /dev/urandom >tree/a/large
: >tree/a/nothing
echo text >tree/a/b/text
chmod 640 tree/a/b/text
touch -d '2001-02-03 04:05:06' tree/a/b/text
echo "strange" >"tree/with space/$(printf 'new\nline')"
ln -s /etc/passwd tree/a/link
ln -s nowhere tree/dangling
chmod 711 tree/empty
touch -d '2002-02-03 04:05:06' tree/empty

check "a tree goes in" cp_ tree web:/tmp
note /tmp/output
at sh -c 'cd /tmp/tree && find . -exec stat -c "%n %f %Y %N" {} + | sort; find . -type f -exec md5sum {} + | sort' >/tmp/facts.there
(cd tree && facts) >/tmp/facts.here
check "with all that it has" cmp /tmp/facts.here /tmp/facts.there
check "and comes out by another name" cp_ web:/tmp/tree back
(cd back && facts) >/tmp/facts.there
check "as it was" cmp /tmp/facts.here /tmp/facts.there
check "again, over what is there" cp_ tree web:/tmp
mkdir into
check "several" cp_ web:/tmp/tree/a/large web:/tmp/tree/a/b into
equal "are there" "b large" "$(cd into && echo *)"
check "several into it" cp_ into/large into/b web:/tmp/tree/empty/
equal "are there, too" "b large" "$(at ls /tmp/tree/empty | xargs)"
equal "in JSON" '{"files":1,"bytes":5}' "$(cp_ --json tree/a/b/text web:/tmp/text)"
equal "its content" text "$(at cat /tmp/text)"
must at cp /bin/busybox /tmp/sleep
at /tmp/sleep 20 &
must within 10 sh -c "mkctl exec web -T -- ps -o args </dev/null | grep -q '^/tmp/slee[p]'"
check "a program that runs is replaced" cp_ /bin/busybox web:/tmp/sleep
head -c 50000000 /dev/urandom >data
check "50 MB in" cp_ data web:/tmp/data
equal "are the same" "$(md5sum <data)" "$(at md5sum /tmp/data | sed 's#/tmp/data#-#')"
check "and out" cp_ web:/tmp/data data.back
check "still the same" cmp data data.back
rm -f data data.back

refused incomplete 1 "no such file there" cp web:/nothing .
refused incomplete 1 "nor here" cp nothing web:/
refused refused 1 "no such directory there" cp tree web:/nothing/tree
refused refused 1 "several need a directory" cp tree into web:/new
refused refused 1 "a slash, too" cp tree/a/large web:/new/
refused file 1 "here as well" cp web:/tmp/text new/
refused usage 2 "from and to an instance" cp web:/tmp/text web:/tmp/new
refused usage 2 "to another one" cp web:/tmp/text db:/tmp/new .
refused usage 2 "none" cp a b
refused usage 2 "no name" cp web:/ .
must at mkdir /tmp/contents
mkdir contents
check "what is in a directory" sh -c 'cd tree && /bin/mkctl cp . web:/tmp/contents'
equal "is there" "$(cd tree && echo *)" "$(at sh -c 'cd /tmp/contents && echo *')"
check "and comes out" cp_ web:/tmp/contents/. contents
equal "as it was, too" "$(cd tree && facts | grep -v '^\. ')" "$(cd contents && facts | grep -v '^\. ')"
mkdir nodes
mknod nodes/null c 1 3
at mknod /tmp/null c 1 3
refused file 1 "a device is no target" cp web:/tmp/text nodes/null
refused refused 1 "there as well" cp tree/a/b/text web:/tmp/null
equal "both stay" "character special file character special file" "$(stat -c %F nodes/null) $(at stat -c %F /tmp/null)"
ln -s null nodes/link
refused file 1 "nor is a link" cp web:/tmp/text nodes/link
check "it stays" test -h nodes/link
at sh -c 'ln -s text /tmp/to_text; ln -s tree /tmp/to_tree'
check "a link to a file is the file" cp_ web:/tmp/to_text text.new
equal "by a new name" text "$(cat text.new)"
refused file 1 "one to a directory has its own" cp web:/tmp/to_tree tree.new
equal "it says what to do" 1 "$(grep -c '"remedy": *"name what it leads to' /tmp/output)"
refused incomplete 1 "what cannot be read is left out" cp web:/proc/1/mem web:/tmp/text nodes
equal "the rest is not" text "$(cat nodes/text)"
mkdir -p clash/large
at mkdir -p /tmp/clash/large/x
refused refused 1 "a file over a directory" cp into/large web:/tmp/clash
must at sh -c 'mkdir -p /mnt && mount -t tmpfs -o size=1M small /mnt'
refused refused 1 "no room there" cp into/large web:/mnt
equal "and nothing is left of it" "" "$(at ls -A /mnt)"
mkfifo tree/fifo
refused incomplete 1 "a pipe is left out" cp tree web:/tmp
rm tree/fifo

# It ends meanwhile.
refused incomplete 1 "a device is no file" cp web:/dev/zero zero
at sh -c 'rm /tmp/data; head -c 150000000 /dev/zero >/tmp/zero'
/bin/mkctl cp web:/tmp/zero zero >/tmp/out 2>&1 &
must within 10 sh -c 'ls -A | grep -q mkctl-cp'
kill -TERM $!
wait $!
equal "a signal ends it" 143 $?
equal "and leaves nothing" "" "$(find . -name '*zero*' -o -name '*mkctl-cp*')"

# Its server hangs, and the kernel below it does not.
truncate -s 2G large
at sh -c "rm /tmp/zero; truncate -s 2G /tmp/huge"
/bin/mkctl cp web:/tmp/huge huge >/tmp/out 2>&1 &
out=$!
/bin/mkctl --json cp large web:/tmp/large >/tmp/in 2>&1 &
in=$!
must within 10 sh -c 'ls -A | grep -q mkctl-cp'
begin=$(uptime_seconds)
# shellcheck disable=SC2016
at sh -c 'kill -STOP $(pidof @mkexec)' &
wait $out
equal "an instance that hangs ends a copy" 1 $?
check "that is said" grep -q 'web: .*nothing came or went for' /tmp/out
wait $in
equal "one into it as well" 1 $?
check "by the same reason" grep -q '"code": *"no_server"' /tmp/in
check "in time" test $(($(uptime_seconds) - begin)) -le $((25 * SLOW))
equal "nothing is left" "" "$(find . -name '*huge*' -o -name '*mkctl-cp*')"
rm large
must mkctl stop web --timeout 30
check "the instance is healthy" healthy web
must mkctl start web
must in_log web 'test: alive'
at sh -c 'head -c 150000000 /dev/zero >/tmp/zero'
/bin/mkctl cp web:/tmp/zero zero >/tmp/out 2>&1 &
must within 10 sh -c 'ls -A | grep -q mkctl-cp'
must mkctl kill web
wait $!
equal "the instance ends" 1 $?
check "that is said" grep -q 'web: it stopped: killed' /tmp/out
equal "and nothing is left, too" "" "$(find . -name '*zero*' -o -name '*mkctl-cp*')"
must mkctl delete web

# shellcheck disable=SC2016
must run_instance web 2 256M 'kill $(pidof @mkexec); liar garbage up dots other twice through rights leave part deep half &'
must in_log web 'test: alive'
mkdir -p /tmp/jail/in
cd /tmp/jail/in || exit 1
for lie in garbage up dots other twice through rights leave part deep half; do
	command mkctl --json cp --timeout $((20 * SLOW)) web:/wanted . >/tmp/out 2>/tmp/err
	equal "$lie: refused" 1 $?
	sed 's/.*"cause":/# /' /tmp/out
	rm -rf wanted
done
equal "nothing came out of its place" "" "$(find /tmp/jail /tmp/evil -name '*evil*' 2>/dev/null)"
equal "nor stays" "" "$(ls -A)"
cd /tests || exit 1
must mkctl delete web --force
rm -rf /tmp/here /tmp/jail
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 4096
