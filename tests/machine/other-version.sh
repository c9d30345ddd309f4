#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# other-version.sh DIR KERNEL...: puts into DIR/RELEASE a mk_core that reads
# handoffs of major 77 only, for 67-versions.sh.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

other=$BUILD/other-version

# A copy of the tree with that one number changed, built by its own scripts.
copy() {
	copy_tree "$other"
	mkdir -p "$other/tests"
	cp -ur "$TOP"/tests/{kernel,kernels.sh,lib} "$other/tests/"
	grep -q 'MK_HANDOFF_MAJOR	77' "$other/mk_core/handoff.h" ||
		sed -i 's/^\(#define MK_HANDOFF_MAJOR\t\).*/\177/' "$other/mk_core/handoff.h"
}

dir=$1
shift
with_lock other-version copy
for kernel; do
	release=$(cat "$("$TOP/tests/kernels.sh" get "$kernel")/release")
	build=$("$other/tests/kernels.sh" build "$kernel")
	install -D -t "$dir/$release" "$build/mk_core/mk_core.ko"
done
