#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# mkctl exec and cp with the server of an instance, here: it is the first process
# of a PID namespace, under ASan, and sockets are stood in for.  Output: TAP.
set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
BUILD=${BUILD:-$top/build}
export BUILD LC_ALL=C TERM=vt100
work=$(mktemp -d)
preload="$work/fake_vsock.so $work/fake_mk.so"
server='' liar=''
trap '[ -z "$server$liar" ] || kill -KILL $server $liar 2>/dev/null; rm -rf "$work"' EXIT
tests=0
failed=0

equal() {
	tests=$((tests + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tests $1"
		return
	fi
	printf '# wanted: %s\n# seen:   %s\n' "$2" "$3"
	echo "not ok $tests $1"
	failed=$((failed + 1))
}

build() {
	local cc=("${CC:-cc}" -D_GNU_SOURCE -g -Wall -Wextra -Werror -iquote "$top/mk_core" -iquote "$top/userspace")
	local file sources=()

	make -s -C "$top/userspace" >&2
	for file in fake_mk fake_vsock; do
		"${cc[@]}" -shared -fPIC -o "$work/$file.so" "$top/tests/unit/$file.c"
	done
	for file in serve command files conn tree; do
		sources+=("$top/userspace/$file.c")
	done
	"${cc[@]}" -fsanitize=address,undefined -fno-sanitize-recover=all -static-libasan -o "$work/server" \
		"$top/tests/unit/serve_main.c" "${sources[@]}"
	"${cc[@]}" -o "$work/liar" "$top/tests/machine/liar.c"
	FAKE_VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$top/dkms.conf")
	export FAKE_VERSION FAKE_STATES=4:1 FAKE_VSOCK=$work
}

mkctl() {
	LD_PRELOAD=$preload "$BUILD/userspace/mkctl" "$@"
}

at() {
	mkctl exec -T 1 -- "$@"
}

# status_of COMMAND...: with its streams in $work
status_of() {
	local status=0

	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	echo $status
}

# Signals that this script ignores would be ignored there, too.
start_server() {
	LD_PRELOAD=$work/fake_vsock.so ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 \
		env --default-signal unshare --fork --pid --kill-child --mount-proc "$work/server" \
		2>"$work/server.log" &
	server=$!
	disown
}

check_streams() {
	local i good=0

	equal "an exit code" 7 "$(status_of at sh -c 'echo out; echo err >&2; exit 7')"
	equal "and two outputs" "out err" "$(cat "$work/out") $(cat "$work/err")"
	equal "no such command" 127 "$(status_of at nothing)"
	equal "not executable" 126 "$(status_of at /etc)"
	equal "a signal" 137 "$(status_of at sh -c 'kill -KILL $$')"
	equal "input" "there and back" "$(echo there and back | at cat)"
	head -c 20000000 /dev/urandom >"$work/data"
	equal "20 MB there and back" "$(md5sum <"$work/data")" "$(at cat <"$work/data" | md5sum)"
	equal "also when there is no memory for some" "$(md5sum <"$work/data")" \
		"$(FAKE_NO_MEMORY=y at cat <"$work/data" | md5sum)"
	equal "input that nobody wants" 0 "$(at true <"$work/data"; echo $?)"
	equal "standard input is closed" 0 "$(at cat <&-; echo $?)"
	equal "what is left behind is not waited for" 0 "$(status_of at sh -c 'sleep 20 & echo $!')"
	at kill "$(cat "$work/out")" </dev/null
	for i in {1..40}; do
		(at sh -c "cat; echo $i" </dev/null >"$work/out.$i" 2>&1) &
	done
	wait
	for i in {1..40}; do
		[ "$(cat "$work/out.$i")" != "$i" ] || good=$((good + 1))
	done
	equal "40 at once" 40 "$good"
	equal "all that is printed to a terminal" 5000 "$(mkctl exec -t 1 seq 5000 </dev/null | grep -c .)"
	equal "and its end" 0 "$(printf 'x' | mkctl exec -t 1 cat >/dev/null; echo $?)"
}

check_signals() {
	local job status=0

	env LD_PRELOAD="$preload" "$BUILD/userspace/mkctl" exec 1 \
		sh -c 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done' \
		>"$work/out" 2>"$work/err" </dev/null &
	job=$!
	until grep -q ready "$work/out"; do sleep 0.1; done
	kill -USR1 $job
	wait $job || status=$?
	equal "a signal is passed on" 9 $status
}

check_copies() {
	mkdir -p "$work/from/a/b" "$work/to"
	echo text >"$work/from/a/file"
	ln -s file "$work/from/a/b/link"
	equal "into it" 0 "$(status_of mkctl cp "$work/from" "1:$work/to")"
	equal "as it was" "" "$(diff -r --no-dereference "$work/from" "$work/to/from" 2>&1)"
	equal "out of it" 0 "$(status_of mkctl cp "1:$work/to/from" "$work/back")"
	equal "as it was, too" "" "$(diff -r --no-dereference "$work/from" "$work/back" 2>&1)"
	equal "20 MB" 0 "$(status_of mkctl cp "1:$work/data" "$work/data.2"; cmp "$work/data" "$work/data.2")"
	equal "no such directory" 1 "$(status_of mkctl cp "$work/data" 1:/no/such/one)"
}

# says TEXT: what went wrong, in words
says() {
	equal "it says: $1" 1 "$(grep -cF -- "$1" "$work/err")"
}

# Only files and links are replaced, and no link is a target.
check_targets() {
	local node path

	mkdir "$work/dev" "$work/dev/into"
	echo text >"$work/dev/null.new"
	mknod "$work/dev/null" c 1 3
	mkfifo "$work/dev/pipe"
	mknod "$work/dev/into/null.new" c 1 3
	ln -s null "$work/dev/link"
	ln -s "$work/data.2" "$work/dev/file"
	for node in null pipe link file into; do
		path=$work/dev/$node
		equal "$node is no target there" 1 "$(status_of mkctl cp "$work/dev/null.new" "1:$path")"
		equal "nor here" 1 "$(status_of mkctl cp "1:$work/dev/null.new" "$path")"
	done
	says "null.new: it is a device, a pipe or a socket: only files and symbolic links are replaced; name another target"
	status_of mkctl cp "$work/dev/null.new" "1:$work/dev/link" >/dev/null
	says "dev/link: it is a symbolic link: as a target it is neither followed nor replaced"
	equal "all of them stay" "character special file,fifo,symbolic link,symbolic link,character special file" \
		"$(cd "$work/dev" && stat -c %F null pipe link file into/null.new | paste -sd,)"
	equal "and what they lead to" "$(md5sum <"$work/data")" "$(md5sum <"$work/data.2")"
}

check_sources() {
	mkdir -p "$work/some/dir" "$work/all" "$work/all.back"
	echo text >"$work/some/file"
	ln -s file "$work/some/link"
	ln -s dir "$work/some/to_dir"
	equal "a link to a file is the file" 0 "$(status_of mkctl cp "1:$work/some/link" "$work/os")"
	equal "by a new name" "text regular file" "$(cat "$work/os") $(stat -c %F "$work/os")"
	equal "also into it" 0 "$(status_of mkctl cp "$work/some/link" "1:$work/os.2")"
	equal "as it is" "text regular file" "$(cat "$work/os.2") $(stat -c %F "$work/os.2")"
	equal "one to a directory gets no new name" 1 "$(status_of mkctl cp "1:$work/some/to_dir" "$work/os.3")"
	says "os.3: the source is a symbolic link, and one of an instance gets no new name; name what it leads to, or a directory as the target"
	equal "in JSON" 1 "$(status_of mkctl --json cp "1:$work/some/to_dir" "$work/os.3")"
	equal "with a remedy" 1 "$(cat "$work/out" "$work/err" | grep -c '"remedy": *"name what it leads to')"
	equal "what is in a directory" 0 "$(cd "$work/some" && status_of mkctl cp . "1:$work/all")"
	equal "is there" "" "$(diff -r --no-dereference "$work/some" "$work/all" 2>&1)"
	equal "and comes back" 0 "$(status_of mkctl cp "1:$work/all/." "$work/all.back")"
	equal "as it was then" "" "$(diff -r --no-dereference "$work/some" "$work/all.back" 2>&1)"
	equal "its target is a directory" 1 "$(status_of mkctl cp "1:$work/all/." "$work/os")"
	equal ".. has no name" 2 "$(status_of mkctl cp "$work/.." "1:$work/all")"
	says "DIRECTORY/. is what is in a directory"
	equal "what cannot be read is left out there" 1 "$(status_of mkctl cp 1:/proc/self/mem "1:$work/some/file" "$work/dev")"
	says "Warning: 1:/proc/self/mem is left out: Input/output error"
	equal "and here" 1 "$(status_of mkctl cp /proc/self/mem "$work/some/file" "1:$work/all/dir")"
	says "Warning: /proc/self/mem is left out: Input/output error"
	equal "the rest is not" "text text" "$(cat "$work/dev/file" "$work/all/dir/file" | xargs)"
}

# children PID: and theirs
children() {
	local pid

	for pid in $(ps -o pid= --ppid "$1"); do
		echo "$pid"
		children "$pid"
	done
}

# Nothing comes or goes any more: mkctl does not wait for ever.
check_hang() {
	local in out begin=$SECONDS status=0

	truncate -s 4G "$work/large"
	mkctl cp "$work/large" "1:$work/to/large" >"$work/in" 2>&1 &
	in=$!
	mkctl cp "1:$work/large" "$work/copy" >"$work/out" 2>&1 &
	out=$!
	sleep 0.3
	# shellcheck disable=SC2046
	kill -STOP $(children "$server")
	wait $in || status=$?
	equal "a server that hangs ends a copy into it" 1 $status
	status=0
	wait $out || status=$?
	equal "and one out of it" 1 $status
	equal "after 10 s" 1 $((SECONDS - begin >= 9 && SECONDS - begin < 30))
	equal "that is said" 2 "$(cat "$work/in" "$work/out" | grep -c 'nothing came or went for 10 s')"
	# shellcheck disable=SC2046
	kill -CONT $(children "$server")
	rm -f "$work/large"
}

# lies LIES STATUS COMMAND...: all of them, one after the other
lies() {
	local told=$1 status=$2 lie seen=''
	shift 2

	for lie in $told; do
		[ "$(status_of "$@")" = "$status" ] || seen+=" $lie"
		rm -rf "$work/jail/in/wanted"
	done
	equal "${*:1:2}: $told" "" "$seen"
}

check_lies() {
	export FAKE_VSOCK=$work/liar
	mkdir -p "$work/jail/in"
	LD_PRELOAD=$work/fake_vsock.so "$work/liar" garbage huge taken code version step \
		garbage up dots other twice through rights leave deep \
		garbage up dots through rights leave deep &
	liar=$!
	lies "garbage huge taken code version step" 125 mkctl exec 1 true
	cd "$work/jail/in"
	lies "garbage up dots other twice through rights leave deep" 1 mkctl cp 1:/wanted .
	lies "garbage up dots through rights leave deep" 1 mkctl cp 1:/wanted/. .
	equal "nothing is elsewhere" "" "$(find "$work/jail" -name '*evil*' -o -name '*mkctl*')"
}

[ "$(id -u)" = 0 ] || { echo "1..1"; echo "ok 1 # SKIP needs root"; exit; }
build
start_server
check_streams
check_signals
check_copies
check_targets
check_sources
check_hang
check_lies
equal "the server has no mistake" "" "$(cat "$work/server.log")"
echo "1..$tests"
[ "$failed" -eq 0 ]
