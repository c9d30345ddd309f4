#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# socat and ncat of Debian talk between kernels by AF_VSOCK.
. ./lib.sh

modprobe -q vsock_loopback || [ -e /dev/vsock ] || skip "this kernel has no AF_VSOCK"

# said WORDS COMMAND...: what it prints
said() {
	words=$1
	shift
	"$@" | tee /tmp/said | grep -qx "$words" || { cat /tmp/said; return 1; }
}

pool_up 2-3 512M
must modprobe mk_ipc
socat VSOCK-LISTEN:6000,fork EXEC:/bin/cat &
socat=$!
ncat --vsock -k -l 6001 -c /bin/cat &
ncat=$!
must run_instance web 2 256M "socat VSOCK-LISTEN:5000,fork EXEC:/bin/cat & ncat --vsock -k -l 5001 -c /bin/cat & \
	echo by socat | socat -t 9 - VSOCK-CONNECT:2:6000 >/dev/kmsg; echo by ncat | ncat --vsock -i 9 2 6001 >/dev/kmsg" \
	--initrd /boot/programs.cpio
cid=$(($(of web id) + 2))
by_socat() { echo hello | socat -t 5 - "VSOCK-CONNECT:$cid:5000"; }
check "socat to an instance" within 20 said hello by_socat
by_ncat() { echo hello | ncat --vsock -i 5 "$cid" 5001; }
check "ncat to an instance" within 20 said hello by_ncat
dd if=/dev/urandom of=/tmp/random bs=64k count=64 2>/dev/null
there() { socat -t 20 - "VSOCK-CONNECT:$cid:5000" </tmp/random >/tmp/back; cmp /tmp/random /tmp/back; }
check "4 MiB through socat and cat" there
check "an instance's socat to the host" in_log web "] by socat"
check "an instance's ncat to the host" in_log web "] by ncat"
check "web is healthy" healthy web
must mkctl delete web --force
kill "$socat" "$ncat"
pool_down
