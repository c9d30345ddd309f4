#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a start, a kill and an instance cost the host; times in ms.
. ./lib.sh

# ms FILE KEY: the largest of all rounds
ms() {
	awk -v key="$2" '$1 == key && $2 > n { n = $2 } END { printf "%.1f", n / 1000000 }' "$1"
}

# most TEXT LIMIT ACTUAL: a measured value is at most LIMIT
most() {
	equal "$1: $3, at most $2" yes "$(awk "BEGIN { if ($3 > 0 && $3 <= $2) print \"yes\" }")"
}

host=$(dmesg | sed -n 's/^\[ *\([0-9.]*\)\] Run \/init .*/\1/p')
pool_up 2-3 1G
for _ in 1 2 3; do
	free=$(free_kib)
	must run_instance web 2 256M
	spent=$((free - $(free_kib)))
	must mkctl kill web
	for key in prepare_ns clear_ns user_ns running_ns kill_ns; do
		echo "$key $(of web $key)"
	done >>/tmp/figures
	echo "spent $spent" >>/tmp/figures
	bytes=$(of web host_bytes)
	must mkctl delete web
done
note /tmp/figures
most "work between the start call and SIPI, ms" 50 "$(ms /tmp/figures prepare_ns)"
most "work from the kill call to CPUs halted, ms" 100 "$(ms /tmp/figures kill_ns)"
first=$(awk '$1 == "user_ns" && (!n || $2 < n) { n = $2 } END { print n / 1000000 }' /tmp/figures)
most "SIPI to its first user instruction, ms" "$(awk "BEGIN { print $host * 500 }")" "$first"
note <<-END
	the host itself needed $host s to its init
END
most "memory that the host says it spends on it, KiB" 1024 $((bytes / 1024))
spent=$(awk '$1 == "spent" && (!seen++ || $2 < n) { n = $2 } END { print n }' /tmp/figures)
equal "memory that the host spends on it as measured, KiB: $spent, at most 1024" yes \
	"$([ "$spent" -le 1024 ] && echo yes)"
pool_down
