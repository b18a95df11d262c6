#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the pages name is there: files that they link to, targets of make, tests,
# scripts.

. "$(dirname "$0")/lib.sh"

cd "$top"
mapfile -t pages < <(git ls-files '*.md')
mapfile -t targets < <(sed -n 's/^\([a-z-]*\):.*## .*/\1/p' Makefile)

# links FILE: what it links to, but for other sites and places within itself
links() {
	grep -oE '\]\([^)]+\)' "$1" | sed -E 's/^\]\(//; s/\)$//; s/#.*//' |
		grep -v '^[a-z]*:' | grep . | sort -u
}

links_resolve() {
	local bad=0 l

	while read -r l; do
		[ -e "$(dirname "$1")/$l" ] || { echo "no $l"; bad=1; }
	done < <(links "$1")
	return $bad
}

# In lines of code, and between backquotes
targets_exist() {
	local bad=0 t

	while read -r t; do
		# Not -q: printf writes line by line, and must not find nobody there.
		printf '%s\n' "${targets[@]}" | grep -xF -- "$t" >/dev/null ||
			{ echo "no target $t"; bad=1; }
	done < <(grep -oE '(^    |`)make [a-z-]+' "$1" | sed 's/.*make //' |
		 grep -vxE 'olddefconfig|headers|bindeb-pkg|-C' | sort -u)
	return $bad
}

files_exist() {
	local bad=0 f

	while read -r f; do
		[ -e "$f" ] || { echo "no $f"; bad=1; }
	done < <(grep -oE '\b(scripts|tests|guest|kernel|examples|lib)/[a-zA-Z0-9_./-]+' \
		"$1" | sed 's/[.-]$//' | grep -vE '^kernel/|NN-name|/none|/fuzz$' | sort -u)
	return $bad
}

for p in "${pages[@]}"; do
	check "$p: what it links to" links_resolve "$p"
	check "$p: targets of make" targets_exist "$p"
	check "$p: files" files_exist "$p"
done
is "$(sed -n 's/^\([0-9]*\) patches, .*/\1/p' Documentation/distributions.md)" \
	"$(wc -l <patches/linux-6.12/series)" 'the number of patches'
for t in tests/[0-9]*.t tests/long/*.t; do
	check "$t is in testing.md" grep -q "^| $(basename "$t" .t) |" \
		Documentation/testing.md
done
done_testing
