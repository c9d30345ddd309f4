#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance that does not stop is killed when the time that it was given is over.
. ./lib.sh

deaf="rm /sbin/poweroff; (echo '#!/bin/sh'; echo 'sleep 3600') > /sbin/poweroff; chmod +x /sbin/poweroff; say deaf"
pool_up 2-3 256M
check "run" run_instance web 2 256M "$deaf"
must in_log web 'test: deaf'
before=$(date +%s)
check "stop" mkctl stop web --timeout 5
took=$(($(date +%s) - before))
equal "state and reason" "stopped timeout" "$(of web state) $(of web reason)"
check "it was asked" in_log web 'the host asks to stop' 1
check "it had its 5 s, and no more: $took" test $took -ge $((5 * SLOW)) -a $took -le $((10 * SLOW))
pool_down
