#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh SECONDS TARGET...: gives each target its committed seeds, then fuzzes
# it for that long. Inputs that break it stay beside it, named in the output.
set -euo pipefail

seconds=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0

# fuzz TARGET: seeds alone first, so that a broken one is told apart
fuzz() {
	local target=$1 seeds=$here/corpus/${1##*/fuzz_} found=$1.found

	mkdir -p "$found"
	[ -n "$(ls -A "$seeds" 2>/dev/null)" ] || { echo "# no seeds in $seeds"; return 1; }
	"$target" -runs=0 -print_final_stats=0 "$seeds" &&
		"$target" -max_total_time="$seconds" -timeout=10 \
			-artifact_prefix="$target." "$found" "$seeds"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "TAP version 13"
echo "1..$#"
for target in "$@"; do
	if fuzz "$target" >"$log" 2>&1; then
		passed=$((passed + 1))
		grep -E '^Done' "$log" | tail -n 1 | sed 's/^/# /'
		echo "ok $((passed + failed)) ${target##*/}"
	else
		failed=$((failed + 1))
		tail -n 40 "$log" | sed 's/^/# /'
		echo "not ok $((passed + failed)) ${target##*/}"
	fi
done
echo "fuzz: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
