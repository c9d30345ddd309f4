#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance that ended begins again, as its policy says.
. ./lib.sh

boots() {
	[ "$(of web boots)" -ge "$1" ] && [ "$(of web state)" = running ]
}

# row N: so many restarts without a good run
row() {
	[ "$(of web restarts)" -ge "$1" ]
}

# stays BOOTS: it is not started again
stays() {
	sleep 4
	[ "$(of web boots)" = "$1" ] && [ "$(of web state)" != running ]
}

panic='echo c >/proc/sysrq-trigger'
host_snapshot
pool_up 2-3 512M
must run_instance web 2 256M "$panic" --no-wait
must mkctl wait web --state crashed --timeout 60
check "never is the default" stays 1
check "update" mkctl update web --restart on-failure
equal "it is told" on-failure "$(of web restart)"
check "what has ended before stays so" stays 1
must mkctl start web
check "it begins again after a crash" within 60 row 1
check "again and again" within 200 row 3
must mkctl kill web
must sleep 5
boots=$(of web boots)
check "kill calls it off" stays "$boots"
must mkctl start web
check "it begins again after a crash once more" within 60 row 1
must mkctl wait web --state crashed --timeout 60
check "stop of what has crashed and would begin again" mkctl stop web
boots=$(of web boots)
check "calls it off" stays "$boots"
refused state 1 "stop of what stays crashed" stop web
must mkctl delete web

must run_instance web 2 256M 'sleep 2; poweroff -f' --restart on-failure
must mkctl wait web --state stopped --timeout 60
check "a power off is no failure" stays 1
must mkctl update web --restart always
must mkctl start web --wait
check "always: it begins again" within 60 boots 3
check "stop" mkctl stop web --timeout 20
check "and is not begun again" stays "$(of web boots)"
must mkctl start web --wait
check "started by hand" within 60 boots $(($(of web boots) + 1))
must mkctl delete web --force
check "a word that is none" sh -c '! mkctl update web --restart sometimes'
pool_down
host_compare
