#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every call of /dev/mk_ipc and its descriptors: sizes, flags, pointers, rooms, rights;
# and which of them an instance refuses.
. ./lib.sh

carry /bin/role
INSTANCE_ARGS="console=hvc0${INSTANCE_ARGS+ $INSTANCE_ARGS}"
host_snapshot
pool_up 2-3 256M
must modprobe mk_ipc
must run_instance web 2 256M '' --initrd /tmp/carry.cpio
must mkctl channel add abi --between host,web
check "every call keeps the contract of uapi.h" abi-ipc
check "in an instance those of the host are refused" at role ipc
must mkctl channel remove abi
check "healthy" healthy web
must mkctl kill web
check "nothing is held" within 15 rmmod mk_ipc
pool_down
host_compare 2048
