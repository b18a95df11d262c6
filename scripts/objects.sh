# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh and kbuild.sh are sourced before
# What the series touches, compiled in the work tree $src. $base is the commit
# below the series.

# objects COMMIT: the files that the series matters to most, and all others that
# it touches up to COMMIT
objects() {
	{
		git --git-dir="$repo" ls-tree --name-only "$1" \
			mm/{mremap,vma,mmap}.c {fs,mm}/userfaultfd.c fs/exec.c
		git --git-dir="$repo" diff --name-only --diff-filter=d \
			"$base" "$1" -- '*.c' ':!tools' ':!samples'
	} | sort -u | sed 's/\.c$/.o/'
}

# configured OUT OBJECT: not what the Makefile leaves out for want of an option
configured() {
	local option

	option=$(sed -n "s/^obj-\$(\(CONFIG_\w*\)).*[ \t]${2##*/}\( .*\)\?$/\1/p" \
		"$src/${2%/*}/Makefile" | head -n 1)
	[ -z "$option" ] || grep -q "^$option=y" "$src/$1/.config"
}

# prepare_objects FLAVOUR LOG: all that their compilation needs
prepare_objects() {
	configure "$1" "$src"
	logged "$2" "preparing $1" kbuild "$1" "$src" W=1 prepare
}

# compiles FLAVOUR COMMIT LOG: without a warning; shows those that there are. The
# objects are made anew, for what was compiled before says no warnings (ccache
# repeats them).
compiles() {
	local list

	mapfile -t list < <(objects "$2" | while read -r o; do
		! configured "out-$1" "$o" || echo "$o"
	done)
	(cd "$src/out-$1" && rm -f "${list[@]}")
	kbuild "$1" "$src" W=1 "${list[@]}" >"$3" 2>&1 9>&- ||
		{ tail -n 20 "$3"; return 1; }
	! grep -E -A 5 'warning:|error:' "$3"
}
