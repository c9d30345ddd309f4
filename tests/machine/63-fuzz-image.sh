#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Damaged kernels, initramfs and command lines are loaded or refused.
. ./lib.sh

host_snapshot
pool_up 2-3 128M
seed
check "each is loaded, or refused with a code" fuzz-image "${FUZZ_ROUNDS:-10000}" "$FUZZ_SEED"
note /tmp/output
pool_down
host_compare
