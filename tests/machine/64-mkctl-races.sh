#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Two users at once, and ends at any moment of a boot.
. ./lib.sh

host_snapshot
pool_up 2-3 512M

# Both CPUs are free: it is the name that only one can have.
for user in 2 3; do
	(
		run_instance web "$user" 256M >"/tmp/run.$user" 2>&1
		echo $? >"/tmp/status.$user"
	) &
done
wait
equal "of two runs of one name one wins" "0 1" "$(sort /tmp/status.2 /tmp/status.3 | xargs)"
check "the other says that the name is taken" grep -h 'has this name already' /tmp/run.2 /tmp/run.3
equal "one instance runs" "running 1" "$(of web state) $(pool instances)"
check "delete while it runs is refused" sh -c '! mkctl delete web'
equal "it runs on" running "$(of web state)"

# From the first instructions to user space and beyond.
round=0 killed=0
mkctl kill web
while [ $round -lt 20 ]; do
	round=$((round + 1))
	must mkctl start web
	usleep $((round * 100000))
	must mkctl kill web
	[ "$(of web state) $(of web reason) $(of web lost_cpus)" != "stopped killed 0" ] || killed=$((killed + 1))
done
equal "killed at 20 moments" 20 $killed
equal "21 starts" 21 "$(of web boots)"

must mkctl start web
refused state 1 "stop while it boots" stop web
check "it boots on" mkctl wait web --state running --timeout 60
check "delete --force ends it" mkctl delete web --force
equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
equal "the windows are free" "$(pool windows)" "$(pool windows_free)"
pool_down
host_compare
