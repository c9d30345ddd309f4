#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The user's command line reaches the kernel, between ours; KASLR is the user's to switch off.
. ./lib.sh

# text_of CMDLINE: a start with it; where the kernel's text lies
text_of() {
	must mkctl run web --cpus 2 --memory 256M --kernel "$KERNEL" --initrd "$INITRD" --timeout 60 \
		--cmdline "act=\"say text \$(grep -m1 ' _text\$' /proc/kallsyms); say \$(cat /proc/cmdline)\"${INSTANCE_ARGS+ $INSTANCE_ARGS} $1"
	must in_log web 'test: text'
	must in_log web 'test: .*tsc=reliable'
	mkctl logs web >/tmp/log
	must mkctl delete web --force
	sed -n 's/.*test: text \([0-9a-f]*\) .*/\1/p' /tmp/log
}

pool_up 2-3 256M
equal "nokaslr: the text is where it was linked to" ffffffff81000000 "$(text_of nokaslr)"
places=$(for _ in 1 2 3; do text_of ''; done)
echo "$places" | note
check "else it is somewhere else at a start" test "$(echo "$places" | sort -u | wc -l)" -gt 1
text_of 'cryptomgr.notests=0 tsc=unstable -- one two' >/dev/null
check "the user's words stand between ours" \
	grep -q 'test: cryptomgr.notests=1 .* cryptomgr.notests=0 tsc=unstable .*tsc=reliable .*-- one two' /tmp/log
port=$(sed -n 's/^ *0*\([0-9a-f]*\)-.*ACPI PM_TMR$/\1/p' /proc/ioports)
grep -q tsc_deadline_timer /proc/cpuinfo && port=
equal "who measures the APIC timer has the PM timer for it" "${port:+pmtmr=$port}" \
	"$(grep -o 'pmtmr=[0-9a-f]*' /tmp/log | head -n 1)"
pool_down
