#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance finds nonsense on its link to the host: the link and all its
# channels are over, the two kernels are not.
. ./lib.sh

over() {
	! at true
}

host_snapshot
pool_up 2-3 512M
must modprobe mk_ipc
must mkctl channel add one --between host,web --size 16K
must run_instance web 2 256M '{ channel echo one; echo one is over >/dev/kmsg; } 2>/dev/null; rmmod mk_ipc || echo it stays >/dev/kmsg'
check "a channel" within 10 channel ask one 100
must spoil_link
check "the instance ends its link" in_log web 'the link to host .* is over: it wrote nonsense'
check "and its channels" in_log web 'one is over'
check "mk_ipc stays there: a link is joined once" in_log web 'it stays'
check "its sockets are over" over
check "it can be stopped" mkctl stop web --timeout 30
check "it is healthy" healthy web
must mkctl start web --wait
check "the next start has a link" in_log web 'linked with the host'
check "and sockets" within 20 at true
must mkctl delete web --force
must mkctl channel remove one
check "nothing is held" within 10 rmmod mk_ipc
pool_down
host_compare
