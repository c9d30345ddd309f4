#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh DIR: checks the models there, all states; prints a line for each.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

out=$1 passed=0 failed=0
here=$(dirname "$(realpath "$0")")

# explore MODEL NAME [DEFINE...]: prints Spin's verdict
explore() {
	local model=$1 dir=$out/$2
	shift 2

	mkdir -p "$dir"
	(
		cd "$dir"
		spin -a "$@" "$here/$model.pml"
		gcc -O2 -DSAFETY -DMEMLIM=4096 -o pan pan.c
		./pan -m1000000 -n
	) >"$dir/log" 2>&1 || true
	cat "$dir/log"
}

# verdict TEXT PATTERN LOG: what must be in it
verdict() {
	if grep -qE "$2" <<<"$3" && ! grep -qE 'max search depth too small|out of memory|Search not completed' <<<"$3"; then
		echo "ok - $1: $(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1 states/p' <<<"$3")"
		passed=$((passed + 1))
	else
		echo "not ok - $1"
		echo "${3//$'\n'/$'\n'# }"
		failed=$((failed + 1))
	fi
}

need_packages spin gcc libc6-dev
verdict "ring: whole, in order, nobody sleeps for ever, any death" 'errors: 0' "$(explore ring ring)"
log=$(explore ring ring-nomb -DNO_MB)
verdict "ring without its barriers: the sleep is found" 'errors: [1-9]' "${log/Search not completed/}"
echo "model: $passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
