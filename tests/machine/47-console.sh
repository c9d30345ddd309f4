#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The console of an instance: its kernel's log, a shell, readers and a writer.
. ./lib.sh

INSTANCE_ARGS="console=hvc0${INSTANCE_ARGS+ $INSTANCE_ARGS}"
shell='setsid -c sh -i </dev/hvc0 >/dev/hvc0 2>&1 &'

# console [OPTION...]: what is on standard input is typed, what is printed is in
# /tmp/printed, and what mkctl says of it in /tmp/said
console() {
	command mkctl console web --timeout $((4 * SLOW)) "$@" >/tmp/printed 2>/tmp/said
}

# bytes TEXT: how many of them mkctl said to be missing
bytes() {
	sed -n "s/^\[mkctl: \([0-9]*\) bytes $1.*/\1/p" /tmp/said | head -n 1
}

# types TEXT: it is typed, a line
types() {
	echo "$1" | console --no-history
}

# ends STATUS TEXT: the reader in the background ends so
ends() {
	wait "$reader"
	equal "$2" "$1" $?
}

host_snapshot
pool_up 2-3 512M

# A console before the host has any: the instance drops, and does not wait.
must run_instance web 2 256M "yes 0123456789 | head -c 400000 >/dev/hvc0; echo flooded >/dev/kmsg; $shell"
check "nobody listens: the instance goes on" in_log web 'flooded$' 60
must modprobe mk_ipc
check "the console is there when the host's mk_ipc comes" console --read-only
check "the last of what was printed is replayed" grep -q 0123456789 /tmp/printed
check "the instance counted what it dropped" test "$(bytes 'were dropped')" -gt 250000
check "healthy" healthy web
must mkctl kill web
equal "after its death it is there to be read" 0 "$(console --read-only; echo $?)"
check "to its end" grep -q 'web: stopped: ' /tmp/said
must mkctl delete web

# A console from the start.
must run_instance web 2 256M "echo from init; $shell"
check "the log of its kernel comes" console --read-only
check "from its first line on" grep -q 'Linux version' /tmp/printed
check "to what its programs say" grep -q 'test: alive' /tmp/printed
check "its init has a console" grep -q '^from init' /tmp/printed
equal "nothing is missing" "" "$(bytes .)"

# shellcheck disable=SC2016
check "type" types 'echo "<$((6 * 7))>"'
check "the shell answers" grep -q '<42>' /tmp/printed
check "history was not wanted" sh -c '! grep -q "Linux version" /tmp/printed'

# Two readers and a writer, then a second writer.
command mkctl console web --read-only --no-history --timeout $((12 * SLOW)) >/tmp/one 2>&1 &
command mkctl console web --read-only --no-history --timeout $((12 * SLOW)) >/tmp/two 2>&1 &
# shellcheck disable=SC2016
{
	sleep $((2 * SLOW))
	echo 'echo "<$((7 * 8))>"'
	sleep $((10 * SLOW))
} | command mkctl console web --no-history --timeout $((9 * SLOW)) >/dev/null 2>&1 &
sleep "$SLOW"
refused console_busy 1 "a second writer" console web --timeout 3
check "one reader" within 6 grep -q '<56>' /tmp/one
check "and another" within 6 grep -q '<56>' /tmp/two
wait

# On a terminal.
{
	sleep $((2 * SLOW))
	printf 'stty size\r'
	sleep $((2 * SLOW))
	kill -USR1 "$(pidof pty)"
	sleep "$SLOW"
	printf 'stty size; hexdump -C\r'
	sleep "$SLOW"
	printf '\035\035\r\004'
	sleep "$SLOW"
	printf '\035.'
} | pty 33 101 mkctl console web --no-history >/tmp/terminal
equal "the escape leaves" 0 $?
check "the shell has the size of the terminal" grep -q '^33 101' /tmp/terminal
check "and its new one" grep -q '^34 101' /tmp/terminal
check "two escapes are one" grep -q '^00000000  1d 0a' /tmp/terminal
check "it is told how to leave" grep -q 'Ctrl-] . leaves' /tmp/terminal

# What the host takes in time is not lost.
check "much is printed" types 'seq 20000 >/dev/hvc0'
equal "all of it comes" 20000 "$(grep -c '^[0-9][0-9]*.$' /tmp/printed)"
equal "and none is missing" "" "$(bytes .)"

# A flood that nobody reads.
must types "yes >/dev/hvc0 & sleep $((3 * SLOW)); kill \$!; echo flood over >/dev/kmsg"
check "a flood does not hold the instance up" in_log web 'flood over' 30
# shellcheck disable=SC2016
check "the shell answers after it" types 'echo "<$((8 * 9))>"'
check "as before" grep -q '<72>' /tmp/printed
check "read what is left of it" console --read-only
note /tmp/said
equal "the host has kept the last 128 KiB" 131072 "$(wc -c </tmp/printed)"
check "and tells how much it has not" test "$(bytes 'are not kept')" -gt 0
check "healthy" healthy web

# Its end.
command mkctl console web --read-only >/tmp/printed 2>/tmp/said </dev/null &
reader=$!
sleep "$SLOW"
must mkctl kill web
ends 0 "a reader ends with the instance"
check "and says why" grep -q 'web: stopped: killed' /tmp/said
must mkctl start web --wait --timeout 60
command mkctl console web --read-only >/tmp/printed 2>/tmp/said </dev/null &
reader=$!
check "a new start has a console" within 30 grep -q 'test: alive' /tmp/printed
check "and nothing of the last one" sh -c '! grep -q "<72>" /tmp/printed'
types 'echo c >/proc/sysrq-trigger'
ends 1 "a reader of one that crashes fails"
check "with its last words" grep -q 'Kernel panic' /tmp/printed
check "and the reason" grep -q 'web: crashed: ' /tmp/said
pool_down
host_compare
