#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh TEST...: runs each, shows its TAP, and counts at the end. A test that
# dies before its plan is done counts as a failure.
set -euo pipefail

passed=0
failed=0
skipped=0

count() {
	local file=$1 status=$2 plan ok bad skip

	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$file" | head -n 1)
	skip=$(grep -cE '^ok .*# SKIP' "$file" || true)
	ok=$(($(grep -cE '^ok ' "$file" || true) - skip))
	bad=$(grep -cE '^not ok ' "$file" || true)
	if [ $((ok + bad + skip)) -ne "${plan:--1}" ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
		echo "# ended early or without a reason, status $status"
		bad=$((bad + 1))
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for test in "$@"; do
	echo "# ${test##*/}"
	status=0
	"$test" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
	count "$log" "$status"
done
echo "unit: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
