#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Tools: sphinx
# The pages of the kernel's documentation that the series touches, and kernel-doc
# comments of its files, render without a warning that is not there without the
# series. Only these pages are read, so links to others are not followed.

. "$(dirname "$0")/lib.sh"
clean_git

base=$("$top/scripts/prepare-base")
tip=$("$top/scripts/apply-series")

# touched PATTERN...: files that the series changes or adds
touched() {
	git --git-dir="$repo" diff --name-only --diff-filter=d "$base" "$tip" \
		-- "$@"
}

# The pages, rendered where $out is, and the messages about them
render_pages() {
	local f

	mkdir -p "$out/rst"
	for f in "${pages[@]}"; do
		[ ! -e "$src/$f" ] || install -D -m 644 "$src/$f" "$out/rst/$f"
	done
	sphinx-build -q -C -D root_doc=Documentation/mm/index -b html \
		"$out/rst" "$out/html" 2>&1 | sed "s,$out/rst/,,; s/:[0-9]*:/:/"
}

read_comments() {
	(cd "$src" && for f in "${sources[@]}"; do
		[ ! -e "$f" ] || perl scripts/kernel-doc -none -Wall "$f" 2>&1
	done) | sed 's/:[0-9]*:*/:/'
}

# says NAME COMMIT
says() {
	src=$("$top/scripts/checkout" check "$2")
	out=$scratch/$1
	render_pages | sort >"$out.pages"
	read_comments | sort >"$out.comments"
}

nothing_new() {
	! comm -13 "$scratch/base.$1" "$scratch/series.$1" | grep .
}

rendered() {
	for f in "${pages[@]}"; do
		[ -s "$scratch/series/html/${f%.rst}.html" ] ||
			{ echo "no $f"; return 1; }
	done
}

mapfile -t pages < <(touched '*.rst')
mapfile -t sources < <(touched '*.[ch]' ':!tools')
says base "$base"
says series "$tip"
note "${#pages[@]} pages, ${#sources[@]} sources"
check 'all pages are rendered' rendered
check 'the pages: no new warning' nothing_new pages
check 'the comments: no new warning' nothing_new comments
done_testing
