#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The pool can be filled by module parameters.
. ./lib.sh

host_snapshot
check "modprobe with cpus and memory" modprobe mk_core cpus=2-3 memory=256M,128M
equal "CPUs" 0-1 "$(online)"
equal "memory" $((384 << 20)) "$(pool memory)"
check "rmmod gives everything back" rmmod mk_core
host_compare
check "modprobe refuses the boot CPU" sh -c '! modprobe mk_core cpus=0-1'
host_compare
