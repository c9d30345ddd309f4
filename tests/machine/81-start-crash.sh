#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 50 starts and crashes lose nothing.
. ./lib.sh

end() {
	mkctl wait web --timeout 60 >/dev/null || mkctl logs web | tail -n 20 | note
	[ "$(of web state) $(of web reason)" = "crashed panic" ] || failed "round $round: $(of web state)"
}

rounds 'echo c > /proc/sysrq-trigger'
