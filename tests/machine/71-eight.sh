#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Eight instances run at once, all of them talk to each other, and come back whole.
. ./lib.sh

TRIPS=200
BYTES=$(((TRIPS + TRIPS / 10 + 1) * (64 + 8)))	# each way, with what stands before a message

# all_said: each side of the 28 channels and of the host's 8 has sent so much
all_said() {
	[ "$(mkctl channel list --json --pretty | grep -c "\"bytes\": $BYTES")" = 72 ]
}

[ "$(nproc)" -ge 10 ] || skip "fewer than 10 CPUs"
pool_up_warm 2-9 2G
must modprobe mk_ipc
for one in host 2 3 4 5 6 7 8; do
	for other in 2 3 4 5 6 7 8 9; do
		[ "$one" = host ] || [ "$one" -lt "$other" ] || continue
		case $one in
		host) must mkctl channel add "p$other" --between "host,web$other" --size 16K ;;
		*) must mkctl channel add "p$one$other" --between "web$one,web$other" --size 16K ;;
		esac
	done
done
for cpu in 2 3 4 5 6 7 8 9; do
	check "start on CPU $cpu" run_instance "web$cpu" "$cpu" 256M \
		"try() { until channel \$*; do sleep 1; done; }; \
		for n in 2 3 4 5 6 7 8 9; do \
			[ \$n -le $cpu ] || try echo p$cpu\$n & \
			[ \$n -ge $cpu ] || try ask p\${n}$cpu $TRIPS stay & \
		done; try echo p$cpu" --no-wait
done
for cpu in 2 3 4 5 6 7 8 9; do
	check "web$cpu runs" mkctl wait "web$cpu" --state running --timeout 300
	check "web$cpu is alive" in_log "web$cpu" "test: alive $RELEASE cpus 1" 120
done
for cpu in 2 3 4 5 6 7 8 9; do
	channel ask "p$cpu" $TRIPS stay &
done
check "all pairs talk, and the counters of all channels add up" within 200 all_said
[ $FAILED = 0 ] || mkctl channel list | note
check "all are killed" mkctl kill --all
for cpu in 2 3 4 5 6 7 8 9; do
	check "no warning is in the log of web$cpu" healthy "web$cpu"
	must mkctl delete "web$cpu"
done
wait
mkctl channel list --json --pretty | sed -n 's/^ *"name": *"\(.*\)",/\1/p' | while read -r each; do
	must mkctl channel remove "$each"
done
equal "no channel is left" "" "$(mkctl channel list --json --pretty | member name)"
must rmmod mk_ipc
equal "the pool is whole" "$(pool memory)" "$(pool memory_free)"
equal "the windows are free" "$(pool windows)" "$(pool windows_free)"
pool_down
host_compare
