#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Under lockdown nothing is loaded that kexec would not load.
. ./lib.sh

grep -q lockdown /sys/kernel/security/lsm 2>/dev/null || mount -t securityfs s /sys/kernel/security
[ -e /sys/kernel/security/lockdown ] || skip "this kernel has no lockdown"
[ -n "${LOCKDOWN-}" ] || skip "lockdown stays until the machine ends; it has its own run"
pool_up 2-3 256M
must mkctl create web --cpus 2 --memory 256M
echo integrity >/sys/kernel/security/lockdown
refused lockdown 3 "a kernel without a signature" load web --kernel "$KERNEL" --initrd "$INITRD"
