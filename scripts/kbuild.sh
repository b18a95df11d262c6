# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# How a flavour is configured and built. The build directory lies inside the
# work tree, because the kernel then names its sources by relative paths: builds
# are reproducible, and ccache finds in one tree what it compiled in another.

check_flavour() {
	case $1 in
	uml | x86_64) ;;
	*) die "unknown FLAVOUR '$1' (uml, x86_64)" ;;
	esac
}

image_name() {
	case $1 in
	uml) echo linux ;;
	*) echo bzImage ;;
	esac
}

# Where the build leaves the image, whose name is also make's target
image_path() {
	case $1 in
	uml) echo linux ;;
	*) echo arch/x86/boot/bzImage ;;
	esac
}

# kbuild FLAVOUR SOURCE ARGUMENT...: the kernel's own make
kbuild() {
	local arch=$1 out=out-$1 src=$2

	[ "$arch" != uml ] || arch=um
	shift 2
	export CCACHE_DIR=$build/ccache CCACHE_MAXSIZE=2G
	export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
	export KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_VERSION=1
	export KBUILD_BUILD_USER=builder KBUILD_BUILD_HOST=localhost
	mkdir -p "$src/$out"
	make -C "$src" -j"$(nproc)" ARCH="$arch" O="$out" CC='ccache gcc' \
		HOSTCC='ccache gcc' "$@"
}

fragments() {
	cat "$top/kernel/common.config" "$top/kernel/$1.config"
}

config_key() {
	{ fragments "$1"; gcc --version; } | sha256sum | cut -c1-16
}

# configure FLAVOUR SOURCE: exactly what the fragments say, all else off
configure() {
	local out=$2/out-$1 line

	mkdir -p "$out"
	fragments "$1" >"$out/fragments"
	logged "$out/log" "configuring the $1 kernel" kbuild "$1" "$2" \
		KCONFIG_ALLCONFIG=fragments allnoconfig
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$out/.config" ||
			die "kernel/$1.config: '$line' has no effect" ;;
		esac
	done <"$out/fragments"
}
