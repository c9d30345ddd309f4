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

# bad PARAMETER TEXT: modprobe refuses it, the kernel log says why
bad() {
	check "modprobe refuses $1" sh -c "! modprobe mk_core $1"
	check "   it says '$2'" sh -c "dmesg | tail -n 2 | grep '$1: $2'"
}

bad cpus=99 'there is no such CPU'
bad cpus=0-1 'CPU 0 boots the machine'
bad cpus=two 'no list of CPUs'
bad memory=1G@ 'no list like'
host_compare
