# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# How a flavour is configured and built. The build directory lies inside the
# work tree, because the kernel then names its sources by relative paths: builds
# are reproducible, and ccache finds in one tree what it compiled in another.

flavours='uml, uml-demo, uml-gcov, x86_64, x86_64-debug, arm64'
# HOST_ARCH is for trying what another host would do.
host_arch=${HOST_ARCH:-$(uname -m)}

# builds_uml: a user-mode kernel is of the host's architecture
builds_uml() {
	[ "$host_arch" = x86_64 ]
}

# emulated: the flavour to use where user-mode Linux does not run
emulated() {
	case $host_arch in
	aarch64) echo arm64 ;;
	*) echo x86_64 ;;
	esac
}

# parts_of FLAVOUR: the fragments below kernel/ that make its configuration
parts_of() {
	case $1 in
	uml*) builds_uml || die "user-mode Linux is for x86_64, not $host_arch" ;;
	esac
	case $1 in
	uml) echo minimal uml common io_uring checks hostfs ;;
	uml-demo) echo minimal uml ;;
	uml-gcov) echo minimal uml common io_uring checks gcov ;;
	x86_64) echo minimal common huge x86_64 fast ;;
	x86_64-debug) echo minimal common io_uring huge x86_64 checks sanitizers ;;
	arm64) echo minimal common io_uring huge arm64 checks ;;
	*) die "unknown FLAVOUR '$1' ($flavours)" ;;
	esac
}

# fixes_of FLAVOUR: patches that it takes, with the series and without
fixes_of() {
	case $1 in
	uml*) [ ! -d "$patches/um" ] || list_patches "$patches/um" ;;
	esac
}

# The kernel's name for the architecture of FLAVOUR
arch_of() {
	case $1 in
	uml*) echo um ;;
	*) echo "${1%-debug}" ;;
	esac
}

# Where the build leaves the image
image_path() {
	case $1 in
	uml*) echo linux ;;
	x86_64*) echo arch/x86/boot/bzImage ;;
	arm64) echo arch/arm64/boot/Image ;;
	esac
}

# What it is called; also the target of the kernel's make
image_name() {
	basename "$(image_path "$1")"
}

# What stands before the names of the compiler and its tools: nothing if they are
# the machine's own
cross_of() {
	local machine=x86_64

	[ "$1" != arm64 ] || machine=aarch64
	[ "$machine" = "$(uname -m)" ] || echo "$machine-linux-gnu-"
}

# own_libgcov: a libgcov whose mangle_path() does not clash with the kernel's
own_libgcov() {
	objcopy --redefine-sym mangle_path=libgcov_mangle_path \
		"$(gcc -print-file-name=libgcov.a)" "$build/libgcov.a"
	echo "$build/libgcov.a"
}

# kbuild FLAVOUR SOURCE ARGUMENT...: the kernel's own make
kbuild() {
	local arch out=out-$1 src=$2 cross

	arch=$(arch_of "$1")
	cross=$(cross_of "$1")
	if [ "$1" = uml-gcov ]; then
		# The place where the counts go is part of what is compiled.
		export CCACHE_DISABLE=1
		set -- "$@" LDFLAGS_EXECSTACK="-u__gcov_init -u__gcov_exit \
-u__gcov_merge_add $(own_libgcov)"
	fi
	shift 2
	export CCACHE_DIR=$build/ccache CCACHE_MAXSIZE=2G
	export CCACHE_DEPEND=1 CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
	export KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_VERSION=1
	export KBUILD_BUILD_USER=builder KBUILD_BUILD_HOST=localhost
	mkdir -p "$src/$out"
	make -C "$src" -j"$(nproc)" ARCH="$arch" O="$out" CROSS_COMPILE="$cross" \
		CC="ccache ${cross}gcc" HOSTCC='ccache gcc' "$@"
}

fragments() {
	local part parts

	parts=$(parts_of "$1")
	case " $parts " in *' common '*) parts+=" linux-$kernel_version" ;; esac
	for part in $parts; do
		cat "$top/kernel/$part.config"
	done
}

config_key() {
	{ fragments "$1"; "$(cross_of "$1")gcc" --version; } | sha256sum | cut -c1-16
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
			die "the $1 kernel: '$line' has no effect" ;;
		esac
	done <"$out/fragments"
}
