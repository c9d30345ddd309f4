#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Stock Debian kernels for the tests, without a change to this machine: each
# Debian suite gets a private root in the cache, with headers and compiler;
# images are unpacked beside it and never installed.  The kernels that look for
# mistakes, debug and kcsan, are built from Debian's source instead, with the
# configuration tests/kernel/{base,NAME}.config.
#
#   kernels.sh list              the names of the stock kernels
#   kernels.sh get NAME          prints a directory: vmlinuz, release, config,
#                                modules/lib/modules/RELEASE, root
#   kernels.sh build NAME [ARG]  builds this tree's modules for it, with make's
#                                ARGs; prints the directory that holds them,
#                                build/RELEASE$BUILD_KIND
#   kernels.sh root SUITE        prints the private root of a suite
#   kernels.sh install SUITE PACKAGE...  installs packages in that root
#   kernels.sh sources SUITE     prints its apt sources
#   kernels.sh in SUITE DIR CMD  runs CMD in that root with DIR as /mnt, the
#                                cache as /srv
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

source=linux-source-6.12

# name, suite, pattern of the releases
kernels() {
	cat <<-'END'
	6.1   bookworm  6\.1\.0-[0-9]+-amd64
	6.12  bookworm  6\.12\.[0-9]+\+deb12-amd64
	7.x   trixie    7\.[0-9]+\.[0-9]+\+deb13-amd64
	END
}

# The archive of a label as this machine's own apt knows it.
archive() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Label: $1" | sort -u | head -n 1
}

sources() {
	local suite=$1 main security

	main=$(archive Debian)
	if [ -z "$main" ]; then
		apt_get update
		main=$(archive Debian)
	fi
	[ -n "$main" ] || die "apt on this machine knows no Debian archive"
	security=$(archive Debian-Security)
	echo "deb $main $suite main"
	[ "$suite" = bookworm ] || echo "deb $main $suite-backports main"
	[ -z "$security" ] || echo "deb $security $suite-security main"
}

# in_root ROOT DIR COMMAND...: in a mount namespace of its own, so that nothing
# stays mounted.  objtool of 7.x needs /proc.
in_root() {
	unshare --mount bash -euc '
		root=$1 dir=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --bind "$MK_CACHE" "$root/srv"
		mount --bind "$dir" "$root/mnt"
		exec chroot "$root" "$@"' in_root "$@"
}

make_root() {
	local suite=$1 root=$MK_CACHE/$1 list log=$BUILD/logs/root-$1.log

	[ ! -d "$root" ] || return 0
	[ "$(id -u)" = 0 ] || die "a private Debian root needs root"
	need_packages mmdebstrap debian-archive-keyring
	say "making a private $suite root (log: $log)"
	list=$(sources "$suite")
	mkdir -p "$BUILD/logs"
	rm -rf "$root.new"
	# --skip keeps the package lists: kernels are picked from them later.
	mmdebstrap --quiet --mode=root --variant=minbase --skip=cleanup/apt \
		--aptopt='APT::Install-Recommends "false"' \
		--include=make,gcc,kmod,ca-certificates \
		"$suite" "$root.new" - <<<"$list" >"$log" 2>&1 || die "mmdebstrap failed: $log"
	mv "$root.new" "$root"
}

get_root() {
	with_lock "$1" make_root "$1" </dev/null
	echo "$MK_CACHE/$1"
}

install_packages() {
	local suite=$1 root=$MK_CACHE/$1 log=$BUILD/logs/root-$1.log
	shift

	! chroot "$root" dpkg-query -s "$@" >/dev/null 2>&1 || return 0
	mkdir -p "$BUILD/logs"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	in_root "$root" "$MK_CACHE" env DEBIAN_FRONTEND=noninteractive sh -euc '
		apt-get -q install -y "$@" || { apt-get -q update && apt-get -q install -y "$@"; }
		' root_install "$@" </dev/null >>"$log" 2>&1 || die "apt-get in the $suite root failed: $log"
}

# root_install SUITE PACKAGE...
root_install() {
	with_lock "packages-$1" install_packages "$@"
}

# The newest release of a suite that matches the pattern.
newest() {
	chroot "$1" apt-cache pkgnames linux-image- | sed 's/^linux-image-//' |
		grep -xE "$2" | sort -V | tail -n 1
}

# Kernels from 7 on come as four packages.
unpack_image() {
	local root=$1 release=$2 dir=$3 packages deb files

	packages=$(chroot "$root" apt-cache pkgnames linux- |
		grep -xE "linux-(image|binary|modules|base)-${release//[.+]/.}")
	# shellcheck disable=SC2086
	in_root "$root" "$dir" sh -euc 'cd /mnt && apt-get -q download "$@"' download $packages \
		>>"$BUILD/logs/kernels.log" 2>&1 </dev/null || die "cannot download $packages"
	for deb in "$dir"/*.deb; do
		dpkg-deb -x "$deb" "$dir/image"
		rm "$deb"
	done
	mkdir -p "$dir/modules/lib"
	mv "$dir"/image/{usr/,}lib/modules "$dir/modules/lib/" 2>/dev/null || true
	files=$dir/modules/lib/modules/$release
	mv "$files/vmlinuz" "$dir" 2>/dev/null || mv "$dir/image/boot/vmlinuz-$release" "$dir/vmlinuz"
	cp "$root/usr/src/linux-headers-$release/.config" "$dir/config"
	rm -r "$dir/image"
	/sbin/depmod -b "$dir/modules" "$release"
}

get_kernel() {
	local name=$1 suite=$2 pattern=$3 dir=$MK_CACHE/kernel-$1 root release

	[ ! -d "$dir" ] || return 0
	need_packages kmod
	root=$(get_root "$suite")
	release=$(newest "$root" "$pattern")
	[ -n "$release" ] || die "no kernel $name in $suite"
	say "getting $release"
	root_install "$suite" "linux-headers-$release"
	rm -rf "$dir.new"
	mkdir -p "$dir.new" "$BUILD/logs"
	unpack_image "$root" "$release" "$dir.new"
	echo "$release" >"$dir.new/release"
	ln -s "../$suite" "$dir.new/root"
	mv "$dir.new" "$dir"
}

# Kernels that are built: the parts of a configuration.
own_config() {
	cat "$TOP/tests/kernel/base.config" "$TOP/tests/kernel/$1.config"
}

source_version() {
	chroot "$1" dpkg-query -W -f '${Version}' "$source"
}

# Installed, and each version unpacked once, for all of them.
get_source() {
	local tree=$1/usr/src/$source version

	root_install bookworm "$source" bc bison flex libelf-dev libssl-dev xz-utils zstd
	version=$(source_version "$1")
	[ "$(cat "$tree/.unpacked" 2>/dev/null)" != "$version" ] || return 0
	say "unpacking $source $version"
	rm -rf "$tree" "$tree.new"
	mkdir "$tree.new"
	tar -xJf "$tree.tar.xz" -C "$tree.new" --strip-components=1
	echo "$version" >"$tree.new/.unpacked"
	mv "$tree.new" "$tree"
}

# The build tree without its objects serves as headers.  Kconfig drops what it
# cannot set without a word.
build_own() {
	local root=$1 name=$2 release=$3 dir=$4 log=$BUILD/logs/kernel-$2.log lost

	[ ! -d "$dir" ] || return 0
	need_packages kmod
	say "building $release (log: $log)"
	rm -rf "$dir.new"
	mkdir -p "$dir.new" "$BUILD/logs"
	{
		own_config "$name"
		echo "CONFIG_LOCALVERSION=\"-${release#*-}\""
	} >"$dir.new/wanted"
	in_root "$root" "$dir.new" sh -euc '
		source=$1 tree=$2
		rm -rf "$tree"
		mkdir "$tree"
		cd "$tree"
		make -C "$source" O="$tree" KCONFIG_ALLCONFIG=/mnt/wanted allnoconfig
		make -j "$(nproc)" bzImage modules
		make INSTALL_MOD_PATH=/mnt/modules modules_install
		cp .config /mnt/config
		cp arch/x86/boot/bzImage /mnt/vmlinuz
		find . ! -path "./scripts/*" ! -path "./tools/*" -type f \
			\( -name "*.[oa]" -o -name "*.cmd" -o -name "*vmlinux*" -o -name bzImage \) -delete
		' build "/usr/src/$source" "/usr/src/linux-headers-$release" >"$log" 2>&1 </dev/null ||
		{ grep -E 'error|Error' "$log" >&2 || tail -n 20 "$log" >&2; die "$release does not build: $log"; }
	lost=$(grep '^CONFIG_' "$dir.new/wanted" | grep -vxFf "$dir.new/config" || true)
	[ -z "$lost" ] || die "$release: not set as asked for: $lost"
	echo "$release" >"$dir.new/release"
	ln -s ../bookworm "$dir.new/root"
	mv "$dir.new" "$dir"
}

# One for each configuration and version of the source.
get_own() {
	local name=$1 root version key dir

	root=$(get_root bookworm)
	with_lock source get_source "$root"
	version=$(source_version "$root")
	key=$({ echo "$version"; own_config "$name"; } | sha256sum | cut -c 1-8)
	dir=$MK_CACHE/kernel-$name-$key
	with_lock "kernel-$name" build_own "$root" "$name" "${version%%-*}-$name-$key" "$dir"
	echo "$dir"
}

cmd_list() {
	kernels | while read -r name _; do echo "$name"; done
}

cmd_get() {
	local name suite pattern

	if [ -e "$TOP/tests/kernel/$1.config" ]; then
		get_own "$1"
		return
	fi
	read -r name suite pattern < <(kernels | grep "^${1//./\\.} ") || die "no kernel $1; there are: $(cmd_list | xargs)"
	with_lock "kernel-$name" get_kernel "$name" "$suite" "$pattern"
	echo "$MK_CACHE/kernel-$name"
}

build_kernel() {
	local dir=$1 release=$2 build=$3 log=$BUILD/logs/build-${3##*/}.log
	shift 3

	mkdir -p "$BUILD/logs"
	copy_tree "$build"
	in_root "$(realpath "$dir/root")" "$build" sh -euc '
		headers=$1
		shift
		make -C /mnt modules KDIR="$headers" "$@"
		make -C "$headers" M=/mnt/tests/modules KBUILD_EXTRA_SYMBOLS=/mnt/Module.symvers modules "$@"
		' build "/usr/src/linux-headers-$release" "$@" >"$log" 2>&1 ||
		{ grep -E 'error|Error|undefined' "$log" >&2 || tail -n 20 "$log" >&2; die "build for $release failed: $log"; }
	! grep -E 'warning:|WARNING:' "$log" >&2 || say "build for $release: warnings"
}

cmd_build() {
	local dir release build

	dir=$(cmd_get "$1")
	release=$(cat "$dir/release")
	shift
	build=$BUILD/$release${BUILD_KIND-}
	with_lock "build-$release" build_kernel "$dir" "$release" "$build" "$@"
	echo "$build"
}

case ${1-} in
list)	cmd_list ;;
get)	cmd_get "${2:?name of a kernel}" ;;
build)	shift; cmd_build "$@" ;;
root)	get_root "${2:?name of a suite}" ;;
install) shift; get_root "$1" >/dev/null; root_install "$@" ;;
sources) sources "${2:?name of a suite}" ;;
in)	shift; root=$(get_root "$1"); shift; in_root "$root" "$@" ;;
*)	sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
