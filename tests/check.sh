#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the tests and counts.
#
#   check.sh quick     lint, units, models, fuzzed parsers, one machine, mixed pairs
#   check.sh ci        that, and of the other kinds of machine as many as begin
#                      within $CI_MINUTES (42), with KERNEL all; the others
#                      count as skipped
#   check.sh all       that, every pair, every kind of machine, full Debian
#   check.sh long      what takes hours, and is in no other set: 20000 images of a
#                      file system are damaged, 9 kernels work in one for half
#                      an hour, 1000 die in one; $MK_ROUNDS, $MK_SECONDS
#   check.sh STEP...   these steps only; "check.sh list" names them
#   KERNEL=NAME check.sh ...     the machines with this kernel, e.g. debug, kcsan
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

passed=0 failed=0 skipped=0
KILL_ROUNDS=${MK_ROUNDS:-1000} MODEL_SECONDS=${MK_SECONDS:-1800}

vm() {
	"$TOP/tests/vm/run" --host "${KERNEL:-6.12}" "$@"
}

# What each step runs.  The last line that it prints has its counts.
step() {
	case $1 in
	lint)	 "$TOP/tests/lint.sh" ;;
	unit)	 make --no-print-directory -C "$TOP/tests/unit" check ;;
	model)	 make --no-print-directory -C "$TOP/tests/model" check ;;
	fuzz)	 make --no-print-directory -C "$TOP/tests/fuzz" check ;;
	machine) # 45-fail-nth-core takes a debug kernel half an hour
		vm --name "$1" --tests '[0-6]*' --limit 2700 --env "TEST_LIMIT=$([ -z "${KERNEL-}" ] && echo 300 || echo 900)" ;;
	debug|kcsan) KERNEL=$1 "$0" all ;;
	x2apic)	 vm --name "$1" --tests '[0-6]* 73*' --limit 2400 --env TEST_LIMIT=300 --x2apic ;;
	ends-*)	 ends "${1#ends-}" ;;
	lockdown) vm --name "$1" --tests '43*' --limit 300 --env LOCKDOWN=y ;;
	ima)	 vm --name "$1" --tests '44*' --limit 300 --env IMA=y ;;
	numa)	 vm --name "$1" --tests '70*' --limit 600 --numa ;;
	tsc)	 vm --name "$1" --tests '75*' --limit 300 --append clearcpuid=tsc ;;
	alarms)	 "$TOP/tests/alarms.sh" ;;
	coverage) "$TOP/tests/coverage.sh" ;;
	faults)	 vm --name "$1" --tests '45*' --limit 1800 --host cover --env TEST_LIMIT=900 ;;
	silent)	 vm --name "$1" --tests '76*' --limit 300 --host debug ;;
	eight)	 vm --name "$1" --tests '71* 88*' --limit 1200 --cpus 10 --memory 8G --env TEST_LIMIT=900 ;;
	pmem)	 vm --name "$1" --tests '78*' --limit 300 --append 'memmap=64M!5G memmap=64M$5376M' ;;
	programs) vm --name "$1" --tests '79*' --limit 900 --memory 6G --env TEST_LIMIT=800 ;;
	windows) vm --name "$1" --tests '74*' --limit 600 --cpus 20 ;;
	hostile) vm --name "$1" --tests '49*' --limit 1500 --env HOSTILE_TIME=120 --env HOSTILE_SEEDS=3 --env TEST_LIMIT=1200 ;;
	long)	 "$0" long-images long-model long-kill ;;
	long-images) images ;;
	long-model) vm --name "$1" --tests '88*' --cpus 10 --memory 8G --limit $((MODEL_SECONDS + 2400)) \
			--env "MK_SECONDS=$MODEL_SECONDS" --env "TEST_LIMIT=$((MODEL_SECONDS + 1800))" ;;
	long-kill) vm --name "$1" --tests '87*' --limit $((KILL_ROUNDS * 60 + 1200)) \
			--env "MK_ROUNDS=$KILL_ROUNDS" --env "TEST_LIMIT=$((KILL_ROUNDS * 60 + 600))" ;;
	rounds)	 vm --name "$1" --tests '8*' --limit 3000 --env TEST_LIMIT=900 ;;
	pair-*)	 pair "${1#pair-}" '10* 11*' ;;
	sizes-*) pair "${1#sizes-}" '10* 11* 72*' ;;
	debian)	 debian ;;
	demo)	 "$TOP/tests/demo.sh" ;;
	bench)	 "$TOP/tests/bench.sh" --strict && echo "bench: 1 passed, 0 failed, 0 skipped" ;;
	*)	 die "no step $1" ;;
	esac
}

# pair HOST-INSTANCE TESTS: a machine in which these two kernels meet
pair() {
	vm --name "pair-$1" --host "${1%-*}" --instance "${1#*-}" --memory 6G --tests "$2" --limit 600
}

# ends HOW: the host goes down while instances run
ends() {
	local ends='reboot: Power down' says='instance web.* is stopped'

	[ "$1" != reboot ] || ends='reboot: Restarting system'
	[ "$1" != kexec ] || says='test: alive .* cpus 4 '
	vm --name "ends-$1" --script "$TOP/tests/vm/ends" --env "HOW=$1" --ends "$ends" --says "$says" \
		--limit 300 || return
	echo "the host's $1: 1 passed, 0 failed, 0 skipped"
}

# Damaged images of a file system, more than the unit tests have time for.
images() {
	make --no-print-directory -C "$TOP/tests/unit" T=daxfs_hostile &&
		MK_ROUNDS=${MK_ROUNDS:-20000} MK_SEED=${MK_SEED:-2} "$TOP/tests/unit/run.sh" "$BUILD/unit/test_daxfs_hostile"
}

# A full Debian machine: dkms, upgrade, reload; udev in an instance.
debian() {
	vm --name debian --debian --limit 2400 --script "$TOP/tests/vm/debian" || return
	echo "full Debian: $(grep -c '^ok ' "$BUILD/logs/vm-debian.results") passed, 0 failed, 0 skipped"
}

# Each kernel is host once and instance once.  KERNEL asks for one of them.
quick_steps() {
	[ -z "${KERNEL-}" ] || { echo machine; return; }
	echo lint unit model fuzz machine ends-poweroff ends-reboot pair-6.1-7.x pair-7.x-6.12 pair-6.12-6.1
}

# Other machines, what is short first; what takes a quarter of an hour is left out.
more_steps() {
	local look_for_mistakes='pmem numa tsc ends-poweroff ends-kexec windows eight'

	case ${KERNEL-} in
	'')	echo lockdown ima tsc pmem windows numa ends-kexec eight ;;
	debug)	echo silent "$look_for_mistakes" ;;
	*)	echo "$look_for_mistakes" ;;
	esac
}

all_steps() {
	local host instance

	[ -z "${KERNEL-}" ] || { quick_steps; more_steps; echo hostile rounds; return; }
	echo lint unit model fuzz machine x2apic numa eight windows hostile rounds lockdown ima tsc pmem programs ends-poweroff ends-reboot ends-kexec debian demo bench debug kcsan faults alarms coverage
	for host in $("$TOP/tests/kernels.sh" list); do
		for instance in $("$TOP/tests/kernels.sh" list); do
			echo "sizes-$host-$instance"
		done
	done
}

# A step without counts, or with a bad exit status and no failure, has failed.
count() {
	local name=$1 status=$2 counts ok=0 bad=0 skip=0

	counts=$(grep -E '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$3" | tail -n 1 || true)
	if [ -n "$counts" ]; then
		read -r ok bad skip < <(sed -E 's/.*[^0-9]([0-9]+) passed, ([0-9]+) failed, ([0-9]+) .*/\1 \2 \3/' <<<" $counts")
	fi
	if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		bad=1
	elif [ "$((ok + bad + skip))" = 0 ]; then
		bad=1
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "== $name: $ok passed, $bad failed, $skip skipped, $SECONDS seconds so far"
}

# --while-time: what follows begins only while there is time.
run_steps() {
	local name status log end=

	mkdir -p "$BUILD/logs"
	for name in "$@"; do
		if [ "$name" = --while-time ]; then
			end=$((${CI_MINUTES:-42} * 60))
			continue
		fi
		if [ -n "$end" ] && [ "$SECONDS" -ge "$end" ]; then
			skipped=$((skipped + 1))
			echo "== $name: skipped, $SECONDS seconds have passed"
			continue
		fi
		echo "== $name"
		log=$BUILD/logs/check-$name.log
		status=0
		step "$name" </dev/null 2>&1 | tee "$log" || status=$?
		count "$name" "$status" "$log"
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

need_packages gcc make libc6-dev musl-tools libjson-c-dev binutils
case ${1-} in
quick)	quick_steps | xargs "$0" ;;
ci)	{ quick_steps; [ -n "${KERNEL-}" ] || echo --while-time; more_steps; } | xargs "$0" ;;
all)	all_steps | xargs "$0" ;;
list)	all_steps ;;
''|-*)	sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
*)	run_steps "$@" ;;
esac
