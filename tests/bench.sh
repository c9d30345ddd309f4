#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Measures what "fast" means, in virtual machines, against its limits.
#
#   bench.sh [--strict] [--channels | --fs]
#                          ends 1 only when something could not be measured;
#                          with --strict also when a limit is not held;
#                          with --channels or --fs their rows alone
#
#   MK_BENCH_KERNEL=6.12   kernel of host and instance (tests/kernels.sh list)
#   MK_BENCH_ROUNDS=7      of each measurement, at least 5
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

kernel=${MK_BENCH_KERNEL:-6.12} rounds=${MK_BENCH_ROUNDS:-7}
out=$BUILD/bench
held=0 not_held=0

# --- the run ------------------------------------------------------------------------

# Where run puts programs of the machine from.
build_bench() {
	mkdir -p "$BUILD/machine"
	musl-gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -idirafter /usr/include \
		-idirafter "/usr/include/$(gcc -print-multiarch)" \
		-o "$BUILD/machine/bench" "$TOP/tests/bench/bench.c"
	gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static \
		-o "$BUILD/machine/ipc" "$TOP/tests/bench/ipc.c"
	gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static \
		-o "$BUILD/machine/fs" "$TOP/tests/bench/fs.c"
}

# Before the rest of this machine: by niceness within the session, and of it.
prefer() {
	{ echo -19 >/proc/self/autogroup; } 2>/dev/null || return 0
	trap 'echo 0 >/proc/self/autogroup' EXIT
}

# run_machine NAME ROUNDS PARTS [OPTION...]
run_machine() {
	local name=$1 rounds=$2 parts=$3
	shift 3

	nice -n -19 "$TOP/tests/vm/run" --name "bench-$name" --host "$kernel" --limit 1800 \
		--script "$TOP/tests/bench/guest.sh" --env ROUNDS="$rounds" --env PARTS="$parts" "$@" \
		>"$out/$name" ||
		{ cat "$out/$name" >&2; die "the machine failed: $BUILD/logs/vm-bench-$name.console"; }
}

# The rings alone, between two CPUs of this machine: what the emulator has no part in.
native() {
	local round

	for ((round = 0; round < rounds; round++)); do
		echo "raw line $("$BUILD/machine/ipc" line 0 1 1000000)"
		echo "raw spin $("$BUILD/machine/ipc" spin 0 1 1000000)"
		echo "raw unix $("$BUILD/machine/ipc" unix 0 1 200000)"
		echo "raw stream $("$BUILD/machine/ipc" stream 0 1 1000000)"
	done
}

# An instance is entered with page tables of 4 levels, as no5lvl gives the host.
# The size of slabs goes by fls() of the CPUs (calculate_order() of mm/slub.c):
# of 3 it is that of an instance's 2.  Each start draws anew where a kernel's stacks
# and text lie, and what QEMU makes of that differs by 10 % and more for a system
# call: the median is that of many starts.
#
# QEMU does REP MOVSB byte by byte, so a copy would hide what else a file system
# does: on a CPU without ERMS and FSRM kernels copy words, for tmpfs and for daxfs.
run_machines() {
	[ "$only" = channels ] ||
		run_machine fs "$rounds" file_system --cpus 3 --append clearcpuid=erms,fsrm
	[ "$only" != fs ] || return 0
	run_machine ipc "$rounds" channels --cpus 3
	native >"$out/native"
	[ -z "$only" ] || return 0
	run_machine main "$rounds" "host starts broadcasts several" \
		--append rdinit=/bin/bench --trace
	run_machine programs $((2 * rounds + 1)) programs --cpus 3 --append no5lvl
	run_machine idle 1 idle_eight --cpus 10 --memory 6G
	run_machine levels 3 programs --cpus 3
}

# --- figures ------------------------------------------------------------------------

# raw NAME [MACHINE]
raw() {
	sed -n "s/^raw $1 //p" "$out/${2:-main}"
}

numbers() {
	local values

	values=$(raw "$@")
	[[ $values =~ ^[0-9] ]] || die "nothing was measured for $1"
	echo "$values"
}

# stat FILTER: median, least and greatest of the numbers on standard input
stat() {
	sort -g | awk '{ v[NR] = $1 }
		END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}

calc() {
	awk "BEGIN { print ($1) }"
}

# From the start of the machine, seconds: the last read of the firmware.
kernel_start() {
	awk -F '[@:]' '/new_state [0-9]+ \(running\)/ && !begin { begin = $2 }
		/fw_cfg_select/ { last = $2 }
		END { printf "%.6f\n", last - begin }' "$BUILD/logs/vm-bench-main.trace"
}

# --- the table ----------------------------------------------------------------------

# row WHAT FIGURE BOUND RATIO SPREAD HELD
row() {
	local verdict=

	case $6 in
	1) verdict=held; held=$((held + 1)) ;;
	0) verdict='NOT HELD'; not_held=$((not_held + 1)) ;;
	esac
	printf '%-38s %12s  %-10s %6s  %-15s %s\n' "$1" "$2" "$3" "$4" "$5" "$verdict" |
		sed 's/ *$//'
}

heading() {
	printf '\n%-38s %12s  %-10s %6s  %-15s %s\n' "$1" median bound ratio spread ''| sed 's/ *$//'
}

# time_row WHAT BOUND_MS NAME: times in ns
time_row() {
	local median least most

	read -r median least most < <(numbers "$3" | stat)
	row "$1" "$(printf '%.1f ms' "$(calc "$median / 1e6")")" "${2:+<= $2 ms}" \
		"${2:+$(printf '%.2f' "$(calc "$median / 1e6 / ${2:-1}")")}" \
		"$(printf '%.1f-%.1f' "$(calc "$least / 1e6")" "$(calc "$most / 1e6")")" \
		"${2:+$(calc "$median / 1e6 <= ${2:-0}")}"
}

# against WHAT SECONDS [BOUND]: the instance's way to user space against this
against() {
	local ratio

	ratio=$(calc "$(numbers user_ns | stat | cut -d' ' -f1) / 1e9 / $2")
	row "$1" "$(printf '%.1f ms' "$(calc "$2 * 1e3")")" "${3:+<= $3}" \
		"$(printf '%.3f' "$ratio")" "" "${3:+$(calc "$ratio <= ${3:-0}")}"
}

# The host's TSC counts from the start of the machine.
start_rows() {
	local first init

	first=$(calc "$(numbers first_tsc) / $(numbers tsc_mhz) / 1e6")
	init=$(calc "$first - $(kernel_start)")
	heading "start to the first user instruction"
	time_row "instance, from SIPI" "" user_ns
	against "host, from its kernel's entry" "$init" 0.5
	against "  by its printk clock: not unpacking" "$(numbers printk_init)"
	time_row "mkctl load before: reads, unpacks" "" load
	time_row "  of that, clearing 512 MiB" "" clear_ns
	time_row "instance, started again after stop" "" again_user_ns
}

work_rows() {
	heading "work in the host"
	time_row "start call to SIPI" 50 prepare_ns
	time_row "mkctl start, all of it" "" start
	time_row "  again: with its load" "" restart
	time_row "  the same of a start again" 50 again_prepare_ns
	time_row "kill to CPUs halted" 100 kill_ns
	time_row "mkctl kill and delete, all of it" 100 kill_delete
}

# ratios NAME MACHINE: median, least and greatest.  They are taken within each
# round, and of times a loop in user space that ran beside: this machine may be
# half as fast for some seconds.
ratios() {
	paste <(numbers "instance_$1" "$2") <(numbers "host_$1" "$2") | awk '{ print $2 / $4 }' | stat
}

programs() {
	cat <<-'END'
	syscall us system call (getppid)
	switch us context switch (futex)
	pipe us pipe round trip
	fork us fork + exit + wait
	fault us page fault (anonymous)
	memcpy us memory bandwidth (copying 4 KiB)
	END
}

program_rows() {
	local name unit text host median least most

	heading "programs, by a loop beside them"
	while read -r name unit text; do
		host=$(numbers "host_$name" programs | stat | cut -d' ' -f1)
		read -r median least most < <(ratios "$name" programs)
		row "$text" "$(printf '%.2f %s' "$(calc "$host / 1e3")" "$unit")" 0.95-1.05 \
			"$(printf '%.3f' "$median")" "$(printf '%.3f-%.3f' "$least" "$most")" \
			"$(calc "$median >= 0.95 && $median <= 1.05")"
	done < <(programs)
}

# What the stock host has, where the CPU can do it.
levels_line() {
	local name

	printf 'The host above has no5lvl. Against one with page tables of 5 levels:\n '
	programs | while read -r name _; do
		printf ' %s %.3f' "$name" "$(ratios "$name" levels | cut -d' ' -f1)"
	done
	echo
}

# idle_ns MACHINE: what its instances take of the host in 10 seconds
idle_ns() {
	calc "$(numbers idle_with "$1" | stat | cut -d' ' -f1) - $(numbers idle_without "$1" | stat | cut -d' ' -f1)"
}

other_rows() {
	local kib bytes idle

	kib=$(numbers host_kib)
	bytes=$(numbers host_bytes | stat | cut -d' ' -f1)
	idle=$(calc "$(idle_ns main) / 3 / 10 / 1e7")
	heading "other"
	row "interrupts of 10000 broadcasts, $(numbers broadcast_cpus) CPUs" \
		"$(numbers broadcast_interrupts)" 0 "" "" "$(calc "$(numbers broadcast_interrupts) == 0")"
	row "host memory for an instance, 3 run" "$kib KiB" "<= 1024 KiB" \
		"$(printf '%.2f' "$(calc "$kib / 1024")")" "" "$(calc "$kib <= 1024")"
	row "  as the module counts it" "$(calc "int($bytes / 1024)") KiB" "" "" "" ""
	row "host CPU time for an idle instance" "$(printf '%.2f %%' "$idle")" "" "" "" ""
}

# against_row WHAT MACHINE NAME OTHER [BOUND]: NAME by OTHER within each round, at most BOUND
against_row() {
	local median least most

	read -r median least most < <(paste <(numbers "$3" "$2") <(numbers "$4" "$2") |
		awk '{ print $1 / $2 }' | stat)
	row "$1" "$(printf '%.2f us' "$(calc "$(numbers "$3" "$2" | stat | cut -d' ' -f1) / 1e3")")" \
		"${5:+<= $5}" "$(printf '%.2f' "$median")" "$(printf '%.2f-%.2f' "$least" "$most")" \
		"${5:+$(calc "$median <= ${5:-0}")}"
}

channel_rows() {
	heading "channels: times against others' on the same CPUs"
	against_row "64 bytes there and back, sleeping: pipe" ipc channel_sleep pipe 1
	against_row "  both spinning: a cache line" ipc channel_spin line 1.5
	against_row "    64 bytes copied by it, no ring" ipc copy line
	against_row "    rings alone, not emulated" native spin line 1.5
	against_row "4 KiB one way: AF_UNIX" ipc channel_stream unix 0.25
	against_row "    rings alone, not emulated" native stream unix 0.25
	against_row "1 MiB through vsock: its loopback" ipc vsock loopback 1
}

# fs_row WHAT NAME BOUND: daxfs by tmpfs within each round, times, at most BOUND
fs_row() {
	against_row "$1" fs "daxfs_$2" "tmpfs_$2" "$3"
}

# Bounds of the issue's speeds are those of times here: 1 / 1.3, 1 / 0.7.
fs_rows() {
	heading "daxfs: times by tmpfs's"
	fs_row "read 1 MiB, sequential" read_1m 0.77
	fs_row "read 4 KiB, random" read_4k 1
	fs_row "write 4 KiB, random" write_4k 1
	fs_row "write 1 MiB, in place" write_1m 1
	fs_row "write 1 MiB, new" write_new 1
	fs_row "first touch of a page, 2 MiB extents" touch_2m 0.3
	fs_row "first touch of a page, 4 KiB extents" touch_4k 1.2
	against_row "  in an instance, 2 MiB" fs instance_daxfs_touch_2m instance_tmpfs_touch_2m 0.3
	against_row "  in an instance, 4 KiB" fs instance_daxfs_touch_4k instance_tmpfs_touch_4k 1.2
	fs_row "fork and exec" exec 1.2
	fs_row "create" create 1.43
	fs_row "unlink" unlink 1.43
	fs_row "rename" rename 1.43
	fs_row "stat" stat 1.43
	fs_row "readdir, a name" readdir 1.43
	against_row "names of two kernels at once, by one" fs churn_two churn_one 1.18
	against_row "  in a tmpfs of their own, likewise" fs tmpfs_churn_two tmpfs_churn_one
}

idle_row() {
	local idle

	idle=$(calc "$(idle_ns idle) / 10 / 1e7")
	row "host CPU time for 8 idle instances" "$(printf '%.3f %%' "$idle")" "< 0.1 %" "" "" \
		"$(calc "$idle < 0.1")"
}

load_average() {
	cut -d' ' -f1-3 /proc/loadavg
}

machine() {
	echo "machine    $(sed -n 's/^model name.*: //p' /proc/cpuinfo | uniq), $(nproc) cores, load $1, after $(load_average)"
	echo "emulator   $("$TOP/tests/kernels.sh" in trixie / qemu-system-x86_64 --version | sed -n 's/ version / /;1p'), accel tcg (threads), 4 CPUs, 4 GiB"
	echo "kernel     $(numbers release) on both sides, clock of the host: $(raw clocksource)"
	echo "rounds     $(numbers user_ns | wc -l); the host's own start: 1"
	echo "initramfs  host $(($(numbers host_initramfs) >> 10)) KiB, instance $(($(numbers instance_initramfs) >> 10)) KiB"
}

report() {
	machine "$1"
	start_rows
	work_rows
	other_rows
	program_rows
	levels_line
}

strict='' only=''
for argument; do
	case $argument in
	--strict)	strict=y ;;
	--channels)	only=channels ;;
	--fs)		only=fs ;;
	*)		sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
	esac
done
need_packages gcc musl-tools libjson-c-dev linux-libc-dev
mkdir -p "$out"
before=$(load_average)
build_bench
prefer
run_machines
[ -n "$only" ] || report "$before"
[ "$only" = fs ] || channel_rows
[ "$only" = channels ] || fs_rows
[ -n "$only" ] || idle_row
printf '\n%s rows held, %s not held\n' "$held" "$not_held"
[ -z "$strict" ] || [ "$not_held" = 0 ]
