#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each bad input has its own error, which names the object and the remedy.
. ./lib.sh

# said OBJECT REMEDY: it is in what mkctl said
said() {
	cat /tmp/said
	grep -q "\"object\": *\"[^\"]*$1" /tmp/said && grep -q "\"remedy\": *\"[^\"]*$2" /tmp/said
}

# bad CODE STATUS OBJECT REMEDY TEXT ARGUMENT...: mkctl refuses it in these words
bad() {
	object=$3 remedy=$4
	code=$1 status=$2
	shift 4
	refused "$code" "$status" "$@"
	cp /tmp/output /tmp/said
	check "   it names '$object' and says '$remedy'" said "$object" "$remedy"
}

# bad_kernel CODE KIND REMEDY TEXT
bad_kernel() {
	must bad-image "$2" "/tmp/kernel.$2"
	bad "$1" 1 "/tmp/kernel.$2" "$3" "$4" run err --cpus 3 --memory 256M --kernel "/tmp/kernel.$2"
}

run="run err --cpus 3 --kernel $KERNEL --initrd $INITRD"

rm -f /tmp/kernel.*
bad not_loaded 3 /dev/mk 'modprobe mk_core' "no module" list
pool_up 2-3 768M

bad_kernel image_format elf 'vmlinuz' "an ELF kernel"
bad_kernel image_32bit 32bit 'x86-64' "a 32-bit kernel"
bad_kernel image_protocol old '5.4 or later' "an old kernel"
bad_kernel image_fixed fixed 'CONFIG_RELOCATABLE' "a kernel that cannot move"
bad_kernel image_uki uki 'objcopy' "a unified image"
head -c 1000000 "$KERNEL" >/tmp/kernel.cut
bad image_short 1 /tmp/kernel.cut 'copy it again' "half a kernel" \
	run err --cpus 3 --memory 256M --kernel /tmp/kernel.cut
bad file 1 /tmp/none 'check the path' "no kernel file" run err --cpus 3 --memory 256M --kernel /tmp/none

# shellcheck disable=SC2086
{
bad memory_small 1 'instance err' '--memory [0-9]*M' "too little memory" $run --memory 16M
truncate -s 250M /tmp/initrd
bad initrd_large 1 'instance err' 'smaller initramfs' "an initramfs too large" \
	$run --memory 256M --initrd /tmp/initrd
bad file 1 /tmp/none 'check the path' "no initramfs file" $run --memory 256M --initrd /tmp/none
long=$(printf '%03000d' 0)
bad cmdline_long 1 'instance err' 'shorter' "a long command line" $run --memory 256M --cmdline "$long"
long=$(printf '%05000d' 0)
bad cmdline_long 1 'instance err' 'shorter' "an endless command line" \
	$run --memory 256M --cmdline "$long"
bad memory_align 1 'instance err' 'round it' "odd memory" $run --memory 1000001
bad memory_align 1 'pool' 'round it' "odd memory for the pool" pool add --memory 100M
bad memory_pool 1 'instance err' 'pool add' "more memory than there is" $run --memory 2G

must mv "/lib/modules/$RELEASE/updates" /tmp/updates
bad module_missing 1 mk_core "dkms install .* -k $RELEASE" "no module for the instance" $run --memory 256M
must mv /tmp/updates "/lib/modules/$RELEASE/updates"
}

must mkctl create web --cpus 2 --memory 256M
create="create --memory 128M --cpus"
# shellcheck disable=SC2086
{
bad name_taken 1 'instance web' 'another name' "a name that is taken" $create 3 web
bad name_invalid 2 'a/b' 'first a letter' "a malformed name" $create 3 a/b
bad cpu_not_pool 1 'CPU 1' 'pool' "a CPU of the host" $create 1 err
bad cpu_busy 1 'CPU 2' 'CPU' "a CPU in use" $create 2 err
}
bad no_instance 1 'err' 'mkctl list' "an instance that is not there" start err
equal "nothing was made of all that" 1 "$(pool instances)"
equal "no memory was kept" $(((768 - 256) << 20)) "$(pool memory_free)"

echo 'nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
check "mkctl as nobody" sh -c '! su -s /bin/sh nobody -c "mkctl --json list" >/tmp/said 2>&1'
check "   it says that root is needed" said /dev/mk 'run mkctl as root'

number=$(tr : ' ' </sys/class/misc/mk/dev)
must rm /dev/mk
bad no_device 3 /dev/mk 'devtmpfs' "no device node" list
# shellcheck disable=SC2086
must mknod -m 600 /dev/mk c $number
pool_down
rm -f /tmp/kernel.* /tmp/initrd
