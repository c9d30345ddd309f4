#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Commands in an instance: streams, exit codes, signals, terminals and ends.
. ./lib.sh

# at COMMAND...: in the instance, without a terminal
at() {
	/bin/mkctl exec web -T --timeout $((20 * SLOW)) -- "$@"
}

# exits STATUS TEXT COMMAND...: it does in the instance; /tmp/out and /tmp/err
exits() {
	wanted=$1 text=$2
	shift 2
	at "$@" >/tmp/out 2>/tmp/err </dev/null
	equal "$text" "$wanted" $?
}

# ends STATUS TEXT: what was started in the background does
ends() {
	wait "$job"
	equal "$2" "$1" $?
}

# starts COMMAND...: in the background, until it says "ready"
starts() {
	: >/tmp/out
	/bin/mkctl exec web -T -- "$@" >/tmp/out 2>/tmp/err </dev/null &
	job=$!
	must within 10 grep -q ready /tmp/out
}

# runs PATTERN: a process of the instance does
runs() {
	at ps -o args | grep -q -- "$1"
}

gone() {
	! runs "$1"
}

host_snapshot
pool_up 2-3 512M
must run_instance web 2 256M
command mkctl --json exec web true >/tmp/out
equal "without mk_ipc: 125" 125 $?
check "and why" grep -q '"code":"not_loaded"' /tmp/out
must modprobe mk_ipc
must in_log web 'test: alive'

exits 0 "echo" echo hello
equal "its output" hello "$(cat /tmp/out)"
exits 7 "an exit code" sh -c 'echo out; echo err >&2; exit 7'
equal "standard output" out "$(cat /tmp/out)"
equal "and error" err "$(cat /tmp/err)"
exits 127 "no such command" nothing
check "that is said" grep -q 'nothing: there is no such command' /tmp/err
exits 126 "not executable" /etc
# shellcheck disable=SC2016
exits 137 "killed by a signal" sh -c 'kill -KILL $$'
exits 0 "words stay words" test 'a  b' = 'a  b'
exits 0 "no terminal" sh -c '! test -t 0 && ! test -t 1 && ! test -t 2'
# shellcheck disable=SC2016
exits 0 "its environment" sh -c 'test "$HOME" = /root && command -v ls'
equal "its standard input" "there and back" "$(echo there and back | at cat)"
equal "an instance that does not read it" 0 "$(yes | at true >/dev/null; echo $?)"
equal "nobody reads its output: as a signal" 141 "$( (at yes; echo $? >/tmp/status) | head -n 1 >/dev/null; cat /tmp/status)"
check "it is gone then" within 10 gone '^yes'
exits 0 "what it leaves behind is not waited for" sh -c 'sleep 2222 & echo said'
equal "but its output is there" said "$(cat /tmp/out)"
check "and goes on" runs 'sleep 222[2]'

# The user's init does not know the server.
# shellcheck disable=SC2016
equal "an init that waits does not wait for the server" 0 \
	"$(at sh -c 'awk "/@mkexec/ && \$4 == 1 { print \$38 }" /proc/[0-9]*/stat')"
# shellcheck disable=SC2016
exits 0 "the server has nothing of the user's open" sh -c \
	'for p in $(pidof @mkexec); do ls -l /proc/$p/fd; done | grep / && exit 1; exit 0'

head -c 50000000 /dev/urandom >/tmp/data
at cat </tmp/data >/tmp/back
equal "50 MB there and back" 0 $?
check "all the same" cmp /tmp/data /tmp/back
rm -f /tmp/data /tmp/back
exits 0 "both outputs at once" sh -c 'yes 1 | head -c 3000000 & yes 2 | head -c 3000000 >&2; wait'
equal "standard output" 3000000 "$(wc -c </tmp/out)"
equal "standard error" 3000000 "$(wc -c </tmp/err)"

begin=$(uptime_seconds)
for i in $(seq 100); do
	{ at sh -c "cat; echo $i; exit $((i % 50))" </dev/null >"/tmp/out.$i" 2>&1; echo $? >>"/tmp/out.$i"; } &
done
wait
good=0
for i in $(seq 100); do
	[ "$(cat "/tmp/out.$i")" != "$(printf '%s\n' "$i" $((i % 50)))" ] || good=$((good + 1))
done
equal "100 at once, $(($(uptime_seconds) - begin)) s" 100 $good

# Signals.
starts sh -c 'trap "echo usr1" USR1; trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
kill -USR1 $job
check "a signal is passed on" within 10 grep -q usr1 /tmp/out
kill -TERM $job
ends 9 "and another one"
starts sh -c 'echo ready; exec sleep 3333'
kill -HUP $job
ends 129 "one that kills the command"
starts sh -c 'echo ready; exec sleep 3334'
kill -TSTP $job
check "a stop, of the command as well" within 10 sh -c \
	"grep -q '^State:.T' /proc/$job/status && mkctl exec web -T -- ps -o stat,args </dev/null | grep -q '^T.*333[4]'"
kill -CONT $job
check "and it goes on" within 10 sh -c "mkctl exec web -T -- ps -o stat,args </dev/null | grep -q '^S.*333[4]'"
kill -KILL $job
check "mkctl dies: so does the command" within 10 gone 'sleep 333[4]'
wait $job
starts sh -c 'trap "" HUP; echo ready; sleep 3335; sleep 3336'
kill -KILL $job
check "also one that does not want to" within 20 gone 'sleep 333[56]'
wait $job
yes | command mkctl exec web -T -- sh -c 'echo ready; exec sleep 3337' >/tmp/out &
must within 10 grep -q ready /tmp/out
sleep 1
kill -TERM "$(pidof mkctl)"
check "a signal passes what waits on standard input" within 10 gone 'sleep 333[7]'
wait

# A terminal.
# shellcheck disable=SC2016
{
	sleep $((2 * SLOW))
	printf 'test -t 0 && test -t 1 && echo term $TERM\r'
	printf 'stty size\r'
	sleep $((2 * SLOW))
	kill -USR1 "$(pidof pty)"
	sleep "$SLOW"
	printf 'stty size\r'
	sleep "$SLOW"
	printf 'sleep 4444\r'
	sleep "$SLOW"
	printf '\003'
	printf 'exit 5\r'
	sleep $((2 * SLOW))
} | pty 33 101 mkctl exec web sh -i >/tmp/terminal 2>&1
equal "a shell on a terminal ends" 5 $?
check "it has one" grep -q "^term $TERM" /tmp/terminal
check "of this size" grep -q '^33 101' /tmp/terminal
check "and of its new one" grep -q '^34 101' /tmp/terminal
check "Ctrl-C went there" gone 'sleep 444[4]'
equal "-T: none" 1 "$(pty 33 101 mkctl exec -T web tty </dev/null >/dev/null; echo $?)"
equal "-t: one, and Ctrl-D at the end" 0 "$(echo 'tty; exit 0' | command mkctl exec -t web sh >/dev/null; echo $?)"

# Its end.
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
equal "is followed" moved "$(cat /tmp/output)"
must mkctl delete web --force

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
check "the instance is as before" healthy web
must mkctl delete web --force
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 4096
