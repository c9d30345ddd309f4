#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance whose mk_core reads another handoff is refused, in words.
. ./lib.sh

other=/lib/other-version
[ -e "$other/$RELEASE/mk_core.ko" ] || skip "needs a second build of mk_core (tests/machine/other-version.sh)"
pool_up 2-3 256M
export MK_MODULE_DIR=$other
run_instance web 2 256M >/tmp/said 2>&1
equal "run fails" 1 $?
check "it says why" grep 'refused the handoff.*install the same version' /tmp/said
unset MK_MODULE_DIR
equal "state" crashed "$(of web state)"
equal "reason" refused "$(of web reason)"
check "the text names both versions" sh -c 'mkctl show web | grep "handoff 1\..* of the host.*here reads 77\."'
must mkctl delete web
check "with the right module it runs" run_instance web 2 256M
check "kill" mkctl kill web
pool_down
