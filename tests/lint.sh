#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything that can be said about the sources without running them; each
# check must be clean.  Names of checks as arguments run only these.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

out=$BUILD/lint
source=linux-source-6.12
passed=0 failed=0

sources() {
	(cd "$TOP" && find mk_* userspace tests -name '*.[chS]' | sort)
}

scripts() {
	(cd "$TOP" && find tests .ci userspace -type f -exec grep -lE '^#!(/usr/bin/env bash|/bin/(busybox )?(ba)?sh)' {} +)
	echo tests/lib/common.sh tests/machine/lib.sh | xargs -n 1
}

unpack_scripts() {
	local names=(scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch scripts/kernel-doc)

	[ ! -e "$out/kernel-doc" ] || return 0
	mkdir -p "$out"
	tar -xJf "/usr/src/$source.tar.xz" -C "$out" --strip-components=2 --touch "${names[@]/#/$source/}"
}

# It keeps a cache file in the working directory.  compat.h is where kernel
# versions are compared.
lint_checkpatch() {
	local check=("$out/checkpatch.pl" --no-tree --no-summary --strict --terse --show-types)

	cd "$out"
	sources | sed "s#^#$TOP/#" | grep -v /compat.h | xargs "${check[@]}" -f &&
		"${check[@]}" --ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON -f "$TOP/mk_core/compat.h"
}

lint_kernel_doc() {
	cd "$TOP"
	find mk_* -name '*.[ch]' -exec "$out/kernel-doc" -none -Werror {} +
}

# Both compilers warn of everything that W=1 has, about our files.  An error
# leaves no object behind, so that the next run sees it again.
lint_warnings() {
	local name

	for name in $("$TOP/tests/kernels.sh" list); do
		BUILD_KIND=-lint "$TOP/tests/kernels.sh" build "$name" W=1 KCFLAGS=-Werror 2>&1 |
			grep -E 'warning|error|failed'
	done >"$out/warnings"
	! grep . "$out/warnings"
}

# With the flags of lint_warnings(), so that nothing is built anew for it.
sparse() {
	local dir release log

	dir=$("$TOP/tests/kernels.sh" get "$1")
	release=$(cat "$dir/release")
	log=$BUILD/logs/build-$release-lint.log
	BUILD_KIND=-lint "$TOP/tests/kernels.sh" build "$1" W=1 KCFLAGS=-Werror C=2 || return 1
	grep -q '^  CHECK' "$log" || { echo "sparse did not run"; return 1; }
	! grep -E '(mk_|tests/).*(warning|error):' "$log"
}

lint_sparse() {
	"$TOP/tests/kernels.sh" install bookworm sparse
	sparse 6.1 && sparse 6.12
}

lint_shellcheck() {
	cd "$TOP"
	scripts | xargs shellcheck -x
}

# cppcheck takes list_for_each_entry() for a function without this.  The
# harness's dialect (test_*.c of the units) is beyond it.
cppcheck_loops() {
	cat <<-'END'
	#define list_for_each_entry(pos, head, member) for (pos = first(head); pos; pos = next(pos))
	#define list_for_each_entry_reverse list_for_each_entry
	#define list_for_each_entry_rcu list_for_each_entry
	#define list_for_each_entry_safe(pos, n, head, member) \
		for (pos = n = first(head); pos; pos = n = next_of(n))
	END
}

lint_cppcheck() {
	local check=(cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11)

	check+=("--enable=warning,portability,performance" --suppress=arithOperationsOnVoidPointer)
	check+=(-D__x86_64__ '-DMK_VERSION="0"' -I mk_core)
	cd "$TOP"
	cppcheck_loops >"$out/loops.h"
	"${check[@]}" -D__KERNEL__ '-DKBUILD_MODNAME="mk"' --suppress=comparePointers \
		--include="$out/loops.h" mk_* tests/modules &&
		"${check[@]}" -I userspace -I tests/unit userspace tests/fuzz tests/unit/[a-s]*.c
}

# Differences between kernel versions stand in one file.
lint_compat() {
	cd "$TOP"
	! grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' --include='*.[chS]' mk_* userspace tests |
		grep -v '^mk_core/compat.h:'
}

lint_version() {
	cd "$TOP"
	! grep -rnF "$(package_version)" --exclude-dir=.git --exclude-dir=build . | grep -v '^./dkms.conf:'
}

# Each header says all that it needs.
lint_headers() {
	local header

	cd "$TOP"
	for header in mk_core/uapi.h mk_core/handoff.h mk_ipc/uapi.h mk_ipc/wire.h; do
		echo "#include \"$header\"" | gcc -Wall -Werror -fsyntax-only -I. -x c - || return 1
	done
	# what programs of others include, as strict as they may be
	echo '#include "userspace/mk_channel.h"' |
		gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -pedantic -Werror -fsyntax-only -I. -x c -
}

# What an instance says reaches the verdict by them.
lint_instance_args() {
	local file

	cd "$TOP"
	for file in tests/machine/*.sh; do
		sed ':a; /\\$/ { N; s/\\\n//; ba }' "$file" | grep -HE --label="$file" '(^|[^a-z])mkctl (run|load) '
	done | grep -v '[{$]INSTANCE_ARGS' >"$out/instance_args" || true
	! grep . "$out/instance_args"
}

run() {
	local name=$1 log=$out/$1.log

	if (set -e; "lint_$name") >"$log" 2>&1; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $name"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$log"
		echo "not ok $((passed + failed)) - $name"
	fi
}

need_packages shellcheck cppcheck perl xz-utils gcc libc6-dev libjson-c-dev "$source"
unpack_scripts
if [ $# = 0 ]; then
	set -- checkpatch kernel_doc warnings sparse shellcheck cppcheck compat version headers instance_args
fi
echo "1..$#"
for name in "$@"; do
	run "$name"
done
echo "lint: $passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
