#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Each patch pleases checkpatch, but for three things that it cannot know: the
# sign-off is the sender's to give, MAINTAINERS may cover a new file already, and
# the commits that are fixed are not in the history of an unpacked source.

. "$(dirname "$0")/lib.sh"

dir=${SERIES:-$patches}
src=$("$top/scripts/checkout" check "$("$top/scripts/apply-series")")

checkpatch() {
	(cd "$src" && perl scripts/checkpatch.pl --strict --no-signoff \
		--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID --no-summary \
		--show-types "$1")
}

# Every new file has somebody to look after it, other than for all of Linux.
is_maintained() {
	local f

	sed -nE '/^--- \/dev\/null/{n; s,^\+\+\+ b/,,p}' "$1" |
		while read -r f; do
			(cd "$src" && perl scripts/get_maintainer.pl --no-git \
				--no-git-fallback --no-rolestats --no-tree \
				-m --no-r --no-l -f "$f") | grep -v torvalds |
				grep -q @ ||
				{ echo "nobody maintains $f"; return 1; }
		done
}

changelog() {
	sed '/^---$/,$d' "$1"
}

# Trailers and the mail's header need no wrapping
short_lines() {
	! changelog "$1" | sed '1,/^$/d; /^Fixes: /d' | grep -nE '^.{76}'
}

no_foreign_tags() {
	! changelog "$1" | grep -nE '^(Signed-off|Reviewed|Acked|Tested)-by:|^Link:'
}

has_body() {
	[ -n "$(changelog "$1" | sed '1,/^$/d')" ]
}

while read -r patch; do
	name=$(basename "$patch" .patch)
	check "$name: checkpatch" checkpatch "$(realpath "$patch")"
	check "$name: new files are maintained" is_maintained "$patch"
	check "$name: has a changelog" has_body "$patch"
	check "$name: no line over 75 columns" short_lines "$patch"
	check "$name: no tags of others" no_foreign_tags "$patch"
done < <(list_patches "$dir")
done_testing
