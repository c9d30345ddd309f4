#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Damaged arguments of every call of /dev/mk and /dev/mk_ipc; what can be done
# with descriptors of channels and consoles; reads and writes of sysfs.  Those of
# /dev/mk_ipc and of sysfs also in an instance.  Those of /dev/mk also meet a kernel
# that runs.
. ./lib.sh

# fuzz COMMAND...
fuzz() {
	"$@" "${FUZZ_ROUNDS:-10000}" "$FUZZ_SEED" </dev/null
}

seed
carry /bin/fuzz-ipc
host_snapshot
must modprobe mk_core
check "/dev/mk: each error has its code, and the pool empties" fuzz fuzz-ioctl "$KERNEL" "$INITRD"
note /tmp/output
must rmmod mk_core	# its parameters are anything now
pool_up 2 256M
INSTANCE_ARGS="console=hvc0${INSTANCE_ARGS+ $INSTANCE_ARGS}"
must modprobe mk_ipc
must run_instance web 2 256M 'mount -t debugfs debugfs /sys/kernel/debug; channel echo f0 & while :; do channel echo f1; done 2>/dev/null' --initrd /tmp/carry.cpio
check "/dev/mk_ipc: likewise, and no permit is left" fuzz fuzz-ipc
note /tmp/output
must mkctl channel add f1 --between host,web
check "a channel works as before" channel ask f1 100
check "and a console" mkctl console web --read-only --timeout 2
# that nobody in web waits for
must mkctl channel add f2 --between host,web
rm -f /tmp/done
while [ ! -e /tmp/done ]; do
	channel echo f2 || sleep 0.1
done >/dev/null 2>&1 &
check "and in an instance" fuzz mkctl exec web -T -- fuzz-ipc
note /tmp/output
if [ -e /sys/kernel/debug/kcov ] && [ "$RELEASE" = "$(uname -r)" ]; then
	equal "where what they reach is seen, too" "# sees what calls reach" "$(grep 'what calls reach' /tmp/output)"
fi
touch /tmp/done
check "which goes on" at true
must mkctl channel remove f2
wait
must mkctl channel remove f1
check "healthy" healthy web
must mkctl kill web
check "nothing is held" within 15 rmmod mk_ipc
pool_down
# the kernel keeps pages of slabs for all that was in sysfs
host_compare 2048
