#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of the modules the tests in the machine reach: its kernel counts
# them (gcov), as host and, of one instance, as instance.  What an instance does
# when it dies cannot be asked for afterwards: those lines count as not reached.
#
#   coverage.sh          prints the share of each module; ends 1 below 90 %, or
#                        when a test has failed
#   coverage.sh report   the same figures again
#   coverage.sh lines    the lines that were not reached, after such a run
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

out=$BUILD/coverage
least=90

# counts KIND: what a kernel has counted, beside the notes of the compiler
counts() {
	local build=$1 kind=$2

	find "$build" -name '*.gcda' -delete
	sed -n "s/^ *#* *$kind: //p" "$BUILD/logs/vm-coverage.results" | base64 -d |
		tar -xz -C "$build" --strip-components=1 mnt ||
		die "the machine has not told what its $kind kernel has reached"
	"$TOP/tests/kernels.sh" in bookworm "$build" lcov --quiet --capture --directory /mnt/mk_core \
		--directory /mnt/mk_ipc --directory /mnt/mk_daxfs --base-directory /mnt --no-external --output-file "/mnt/$kind.info" >>"$out/lcov.log" 2>&1 ||
		die "lcov: see $out/lcov.log"
}

measure() {
	local build

	mkdir -p "$out"
	: >"$out/lcov.log"
	"$TOP/tests/kernels.sh" install bookworm lcov
	"$TOP/tests/vm/run" --name coverage --host cover --coverage --numa --tests '[0-69]* 70* 78*' --limit 3600 \
		--append 'memmap=64M!5G memmap=64M$5376M' \
		--env TEST_LIMIT=600 || failed=y
	build=$BUILD/$(cat "$("$TOP/tests/kernels.sh" get cover)/release")-gcov
	counts "$build" gcov-host
	counts "$build" gcov-instance
	"$TOP/tests/kernels.sh" in bookworm "$build" lcov --quiet -a /mnt/gcov-host.info \
		-a /mnt/gcov-instance.info -o /mnt/all.info >>"$out/lcov.log" 2>&1
	cp "$build/all.info" "$out/lcov.info"
}

# Of lcov's records: SF the file, DA a line and how often it was reached.
report() {
	awk -F '[:,]' -v least="$least" '
		function row(name, hit, all) {
			printf "%-24s %6d %8d %9.1f %%\n", name, all, hit, all ? 100 * hit / all : 0
		}
		BEGIN { printf "%-24s %6s %8s %11s\n", "", "lines", "reached", "share" }
		/^SF/ { n = split($2, part, "/"); module = part[n - 1]; lines = hit = 0 }
		/^DA/ { lines++; hit += $3 > 0 }
		/^end_of_record/ {
			if (lines) row(module "/" part[n], hit, lines)
			all[module] += lines
			reached[module] += hit
		}
		END {
			print ""
			split("mk_core mk_ipc mk_daxfs", part, " ")
			for (n = 1; n in part; n++) {
				m = part[n]
				row(m, reached[m], all[m])
				if (100 * reached[m] < least * all[m] || !all[m]) low = 1
			}
			exit low
		}' "$out/lcov.info"
}

not_reached() {
	awk -F '[:,]' '
		/^SF/ { file = $2; sub("^/mnt/", "", file) }
		/^DA/ && $3 == 0 { print file ":" $2 }' "$out/lcov.info" |
		while IFS=: read -r file line; do
			printf '%s:%s: %s\n' "$file" "$line" "$(sed -n "${line}p" "$TOP/$file")"
		done
}

failed=
case ${1-} in
'')	measure
	report
	[ -z "$failed" ] || die "tests have failed; what they reached is counted" ;;
report)	report ;;
lines)	not_reached ;;
*)	sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
