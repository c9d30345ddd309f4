#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance tells which lines of mk_core and mk_ipc it has reached, after it has
# been used for all that an instance does (tests/coverage.sh).
. ./lib.sh

[ -n "$GCOV" ] || skip "only for make coverage"

# types TEXT: a line, on the console of web
types() {
	echo "$1" | command mkctl console web --no-history --timeout "${2:-4}" >/tmp/printed
}

INSTANCE_ARGS="console=hvc0${INSTANCE_ARGS+ $INSTANCE_ARGS}"
pool_up 2-3 512M
# its console drops what nobody takes
check "an instance runs" run_instance web 2-3 256M \
	'yes 0123456789 | head -c 400000 >/dev/hvc0; channel echo one & vsock serve & setsid -c sh -i </dev/hvc0 >/dev/hvc0 2>&1 &'
must modprobe mk_ipc
must mkctl channel add one --between host,web --size 16K
check "programs talk" channel ask one 1000
check "sockets do" sh -c 'vsock both $(($1 + 2)) 4 && vsock records $(($1 + 2)) 200 && vsock at $(($1 + 2)) vsock both 2 1 || :' sh "$(of web id)"
must types 'find /sys/fs/multikernel /sys/module/mk_*/parameters -type f -exec cat {} + >/dev/null'
must types 'seq 20000 >/dev/hvc0; stty size'
printf 'stty size\r\035.' | pty 33 101 mkctl console web --no-history >/dev/null || :
# a channel that is forbidden, an interrupt that moves, a link that goes and comes
must mkctl channel remove one
must types 'echo 2 >/proc/irq/$(sed -n "s/^ *\([0-9]*\):.*mk_ipc doorbell.*/\1/p" /proc/interrupts)/smp_affinity'
must types 'gcov kmsg' 60
check "it tells what it has reached" within 60 in_log web 'test: gcov ends'
mkctl logs web | sed -n 's/.*test: gcov //p' | grep -v ends | sed 's/^/# gcov-instance: /'
must mkctl delete web --force
must rmmod mk_ipc
pool_down
