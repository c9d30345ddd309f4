# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Sourced by every test in the machine.  A test is a list of checks; it prints
# KTAP and ends 0 (all passed), 1 (one failed, or none was made) or 4 (skipped).

NUMBER=0
FAILED=0
KERNEL_NAME=${KERNEL_NAME:-${INSTANCES%% *}}
RELEASE=$(sed -n "s/^$KERNEL_NAME //p" /etc/kernels)
KERNEL=/boot/vmlinuz-$RELEASE
INITRD=/boot/instance.cpio
SLOW=${SLOW:-1}
# programs: what Linux's calls promise of a file system, in the current directory
# shellcheck disable=SC2034
POSIX="posix-data posix-mappings posix-names posix-attributes posix-locks"

finish() {
	status=$?
	echo "1..$NUMBER"
	[ "$status" = 0 ] || exit "$status"
	[ $NUMBER -gt 0 ] || { echo "# no check was made"; exit 1; }
	[ $FAILED = 0 ] || exit 1
}
trap finish EXIT

# Its limits are those of stock kernels.
mkctl() {
	local argument before=

	[ "$SLOW" = 1 ] || for argument; do
		shift
		[ "$before" != --timeout ] || argument=$((argument * SLOW))
		set -- "$@" "$argument"
		before=$argument
	done
	command mkctl "$@"
}

note() {
	sed 's/^/# /' "$@"
}

passed() {
	NUMBER=$((NUMBER + 1))
	echo "ok $NUMBER - $1"
}

failed() {
	NUMBER=$((NUMBER + 1))
	FAILED=$((FAILED + 1))
	echo "not ok $NUMBER - $1"
	[ $FAILED != 1 ] || instances_say
}

# Whoever reads that a test failed wants to know what the instances did.
instances_say() {
	for each in $(command mkctl list --json --pretty 2>/dev/null | sed -n 's/^ *"name": *"\(.*\)",*$/\1/p'); do
		echo "# the log of $each ends with:"
		command mkctl logs "$each" 2>&1 | tail -n 12 | note
	done
}

skip() {
	echo "ok 1 - # SKIP $*"
	trap - EXIT
	echo "1..1"
	exit 4
}

# check TEXT COMMAND...: it succeeds
check() {
	text=$1
	shift
	"$@" >/tmp/output 2>&1
	status=$?
	if [ $status = 0 ]; then
		passed "$text"
	else
		failed "$text"
		echo "# $* ended with $status:"
		note /tmp/output
	fi
}

# refused CODE STATUS TEXT ARGUMENT...: mkctl fails with this error code
refused() {
	code=$1 wanted=$2 text=$3
	shift 3
	mkctl --json "$@" >/tmp/output 2>&1
	status=$?
	if [ $status = "$wanted" ] && grep -q "\"code\": *\"$code\"" /tmp/output; then
		passed "$text: $code"
	else
		failed "$text: $code, exit status $wanted"
		echo "# mkctl $* ended with $status:"
		note /tmp/output
	fi
}

# equal TEXT EXPECTED ACTUAL
equal() {
	if [ "$2" = "$3" ]; then
		passed "$1"
	else
		failed "$1"
		printf 'expected: %s\nactual:   %s\n' "$2" "$3" | note
	fi
}

# must COMMAND...: preparation; the test ends when it fails
must() {
	"$@" >/tmp/output 2>&1 && return
	failed "preparation: $*"
	note /tmp/output
	exit 1
}

uptime_seconds() {
	cut -d. -f1 /proc/uptime
}

# within SECONDS COMMAND...: it succeeds at last
within() {
	end=$(($(uptime_seconds) + $1 * SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(uptime_seconds)" -le $end ] || return 1
		sleep 0.1
	done
}

# member KEY: the first member of that name in JSON on standard input
member() {
	sed -n "s/^ *\"$1\": *\"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p" | head -n 1
}

# of NAME KEY: a member of an instance; pool KEY: of the pool
of() {
	mkctl show "$1" --json --pretty | member "$2"
}

pool() {
	mkctl pool show --json --pretty | member "$1"
}

online() {
	cat /sys/devices/system/cpu/online
}

# pool_up CPUS MEMORY: the module and a pool
pool_up() {
	modprobe -q mk_core || true
	must test -c /dev/mk
	must mkctl pool add --cpus "$1" --memory "$2"
}

# pool_down: everything back, the module out
pool_down() {
	for name in $(mkctl list --json --pretty | sed -n 's/^ *"name": "\(.*\)",$/\1/p'); do
		must mkctl delete "$name" --force
	done
	must mkctl pool remove --all
	! grep -q '^mk_ipc ' /proc/modules || must rmmod mk_ipc
	must rmmod mk_core
}

# pool_up_warm CPUS MEMORY: host_snapshot, and a pool; what CPUs leave behind in the
# host's caches on their first way out and back is no leak
pool_up_warm() {
	pool_up "$@"
	pool_down
	host_snapshot
	pool_up "$@"
}

# run_instance NAME CPUS MEMORY [ACT] [OPTION...]: run, and wait until it runs
run_instance() {
	name=$1 cpus=$2 memory=$3 act=${4-}
	shift $(($# > 4 ? 4 : $#))
	mkctl run "$name" --cpus "$cpus" --memory "$memory" --kernel "$KERNEL" --initrd "$INITRD" \
		--cmdline "act=\"$act\"${INSTANCE_ARGS+ $INSTANCE_ARGS}" --timeout "${RUN_TIMEOUT:-60}" "$@"
}

# carry FILE...: /tmp/carry.cpio has them, for an instance whose initramfs has not
carry() {
	for file; do
		mkdir -p "/tmp/carry${file%/*}"
		cp "$file" "/tmp/carry$file"
	done
	(cd /tmp/carry && find . | cpio -o -H newc) >/tmp/carry.cpio 2>/dev/null
	rm -r /tmp/carry
}

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

# in_log NAME PATTERN [SECONDS]: the instance's log has it, at last
in_log() {
	within "${3:-20}" sh -c 'mkctl logs "$1" | grep -q -- "$2"' in_log "$1" "$2"
}

# healthy NAME: its log has nothing that a host's must not have.  A kernel that looks
# for mistakes has looked for leaks when it was stopped (vm/instance-init), or does it
# now, if mk_ipc is there.  One without an agent looks by itself: clean NAME.
healthy() {
	[ -z "${INSTANCE_ARGS-}" ] || [ ! -e /dev/mk_ipc ] || [ "$(of "$1" state)" != running ] ||
		mkctl exec "$1" -T --timeout 60 -- sh -c "$(cat /bin/leaks)" </dev/null || return
	clean "$1"
}

clean() {
	mkctl logs "$1" >/tmp/log || return
	! grep -E "$BAD_LOG" /tmp/log
}

# poke ADDRESS WORD: into memory
poke() {
	insmod "/lib/modules/$(uname -r)/mk_test.ko" act=fill count=1 "at=$1" "value=$2" && rmmod mk_test
}

# spoil_link: what web finds on its link: the host's position in its ring is none,
# and its doorbell (mk_ipc/wire.h)
spoil_link() {
	link=$(($(at cat /sys/fs/multikernel/handoff/control) + 0x41000))
	poke $((link + 256)) 7 && poke $((link + 68)) 777 && { at true || :; }
}

# seed: what the fuzzers begin with, told before they do: it is known after a panic
seed() {
	FUZZ_SEED=${FUZZ_SEED:-20260101}
	echo "# FUZZ_SEED=$FUZZ_SEED"
	echo "<6>test: FUZZ_SEED=$FUZZ_SEED" >/dev/kmsg
}

can_fail() {
	[ -e /proc/self/fail-nth ] || skip "this kernel cannot make allocations fail (KERNEL=debug can)"
}

# fail_nth PART: each allocation of core, ipc or fs fails once
fail_nth() {
	can_fail
	host_snapshot
	check "errors change nothing, and what failed works again" \
		fail-nth "$KERNEL" "$INITRD" "$1"
	[ $FAILED != 0 ] || note /tmp/output
	host_compare
}

# rounds ACT: 50 starts of an instance that does it lose nothing; end() ends each
# one, and finds in $round how many are left
rounds() {
	# what the first start leaves behind is no leak, either
	pool_up_warm 2-3 512M
	round=50
	must run_instance web 2-3 256M "$1" --no-wait
	end
	free=$(free_kib)
	while [ $round -gt 0 ]; do
		round=$((round - 1))
		must mkctl start web
		end
	done
	equal "51 starts" 51 "$(of web boots)"
	equal "no CPU is lost" 0 "$(of web lost_cpus)"
	lost=$((free - $(free_kib)))
	check "no page is lost: $lost KiB" test $lost -lt 200
	must mkctl delete web
	equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
	equal "the windows are free" "$(pool windows)" "$(pool windows_free)"
	pool_down
	host_compare
}

# What the host has; the same before and after a test, or something leaked.
# Memory is told apart: it varies a little by itself.
host_facts() {
	echo "online $(online)"
	echo "present $(cat /sys/devices/system/cpu/present)"
	echo "MemTotal $(awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	echo "irqs $(cd /sys/kernel/irq && echo *)"
	echo "ram $(grep -c 'System RAM' /proc/iomem)"
	echo "reserved $(grep -ci 'mk_core\|multikernel' /proc/iomem)"
	echo "modules $(grep -c '^mk_core' /proc/modules)"
}

# Free memory, with what lies in the lists of CPUs, which vary by megabytes.
free_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	awk '$1 == "nr_free_pages" || $1 == "count:" { n += $2 } END { print n * 4 }' /proc/zoneinfo
}

# What mkctl keeps for all instances of a kernel.
shared_kib() {
	du -sk /run/multikernel 2>/dev/null | cut -f 1 | grep . || echo 0
}

host_snapshot() {
	host_facts >/tmp/host.before
	shared_kib >/tmp/shared.before
	free_kib >/tmp/free.before
}

# quarantine KIB: what KASAN may keep of a machine's memory that was freed, a 32nd.
# Of what is lost in that, kmemleak sees objects, and no whole pages.
quarantine() {
	grep -qw kasan_quarantine_put /proc/kallsyms || set -- 0
	echo $(($1 / 32))
}

# host_compare [KIB]: all is as at host_snapshot; free memory within KIB
host_compare() {
	host_facts >/tmp/host.after
	if cmp -s /tmp/host.before /tmp/host.after; then
		passed "the host has its CPUs, interrupts and memory map again"
	else
		failed "the host has its CPUs, interrupts and memory map again"
		diff /tmp/host.before /tmp/host.after | note
	fi
	lost=$(($(cat /tmp/free.before) - $(free_kib)))
	lost=$((lost - $(shared_kib) + $(cat /tmp/shared.before)))
	kept=$(quarantine "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)")
	if [ $lost -le $((${1:-1024} + kept)) ]; then
		passed "the host has its memory again"
	else
		failed "the host has its memory again: $lost KiB less"
	fi
}
