#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that the alarms ring: in a machine of its own mk_bug makes each mistake
# that a kernel can find.  The run must fail, and name each one.
#
#   alarms.sh [KERNEL...]   those that look for mistakes: debug, kcsan
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

passed=0 failed=0

# What the verdict on a run has to name.
reports() {
	case $1 in
	debug)	cat <<-'END'
		instance: .*suspected memory leak
		instance: .*KASAN: slab-use-after-free
		instance: .*KASAN: slab-out-of-bounds
		instance: .*KASAN: vmalloc-out-of-bounds
		instance: .*pagealloc: memory corruption
		instance: .*ODEBUG: free active .*timer_list
		instance: .*corrupted stack end
		instance: .*suspicious RCU usage
		instance: .*possible circular locking
		instance: .*sleeping function called
		instance: .*list_del corruption
		instance: .*kernel BUG at
		instance: .*UBSAN: shift-out-of-bounds
		instance: .*WARNING: .*mk_bug
		console: .*suspected memory leak
		console: .*KASAN: slab-use-after-free
		END
		;;
	kcsan)	cat <<-'END'
		instance: .* count\+.*\[mk_bug\]
		console: .* count\+.*\[mk_bug\]
		END
		;;
	*)	die "$1 does not look for mistakes" ;;
	esac
}

# result TEXT COMMAND...: it succeeds
result() {
	local text=$1
	shift

	if "$@"; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $text"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) - $text"
	fi
}

rings() {
	local kernel=$1 log=$BUILD/logs/alarms-$1.log fails='' report

	mkdir -p "$BUILD/logs"
	"$TOP/tests/vm/run" --name "alarms-$kernel" --host "$kernel" --script "$TOP/tests/vm/alarms" \
		>"$log" 2>&1 </dev/null || fails=y
	result "$kernel: the run fails" [ -n "$fails" ]
	result "$kernel: for both logs" grep -q "^not ok - .*the host's log.*an instance's log" "$log"
	result "$kernel: as it shall" [ -z "$(grep '^not ok [0-9]' "$log")" ]
	while read -r report; do
		result "$kernel: $report" grep -qaE "^# $report" "$log"
	done < <(reports "$kernel")
}

[ $# != 0 ] || set -- debug kcsan
for name in "$@"; do
	rings "$name"
done
echo "alarms: $passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
