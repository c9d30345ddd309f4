#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance has no pool: its /dev/mk refuses all but its version.
. ./lib.sh

mkdir -p /tmp/extra/bin
cp /bin/role /tmp/extra/bin/
(cd /tmp/extra && find . | cpio -o -H newc) >/tmp/extra.cpio 2>/dev/null
pool_up 2-3 256M
check "run, with two files as initramfs" run_instance web 2 256M \
	'role > /tmp/said; say role $?, $(cat /tmp/said)' --initrd /tmp/extra.cpio
check "every call is refused" in_log web 'test: role 0,'
mkctl logs web | grep 'test: role' | note
pool_down
rm -r /tmp/extra /tmp/extra.cpio
