# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by the test scripts: places, messages, packages, the package version.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
MK_CACHE=${MK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/multikernel}
BUILD=$TOP/build
export TOP MK_CACHE BUILD

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# Installs what is missing of the named Debian packages.
need_packages() {
	local package missing=()

	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "missing packages, install them or run as root: ${missing[*]}"
	say "installing ${missing[*]}"
	apt_get install -y --no-install-recommends "${missing[@]}" ||
		{ apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; } ||
		die "apt-get install failed; the log is $BUILD/logs/apt.log"
}

apt_get() {
	mkdir -p "$BUILD/logs"
	DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null >>"$BUILD/logs/apt.log" 2>&1
}

# with_lock NAME COMMAND...: one at a time, for parallel runs on one cache.
with_lock() {
	local name=$1 lock status
	shift

	mkdir -p "$MK_CACHE"
	exec {lock}>"$MK_CACHE/$name.lock"
	flock "$lock"
	"$@"
	status=$?
	exec {lock}>&-
	return "$status"
}

package_version() {
	sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$TOP/dkms.conf"
}

# copy_tree DIR: the sources, newer files only, so that make builds what changed.
copy_tree() {
	mkdir -p "$1"
	(cd "$TOP" && find Kbuild Makefile dkms.conf mk_* userspace tests/modules tests/bench -type f \
		\( -name '*.[chS]' -o -name Kbuild -o -name Makefile -o -name dkms.conf \) \
		-exec cp -u -p --parents -t "$1" {} +) 2>/dev/null || true
}
