#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is no kernel for us is refused, each with its own error.
. ./lib.sh

# patched OFFSET BYTES: a copy of the kernel with these bytes there
patched() {
	offset=$1 bytes=$2
	cp "$KERNEL" /tmp/patched
	# shellcheck disable=SC2059
	printf "$bytes" | dd of=/tmp/patched bs=1 seek="$offset" conv=notrunc 2>/dev/null
}

load() {
	refused "$1" 1 "$2" load web --kernel "$3" --initrd "${4:-$INITRD}" --cmdline "${5-}"
}

pool_up 2-3 256M
must mkctl create web --cpus 2 --memory 256M
head -c 65536 /dev/urandom >/tmp/random
load image_format "random bytes" /tmp/random
head -c 3000000 "$KERNEL" >/tmp/short
load image_short "a kernel that is cut short" /tmp/short
patched 518 '\005\002'
load image_protocol "boot protocol 2.5" /tmp/patched
patched 566 '\000\000'
load image_32bit "a kernel without a 64-bit entry" /tmp/patched
patched 564 '\000'
load image_fixed "a kernel that cannot be moved" /tmp/patched
patched 560 '\000\020\000\000'
load image_align "an alignment of 4 KiB" /tmp/patched
patched 560 '\000\000\060\000'
load image_align "an alignment of 3 MiB" /tmp/patched
patched 608 '\000\000\000\120'
load image_init_size "a kernel that needs 1.25 GiB to start" /tmp/patched
patched 608 '\000\020\000\000'
load image_init_size "a kernel that needs less than it has" /tmp/patched
load cmdline_long "a command line of 5000 bytes" "$KERNEL" "$INITRD" "$(printf '%05000d' 0)"
cp /tmp/output /tmp/said
check "   it counts ours, too, and says what the kernel takes" \
	grep 'has 5[1-9][0-9][0-9] characters with ours, the kernel takes 2047;' /tmp/said
head -c 260000000 /dev/zero >/tmp/large
load initrd_large "an initramfs that does not fit" "$KERNEL" /tmp/large
equal "it has no image yet" created "$(of web state)"
check "the good one loads" mkctl load web --kernel "$KERNEL" --initrd "$INITRD" --cmdline "${INSTANCE_ARGS-}"
refused file 1 "a kernel that is not there" load web --kernel /none
check "it runs" mkctl start web --wait --timeout 60
must mkctl kill web
load initrd_large "an initramfs that does not fit, for one that has run" "$KERNEL" /tmp/large
equal "its state and reason stay" "stopped killed" "$(of web state) $(of web reason)"
check "its log is still there" in_log web "Linux version $RELEASE"
check "it starts again" mkctl start web --wait --timeout 60
must mkctl delete web --force

must mkctl pool add --memory 128M
must mkctl create web --cpus 2 --memory 384M
truncate -s 300M /tmp/large
load memory_split "an initramfs that fits into no single piece" "$KERNEL" /tmp/large
rm /tmp/large
must mkctl delete web
must mkctl create web --cpus 2 --memory 16M
load memory_small "too little memory" "$KERNEL"
mv "/lib/modules/$RELEASE/updates" /tmp/updates
refused module_missing 1 "no module for the instance's kernel" load web --kernel "$KERNEL" --initrd "$INITRD"
mv /tmp/updates "/lib/modules/$RELEASE/updates"
pool_down
