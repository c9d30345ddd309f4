#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Commands in an instance: streams, exit codes, signals and terminals.
. ./lib.sh

# runs PATTERN: a process of the instance does
runs() {
	at ps -o args | grep -q -- "$1"
}

gone() {
	! runs "$1"
}

# same FILE FILE: or where they differ
same() {
	cmp "$1" "$2" && return
	ls -l "$1" "$2"
	cmp -l "$1" "$2" | awk 'NR <= 8; { last = $0 } END { print NR " differ, the last one: " last }'
	return 1
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
	'pidof @mkexec || exit 2; for p in $(pidof @mkexec); do ls -l /proc/$p/fd; done | grep "> /" && exit 1; exit 0'
note /tmp/out

check "who is not root, but may use its ports, does not reach it" vsock forbidden $(($(of web id) + 2)) 877
check "who has no port of root's is not served" vsock distrusted $(($(of web id) + 2)) 877

must sh -c "head -c 50000000 /dev/urandom >/tmp/data"
at cat </tmp/data >/tmp/back
equal "50 MB there and back" 0 $?
check "all the same" same /tmp/data /tmp/back
rm -f /tmp/data /tmp/back
exits 0 "both outputs at once" sh -c 'yes 1 | head -c 3000000 & yes 2 | head -c 3000000 >&2; wait'
equal "standard output" 3000000 "$(wc -c </tmp/out)"
equal "standard error" 3000000 "$(wc -c </tmp/err)"

begin=$(uptime_seconds)
for i in $(seq 100); do
	{
		/bin/mkctl exec web -T --timeout $((60 * SLOW)) -- sh -c "echo $i; exit $((i % 50))"
		echo "$i $?"
	} </dev/null >"/tmp/out.$i" 2>&1 &
done
wait
cat /tmp/out.* | sort >/tmp/out
for i in $(seq 100); do
	echo "$i"
	echo "$i $((i % 50))"
done | sort >/tmp/wanted
check "100 at once, $(($(uptime_seconds) - begin)) s" diff /tmp/wanted /tmp/out

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
# shellcheck disable=SC2016
sleep $((6 * SLOW)) | SLOW=$SLOW pty 33 101 sh -c 'stty -g >/tmp/before; mkctl exec web sleep $((3 * SLOW)) </dev/tty &
sleep $SLOW; stty -g >/tmp/meanwhile; kill -CONT $!; wait $!; stty -g >/tmp/after'
check "meanwhile the terminal here passes on each key" test "$(cat /tmp/meanwhile)" != "$(cat /tmp/before)"
equal "it is as it was, also when SIGCONT came" "$(cat /tmp/before)" "$(cat /tmp/after)"
equal "-T: none" 1 "$(pty 33 101 mkctl exec -T web tty </dev/null >/dev/null; echo $?)"
equal "-t: one, and Ctrl-D at the end" 0 "$(echo 'tty; exit 0' | command mkctl exec -t web sh >/dev/null; echo $?)"
check "healthy" healthy web
must mkctl delete web --force
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
host_compare 4096
