#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With each patch in turn, sparse says nothing about what the series touches that
# it does not say about the kernel without.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kbuild.sh"
. "$top/tests/compile.sh"
clean_git

base=$("$top/scripts/prepared")
tip=$("$top/scripts/series")

# sparse_says: its messages about what is not up to date, without line numbers.
# (W=1, because ccache then knows the objects from 20-patches.)
sparse_says() {
	logged "$scratch/log" 'running sparse' kbuild x86_64 "$src" W=1 C=1 \
		"${objects[@]}"
	sed -n 's/^\([^ :]*\):[0-9:]* \(\(warning\|error\):.*\)/\1: \2/p' \
		"$scratch/log" | sort
}

# Of all files, those too that a patch changes only by a header
nothing_new() {
	local checked

	sparse_says >"$scratch/now"
	checked=$(grep -c '^  CHECK ' "$scratch/log" || :)
	note "$checked files checked"
	[ "$checked" -gt 0 ] && ! comm -13 "$scratch/base" "$scratch/now" |
		grep .
}

# check_patch NAME COMMIT
check_patch() {
	check "$1: nothing new" nothing_new
}

src=$("$top/scripts/source" check "$base")
configure x86_64 "$src"
mapfile -t objects < <(objects "$tip" | while read -r o; do
	! configured out-x86_64 "$o" || echo "$o"
done)
(cd "$src/out-x86_64" && rm -f "${objects[@]}")
sparse_says >"$scratch/base"
note "without the series: $(wc -l <"$scratch/base") messages"

each_patch check_patch "${code[@]}"
done_testing
