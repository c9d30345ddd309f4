#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of the loads of mk_daxfs and mk_ipc fails once in an instance.  There
# mk_ipc stays when it is loaded, also when it did without what failed: another start
# goes on behind that.
. ./lib.sh

next=0
starts=0
# cover does all of them
most=40
[ "$SLOW" -le 2 ] || most=5

can_fail
modules=/lib/modules/$RELEASE/updates/dkms
carry "$modules/mk_core.ko" "$modules/mk_ipc.ko" "$modules/mk_daxfs.ko" /bin/fail-nth
host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must mkctl channel add one --between host,web
while { [ $starts = 0 ] || [ "${next:-0}" != 0 ]; } && [ $starts -lt $most ]; do
	starts=$((starts + 1))
	must run_instance web 2 256M "mount -t debugfs debugfs /sys/kernel/debug; insmod $modules/mk_core.ko; \
fail-nth instance $next >/tmp/said 2>&1; leaks && cat /tmp/said >/dev/kmsg; while :; do channel echo one || sleep 0.1; done 2>/dev/null" \
		--no-agent --initrd /tmp/carry.cpio
	check "from allocation $next on" in_log web 'fail-nth: next' 60
	mkctl logs web | sed -n 's/.*\(load of \|fail-nth: \)/\1/p' | note
	check "it works" within 20 channel ask one 10
	check "it is healthy, and lost nothing" clean web
	next=$(mkctl logs web | sed -n 's/.*fail-nth: next //p')
	must mkctl delete web --force
done
if [ $most = 40 ] || [ $starts -lt $most ]; then
	equal "none is left" 0 "$next"
fi
must mkctl channel remove one
check "nothing is held" within 10 rmmod mk_ipc
pool_down
host_compare 2048
