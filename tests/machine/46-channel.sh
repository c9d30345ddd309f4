#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs of the host and of an instance talk through a channel.
. ./lib.sh

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
check "a doorbell in /proc/interrupts" grep -q 'mk_ipc doorbell' /proc/interrupts
must run_instance web 2 256M 'channel echo one; channel echo one spin; channel take two 20000 >/dev/kmsg 2>&1'
check "the instance links up" in_log web 'mk_ipc: linked with the host'
check "permit" channel permit one - web 65536
check "messages go round, both sleep" sh -c 'channel ask one 1000'
note /tmp/output
check "and again, both spin" sh -c 'channel ask one 1000 spin'
note /tmp/output
must channel permit two - web 65536
check "20,000 messages" channel send two 20000
check "come as they were sent" in_log web 'took 20000'
note /tmp/output
must channel forbid one
must channel forbid two
grep doorbell /proc/interrupts | note
check "healthy" healthy web
must mkctl kill web
pool_down
host_compare
