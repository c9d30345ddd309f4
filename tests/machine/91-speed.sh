#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance is as fast as the host on the same CPU.
. ./lib.sh

CPU=3
must mkdir -p /tmp/speed

# Below 512 MiB a kernel would not use huge pages, and fork has more to copy.
#
# in_host, in_instance: "NAME NS" lines are added to a file
in_host() {
	yard $CPU >>/tmp/speed/host
}

in_instance() {
	must mkctl pool add --cpus $CPU --memory 1G
	must run_instance web $CPU 1G 'yard 0 | while read -r line; do say yard $line; done; say done'
	must in_log web 'test: done' 60
	mkctl logs web | sed -n 's/.*test: yard //p' >>/tmp/speed/instance
	must mkctl delete web --force
	must mkctl pool remove --all
}

# best FILE NAME
best() {
	awk -v name="$2" '$1 == name && (!n || $2 < n) { n = $2 } END { print n }' "/tmp/speed/$1"
}

must modprobe mk_core
for _ in 1 2 3 4; do
	in_host
	in_instance
done
in_host
for name in syscall pipe switch fork+exit page-fault copy-16M; do
	host=$(best host $name) instance=$(best instance $name)
	ratio=$(awk "BEGIN { printf \"%.3f\", $instance / $host }")
	equal "$name: $instance ns, host $host ns, ratio $ratio, 0.95 to 1.05" yes \
		"$(awk "BEGIN { if ($ratio >= 0.95 && $ratio <= 1.05) print \"yes\" }")"
done
must rmmod mk_core
