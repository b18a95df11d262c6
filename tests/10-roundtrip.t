#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Unfolding the series and writing it back changes nothing.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/version.sh"
clean_git

dir=${SERIES:-$patches}
tree=$scratch/tree
out=$scratch/patches
mapfile -t list < <(list_patches "$dir")

lists_all() {
	diff <(printf '%s\n' "${list[@]##*/}") "$dir/series"
}

same_base() {
	[ "$(cat "$dir/base")" = \
	  "Linux $(git -C "$tree" show base:Makefile | makefile_version)" ]
}

# What was exported from another version changes once, and then no more.
export_again() {
	note "the patches are from $(cat "$dir/base")"
	cp -r "$out" "$scratch/again"
	SERIES=$out "$top/scripts/tree" "$scratch/tree2" &&
		"$top/scripts/export" "$scratch/tree2" "$scratch/again" &&
		diff -r "$out" "$scratch/again"
}

am_applies() {
	git -C "$tree" checkout -q --detach base
	git -C "$tree" am -q "${list[@]}"
	git -C "$tree" diff --exit-code --stat HEAD series
}

one_commit_each() {
	[ "$(git -C "$tree" rev-list --count base..series)" = ${#list[@]} ]
}

refuses_changes() {
	echo >>"$tree/mm/mremap.c"
	! "$top/scripts/tree" "$tree" && ! "$top/scripts/export" "$tree" "$out"
	git -C "$tree" checkout -q mm/mremap.c
}

refuses_commits() {
	git -C "$tree" commit -q --allow-empty -m 'not exported'
	! "$top/scripts/tree" "$tree"
}

refuses_fixups() {
	git -C "$tree" commit -q --allow-empty -m 'fixup! not yet folded'
	if "$top/scripts/export" "$tree" "$out"; then
		return 1
	fi
	git -C "$tree" reset -q --hard HEAD^
}

note 'unfolding the series'
check 'the file series lists the patches' lists_all
check 'the series unfolds' "$top/scripts/tree" "$tree"
check 'one commit a patch' one_commit_each
cp -r "$dir" "$out"
check 'the series is written back' "$top/scripts/export" "$tree" "$out"
if same_base; then
	check 'the round trip changes no byte' diff -r "$dir" "$out"
else
	check 'the round trip changes no byte' export_again
fi
check 'a change that is not committed is not lost' refuses_changes
check 'a commit to fold into another is not exported' refuses_fixups
check 'a commit that is not exported is not lost' refuses_commits
git -C "$tree" reset -q --hard HEAD^
check 'plain git am applies all patches' am_applies
rm -rf "$tree"
done_testing
