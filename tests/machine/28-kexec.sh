#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kexec is off in an instance, and on its leash where its user has switched the agent off.
. ./lib.sh

mkdir -p /tmp/extra/bin
cp "$KERNEL" /tmp/extra/kernel
cp /bin/kexec /tmp/extra/bin/
cp "/lib/modules/$RELEASE/updates/dkms/mk_core.ko" /tmp/extra/
(cd /tmp/extra && find . | cpio -o -H newc) >/tmp/extra.cpio 2>/dev/null

# try ACT [OPTION...]: run an instance that does ACT, then kexec
try() {
	act=$1
	shift
	run_instance web 2 256M "$act; kexec /kernel /init none 2> /said; say said \$(cat /said)" \
		--initrd /tmp/extra.cpio "$@"
}

pool_up 2-3 256M
check "run" try 'say kexec $(cat /proc/sys/kernel/kexec_load_disabled)'
check "kexec_load_disabled is 1" in_log web 'test: kexec 1'
check "both calls are refused" in_log web \
	'test: said kexec: kexec_load: Operation not permitted kexec: kexec_file_load: Operation not permitted'
equal "it runs on" running "$(of web state)"
must mkctl delete web --force
# mk-init forbids it for good, before anything of the user's runs.  Only without
# an agent something can be loaded; the leash holds all the same.
check "run without an agent" try 'insmod /mk_core.ko' --no-agent
check "it ends" mkctl wait web --timeout 30
equal "state and reason" "stopped kexec" "$(of web state) $(of web reason)"
pool_down
rm -r /tmp/extra /tmp/extra.cpio
