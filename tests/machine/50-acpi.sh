#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# acpidump reads and iasl decodes the instance's tables without a warning.
. ./lib.sh

pool_up 2-3 512M
check "run" run_instance web 2-3 512M 'cd /tmp; acpidump -b >out 2>&1 || say bad acpidump $(cat out); for t in *.dat; do iasl -d $t > out 2>&1 || say bad $t; grep -iE "warning|error" out && say bad $t $(cat out); done; say tables *.dat; say decoded'
check "all are decoded" in_log web 'test: decoded' 40
check "they are the ones that it should have" in_log web 'test: tables apic.dat dsdt.dat facp.dat.*mkrn.dat'
check "none is bad" sh -c "! mkctl logs web | grep 'test: bad'"
mkctl logs web | grep 'test: ' | note
pool_down
