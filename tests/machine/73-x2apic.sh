#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The machine that this run is about is in x2APIC mode.
. ./lib.sh

must modprobe mk_core
equal "x2APIC" true "$(pool x2apic)"
must rmmod mk_core
