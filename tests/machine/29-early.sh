#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel that dies before it has said where its log is: the log is read all the same.
. ./lib.sh

pool_up 2-3 256M
# All of its memory lies above.
must mkctl run web --cpus 2 --memory 256M --kernel "$KERNEL" --initrd "$INITRD" --no-wait \
	--cmdline "mem=8M${INSTANCE_ARGS+ $INSTANCE_ARGS}"
check "its log has its panic" in_log web 'Kernel panic'
check "from its first line on" in_log web 'Linux version'
equal "for the host it is starting" starting "$(of web state)"
check "it can be killed" mkctl kill web
check "its log is still there" in_log web 'Kernel panic' 1
pool_down
