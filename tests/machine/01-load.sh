#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The module loads, says who it is, and goes without a trace.
. ./lib.sh

host_snapshot
check "modprobe" modprobe mk_core
check "/dev/mk is a character device" test -c /dev/mk
check "sysfs has the list of instances" test -d /sys/fs/multikernel/instances
equal "it knows its role" host "$(mkctl version --json --pretty | member role)"
equal "mkctl and module have one version" "$(mkctl version --json --pretty | member mkctl)" \
	"$(mkctl version --json --pretty | member module)"
check "rmmod" rmmod mk_core
check "/dev/mk is gone" test ! -e /dev/mk
refused not_loaded 3 "mkctl without the module" list
host_compare
