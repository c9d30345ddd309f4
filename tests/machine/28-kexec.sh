#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kexec is off in an instance.
. ./lib.sh

pool_up 2-3 256M
check "run" run_instance web 2 256M 'say kexec $(cat /proc/sys/kernel/kexec_load_disabled)'
check "kexec_load_disabled is 1" in_log web 'test: kexec 1'
pool_down
