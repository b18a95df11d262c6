# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# What is known of the git tree that the series is unfolded into. The reference
# refs/exported says which commit of the branch the patches hold.

# check_clean TREE: no change and no operation under way
check_clean() {
	local branch

	branch=$(git -C "$1" symbolic-ref -q --short HEAD) || :
	[ "$branch" = series ] ||
		die "$1 is not on its branch 'series' (a rebase under way?)"
	[ -z "$(git -C "$1" status --porcelain | head -n 1)" ] ||
		die "$1 has changes that are not committed"
}

# check_exported TREE: nothing is lost when TREE goes
check_exported() {
	[ -e "$1/.git" ] || return 0
	# A tree that was never finished holds no work.
	git -C "$1" rev-parse -q --verify refs/exported >/dev/null || return 0
	check_clean "$1"
	[ "$(git -C "$1" rev-parse series)" = \
	  "$(git -C "$1" rev-parse refs/exported)" ] ||
		die "$1 has commits that are not exported (make export)"
}

# The patches that TREE was last unfolded from or exported to
patches_key() {
	find "$1" -maxdepth 1 -name '*.patch' | sort | xargs -r cat | sha256sum |
		cut -c1-16
}
