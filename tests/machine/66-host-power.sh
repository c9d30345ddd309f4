#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# rmmod and sleep of the host with instances: refused, or clean.
. ./lib.sh

ticks() {
	mkctl logs web | grep -c 'test: tick'
}

goes_on() {
	before=$(ticks)
	within 10 sh -c '[ "$(mkctl logs web | grep -c "test: tick")" -gt "$1" ]' sh "$before"
}

# sleep_test LEVEL: the host goes to sleep as far as LEVEL and wakes after 5 s
sleep_test() {
	echo "$1" >/sys/power/pm_test
	echo mem >/sys/power/state
}

host_snapshot
pool_up 2-3 256M
check "run" run_instance web 2 256M 'while :; do say tick; sleep 1; done'
check "rmmod is refused" sh -c '! rmmod mk_core'
check "the instance goes on" goes_on
for state in freeze mem; do
	check "sleep ($state) is refused" sh -c "! echo $state >/sys/power/state"
	check "the instance goes on" goes_on
done
check "the kernel log names the cause and the remedy" \
	sh -c 'dmesg | grep "cannot sleep: 1 instances are alive.*mkctl stop"'
equal "it was one run" "running 1" "$(of web state) $(of web boots)"

must mkctl kill web
if [ -e /sys/power/pm_test ]; then
	check "the host sleeps with a stopped instance" sleep_test processors
	equal "the pool's CPUs stay in the pool" 0-1 "$(online)"
	check "start after sleep" mkctl start web --wait --timeout 60
	must mkctl kill web
	for wait in 0.2 0 0.5 0.1 1; do	# where it takes as long as here, one of them meets it
		mkctl pool add --memory 1G --json >/tmp/added 2>&1 &
		sleep $wait
		must sleep_test freezer
		! wait $! || must mkctl pool remove --memory 1G
		! grep -q '"error"' /tmp/added || break
	done
	check "a pool add that meets the sleep says so" grep '"code": *"host_shutdown"' /tmp/added
fi
check "rmmod with a stopped instance" rmmod mk_core
host_compare
