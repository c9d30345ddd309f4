#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Memory goes into the pool and comes back.
. ./lib.sh

must modprobe mk_core
host_snapshot
check "one chunk" mkctl pool add --memory 256M
check "two more at once" mkctl pool add --memory 128M,256M
equal "all of it is free in the pool" $((640 << 20)) "$(pool memory_free)"
equal "the host's memory shrank by it" yes "$([ $(($(cat /tmp/free.before) - $(free_kib))) -ge $((600 << 10)) ] && echo yes)"
refused memory_align 1 "a size that is no multiple of 128M" pool add --memory 100M
refused memory_contiguous 1 "more than there is" pool add --memory 64G
equal "the error says how much can go" yes \
	"$(mkctl pool add --memory 64G --json --pretty | tr -d '\n' | grep -q '"args": *\[ *68719476736, *[1-9]' && echo yes)"
refused memory_node 1 "a NUMA node that is not there" pool add --memory 128M@7
check "one part comes back" mkctl pool remove --memory 128M
equal "the rest stays" $((512 << 20)) "$(pool memory_free)"
check "all comes back" mkctl pool remove --all
host_compare
must rmmod mk_core
