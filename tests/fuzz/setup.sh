#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# setup.sh: installs what the fuzz targets need.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

need_packages libc6-dev clang libclang-rt-dev
