# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # tests/lib.sh is sourced before
# What the series touches, and kernels that are compiled but never booted. The
# name of such a one is ARCH-COMPILER-CONFIGURATION; the configuration is
#   off    allnoconfig, and kernel/compile/ARCH.config where there is one
#   on     the same with kernel/compile/on.config
#   nommu  allnoconfig and kernel/compile/nommu.config, for riscv

. "$top/scripts/objects.sh"

# Pathspecs of what is compiled into a kernel
code=('*.[ch]' ':!tools' ':!samples')

# each_patch COMMAND [PATHSPEC]...: COMMAND NAME COMMIT for each patch that touches
# one of these, with the work tree "check" brought to it
each_patch() {
	local command=$1 commit i=0 list name

	shift
	mapfile -t list < <(list_patches "${SERIES:-$patches}")
	while read -r commit; do
		name=$(basename "${list[i]}" .patch)
		i=$((i + 1))
		! git --git-dir="$repo" diff --quiet "$commit^" "$commit" -- \
			"$@" || continue
		"$top/scripts/checkout" check "$commit" >/dev/null
		"$command" "$name" "$commit"
	done < <(git --git-dir="$repo" rev-list --reverse "$base..$tip")
}

# All that the touched files are compiled for
kernels=(x86_64-{gcc,clang}-{on,off} i386-gcc-{on,off} arm64-gcc-{on,off}
	 arm-gcc-{on,off} riscv-gcc-{on,off,nommu} s390-gcc-{on,off}
	 powerpc-gcc-{on,off})

# compiler ARCH: the prefix of its name, which clang does without
compiler() {
	case $1 in
	arm64) cross_of arm64 ;;
	x86_64 | i386) cross_of x86_64 ;;
	arm) echo arm-linux-gnueabi- ;;
	riscv) echo riscv64-linux-gnu- ;;
	s390) echo s390x-linux-gnu- ;;
	powerpc) echo powerpc64le-linux-gnu- ;;
	esac
}

# lacks ARCH: the options of on.config that it has not got
lacks() {
	case $1 in
	s390) echo NUMA ;;
	arm | i386) echo NUMA MEM_SOFT_DIRTY ;;
	arm64 | riscv) echo MEM_SOFT_DIRTY ;;
	esac
}

# cross NAME ARGUMENT...: the kernel's own make. Warnings are errors, so that
# what has been compiled is known to be free of them. ccache takes the compiler's
# list of headers instead of preprocessing each file beforehand.
cross() {
	local arch=${1%%-*} cc out=out-$1

	cc=$(compiler "$arch")gcc
	case $1 in *-clang-*) cc=clang ;; esac
	shift
	CCACHE_DIR=$build/ccache CCACHE_MAXSIZE=2G CCACHE_DEPEND=1 \
	CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros \
		make -C "$src" ARCH="$arch" O="$out" HOSTCC='ccache gcc' \
		CROSS_COMPILE="$(compiler "$arch")" \
		CC="ccache $cc" W=1 KCFLAGS=-Werror "$@"
}

cross_fragments() {
	case $1 in *-nommu)
		cat "$top/kernel/compile/nommu.config"
		return ;;
	esac
	cat "$top/kernel/compile/${1%%-*}.config" 2>/dev/null || :
	case $1 in *-on)
		grep -vxF "$(lacks "${1%%-*}" | xargs -r printf 'CONFIG_%s=y\n')" \
			"$top/kernel/compile/on.config" ;;
	esac
}

cross_configure() {
	mkdir -p "$src/out-$1"
	cross_fragments "$1" >"$src/out-$1/fragments"
	cross "$1" KCONFIG_ALLCONFIG=fragments allnoconfig
}

# has_options NAME: every line of its fragments has an effect, and what "on" is
# for is off otherwise
has_options() {
	local config=$src/out-$1/.config options

	! grep '^CONFIG_' "$src/out-$1/fragments" | grep -vxFf "$config" ||
		return 1
	case $1 in *-on) return ;; esac
	options='USERFAULTFD|KSM|SWAP|TRANSPARENT_HUGEPAGE|HUGETLB_PAGE|NUMA'
	! grep -E "^CONFIG_($options)=" "$config" || return 1
	case $1 in *-nommu) ! grep CONFIG_MMU=y "$config" ;; esac
}

# cross_objects NAME COMMIT
cross_objects() {
	case $1 in *-nommu)
		printf '%s.o\n' mm/nommu mm/util kernel/fork fs/exec
		return ;;
	esac
	objects "$2" | while read -r o; do
		! configured "out-$1" "$o" || echo "$o"
	done
}

# cross_compile NAME COMMIT: what is not up to date
cross_compile() {
	local list

	mapfile -t list < <(cross_objects "$1" "$2")
	cross "$1" -k "${list[@]}"
}

# in_parallel COMMAND ARGUMENT NAME...: COMMAND NAME ARGUMENT for each, at most
# one a processor; leaves the output in $scratch/NAME and the exit status in
# $scratch/NAME.status
in_parallel() {
	local command=$1 argument=$2 name running=0

	shift 2
	for name; do
		[ "$running" -lt "$(nproc)" ] ||
			{ wait -n; running=$((running - 1)); }
		{
			status=0
			"$command" "$name" "$argument" >"$scratch/$name" 2>&1 ||
				status=$?
			echo "$status" >"$scratch/$name.status"
		} &
		running=$((running + 1))
	done
	wait
}

# succeeded NAME: what in_parallel ran for it; shows its output if not
succeeded() {
	[ "$(cat "$scratch/$1.status")" = 0 ] ||
		{ grep -A 8 -E '(warning|error):|\*\*\*' "$scratch/$1" ||
			  tail -n 20 "$scratch/$1"; return 1; }
}

# cross_configure_all: two results for each of them
cross_configure_all() {
	local k

	in_parallel cross_configure '' "${kernels[@]}"
	for k in "${kernels[@]}"; do
		check "$k: make finds its compiler" succeeded "$k"
		check "$k: is configured as meant" has_options "$k"
	done
	note "configured: $SECONDS s"
}

# cross_compile_all NAME COMMIT KERNEL...: one result for each kernel
cross_compile_all() {
	local name=$1 commit=$2 k start=$SECONDS

	shift 2
	in_parallel cross_compile "$commit" "$@"
	for k; do
		check "$name: compiles ($k)" succeeded "$k"
	done
	note "$name: $((SECONDS - start)) s"
}
