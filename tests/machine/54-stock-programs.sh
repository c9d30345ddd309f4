#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# socat and ncat of Debian talk between kernels by AF_VSOCK.
. ./lib.sh

modprobe -q vsock_loopback || [ -e /dev/vsock ] || skip "this kernel has no AF_VSOCK"

pool_up 2-3 512M
must modprobe mk_ipc
socat VSOCK-LISTEN:6000,fork EXEC:/bin/cat &
socat=$!
ncat --vsock -l 6001 --recv-only >/tmp/from-web 2>/dev/null &
ncat=$!
must run_instance web 2 256M "exec </dev/null >/dev/kmsg 2>&1; socat VSOCK-LISTEN:5000,fork EXEC:/bin/cat & \
	ncat --vsock -l 5001 --recv-only & \
	echo \$(echo by socat | socat -t 9 - VSOCK-CONNECT:2:6000); echo from web | ncat --vsock --send-only 2 6001" \
	--initrd /boot/programs.cpio
cid=$(($(of web id) + 2))
by_socat() { echo hello | socat -t 5 - "VSOCK-CONNECT:$cid:5000" | grep -qx hello; }
check "socat to an instance" within 20 by_socat
dd if=/dev/urandom of=/tmp/random bs=64k count=64 2>/dev/null
there() { socat -t 20 - "VSOCK-CONNECT:$cid:5000" </tmp/random >/tmp/back; cmp /tmp/random /tmp/back; }
check "4 MiB through socat and cat" there
check "an instance's socat to the host" in_log web "] by socat"
by_ncat() { echo by ncat | ncat --vsock --send-only "$cid" 5001; }
check "ncat to an instance" within 20 by_ncat
check "what it sent is there" in_log web "] by ncat"
check "an instance's ncat to the host" within 20 grep -qx "from web" /tmp/from-web
check "web is healthy" healthy web
must mkctl delete web --force
kill "$socat" "$ncat" 2>/dev/null
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
pool_down
