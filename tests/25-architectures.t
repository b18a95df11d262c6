#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the series touches compiles at W=1 without a warning for other
# architectures, by another compiler and with huge pages, userfaultfd, KSM, swap
# and NUMA on and off: after each patch where bits and compilers differ most, with
# the whole series everywhere (tests/long/architectures.t: after each patch
# everywhere). 20-patches does so for the guests' kernels.

. "$(dirname "$0")/lib.sh"
. "$top/tests/compile.sh"
clean_git

base=$("$top/scripts/prepared")
tip=$("$top/scripts/series")

# compile_patch NAME COMMIT
compile_patch() {
	cross_compile_all "$@" x86_64-clang-on i386-gcc-off
}

src=$("$top/scripts/source" check "$base")
cross_configure_all
each_patch compile_patch "${code[@]}"
"$top/scripts/source" check "$tip" >/dev/null
cross_compile_all 'the series' "$tip" "${kernels[@]}"
done_testing
