#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a command's end is when its instance ends, moves or lies.
. ./lib.sh

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must run_instance web 2 256M
must in_log web 'test: alive'
starts sh -c 'echo ready; exec sleep 5555'
must mkctl kill web
ends 125 "killed meanwhile"
check "and why" grep -q 'web: it stopped: killed' /tmp/err
exits 125 "one that does not run" true
check "and that" grep -q 'cannot reach it: it is stopped' /tmp/err
must mkctl start web --wait --timeout 60
must in_log web 'test: alive'
exits 125 "one that crashes" sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
check "and why" grep -q 'web: it crashed: .*panic' /tmp/err
must mkctl delete web

# The root of the first process, wherever that goes.
must run_instance web 2 256M "mkdir /new; mount -t tmpfs new /new; cp -a /bin /sbin /usr /new; mkdir /new/proc; \
echo moved >/new/where; exec switch_root /new /bin/sh -c 'while :; do sleep 1; done'"
check "switch_root" within 20 at cat /where
equal "is followed" moved "$(at cat /where)"
must mkctl delete web --force

# An init that shuts down in order.
must run_instance web 2 256M "echo ::shutdown:/bin/sh /etc/down >/etc/inittab; \
echo 'echo in order >/dev/kmsg' >/etc/down; exec init"
check "busybox's init" within 20 sh -c "mkctl exec web -T -- ps </dev/null | grep -q ' 1 .* init'"
check "stops" mkctl stop web --timeout 20
equal "by itself" poweroff "$(of web reason)"
check "and in order" in_log web 'in order' 1
must mkctl delete web

# A server that lies.
# shellcheck disable=SC2016
must run_instance web 2 256M 'kill $(pidof @mkexec); liar garbage huge half taken code version step flood silent &'
hears() {
	command mkctl --json exec web -T --timeout $((5 * SLOW)) true >/tmp/out 2>/tmp/err </dev/null
	equal "$1" "125 $2" "$? $(sed -n 's/.*"error":{"code":"\([a-z_]*\)".*/\1/p' /tmp/out)"
}
must in_log web 'test: alive'
hears "random bytes" nonsense
hears "too long a frame" nonsense
hears "half a frame" disconnected
hears "more is taken than was sent" nonsense
hears "no exit code" nonsense
hears "another version" server_version
hears "an unknown failure" refused
command mkctl exec web -T --timeout 20 true 2>&1 </dev/null | head -c 1000000 >/tmp/out
equal "a flood" 1000000 "$(wc -c </tmp/out)"
hears "no answer" no_server
hears "no server" no_server
must mkctl stop web --timeout 30
check "the instance is as before" healthy web
must mkctl delete web
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 4096
