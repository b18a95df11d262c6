#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the series touches compiles at W=1 without a warning for other
# architectures, by another compiler and with huge pages, userfaultfd, KSM, swap
# and NUMA on and off: after each patch where bits and compilers differ most, with
# the whole series everywhere. 20-patches does so for the guests' kernels.

. "$(dirname "$0")/lib.sh"
. "$top/tests/compile.sh"
clean_git
lock

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

src=$("$top/scripts/source" check "$base")
in_parallel cross_configure '' "${each[@]}" "${once[@]}"
for k in "${each[@]}" "${once[@]}"; do
	check "$k: make finds its compiler" succeeded "$k"
	check "$k: is configured as meant" has_options "$k"
done
note "configured: $SECONDS s"

mapfile -t list < <(list_patches "${SERIES:-$patches}")
i=0
while read -r commit; do
	name=$(basename "${list[i]}" .patch)
	i=$((i + 1))
	! git --git-dir="$repo" diff --quiet "$commit^" "$commit" -- \
		'*.[ch]' ':!tools' ':!samples' || continue
	"$top/scripts/source" check "$commit" >/dev/null
	compile "$name" "$commit" "${each[@]}"
done < <(git --git-dir="$repo" rev-list --reverse "$base..$tip")
"$top/scripts/source" check "$tip" >/dev/null
compile 'the series' "$tip" "${each[@]}" "${once[@]}"
done_testing
