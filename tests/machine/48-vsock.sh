#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Sockets of AF_VSOCK between the host and instances, and between instances.
. ./lib.sh

# reached CID: somebody serves there
reached() {
	within 20 vsock at "$1" true
}

cid_of() {
	echo $(($(of "$1" id) + 2))
}

# A kernel may have them built in.
sockets_out() {
	for module in vsock_loopback vmw_vsock_virtio_transport_common vsock; do
		rmmod $module 2>/dev/null
	done
}

uptime_ms() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# ends_soon FILE: what "vsock hold" wrote says that it was reset in time
ends_soon() {
	within 5 grep -q after "$1" || return
	cat "$1"
	grep -q 'ECONNRESET' "$1"
}

modprobe -q vsock_loopback || [ -e /dev/vsock ] || skip "this kernel has no AF_VSOCK"
sockets_out
host_snapshot
if modprobe -q vhost_vsock; then
	must modprobe mk_ipc
	check "another transport is there: mk_ipc says so" sh -c 'dmesg | grep "mk_ipc: no sockets: .*vhost_vsock"'
	must rmmod mk_ipc
	must rmmod mk_core
	must rmmod vhost_vsock
fi
pool_up 2-3 512M
must modprobe mk_ipc
equal "the host's CID" 2 "$(vsock cid)"
vsock serve >/tmp/serve 2>&1 &
server=$!
must run_instance web 2 256M 'vsock serve &'
must run_instance db 3 256M 'vsock serve &'
web=$(cid_of web) db=$(cid_of db)

check "host to instance" reached "$web"
check "and to the other one" reached "$db"
equal "an instance's CID" "$web" "$(vsock at "$web" vsock cid)"
check "a stream there and back at once" vsock both "$web" "${MIB:-64}"
note /tmp/output
check "the same from the instance" vsock at "$web" vsock both 2 "${MIB:-64}"
note /tmp/output
case $(uname -r) in
6.1.*) ;;	# has none of it
*)	check "memory that is lent" vsock zerocopy "$web" 4
	note /tmp/output ;;
esac
check "records" vsock records "$web" 2000
check "records from the instance" vsock at "$web" vsock records 2 2000
check "shutdown" vsock shutdown "$web"
check "shutdown from the instance" vsock at "$web" vsock shutdown 2
check "who does not read stops who writes" vsock full "$web"
note /tmp/output
check "and the host stops an instance" vsock at "$web" vsock full 2
check "500 connections" vsock many "$web" 500
note /tmp/output

check "nobody listens: host to instance" vsock refused "$web" 999 ECONNRESET
check "nobody listens: instance to host" vsock at "$web" vsock refused 2 999 ECONNRESET
check "no such kernel" vsock refused 77 5000 ENODEV
check "no such kernel, from an instance" vsock at "$web" vsock refused 77 5000 ENODEV

check "not permitted: instance to instance" vsock at "$web" vsock refused "$db" 5000 ENODEV
check "which is logged" in_log web "mk_ipc: a socket for CID $db: refused"
check "permit" channel permit pair web db 262144 vsock
check "not twice" sh -c '! channel permit other db web 262144 vsock'
check "not with the host, which has one" sh -c '! channel permit more - web 262144 vsock'
check "no ring that a packet cannot fit" sh -c '! channel permit small web db 32768 vsock'
check "no other kind" sh -c '! channel permit kind web db 65536 1'
check "permitted: instance to instance" within 10 vsock at "$web" vsock at "$db" true
check "a stream between them" vsock at "$web" vsock both "$db" "${MIB:-64}"
note /tmp/output
check "records between them" vsock at "$db" vsock records "$web" 1000
check "nobody listens there" vsock at "$db" vsock refused "$web" 999 ECONNRESET
vsock at "$web" vsock hold "$db" >/tmp/hold.forbid 2>&1 &
must within 10 grep -q holds /tmp/hold.forbid
must channel forbid pair
check "forbidden: reset" ends_soon /tmp/hold.forbid
check "and refused" vsock at "$web" vsock refused "$db" 5000 ENODEV
must mkctl channel add slow --between web,db --kind vsock --rate 200K
must within 10 vsock at "$web" vsock at "$db" true
begin=$(uptime_seconds)
check "1 MiB with a rate of 200 KiB a second" vsock at "$web" vsock speed "$db" 1
took=$(($(uptime_seconds) - begin))
check "takes 4 seconds or more: $took" test $took -ge 4
must mkctl channel remove slow

check "vsock loopback, to compare" sh -c 'modprobe -q vsock_loopback; vsock speed 1 "${MIB:-64}"'
note /tmp/output
check "host to instance, one direction" vsock speed "$web" "${MIB:-64}"
note /tmp/output

must channel permit pair web db 262144 vsock
must within 10 vsock at "$web" vsock at "$db" true
vsock hold "$db" >/tmp/hold.kill 2>&1 &
vsock at "$web" vsock hold "$db" >/tmp/hold.pair 2>&1 &
must within 10 grep -q holds /tmp/hold.kill
must within 10 grep -q holds /tmp/hold.pair
begin=$(uptime_ms)
must mkctl kill db
within 5 grep -q after /tmp/hold.kill
took=$(($(uptime_ms) - begin))
check "killed: the host's socket is reset" ends_soon /tmp/hold.kill
note /tmp/output
check "within a second: $took ms" test $took -lt $((1000 * SLOW))
check "and that of the other instance" ends_soon /tmp/hold.pair
note /tmp/output
check "and it is gone" vsock refused "$db" 5000 ENODEV
check "the other one does not care" vsock both "$web" 1

must mkctl start db
check "started again: reached" reached "$db"
check "and the other instance reaches it" within 10 vsock at "$web" vsock at "$db" true
check "1 MiB" vsock both "$db" 1
check "healthy" healthy web
check "healthy, too" healthy db
must mkctl kill web
must mkctl kill db
kill $server
check "mk_ipc leaves once its sockets have" within 15 rmmod mk_ipc
sockets_out
check "no socket is left" sh -c '! grep -q "^vsock " /proc/modules'
pool_down
# the first run leaves caches behind, 3.4 MiB with 7.2, of which 2 are a page for the text of
# modules; the next ones do not
host_compare 4096
