#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A million messages each way, up to 64 KiB long, while doorbells move and CPUs come
# and go on both sides: none is lost, doubled or reordered, and nobody sleeps for ever.
. ./lib.sh

COUNT=${COUNT:-1000000}
CPU1=/sys/devices/system/cpu/cpu1/online

# turn NAME FILE VALUE...: store one after the other, until /tmp/done is there; those
# that were taken are in /tmp/turned.NAME
turn() {
	name=$1 file=$2
	shift 2
	: >"/tmp/turned.$name"
	while [ ! -e /tmp/done ]; do
		for value; do
			echo "$value" >"$file" && echo "$value" >>"/tmp/turned.$name"
			sleep 0.05
		done
	done 2>/dev/null
}

# turned TEXT NAME VALUE: that one was taken, again and again
turned() {
	times=$(grep -c "^$3\$" "/tmp/turned.$2")
	check "$1: $times times" test "$times" -ge 3
}

# rang CPU [FILE]: how often the doorbell of all channels did there
rang() {
	awk -v field=$(($1 + 2)) '/mk_ipc doorbell$/ { print $field }' "${2:-/proc/interrupts}"
}

[ "$(nproc)" -ge 4 ] || skip "it takes 4 CPUs"
pool_up_warm 1-3 512M
must mkctl pool remove --cpus 1
must modprobe mk_ipc
irq=$(awk -F: '/mk_ipc doorbell/ { print $1 + 0 }' /proc/interrupts)
must mkctl channel add out --between host,web --size 128K
must mkctl channel add back --between web,host --size 128K
RUN_TIMEOUT=120 must run_instance web 2-3 512M "channel take out $COUNT >/dev/kmsg 2>&1 & channel send back $COUNT >/dev/kmsg 2>&1 & \
irq=/proc/irq/\$(awk -F: '/mk_ipc doorbell/ { print \$1 + 0 }' /proc/interrupts)/smp_affinity; cpu=$CPU1; \
turn() { echo \$3 >\$2 && echo \$3 >>/tmp/turned.\$1; }; \
until [ -e /tmp/done ]; do sleep 0.07; turn irq \$irq 1; turn cpu \$cpu 0; sleep 0.05; turn cpu \$cpu 1; turn irq \$irq 2; done; say turned"
rm -f /tmp/done
turn irq /proc/irq/"$irq"/smp_affinity 1 2 3 &
turn cpu $CPU1 0 1 &
channel send out "$COUNT" >/tmp/out 2>&1 &
sender=$!
check "all that web sends arrives" channel take back "$COUNT"
cp /tmp/output /tmp/took
check "the longest as well" grep "up to 65536 bytes" /tmp/took
wait $sender
check "all is sent" grep "sent $COUNT" /tmp/out
check "and arrives in web" in_log web "took $COUNT, up to 65536 bytes" 20
check "web saw that all was taken" in_log web "sent $COUNT" 20
touch /tmp/done
wait
echo 1 >$CPU1
turned "the doorbell was put on CPU 0" irq 1
turned "and on CPU 1" irq 2
turned "CPU 1 left" cpu 0
turned "and came back" cpu 1
grep doorbell /proc/interrupts | note
for cpu in 0 1; do
	rings=$(rang $cpu)
	check "it rang on CPU $cpu: $rings times" test "$rings" -ge 50
done
must at touch /tmp/done
must in_log web 'test: turned'
for name in irq cpu; do
	at cat /tmp/turned.$name >/tmp/turned.web.$name
done
turned "likewise in web: on its CPU 0" web.irq 1
turned "and on its CPU 1" web.irq 2
turned "its CPU 1 left" web.cpu 0
turned "and came back" web.cpu 1
at cat /proc/interrupts >/tmp/interrupts
grep doorbell /tmp/interrupts | note
for cpu in 0 1; do
	rings=$(rang $cpu /tmp/interrupts)
	check "it rang on CPU $cpu: $rings times" test "$rings" -ge 50
done
mkctl channel list | note
check "healthy" healthy web
must mkctl kill web
must mkctl channel remove out
must mkctl channel remove back
within 5 rmmod mk_ipc
pool_down
host_compare
