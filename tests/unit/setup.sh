#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# setup.sh DIR: installs what the unit tests need, and unpacks the kselftest
# harness from the kernel source package into DIR.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

source=linux-source-6.12
headers=(kselftest.h kselftest_harness.h)

need_packages gcc libc6-dev libfdt-dev libjson-c-dev device-tree-compiler acpica-tools xz-utils "$source"
mkdir -p "$1"
tar -xJf "/usr/src/$source.tar.xz" -C "$1" --strip-components=4 --touch --occurrence=1 \
	"${headers[@]/#/$source/tools/testing/selftests/}"
# Sanitizers on a busy machine take longer than its 30 seconds.
sed -i 's/^\(#define TEST_TIMEOUT_DEFAULT\) 30$/\1 200/' "$1/kselftest_harness.h"
