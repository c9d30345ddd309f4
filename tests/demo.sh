#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# A virtual machine with a stock Debian kernel: dkms installs the modules, and
# mkctl boots a second stock kernel beside the first.  Ends 0 only when all of
# it has happened.  Without KVM the compiler needs some minutes in there.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

need_packages gcc make
if "$TOP/tests/vm/run" --debian --name demo --limit 2400 --script "$TOP/tests/vm/demo"; then
	echo "demo: 1 passed, 0 failed, 0 skipped"
else
	echo "demo: 0 passed, 1 failed, 0 skipped"
	exit 1
fi
