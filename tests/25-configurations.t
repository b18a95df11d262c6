#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tools: x86_64 clang
# What the series touches compiles at W=1 without a warning by another compiler,
# for 32 bits, and with huge pages, userfaultfd, KSM, swap and NUMA on and off
# (tests/long/architectures.t: for others, too, and after each patch; 20-patches:
# for the guests' kernels).

. "$(dirname "$0")/lib.sh"
. "$top/tests/compile.sh"
clean_git

base=$("$top/scripts/prepare-base")
tip=$("$top/scripts/apply-series")
kernels=(x86_64-clang-{on,off} i386-gcc-{on,off})

src=$("$top/scripts/checkout" check "$tip")
cross_configure_all
cross_compile_all 'the series' "$tip" "${kernels[@]}"
done_testing
