#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Measures the PARTS in the test machine; tests/bench.sh starts it, and reads
# its lines "raw NAME VALUE", several of a name where there are rounds.
# shellcheck source=tests/machine/lib.sh
. ./lib.sh
trap - EXIT

raw() {
	echo "raw $*"
}

# wall NAME COMMAND...: its time in ns
wall() {
	what=$1
	shift
	ns=$(bench wall "$@" 2>/tmp/output) || { cat /tmp/output; exit 1; }
	raw "$what" "$ns"
}

runs() {
	must mkctl wait "$1" --state running --timeout 120
}

# --- the host itself -------------------------------------------------------------

# printk_time PATTERN: of the first line of the host's log that has it, seconds
printk_time() {
	dmesg | sed -n "s|^\[ *\([0-9.]*\)\] .*$1.*|\1|p" | head -n 1
}

file_size() {
	wc -c <"$1"
}

host() {
	raw release "$(uname -r)"
	raw cmdline "$(cat /proc/cmdline)"
	raw clocksource "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
	raw first_tsc "$(cat /first)"
	raw tsc_mhz "$(dmesg | sed -n 's/.*tsc: Detected \([0-9.]*\) MHz.*/\1/p')"
	raw printk_init "$(printk_time 'Run /bin/bench as init')"
	raw host_initramfs "$(($(dmesg | sed -n 's/.*Freeing initrd memory: \([0-9]*\)K.*/\1/p') * 1024))"
}

# --- start, kill ---------------------------------------------------------------------

# numbers PREFIX NAME KEY...: of mkctl show
numbers() {
	prefix=$1 instance=$2
	shift 2
	mkctl show "$instance" --json --pretty >/tmp/show
	for key; do
		raw "$prefix$key" "$(member "$key" </tmp/show)"
	done
}

start_round() {
	must mkctl create web --cpus 2 --memory 512M
	wall load mkctl load web --kernel "$KERNEL" --initrd /tmp/small.cpio
	wall start mkctl start web
	runs web
	numbers '' web user_ns running_ns prepare_ns clear_ns host_bytes
	must mkctl stop web --timeout 30
	must mkctl wait web --state stopped --timeout 60
	wall restart mkctl start web
	runs web
	numbers again_ web user_ns prepare_ns clear_ns
	wall kill mkctl kill web
	kill=$ns
	numbers '' web kill_ns
	wall delete mkctl delete web
	raw kill_delete $((kill + ns))
}

# A shell and no more.
pack_small() {
	mkdir -p /tmp/small
	(cd /tmp/small && cpio -i <"$INITRD" && rm -rf bin/iasl bin/acpidump lib lib64 && find . | cpio -o -H newc) \
		>/tmp/small.cpio 2>/dev/null
	raw instance_initramfs "$(file_size /tmp/small.cpio)"
}

starts() {
	pack_small
	pool_up 2-3 512M
	for _ in $(seq "$ROUNDS"); do
		start_round
	done
	pool_down
}

# --- what programs see ---------------------------------------------------------------

# The archive that brings this program into an instance.
pack_bench() {
	mkdir -p /tmp/pack/bin
	cp /bin/bench /tmp/pack/bin/
	(cd /tmp/pack && find . | cpio -o -H newc) >/tmp/bench.cpio 2>/dev/null
}

# With several CPUs and threads, QEMU may run an int3 of the kernel's text
# patching that is gone already: then once more.
run_bench() {
	for _ in 1 2 3; do
		run_instance bench 1-2 512M "sleep 1; bench micro 0 1 >/dev/kmsg; poweroff -f" \
			--initrd /tmp/bench.cpio >/tmp/output 2>&1 && return
		note /tmp/output
		mkctl logs bench >/tmp/log 2>&1 || true
		must mkctl delete bench --force
		grep -q 'Oops: int3' /tmp/log || break
	done
	tail -n 30 /tmp/log
	exit 1
}

# The CPUs change sides in each round: first the host measures on CPUs 1 and 2,
# then the instance on the same ones; the host only waits.
micro_round() {
	bench micro 1 2 | sed -n 's/^bench: \([a-z]* [0-9]\)/raw host_\1/p'
	must mkctl pool add --cpus 1-2
	run_bench
	must mkctl wait bench --state stopped --timeout 120
	mkctl logs bench | sed -n 's/.*bench: \([a-z]* [0-9]\)/raw instance_\1/p'
	must mkctl delete bench --force
	must mkctl pool remove --cpus 1-2
}

programs() {
	raw la57 "$(grep -cw la57 /proc/cpuinfo)"
	pack_bench
	modprobe mk_core
	must mkctl pool add --memory 512M
	for _ in $(seq "$ROUNDS"); do
		micro_round
	done
	pool_down
}

# --- broadcasts ------------------------------------------------------------------------

# A single CPU sends none of these to itself.  One sum a line.
interrupts() {
	mkctl logs web | sed -n 's/.*test: interrupts//p' |
		awk '{ n = 0; for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/) n += $i; print n }'
}

more_interrupts() {
	[ "$(interrupts | wc -l)" -gt "$1" ]
}

broadcasts() {
	pool_up 3 256M
	must run_instance web 3 256M 'while sleep 1; do say interrupts $(grep -E CAL:\|RES:\|TLB:\|NMI: /proc/interrupts); done'
	must in_log web 'test: interrupts'
	before=$(interrupts | tail -n 1)
	must insmod "/lib/modules/$(uname -r)/mk_test.ko" act=broadcast count=10000
	rmmod mk_test
	said=$(interrupts | wc -l)
	must within 20 more_interrupts $((said + 1))	# a dead one would have got none, too
	must test "$(of web state)" = running
	raw broadcast_cpus "$(nproc)"
	raw broadcast_interrupts $(($(interrupts | tail -n 1) - before))
	pool_down
}

# --- memory, idle cost ---------------------------------------------------------------------

task_ns() {
	awk '/^cpu/ { n += $8 } END { printf "%.0f\n", n }' /proc/schedstat
}

# idle NAME: CPU time of all tasks of the host in 10 seconds, in ns, five times
idle() {
	for _ in 1 2 3 4 5; do
		begin=$(task_ns)
		sleep 10
		raw "$1" $(($(task_ns) - begin))
	done
}

several() {
	pool_up 1-3 768M
	must modprobe mk_ipc
	free=$(free_kib)
	for i in 1 2 3; do
		must run_instance "web$i" "$i" 256M
	done
	sleep 3
	raw host_kib $(((free - $(free_kib)) / 3))
	idle idle_with
	for i in 1 2 3; do
		must mkctl delete "web$i" --force
	done
	idle idle_without
	pool_down
}

# --- channels ------------------------------------------------------------------------------

# ns_a_mib CID: through a stream to who serves there
ns_a_mib() {
	vsock speed "$1" 16 >/tmp/output	# warm
	taskset 2 vsock speed "$1" 64 | awk '{ printf "%.0f\n", 1e9 / $1 }'
}

# Between CPU 1 of the host and CPU 2, which is the host's and then the instance's.
channels_round() {
	raw line "$(ipc line 1 2 200000)"
	raw copy "$(ipc copy 1 2 200000)"
	raw pipe "$(ipc pipe 1 2 5000)"
	raw unix "$(ipc unix 1 2 50000)"
	modprobe vsock_loopback
	taskset 4 vsock serve >/tmp/serve 2>&1 &
	within 5 vsock at 1 true || exit 1
	raw loopback "$(ns_a_mib 1)"
	kill $!
	pool_up 2 512M
	must modprobe mk_ipc
	echo 1 >"/proc/irq/$(awk -F: '/mk_ipc doorbell/ { print $1 + 0 }' /proc/interrupts)/smp_affinity_list"
	for name in spin sleep stream; do
		must mkctl channel add $name --between host,web --size 256K
	done
	must run_instance web 2 256M 'vsock serve & channel echo spin spin; channel echo sleep; channel drain stream'
	raw channel_spin "$(taskset 2 channel ask spin 50000 spin | cut -d' ' -f1)"
	raw channel_sleep "$(taskset 2 channel ask sleep 5000 | cut -d' ' -f1)"
	raw channel_stream "$(taskset 2 channel stream stream 50000 | cut -d' ' -f1)"
	within 5 vsock at $(($(of web id) + 2)) true || exit 1
	raw vsock "$(ns_a_mib $(($(of web id) + 2)))"
	for name in spin sleep stream; do
		must mkctl channel remove $name
	done
	must mkctl delete web --force
	within 15 rmmod mk_ipc || exit 1	# once its sockets have gone
	pool_down
}

channels() {
	round=0
	while [ $round -lt "$ROUNDS" ]; do
		round=$((round + 1))
		channels_round
	done
}

# --- file system ------------------------------------------------------------------------------

# on WHAT DIR: its measurements
on() {
	taskset 2 fs measure "$2" >/tmp/output 2>&1 || { cat /tmp/output; exit 1; }
	sed "s/^/raw $1_/" /tmp/output
}

# churn NAME DIR: what a name costs there
churn() {
	raw "$1" "$(taskset 2 fs names "$2" 20000 | cut -d' ' -f2)"
}

# Each in a directory of its own, alone and both at once; in a tmpfs of its own, for what the machine does to two CPUs.
two_kernels() {
	mkdir /tmp/daxfs/host /tmp/daxfs/web
	churn tmpfs_churn_one /tmp/tmpfs
	churn churn_one /tmp/daxfs/host
	must run_instance web 2 256M \
		'insmod /lib/modules/$(uname -r)/mk_daxfs.ko; mkdir /d /t; mount -t daxfs bench /d; mount -t tmpfs none /t; until test -e /d/next; do /d/fs names /t 2000 >>/d/in-tmpfs || exit; done; while /d/fs names /d/web 2000 >>/d/in-daxfs; do :; done'
	within 30 test -s /tmp/daxfs/in-tmpfs || exit 1
	churn tmpfs_churn_two /tmp/tmpfs
	touch /tmp/daxfs/next
	within 30 test -s /tmp/daxfs/in-daxfs || exit 1
	churn churn_two /tmp/daxfs/host
	must test "$(of web state)" = running
	must mkctl delete web --force
}

# Where the pages are no RAM of the kernel, but have struct pages of their own.
in_instance() {
	must run_instance web 2 384M \
		'insmod /lib/modules/$(uname -r)/mk_daxfs.ko; mkdir /d /t; mount -t daxfs bench /d; mount -t tmpfs none /t; echo always >/sys/kernel/mm/transparent_hugepage/enabled; /d/fs touch /t >/d/t; /d/fs touch /d >/d/d; touch /d/done'
	within 60 test -e /tmp/daxfs/done || exit 1
	sed 's/^/raw instance_tmpfs_/' /tmp/daxfs/t
	sed 's/^/raw instance_daxfs_/' /tmp/daxfs/d
	must mkctl delete web --force
}

fs_round() {
	mkdir -p /tmp/tmpfs /tmp/daxfs
	must mount -t tmpfs -o size=512M none /tmp/tmpfs
	pool_up 2 1G
	must modprobe mk_daxfs
	must mkctl fs create bench --size 512M
	must mount -t daxfs bench /tmp/daxfs
	on tmpfs /tmp/tmpfs
	on daxfs /tmp/daxfs
	cp /bin/fs /tmp/daxfs/fs
	must mkctl fs permit bench web
	two_kernels
	in_instance
	must umount /tmp/daxfs
	must umount /tmp/tmpfs
	must mkctl fs delete bench
	must rmmod mk_daxfs
	pool_down
}

file_system() {
	round=0
	while [ $round -lt "$ROUNDS" ]; do
		round=$((round + 1))
		fs_round
	done
}

idle_eight() {
	pool_up 2-9 2G
	must modprobe mk_ipc
	idle idle_without
	for cpu in 2 3 4 5 6 7 8 9; do
		must run_instance "web$cpu" "$cpu" 256M "" --no-wait
	done
	for cpu in 2 3 4 5 6 7 8 9; do
		must mkctl wait "web$cpu" --state running --timeout 300
	done
	sleep 10
	idle idle_with
	must mkctl kill --all
	pool_down
}

for part in $PARTS; do
	$part
done
