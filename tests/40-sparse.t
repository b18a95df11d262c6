#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sparse says nothing about the kernel with the series that it does not say
# about the kernel without.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kbuild.sh"
lock

objects=(mm/mremap.o mm/vma.o mm/mmap.o fs/userfaultfd.o)

# sparse_says COMMIT: its messages, without line numbers
sparse_says() {
	"$top/scripts/source" check "$1" >/dev/null
	logged "$scratch/log" 'running sparse' kbuild x86_64 "$src" C=2 \
		"${objects[@]}"
	sed -n 's/^\([^ :]*\):[0-9:]* \(\(warning\|error\):.*\)/\1: \2/p' \
		"$scratch/log" | sort
}

base=$("$top/scripts/base")
src=$("$top/scripts/source" check "$base")
configure x86_64 "$src"
sparse_says "$base" >"$scratch/base"
sparse_says "$("$top/scripts/series")" >"$scratch/series"
for o in "${objects[@]}"; do
	c=${o%.o}.c
	check "$c: nothing new" diff <(grep -F "$c" "$scratch/base") \
		<(grep -F "$c" "$scratch/series")
done
check 'nothing new elsewhere' diff "$scratch/base" "$scratch/series"
done_testing
