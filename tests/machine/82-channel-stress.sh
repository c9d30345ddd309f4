#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A million messages each way, while doorbells move and CPUs come and go on both
# sides: none is lost, doubled or reordered, and nobody sleeps for ever.
. ./lib.sh

COUNT=${COUNT:-1000000}

# turn FILE VALUE...: store one after the other, until /tmp/done is there
turn() {
	file=$1
	shift
	while [ ! -e /tmp/done ]; do
		for value; do
			echo "$value" >"$file"
			sleep 0.05
		done
	done 2>/dev/null
}

[ "$(nproc)" -ge 4 ] || skip "it takes 4 CPUs"
host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
irq=$(awk -F: '/mk_ipc doorbell/ { print $1 + 0 }' /proc/interrupts)
must mkctl channel add out --between host,web --size 64K
must mkctl channel add back --between web,host --size 16K
RUN_TIMEOUT=120 must run_instance web 2-3 512M "channel take out $COUNT >/dev/kmsg 2>&1 & channel send back $COUNT >/dev/kmsg 2>&1 & \
irq=\$(awk -F: '/mk_ipc doorbell/ { print \$1 + 0 }' /proc/interrupts); \
while sleep 0.07; do echo 1 >/proc/irq/\$irq/smp_affinity; echo 0 >/sys/devices/system/cpu/cpu1/online; sleep 0.05; \
echo 1 >/sys/devices/system/cpu/cpu1/online; echo 2 >/proc/irq/\$irq/smp_affinity; done"
rm -f /tmp/done
turn /proc/irq/"$irq"/smp_affinity 1 2 3 &
turn /sys/devices/system/cpu/cpu1/online 0 1 &
channel send out "$COUNT" >/tmp/out 2>&1 &
check "all that web sends arrives" channel take back "$COUNT"
wait $!
check "all is sent" grep "sent $COUNT" /tmp/out
check "and arrives in web" in_log web "took $COUNT" 20
check "web saw that all was taken" in_log web "sent $COUNT" 20
touch /tmp/done
wait
echo 1 >/sys/devices/system/cpu/cpu1/online
grep doorbell /proc/interrupts | note
mkctl channel list | note
check "healthy" healthy web
must mkctl kill web
must mkctl channel remove out
must mkctl channel remove back
within 5 rmmod mk_ipc
pool_down
host_compare
