#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An instance writes nonsense into its control page: it ends, the host does not.
. ./lib.sh

WORD=128 REASON=132 TEXT=256	# struct mk_control
ENDED=4 POWEROFF=1 PANIC=8

# words "OFFSET VALUE COUNT, ..." [CONTROL]: the act that fills these in the control page
words() {
	printf 'sleep 1; c=%s' "${2-\$(cat /sys/fs/multikernel/handoff/control)}"
	echo "$1" | tr , '\n' | while read -r offset value count; do
		printf '; insmod /lib/modules/$(uname -r)/mk_test.ko act=fill at=$((c + %s)) value=%s count=%s; rmmod mk_test' \
			"$offset" "$value" "$count"
	done
}

# says TEXT WORDS STATE REASON
says() {
	check "run" run_instance web 2 256M "$(words "$2")"
	check "$1: it ends" mkctl wait web --timeout 60
	equal "$1: state and reason" "$3 $4" "$(of web state) $(of web reason)"
}

host_snapshot
pool_up 2-3 512M
says "a word that is none" "$WORD 7 1" crashed protocol
must mkctl delete web
says "a reason that is none" "$REASON 99 1, $WORD $ENDED 1" crashed protocol
must mkctl delete web
says "words without an end" "$TEXT 0x5b1b0a1b 32, $REASON $PANIC 1, $WORD $ENDED 1" crashed panic
equal "only letters are shown" "$(printf '???[%.0s' $(seq 31))???" "$(of web text)"
must mkctl delete web

check "run" run_instance web 2 256M "$(words '0 0xffffffff 32'); say done"
check "it spoils the host's part" in_log web 'test: done'
sleep 2
equal "that harms nobody" running "$(of web state)"
check "it can be stopped" mkctl stop web --timeout 30
equal "reason" poweroff "$(of web reason)"
must mkctl delete web

must mkctl create web --cpus 2 --memory 256M
must mkctl load web --kernel "$KERNEL" --initrd "$INITRD" --no-agent --cmdline "${INSTANCE_ARGS-}"
act=$(words "$REASON $POWEROFF 1, $WORD $ENDED 1" "$(of web control)")
check "load one without mk-init" \
	mkctl load web --kernel "$KERNEL" --initrd "$INITRD" --no-agent --cmdline "act=\"$act\"${INSTANCE_ARGS+ $INSTANCE_ARGS}"
before=$(of web generation)
check "start" mkctl start web
check "its first word is its last" mkctl wait web --timeout 60
equal "state and reason" "stopped poweroff" "$(of web state) $(of web reason)"
equal "it was starting, then stopped, and nothing between" $((before + 2)) "$(of web generation)"
must mkctl delete web

round=0
while [ $round -lt 3 ]; do
	round=$((round + 1))
	must run_instance web 2 256M 'sleep 1; insmod /lib/modules/$(uname -r)/mk_test.ko act=scribble at=$(($(cat /sys/fs/multikernel/handoff/control)))'
	check "round $round: random words" mkctl wait web --timeout 60
	note <<-END
		$(of web state) $(of web reason): $(of web text)
	END
	must mkctl delete web
done
check "the host is well: one more runs" run_instance web 2 256M
pool_down
host_compare
