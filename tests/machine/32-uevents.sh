#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each change of state is a uevent, for udev.
. ./lib.sh

pool_up 2-3 256M
before=$(cat /sys/kernel/uevent_seqnum)
must run_instance web 2 256M
must mkctl kill web
must mkctl delete web
after=$(cat /sys/kernel/uevent_seqnum)
equal "at least five uevents: add, loaded, starting, running, stopped, remove" yes \
	"$([ $((after - before)) -ge 5 ] && echo yes)"
pool_down
