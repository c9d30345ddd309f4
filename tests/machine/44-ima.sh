#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# IMA's policies for kexec hold for what an instance is loaded with.
. ./lib.sh

[ -n "${IMA-}" ] || skip "a policy stays until the machine ends; it has its own run"
ima=/sys/kernel/security/ima
[ -e $ima ] || must mount -t securityfs s /sys/kernel/security
must test -e $ima/policy
cat >/tmp/policy <<'END'
measure func=KEXEC_KERNEL_CHECK
appraise func=KEXEC_INITRAMFS_CHECK appraise_type=imasig
END
must sh -c "cat /tmp/policy >$ima/policy"
pool_up 2-3 256M
must mkctl create web --cpus 2 --memory 256M
check "a kernel that is to be measured loads" mkctl load web --no-agent --kernel "$KERNEL" \
	--cmdline "${INSTANCE_ARGS-}"
check "it was measured" grep "$KERNEL" $ima/ascii_runtime_measurements
refused initrd_read 1 "an initramfs that is to be signed and is not" \
	load web --no-agent --kernel "$KERNEL" --initrd "$INITRD"
equal "it has no image" created "$(of web state)"
pool_down
