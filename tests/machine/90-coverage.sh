#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance tells which lines of our modules it has reached, after it has been used
# for all that an instance does (tests/coverage.sh).
. ./lib.sh

[ -n "$GCOV" ] || skip "only for make coverage"

# types TEXT: a line, on the console of web
types() {
	echo "$1" | command mkctl console web --no-history --timeout "${2:-4}" >/tmp/printed
}

talk='/lib/modules/$(uname -r)/mk_talk.ko'
INSTANCE_ARGS="console=hvc0${INSTANCE_ARGS+ $INSTANCE_ARGS}"
pool_up 1-3 768M
# its console drops what nobody takes
check "an instance runs" run_instance web 2-3 256M \
	'yes 0123456789 | head -c 400000 >/dev/hvc0; echo flooded >/dev/kmsg; channel echo one & vsock serve & setsid -c sh -i </dev/hvc0 >/dev/hvc0 2>&1 &'
must in_log web 'flooded$' 60
must modprobe mk_ipc
must run_instance db 1 256M "insmod $talk; vsock serve"
must mkctl channel add one --between host,web --size 16K
check "programs talk" channel ask one 1000
check "sockets do" sh -c 'vsock both $(($1 + 2)) 4 && vsock records $(($1 + 2)) 200 && vsock at $(($1 + 2)) vsock both 2 1 || :' sh "$(of web id)"
must types 'find /sys/fs/multikernel /sys/module/mk_*/parameters -type f -exec cat {} + >/dev/null'
must types 'seq 20000 >/dev/hvc0; stty size'
printf 'stty size\r\035.' | pty 33 101 mkctl console web --no-history >/dev/null || :
# a channel that is forbidden, an interrupt that moves, a link that goes and comes
must mkctl channel remove one
must types 'echo 2 >/proc/irq/$(sed -n "s/^ *\([0-9]*\):.*mk_ipc doorbell.*/\1/p" /proc/interrupts)/smp_affinity'
# messages and sockets with another one, which takes few of them; and no memory
must mkctl channel add bus --between db,web --kind messages --classes user --rate 400K
must mkctl channel add socks --between db,web --kind vsock --rate 1
ask="insmod $talk ask=1 peer=$(of db id)"
at sh -c "until $ask count=1000 && dmesg | tail -n 1 | grep -q ' well '; do rmmod mk_talk; sleep 0.5; done; rmmod mk_talk; $ask class=3 expect=-13; rmmod mk_talk"
at sh -c "vsock both $(($(of db id) + 2)) 1 & sleep 1; vsock refused $(($(of db id) + 2)) 5999 ETIMEDOUT"
must at faults agent_message
for _ in 1 2 3 4 5 6 7 8; do
	must mkctl channel remove bus
	must mkctl channel add bus --between db,web --kind messages --classes user
	sleep 0.5
done
at sh -c 'faults; echo freeze >/sys/power/state; echo 0 >/sys/devices/system/cpu/cpu1/online'
# a file system: written, larger, read by permission, gone
must modprobe mk_daxfs
must mkctl fs create data --size 32M --permit web
check "a file system does" at sh -c 'insmod /lib/modules/$(uname -r)/mk_daxfs.ko && mkdir /d /e && mount -t daxfs data /d && fsx /d/x 200 && tree run /d web 3'
must mkctl fs resize data 64M
check "a larger one, too" within 20 at sh -c 'dd if=/dev/zero of=/d/large bs=1M count=40 && rm /d/large'
must mkctl fs permit data web:ro
check "but not what is not permitted" at sh -c 'umount /d && ! mount -t daxfs none /d && mount -t daxfs -o ro data /d && ! mount -o remount,rw /d && find /d >/dev/null && umount /d'
# last, as its link is over
must types '(until dmesg | grep -q "link to host .* is over"; do sleep 1; done; sleep 2; gcov kmsg) &'
must spoil_link
check "it tells what it has reached" within 60 in_log web 'test: gcov ends'
mkctl logs web | sed -n 's/.*test: gcov //p' | grep -v ends | sed 's/^/# gcov-instance: /'
must mkctl delete web --force
must mkctl delete db --force
must mkctl fs delete data
must rmmod mk_daxfs
must mkctl channel remove bus
must mkctl channel remove socks
must rmmod mk_ipc
pool_down
