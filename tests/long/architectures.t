#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tools: x86_64 arm64 clang cross
# After each patch, what the series touches compiles at W=1 without a warning for
# all architectures, compilers and configurations of tests/compile.sh.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/compile.sh"
clean_git

base=$("$top/scripts/prepare-base")
tip=$("$top/scripts/apply-series")

# compile_patch NAME COMMIT
compile_patch() {
	cross_compile_all "$@" "${kernels[@]}"
}

src=$("$top/scripts/checkout" check "$base")
cross_configure_all
each_patch compile_patch "${code[@]}"
done_testing
