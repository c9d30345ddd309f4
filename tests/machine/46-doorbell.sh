#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A channel has a doorbell of its own, on the CPU that its program wants, in the
# host and in an instance: it moves alone, messages go on, and it is given back.
. ./lib.sh

CPU1=/sys/devices/system/cpu/cpu1/online

# rang NAME CPU [FILE]: how often it did there; "": the one of all channels
rang() {
	awk -v name="mk_ipc doorbell${1:+ $1}\$" -v field=$(($2 + 2)) \
		'$0 ~ name { n = $field } END { print n + 0 }' "${3:-/proc/interrupts}"
}

# web_rang NAME CPU: likewise in the instance
web_rang() {
	at cat /proc/interrupts >/tmp/interrupts && rang "$1" "$2" /tmp/interrupts
}

exceeds() {
	[ "$("$@")" -gt $((from + 100)) ]
}

# grows COMMAND...: the number that it prints does, by 100
grows() {
	from=$("$@")
	within 20 exceeds "$@"
}

# has NAME: a doorbell of its own; gone NAME: no more
has() {
	grep "mk_ipc doorbell $1\$" /proc/interrupts
}

gone() {
	! has "$1"
}

web_gone() {
	at cat /proc/interrupts >/tmp/interrupts && ! grep "mk_ipc doorbell one" /tmp/interrupts
}

number() {
	has one | cut -d : -f 1 | tr -d ' '
}

# lives: the program that was started last
lives() {
	grep 'State:.[RS]' "/proc/$job/status"
}

# serve [BELL=CPU]: web sends back what comes
serve() {
	/bin/mkctl exec web -T -- env "${1-none=}" channel echo one >/dev/null 2>&1 &
}

# hold CPU NAME...: a program has doorbells there
hold() {
	: >/tmp/held
	channel bells "$@" >/tmp/held 2>&1 &
	job=$!
	must within 10 grep -q ready /tmp/held
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must run_instance web 2-3 256M
must in_log web 'test: alive'
must mkctl channel add one --between host,web

serve BELL=1
BELL=1 channel ask one 1000000000 >/tmp/ask 2>&1 &
job=$!
must within 20 has one
shared=$(($(rang "" 0) + $(rang "" 1)))
check "it rings on the CPU that was asked for" grows rang one 1
equal "and nowhere else" 0 "$(rang one 0)"
check "that of all channels does not" test $(($(rang "" 0) + $(rang "" 1) - shared)) -lt 50
check "likewise in the instance" grows web_rang one 1
equal "and nowhere else" 0 "$(web_rang one 0)"
must sh -c "echo 1 >/proc/irq/$(number)/smp_affinity"
check "affinity moves it" grows rang one 0
must sh -c "echo 2 >/proc/irq/$(number)/smp_affinity"
check "and back" grows rang one 1
must sh -c "echo 0 >$CPU1"
check "it leaves a CPU that goes" grows rang one 0
must sh -c "echo 1 >$CPU1"
check "and goes on when that comes back" grows rang one 0
must at sh -c "echo 0 >$CPU1"
check "likewise in the instance" grows web_rang one 0
must at sh -c "echo 1 >$CPU1"
check "all messages came back" lives
note /tmp/ask
kill $job
check "the vector comes back with the descriptor" within 5 gone one
check "in the instance, too" within 5 web_gone

serve
check "another doorbell again and again" channel turn one 300
note /tmp/output
given=$(cut -d ' ' -f 1 /tmp/output)
check "more often than there are: $given" test "$given" -gt 116
check "they are given back while the channel lives" within 5 gone one
check "nobody rang one that the instance has not" sh -c '! mkctl logs web | grep "No irq handler"'
serve
echo 3 >/sys/module/mk_ipc/parameters/bell_limit
check "messages come with few doorbells, too" env BELL=1 channel ask one 100
echo 5000 >/sys/module/mk_ipc/parameters/bell_limit

names=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	must mkctl channel add "b$i" --between host,web --size 4K
	names="$names b$i"
done
must within 5 gone one
# shellcheck disable=SC2086
check "there are 16" sh -c "channel bells 1 $names 2>&1 | grep 'b17: code 151, 16'"
check "which are given back" within 5 gone 'b.*'
check "a CPU that is none" sh -c "channel bells 77 b1 2>&1 | grep 'code 32, 77'"
check "a CPU that is not the host's" sh -c "channel bells 2 b1 2>&1 | grep 'code 34, 2'"
hold 1 b1
check "a program has one" has b1
must mkctl channel remove b1
check "it ends with the channel" within 5 gone b1
check "though the program lives" lives
kill $job
check "web is healthy" healthy web
# shellcheck disable=SC2086
hold 0 b2 b3 b4
must mkctl kill web
check "and with the other kernel" within 5 gone 'b.*'
check "though the program lives" lives
kill $job
must mkctl start web --wait
must in_log web 'test: alive'
hold 1 b2 b3 b4
for name in one $(mkctl channel list --json --pretty | sed -n 's/^ *"name": *"\(b.*\)",*$/\1/p'); do
	must mkctl channel remove "$name"
done
must mkctl kill web
kill $job
check "and with the module" within 5 rmmod mk_ipc
check "nobody rang one that the host has not" sh -c '! dmesg | grep "No irq handler"'
pool_down
# the modules of AF_VSOCK stay, as in 46-channel
host_compare 4096
