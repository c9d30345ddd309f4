#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A program is told of each change of state, without asking.
. ./lib.sh

pool_up 2-3 256M
command mkctl events --json >/tmp/events &	# itself, to be killed
events=$!
sleep 0.5
must run_instance web 2 256M
must mkctl kill web
must mkctl delete web
sleep 0.5
kill $events
note /tmp/events
events() { sed -n "s/^{\"event\": *\"\([a-z]*\)\".*\"state\": *\"\([a-z]*\)\".*/$1/p" /tmp/events | xargs; }
# States that follow each other fast may become one event.
check "from created to deleted" sh -c "echo '$(events '\1')' | grep -qx 'created .*state deleted'"
check "running, then stopped" sh -c "echo '$(events '\2')' | grep -q 'running stopped'"
pool_down
