#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Only root may use /dev/mk.
. ./lib.sh

must modprobe mk_core
adduser -D -H user 2>/dev/null || echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
chmod 666 /dev/mk
su user -s /bin/sh -c 'mkctl --json list' >/tmp/rights 2>&1
equal "exit status" 3 $?
check "the error says so" grep -q '"code": *"permission"' /tmp/rights
must rmmod mk_core
