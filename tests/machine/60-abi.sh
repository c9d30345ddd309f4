#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every call of /dev/mk: sizes, flags, pointers, rooms, rights, states.
. ./lib.sh

host_snapshot
pool_up 2-3 256M
check "every call keeps the contract of uapi.h" abi
equal "no instance is left" 0 "$(pool instances)"
pool_down
host_compare 2048
