#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Help, manual and completion of mkctl agree on commands, options and error
# codes, and exit codes are what the manual says. Output: TAP.
set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
BUILD=${BUILD:-$top/build}
export BUILD MK_LIBEXEC_DIR=$BUILD/userspace LC_ALL=C
mkctl=$BUILD/userspace/mkctl
man=$top/userspace/man
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests=0
failed=0

# same WHAT A B: passes when the files have the same lines, in any order.
same() {
	sort -u "$2" >"$work/a.sorted"
	sort -u "$3" >"$work/b.sorted"
	tests=$((tests + 1))
	if [ -s "$2" ] || [ ! -s "$3" ]; then
		if diff "$work/a.sorted" "$work/b.sorted" >"$work/diff"; then
			echo "ok $tests $1"
			return
		fi
		sed 's/^/# /' "$work/diff"
	fi
	echo "not ok $tests $1"
	failed=$((failed + 1))
}

equal() {
	printf '%s\n' "$2" >"$work/wanted"
	printf '%s\n' "$3" >"$work/seen"
	same "$1" "$work/wanted" "$work/seen"
}

status_of() {
	local status=0

	"$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	echo "$status"
}

help_commands() {
	"$mkctl" help | sed -n '/^Commands:/,/^$/s/^  \(.\{18\}\) .*/\1/p' | sed 's/ *$//'
}

help_options() {
	# shellcheck disable=SC2086
	"$mkctl" $1 --help | sed -n '/^Options:/,/^$/p' | grep -o -- '--[a-z-]\+' || true
}

usage_options() {
	# shellcheck disable=SC2086
	"$mkctl" $1 --help | sed -n '1s/^Usage: //p' | grep -o -- '--[a-z-]\+' || true
}

global_options() {
	"$mkctl" help | sed -n '/^Global/,/^$/p' | grep -o -- '--[a-z-]\+'
}

# The lines of the manual that belong to a command: "mkctl pool add".
man_section() {
	awk -v want=".Ss mkctl $1" '
		/^\.S[sh] / { inside = ($0 == want || index($0, want " ") == 1) }
		inside { print }' "$man"/*.8
}

man_heading_options() {
	man_section "$1" | sed -n '1p' | grep -o 'Fl -[a-z-]\+' | sed 's/Fl -/--/' || true
}

man_item_options() {
	man_section "$1" | grep '^\.It' | grep -o 'Fl -[a-z-]\+' | sed 's/Fl -/--/' || true
}

man_global_options() {
	sed -n '/^\.Sh GLOBAL/,/^\.Sh ENV/s/^\.It Fl.* Fl -\|^\.It Fl -/--/p' "$man/mkctl.8"
}

man_commands() {
	sed -n '/^\.Sh COMMANDS/,/^\.Sh GLOBAL/s/^\.It Cm //p' "$man/mkctl.8"
}

# What bash would offer behind these words.
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_mkctl
	printf '%s\n' "${COMPREPLY[@]}"
}

completion_commands() {
	complete_words mkctl '' | grep -vxE 'pool|channel|fs'
	complete_words mkctl pool '' | sed 's/^/pool /'
	complete_words mkctl channel '' | sed 's/^/channel /'
	complete_words mkctl fs '' | sed 's/^/fs /'
}

check_commands() {
	help_commands >"$work/help"
	completion_commands >"$work/completion"
	man_commands >"$work/man"
	same "completion knows all commands" "$work/help" "$work/completion"
	same "the manual lists all commands" "$work/help" "$work/man"
	global_options >"$work/help"
	man_global_options >"$work/man"
	complete_words mkctl -- >"$work/completion"
	same "the manual has the global options" "$work/help" "$work/man"
	same "completion knows the global options" "$work/help" "$work/completion"
}

check_command() {
	local words

	read -ra words <<<"$1"
	equal "$1: the manual has a section" 1 "$(man_section "$1" | grep -c '^\.Ss')"
	help_options "$1" >"$work/help"
	usage_options "$1" >"$work/usage"
	same "$1: usage and help agree" "$work/help" "$work/usage"
	man_heading_options "$1" >"$work/man"
	same "$1: the manual's synopsis agrees" "$work/help" "$work/man"
	man_item_options "$1" >"$work/man"
	same "$1: the manual explains each option" "$work/help" "$work/man"
	complete_words mkctl "${words[@]}" -- | grep -vxF -f <(global_options) >"$work/completion" || true
	same "$1: completion knows the options" "$work/help" "$work/completion"
}

check_error_codes() {
	local sources=("$top"/userspace/*.c)

	grep -o 'MK_E_[A-Z0-9_]\+[[:space:]]*=' "$top/mk_core/uapi.h" | grep -o 'MK_E_[A-Z0-9_]\+' |
		grep -vx MK_E_NONE >"$work/uapi"
	grep -o '^	\[MK_E_[A-Z0-9_]\+' "$top/userspace/error.c" | tr -d '\t[' >"$work/sentences"
	same "every error code of the module has a sentence" "$work/uapi" "$work/sentences"

	sed -n 's/.*\(EXIT_[A-Z]*\), "\([a-z0-9_]*\)".*/\2 \1/p' "${sources[@]}" |
		sed 's/EXIT_FAILED/1/; s/EXIT_USAGE/2/; s/EXIT_UNAVAILABLE/3/' >"$work/used"
	sed -n 's/^\.It Cm \([a-z0-9_]*\) Pq \([0-9]\)$/\1 \2/p' "$man/mkctl-json.7" >"$work/status_of_code"
	same "the manual has every error code with its exit code" "$work/used" "$work/status_of_code"
}

check_json() {
	grep -oh 'json_[a-z0-9]*("[a-z0-9_]*"' "$top"/userspace/*.c | cut -d '"' -f 2 >"$work/used"
	sed -n '/^\.Sh JSON/,/^\.Sh ERROR/p' "$man/mkctl-json.7" | grep -o '"[a-z0-9_]*":' |
		tr -d '":' >"$work/man"
	same "the manual has every member of the JSON output" "$work/used" "$work/man"

	"$mkctl" check --json >"$work/check" || true
	grep -o '"check":"[a-z]*"' "$work/check" | cut -d '"' -f 4 >"$work/used"
	man_section check | sed -n 's/^\.It \([a-z]*\)$/\1/p' >"$work/man"
	same "the manual explains every check" "$work/used" "$work/man"
}

# Those of the malformed command lines that are not answered in JSON.
text_errors() {
	local words line

	for line; do
		read -ra words <<<"$line"
		[ "$(status_of "$mkctl" "${words[@]}")" = 2 ] && [ ! -s "$work/stderr" ] &&
			tr -d '\n' <"$work/stdout" | grep -q '^{ *"error": *{.*} *}$' ||
			printf ' %s;' "$line"
	done
}

check_exit_codes() {
	equal "no command: usage" 2 "$(status_of "$mkctl")"
	equal "an unknown command: usage" 2 "$(status_of "$mkctl" frobnicate)"
	equal "an unknown option: usage" 2 "$(status_of "$mkctl" list --frobnicate)"
	equal "a malformed name: usage" 2 "$(status_of "$mkctl" show a/b)"
	equal "a CPU twice: usage" 2 "$(status_of "$mkctl" pool add --cpus 2,2)"
	equal "two nodes for one memory: usage" 2 \
		"$(status_of "$mkctl" create a --cpus 2 --memory 64M@1 --node 0)"
	equal "global options go before and after" 0 "$(status_of "$mkctl" -q help --no-color)"
	equal "a full disk is an error" 1 "$(status_of sh -c "'$mkctl' help >/dev/full")"
	equal "a word that is nearly one: which?" "did you mean start?" \
		"$("$mkctl" strat web 2>&1 | grep -o 'did you mean [a-z]*?')"
	equal "an option that is nearly one: which?" "did you mean --memory?" \
		"$("$mkctl" run --memroy 1 2>&1 | grep -o 'did you mean --[a-z]*?')"
	equal "a name too many: the command has both words" 1 \
		"$("$mkctl" pool add 2-3 2>&1 | grep -cF '`mkctl pool add` takes no name')"
	equal "one that is like none: no guess" 0 "$("$mkctl" frobnicate 2>&1 | grep -c 'did you mean')"
	equal "help COMMAND is COMMAND --help" "$("$mkctl" pool add --help)" "$("$mkctl" help pool add)"
	equal "no image: failed" 1 "$(status_of "$mkctl" run a --cpus 1 --memory 64M --kernel "$0")"
	equal "nothing on stdout with an error" 0 "$(wc -c <"$work/stdout")"
	equal "the error names the file" 1 "$(grep -c "^Error: $0: " "$work/stderr")"
	equal "an error in JSON" 2 "$(status_of "$mkctl" list --json --frobnicate)"
	equal "is on stdout" 1 "$(grep -c '^{"error":{"code":"usage","message":".*}}$' "$work/stdout")"
	equal "is on stdout: the option comes after the error" "" "$(
		text_errors "list --frobnicate --json" "show a/b -j" "pool add --cpus x -qp" \
			"create a b --json" "frobnicate --json" "-x --json" "pool --json" "--json" \
			"run --timeout --json --json" "help --json" "help pool add -j" "list -hp")"
	equal "is text: --json is no option there" " show -- a/b --json; list --frobnicate -- --json; \
list --cpus --json;" "$(text_errors "show -- a/b --json" "list --frobnicate -- --json" \
		"list --cpus --json")"
	status_of "$mkctl" show $'a\e\x7f\xc2\x80\xc2\x9f\xc2\xa0' --json >/dev/null
	equal "control characters are escaped in JSON" 1 \
		"$(grep -cF '"object":"a\u001b\u007f\u0080\u009f'$'\xc2\xa0"' "$work/stdout")"
	equal "help and manual say when a channel's bytes begin again at 0" "1 1" \
		"$("$mkctl" help channel list | grep -c 'after 4 GiB') \
$(man_section "channel list" | grep -c 'after 4 GiB')"
	[ -e /dev/mk ] ||
		equal "no /dev/mk: not available" 3 "$(status_of "$mkctl" list)"
}

# faked COMMAND...: with a module that is not there, see fake_mk.c
faked() {
	LD_PRELOAD=$work/fake_mk.so "$@"
}

check_versions() {
	local version

	export FAKE_ERROR="18 0 0"
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$top/dkms.conf")
	export FAKE_VERSION=$version FAKE_ABI=7
	equal "another abi: not available" 3 "$(status_of faked "$mkctl" show web)"
	equal "both abis are named" 1 "$(grep -c "abi 1,.*abi 7" "$work/stderr")"
	unset FAKE_ABI
	equal "the same version: no warning" 1 "$(status_of faked "$mkctl" show web)"
	equal "only the error" 1 "$(grep -c . "$work/stderr")"
	export FAKE_VERSION=0.0.9
	equal "another version, the same abi: works" 0 "$(status_of faked "$mkctl" version)"
	equal "and is a warning" 1 "$(status_of faked "$mkctl" show web)"
	equal "that names both" 1 "$(grep -c "^Warning: .*$version.*0\.0\.9" "$work/stderr")"
	export FAKE_VERSION=$version
}

put() {
	printf '%b' "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

# craft_image FILE: the least that passes for a bzImage; it names no release.
craft_image() {
	truncate -s 4096 "$1"
	put "$1" 0x1f1 '\x01'
	put "$1" 0x1f4 '\xc0'
	put "$1" 0x1fe '\x55\xaa\xeb\x66HdrS\x0f\x02'
	put "$1" 0x211 '\x01'
	put "$1" 0x230 '\x00\x00\x20\x00\x01\x00\x01'
	put "$1" 0x260 '\x00\x00\x10'
}

check_image() {
	craft_image "$work/image"
	equal "an image without a release: failed" 1 \
		"$(status_of "$mkctl" run a --cpus 1 --memory 64M --kernel "$work/image")"
	equal "and it can do without" 1 "$(grep -c '^Error: .* release .*; .* --no-agent$' "$work/stderr")"
	: >"$work/empty"
	equal "an empty image: failed" 1 "$(status_of "$mkctl" run a --cpus 1 --memory 64M --kernel "$work/empty")"
	equal "and it says why" 1 "$(grep -c "^Error: $work/empty: the file is empty; " "$work/stderr")"
	equal "an empty initramfs: failed" 1 "$(status_of "$mkctl" run a --cpus 1 --memory 64M \
		--kernel "$work/image" --no-agent --initrd "$work/empty")"
	equal "and it says why, too" 1 "$(grep -c "^Error: $work/empty: the file is empty; " "$work/stderr")"
	export FAKE_ERROR="103 26 0"
	status_of faked "$mkctl" show web >/dev/null
	equal "a file that is being written has its remedy" 1 \
		"$(grep -c 'Text file busy; .*open for writing' "$work/stderr")"
}

# What the fake module was told to do, in one line.
told() {
	grep -E '^(kill|remove|load|start|stop|delete)\>' "$work/stderr" | paste -sd ,
}

check_all_of_them() {
	unset FAKE_ERROR
	equal "kill --all: a CPU is lost, that is an error" 1 "$(status_of faked "$mkctl" kill --all)"
	equal "but all get their turn" "kill 1,kill 3,kill 4" "$(told)"
	equal "and what is gone is done" 1 "$(grep -c '^Error: ' "$work/stderr")"
	equal "it is one in JSON" 1 "$(status_of faked "$mkctl" kill --all --json)"
	equal "and the only object" 1 "$(grep -c '^{"error":{"code":"lost",.*}}$' "$work/stdout")"
	equal "delete --force: a CPU is lost, it goes nevertheless" "0 kill 1,delete" \
		"$(status_of faked "$mkctl" delete 1 --force) $(told)"
	equal "with a warning" 1 "$(grep -c '^Warning: instance i1: 1 lost CPUs and its memory' "$work/stderr")"
	equal "delete --force: another error ends it" "1 kill 3" \
		"$(status_of faked "$mkctl" delete 3 --force) $(told)"
	equal "pool remove --all works beside a lost CPU" 0 \
		"$(status_of faked "$mkctl" pool remove --all)"
	equal "in one call, without what cannot go" "remove: 1 CPUs, 19 chunks" "$(told)"
	equal "and tells it" 1 "$(grep -c '^Warning: pool: 1 lost CPUs and 1 chunks' "$work/stderr")"
}

# interrupted SIGNAL [OPTION]: the status of a run that it interrupts while it
# loads; whoever started this test may ignore signals, hence env
interrupted() {
	FAKE_SIGNAL=$1 status_of faked env "${2:---default-signal}" "$mkctl" run i1 --cpus 2 --memory 64M --no-agent \
		--kernel "$work/image" --json
}

check_signals() {
	local signal

	for signal in 1 2 15; do
		equal "signal $signal interrupts a run" 1 "$(interrupted "$signal")"
		equal "that leaves nothing behind" "load,delete" "$(told)"
		equal "and says so in JSON" 1 "$(grep -c '"code":"interrupted"' "$work/stdout")"
	done
	equal "a signal that is ignored does not" 0 "$(interrupted 1 --ignore-signal=HUP)"
	equal "keep it from its start" "load,start" "$(told)"
}

# through STATES COMMAND...: its status and what it says in the end, while the
# instance goes through these
through() {
	echo "$(FAKE_STATES=$1 status_of faked timeout 10 "$mkctl" "${@:2}")" \
		"$(sed -n 's/.*): \([a-z]*\).*/\1/p' "$work/stdout")"
}

# shellcheck disable=SC2086
check_waits() {
	local option command state run="run i1 --cpus 2 --memory 64M --no-agent --kernel $work/image"

	for option in --wait "--timeout 9"; do
		equal "start $option waits" "0 running" "$(through "2:0 3:1 4:1" start 1 $option)"
	done
	for option in "" --no-wait "--no-wait --timeout 9"; do
		equal "start $option does not" "0 starting" "$(through "2:0 3:1 4:1" start 1 $option)"
	done
	equal "run waits" "0 running" "$(through "3:1 4:1" $run)"
	equal "run --wait, too" "0 running" "$(through "3:1 4:1" $run --wait)"
	equal "run --no-wait does not" "0 starting" "$(through "3:1 4:1" $run --no-wait)"
	equal "stop waits" "0 stopped" "$(through "4:1 5:1 6:1" stop 1)"
	equal "stop --wait, too" "0 stopped" "$(through "4:1 5:1 6:1" stop 1 --wait)"
	equal "stop --no-wait does not" "0 stopping" "$(through "4:1 5:1 6:1" stop 1 --no-wait)"
	equal "stop ends though it is started again" "0 starting" "$(through "4:1 5:1 3:2" stop 1)"
	equal "so does wait" "0 running" "$(through "4:1 4:2" wait 1)"
	equal "an end that nobody waited for" "1 " "$(through "3:1 7:1" wait 1 --state running)"
	equal "has the error of run" 1 "$(grep -c 'it crashed before it ran: ' "$work/stderr")"
	equal "unless it ran" "1 " "$(through "4:1 6:1" wait 1 --state crashed)"
	equal "is an error, too" 1 "$(grep -c 'it stopped: ' "$work/stderr")"
	equal "is seen when it is started again" "1 " "$(through "3:1 3:2" wait 1 --state running)"
	equal "and told" 1 "$(grep -c 'it has ended, and is starting again' "$work/stderr")"
	for state in 1 2 6 7; do
		equal "wait for what is at rest: $state" "0 running" \
			"$(through "$state:1 $state:1 3:2 4:2" wait 1 --state running)"
		equal "until its next end: $state" "1 " "$(through "$state:1 7:2" wait 1 --state running)"
	done
	equal "the remedy has a bound" 1 "$(FAKE_ERROR="19 3 0" faked "$mkctl" stop 1 2>&1 |
		grep -c 'wait 1 --state running --timeout ')"
	for command in "start 1" "$run" "stop 1"; do
		equal "${command%% *}: not both" 1 \
			"$("$mkctl" $command --wait --no-wait 2>&1 | grep -c 'exclude each other')"
	done
}

# The host uses no kprobes: whether it has any, or has them on, fails no check.
check_kprobes() {
	local root=$work/root

	mkdir -p "$root/proc" "$root/boot" "$root/sys/kernel/debug/kprobes"
	echo 0 >"$root/sys/kernel/debug/kprobes/enabled"
	echo "0 T register_kprobe" >"$root/proc/kallsyms"
	: >"$root/boot/config-$(uname -r)"
	FAKE_ROOT=$root status_of faked "$mkctl" check --json >/dev/null
	equal "kprobes switched off in the host are no fault" 1 \
		"$(grep -c '"check":"kprobes","result":"ok"' "$work/stdout")"
	: >"$root/proc/kallsyms"
	FAKE_ROOT=$root status_of faked "$mkctl" check --json >/dev/null
	equal "a host without kprobes is a doubt" 1 \
		"$(grep -c '"check":"kprobes","result":"warn"' "$work/stdout")"
}

# What check says of lockdown: its result and its message.
lockdown_is() {
	FAKE_ROOT=$work/root status_of faked "$mkctl" check --json >/dev/null
	sed -n 's/.*"check":"lockdown","result":"\([a-z]*\)","message":"\([^":]*\).*/\1, \2/p' "$work/stdout"
}

check_lockdown() {
	local root=$work/root security=$work/root/sys/kernel/security

	mkdir -p "$root/proc" "$security"
	echo "root=/dev/sda quiet lockdown=none" >"$root/proc/cmdline"
	equal "lockdown without securityfs is a doubt" "warn, not known" "$(lockdown_is)"
	equal "that says how to know" 1 "$(grep -c '"remedy":"mount -t securityfs' "$work/stdout")"
	echo "quiet lockdown=integrity" >"$root/proc/cmdline"
	equal "unless it was asked for" "fail, on (lockdown=integrity)" "$(lockdown_is)"
	echo capability >"$security/lsm"
	equal "a kernel without lockdown" "ok, not in this kernel" "$(lockdown_is)"
	echo "[none] integrity confidentiality" >"$security/lockdown"
	equal "lockdown is off" "ok, off" "$(lockdown_is)"
	echo "none integrity [confidentiality]" >"$security/lockdown"
	equal "lockdown is on" "fail, on (none integrity [confidentiality])" "$(lockdown_is)"
}

# What check says of low windows when there are as many, all taken.
windows_are() {
	FAKE_WINDOWS=$1 status_of faked "$mkctl" check >/dev/null
	grep -A 1 ' windows ' "$work/stdout" | grep -o '^FAIL\|^warn\|delete instances\|another machine' | xargs
}

check_windows() {
	equal "all windows are taken: delete some" "warn delete instances" "$(windows_are 3)"
	equal "there are none: the machine cannot" "FAIL another machine" "$(windows_are 0)"
	FAKE_ERROR="20 3 0" status_of faked "$mkctl" show web >/dev/null
	equal "the error says so: taken" 1 "$(grep -c 'left of 3; .*delete an instance' "$work/stderr")"
	FAKE_ERROR="20 0 0" status_of faked "$mkctl" show web >/dev/null
	equal "the error says so: none" 1 "$(grep -c 'below 640 KiB.*another machine' "$work/stderr")"
}

# args_of CODE ARG ARG: the args of this error in JSON
args_of() {
	FAKE_ERROR="$*" status_of faked "$mkctl" show web --json >/dev/null
	sed -n 's/.*"args":\(.*\)}}$/\1/p' "$work/stdout"
}

# The files of an installation with another prefix, in the folder $work/dest.
installed() {
	(cd "$work/dest" && find . -type f -o -name multikernel | sort | xargs)
}

check_install() {
	local make=(make -s -C "$top/userspace" prefix=/usr/local "DESTDIR=$work/dest" "BUILD=$work/build")
	local other=$work/dest/usr/local/libexec/other

	mkdir -p "$work/build" "${other%/*}"
	cp -a "$BUILD/userspace" "$work/build"
	: >"$other"
	"${make[@]}" install >&2
	equal "the example is built from what is installed" 0 "$(status_of gcc -Wall -Wextra -Werror \
		-I"$work/dest/usr/local/include" -o "$work/greet" \
		"$work/dest/usr/local/share/doc/multikernel/examples/greet.c")"
	equal "mk-init has its own folder" 1 "$(installed | grep -c '/usr/local/libexec/multikernel/mk-init ')"
	(unset MK_LIBEXEC_DIR; "$work/dest/usr/local/sbin/mkctl" check --json || true) >"$work/stdout"
	equal "where mkctl looks for it" 1 \
		"$(grep -c '"agent","result":"[a-z]*","message":"/usr/local/libexec/multikernel/mk-init' "$work/stdout")"
	equal "and its manual says so" 0 "$(grep -c /usr/libexec "$work/dest/usr/local/share/man/man8/mkctl.8")"
	"${make[@]}" libexecdir=/usr/local/libexec uninstall >&2
	equal "only what was installed goes" "./usr/local/libexec/other" "$(installed)"
	equal "a second time, too" 0 "$(status_of "${make[@]}" uninstall)"
}

# Whether it never had a kernel, or a load that failed took it.
check_log() {
	equal "no kernel, no log" 1 "$(FAKE_STATES=1:0 status_of faked "$mkctl" logs 1 --json)"
	equal "and it says why" 1 "$(grep -c '"code":"no_log",.*: no kernel is loaded in it' "$work/stdout")"
}

check_console() {
	[ -e /dev/mk_ipc ] || {
		equal "a console without mk_ipc: not available" 3 "$(status_of faked "$mkctl" console i1 --json)"
		equal "the module is named" 1 "$(grep -c '"code":"not_loaded".*modprobe mk_ipc' "$work/stdout")"
	}
}

# inspected KEY: of the image
inspected() {
	"$mkctl" fs inspect "$work/daxfs" --json --pretty | sed -n "s/^ *\"$1\": *\"\?\([^\",]*\)\"\?,\?$/\1/p" | paste -sd' '
}

check_images() {
	local offset

	"$work/daxfs_image" "$work/daxfs"
	equal "an image is shown" 0 "$(status_of "$mkctl" fs inspect "$work/daxfs")"
	equal "its label" image "$(inspected label)"
	equal "its files, one without a name" "10 1" "$(inspected files) $(inspected orphans)"
	equal "who has it" live "$(inspected state)"
	equal "and locks" "rename write" "$(inspected lock)"
	equal "and has open" "0 1" "$(inspected links)"
	sum=$(sha256sum <"$work/daxfs")
	equal "it is clean" 0 "$(status_of "$mkctl" fs check "$work/daxfs" --json)"
	equal "when what a kernel left is finished" '"clean":true,"found":0,"repaired":0,"unfinished":1,"files":9,' \
		"$(grep -o '"clean".*"files":[0-9]*,' "$work/stdout")"
	equal "which changes nothing in it" "$sum" "$(sha256sum <"$work/daxfs")"
	equal "unless it is repaired" 0 "$(status_of "$mkctl" fs check "$work/daxfs" --repair)"
	equal "nobody has it then" "" "$(inspected state)"
	offset=$(inspected offset)
	printf '\377' | dd of="$work/daxfs" bs=1 seek=$((offset + 4096 + 200)) conv=notrunc status=none
	equal "damage is found" 1 "$(status_of "$mkctl" fs check "$work/daxfs")"
	equal "told" "9 problems, 0 mended" "$(grep -o '[0-9]* problems, [0-9]* mended' "$work/stdout")"
	equal "mended" 0 "$(status_of "$mkctl" fs check "$work/daxfs" --repair)"
	equal "and gone" 0 "$(status_of "$mkctl" fs check "$work/daxfs")"
	printf '\2' | dd of="$work/daxfs" bs=1 seek=8 conv=notrunc status=none
	equal "another version: failed" 1 "$(status_of "$mkctl" fs check "$work/daxfs" --json)"
	equal "and it says so" 1 "$(grep -c '"code":"fs_version"' "$work/stdout")"
	: >"$work/nothing"
	equal "an empty file: failed" 1 "$(status_of "$mkctl" fs inspect "$work/nothing" --json)"
	equal "there is none in it" 1 "$(grep -c '"code":"no_daxfs"' "$work/stdout")"
	equal "no file: failed" 1 "$(status_of "$mkctl" fs check "$work/no-such")"
	equal "a device: failed" 1 "$(status_of "$mkctl" fs check /dev/null)"
	equal "a root and an initramfs: usage" 2 "$(status_of "$mkctl" run a --cpus 1 --memory 64M \
		--kernel "$0" --rootfs data --initrd "$0")"
}

# Each code of the uapi, as the module would answer it, in words and in JSON.
check_sentences() {
	local code word wanted seen=''

	sed -n 's/.*MK_E_[A-Z0-9_]*[[:space:]]*= \([0-9]*\),.*/\1/p' "$top/mk_core/uapi.h" |
		grep -vx 0 >"$work/codes"
	while read -r code; do
		export FAKE_ERROR="$code 3 5"
		status_of faked "$mkctl" show web --json >"$work/status"
		word=$(sed -n 's/^{"error":{"code":"\([a-z0-9_]*\)",.*"args":\[3,5\]}}$/\1/p' \
			"$work/stdout")
		wanted=$(sed -n "s/^$word //p" "$work/status_of_code")
		[ "$wanted" = "$(cat "$work/status")" ] || seen+=" $code:$word"
		status_of faked "$mkctl" show web >"$work/status"
		grep -q '^Error: [^:]*: [^;]*; .*[^;]$' "$work/stderr" || seen+=" $code:text"
	done <"$work/codes"
	equal "every error code is said in words and in JSON" "" "$seen"
	equal "-errno is negative" "[-26,0] [-4,0] [3,-16]" \
		"$(args_of 103 -26 0) $(args_of 4 -4 0) $(args_of 40 3 -16)"
	equal "a size is not" "[18446744073709551590,2097152]" "$(args_of 64 -26 2097152)"
	seen=$(sed -n '/^static const struct sentence sentences/,/^};/p' "$top/userspace/error.c" |
		grep -o '%..' | grep -vxE '%([onv].|[01][usmtexp])' || true)
	equal "sentences have known directives only" "" "$seen"
	export FAKE_ERROR="999 3 5"
	equal "a code of a newer module fails" 1 "$(status_of faked "$mkctl" show web)"
}

make -s -C "$top/userspace" >&2
"${CC:-cc}" -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -iquote "$top/mk_core" \
	-o "$work/fake_mk.so" "$top/tests/unit/fake_mk.c"
"${CC:-cc}" -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -o "$work/daxfs_image" "$top/tests/unit/daxfs_image.c" \
	"$top/userspace/daxfs_env.c" \
	"$top"/mk_daxfs/{format,super,group,lock,op,alloc,inode,map,data,dir,hash,names,readdir,xattr,flock}.c
# shellcheck source=/dev/null
. "$top/userspace/mkctl.bash-completion"
check_commands
while read -r command; do
	case $command in
	version | help) ;;
	*) check_command "$command" ;;
	esac
done < <(help_commands)
check_error_codes
check_json
check_exit_codes
check_versions
check_image
check_all_of_them
check_signals
check_waits
check_kprobes
check_lockdown
check_windows
check_install
check_log
check_console
check_sentences
check_images
echo "1..$tests"
[ "$failed" -eq 0 ]
