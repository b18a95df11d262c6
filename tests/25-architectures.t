#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the series touches compiles at W=1 without a warning for other
# architectures, by another compiler and with huge pages, userfaultfd, KSM, swap
# and NUMA on and off: after each patch where bits and compilers differ most, with
# the whole series everywhere. 20-patches does so for the guests' kernels.

. "$(dirname "$0")/lib.sh"
. "$top/tests/compile.sh"
clean_git

each=(x86_64-clang-on i386-gcc-off)
once=(x86_64-gcc-{on,off} x86_64-clang-off i386-gcc-on arm64-gcc-{on,off}
      arm-gcc-{on,off} riscv-gcc-{on,off,nommu} s390-gcc-{on,off}
      powerpc-gcc-{on,off})

base=$(SERIES=none "$top/scripts/base")
tip=$("$top/scripts/series")

# compile NAME COMMIT KERNEL...: one result for each kernel
compile() {
	local name=$1 commit=$2 k start=$SECONDS

	shift 2
	in_parallel cross_compile "$commit" "$@"
	for k; do
		check "$name: compiles ($k)" succeeded "$k"
	done
	note "$name: $((SECONDS - start)) s"
}

# compile_each NAME COMMIT
compile_each() {
	compile "$@" "${each[@]}"
}

src=$("$top/scripts/source" check "$base")
in_parallel cross_configure '' "${each[@]}" "${once[@]}"
for k in "${each[@]}" "${once[@]}"; do
	check "$k: make finds its compiler" succeeded "$k"
	check "$k: is configured as meant" has_options "$k"
done
note "configured: $SECONDS s"

each_patch compile_each "${code[@]}"
"$top/scripts/source" check "$tip" >/dev/null
compile 'the series' "$tip" "${each[@]}" "${once[@]}"
done_testing
