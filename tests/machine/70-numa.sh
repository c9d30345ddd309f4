#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Memory and CPUs come from the nodes that were asked for.
. ./lib.sh

[ -d /sys/devices/system/node/node1 ] || skip "one NUMA node"
host_snapshot
modprobe mk_core
refused memory_node 1 "a node that is not there" pool add --memory 128M@5
check "memory of both nodes" mkctl pool add --cpus 1,3 --memory 256M@0,256M@1
check "an instance on node 1" run_instance one 3 256M "" --node 1
equal "its memory is there" 1 "$(mkctl show one --json --pretty | sed -n '/extents/,$p' | member node)"
must mkctl delete one --force
check "an instance on both" run_instance both 1,3 512M 'say nodes $(echo /sys/devices/system/node/node[0-9]) tables $(ls /sys/firmware/acpi/tables)'
check "it knows both nodes" in_log both 'nodes.*/node0 .*/node1 '
check "by SRAT and SLIT" in_log both 'tables.*SLIT.*SRAT'
mkctl logs both | grep -E 'test:|SRAT|NUMA' | note
pool_down
host_compare
