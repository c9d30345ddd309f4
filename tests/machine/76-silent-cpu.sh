#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A CPU that does not answer: when it shall start, nothing is lost; when it shall
# halt, it and all that it could write to are, and nothing else.  That machine has
# to be restarted, so this is the last test of it.
. ./lib.sh

fault=/sys/kernel/debug/fail_function
[ -d $fault ] || skip "this kernel cannot make a function fail (KERNEL=debug can)"

# silent TIMES: so often a CPU does not answer
silent() {
	echo "$1" >$fault/times
	echo 100 >$fault/probability
}

pool_up 2-3 768M
must modprobe mk_ipc
check "it can be made silent" sh -c "echo goes_to >$fault/inject"
echo 0 >$fault/verbose
must run_instance db 3 256M
must mkctl create web --cpus 2 --memory 256M
must mkctl load web --kernel "$KERNEL" --initrd "$INITRD" --cmdline "${INSTANCE_ARGS-}"
silent 1
refused start_timeout 1 "a CPU that does not start" start web
equal "it crashed" "crashed boot 0" "$(of web state) $(of web reason) $(of web lost_cpus)"
must mkctl load web --kernel "$KERNEL" --initrd "$INITRD" --cmdline "${INSTANCE_ARGS-}"
check "it starts when it is asked again" mkctl start web --wait --timeout 60
must mkctl channel add pair --between host,web --size 4K
must in_log web 'linked with the host' 60
must within 20 sh -c 'mkctl channel list | grep -q "pair.*open"'

silent 1
mkctl kill web
equal "a CPU that does not halt" "stopped killed 1" "$(of web state) $(of web reason) $(of web lost_cpus)"
check "the log says what to do" sh -c 'dmesg | grep "CPU 2 .* did not confirm its halt: .* restart"'
check "and what of its channels is lost" sh -c 'dmesg | grep "bytes of a channel stay lost"'
refused lost 1 "it does not start again" load web --kernel "$KERNEL" --initrd "$INITRD"
must mkctl delete web
equal "its memory is not used again" $((256 << 20)) "$(pool memory_lost)"
refused cpu_lost 1 "nor is its CPU" create other --cpus 2 --memory 256M
check "the other instance does not care" healthy db
must mkctl channel remove pair
must mkctl kill db
equal "db has lost nothing" 0 "$(of db lost_cpus)"
must mkctl delete db
check "what it had is there" run_instance new 3 256M
must mkctl kill new
