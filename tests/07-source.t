#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which version of the kernel's source is taken, and that no failure to have it
# outlives its cause: in a project of its own, with an apt that is made up.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/suites.sh"
. "$top/scripts/version.sh"
clean_git

fake=$scratch/project
suite=trixie-security
unset KSRC SERIES

# say_tested VERSION...: the file, older than any offers that follow
say_tested() {
	printf '%s\n' '# comment' "$@" >"$patches/tested"
	touch -d '2 minutes ago' "$patches/tested"
}

chosen() {
	printf '%s\n' "$@" | choose_version
}

# fake_tree DIR VERSION: a source tree with what the patches here touch
fake_tree() {
	mkdir -p "$1/mm"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\n' \
		"${2%%.*}" "$(echo "$2" | cut -d. -f2)" "${2##*.}" >"$1/Makefile"
	printf '%s\n' one two three >"$1/mm/mremap.c"
	: >"$1/.gitignore"
}

# fake_package VERSION: as Debian's
fake_package() {
	local dir=$scratch/package

	rm -rf "$dir"
	mkdir -p "$dir/DEBIAN" "$dir/usr/src" "$scratch/pool"
	fake_tree "$dir/linux-source-6.12" "$1"
	tar -cJf "$dir/usr/src/linux-source-6.12.tar.xz" -C "$dir" \
		linux-source-6.12
	rm -r "$dir/linux-source-6.12"
	printf '%s\n' "Package: $package" "Version: $1-1" 'Architecture: all' \
		'Maintainer: nobody <nobody@localhost>' 'Description: made up' \
		>"$dir/DEBIAN/control"
	dpkg-deb -b "$dir" "$scratch/pool/$1-1.deb" >/dev/null
}

# Commands as apt's: $scratch/madison is what the suite offers, the others are
# missing; $scratch/offline makes all fail.
fake_apt() {
	mkdir -p "$scratch/bin"
	cat >"$scratch/bin/apt-get" <<-END
		#!/bin/bash
		[ ! -e "$scratch/offline" ] || exit 100
		echo "\$*" >>"$scratch/calls"
		case " \$* " in
		*' indextargets '*) echo bookworm main http://mirror/debian/ ;;
		*/apt/$suite/*' update '*) ;;
		*' update '*) exit 100 ;;
		*' download '*) v=\${!#}; cp "$scratch/pool/\${v#*=}.deb" . ;;
		esac
	END
	cat >"$scratch/bin/apt-cache" <<-END
		#!/bin/bash
		cat "$scratch/madison"
	END
	chmod +x "$scratch"/bin/*
}

# offer VERSION...: from now on
offer() {
	local v

	for v; do
		fake_package "$v"
		echo " $package | $v-1 | http://mirror/debian $suite/main Packages"
	done >"$scratch/madison"
	rm -f "$fake/build/apt/offers"
}

in_project() {
	PATH=$scratch/bin:$PATH "$fake/scripts/$1"
}

# taken: the version that the project takes, or the end of its error
taken() {
	local commit

	commit=$(in_project import-source 2>"$scratch/err") ||
		{ tail -n 1 "$scratch/err"; return; }
	git --git-dir="$fake/build/linux.git" log -1 --format=%s "$commit"
}

downloads_here() {
	(cd "$fake/build/download" && echo *)
}

patches=$fake/patches/linux-6.12
mkdir -p "$patches"
echo 6.12.115 >"$patches/oldest"
cp -r "$top/scripts" "$fake"
fake_apt
say_tested 6.12.118 '6.12.116 # why'

is "$(chosen 6.12.9 6.12.116 6.12.118 6.12.120)" 6.12.118 \
	'the newest of those tested'
is "$(chosen 6.12.116 6.12.115 6.12.117)" 6.12.116 'an older one of those tested'
is "$(chosen 6.12.99 6.12.119 6.12.120)" 6.12.120 'none tested: the newest'
is "$(chosen '')" '' 'none at all'

offer 6.12.115 6.12.116 6.12.119
is "$(taken)" 'Linux 6.12.116' 'fetched: an older one of those tested'
is "$(grep -c 'trixie-updates.* update' "$scratch/calls")" 2 \
	'a missing suite is looked for on both mirrors, and hides no other'
offer 6.12.116 6.12.118 6.12.119
is "$(taken)" 'Linux 6.12.118' 'fetched: the newest of those tested'
is "$(downloads_here)" linux-source-6.12.118.deb 'the old download is removed'
: >"$scratch/calls"
is "$(taken)" 'Linux 6.12.118' 'the same without a look at the suites ...'
is "$(wc -l <"$scratch/calls")" 0 '... makes no call of apt'
is "$(KSRC=newest taken)" 'Linux 6.12.119' 'KSRC=newest'
is "$(KSRC=6.12.116 taken)" 'Linux 6.12.116' 'KSRC=6.12.116, which is here'
is "$(KSRC=6.12.117 taken)" "error: no $package of Linux 6.12.117 is offered,\
 only of 6.12.116 6.12.118 6.12.119" 'a version that is not offered'

say_tested 6.12.120
touch -d '1 minute ago' "$fake/build/apt/offers"
is "$(taken)" 'Linux 6.12.119' 'none of those tested is offered: the newest'
offer 6.12.120
touch "$patches/tested"
is "$(taken)" 'Linux 6.12.120' 'another file tested: another version'

say_tested 6.12.121
offer 6.12.121
echo broken >"$scratch/pool/6.12.121-1.deb"
check 'a broken package is refused' grep '^error: unpacking .* failed' <(taken)
fake_package 6.12.121
is "$(taken)" 'Linux 6.12.121' '... and fetched again the next time'

say_tested 6.12.122
offer 6.12.122
mv "$scratch/pool/6.12.122-1.deb" "$scratch/gone.deb"
is "$(taken)" 'Linux 6.12.121' 'a package that is gone: what is here'
mv "$scratch/gone.deb" "$scratch/pool/6.12.122-1.deb"
is "$(taken)" 'Linux 6.12.122' '... until it is there again'

say_tested 6.12.123
rm "$fake/build/apt/offers"
: >"$scratch/offline"
is "$(taken)" 'Linux 6.12.122' 'no network: what is here'
is "$(KSRC=newest taken)" 'Linux 6.12.122' 'no network, KSRC=newest: the same'
rm "$scratch/offline"

# Patches, and those before them that only an older version needs
tree=$scratch/tree
diff_of() {
	printf '%s\n' 'From: a <a@localhost>' "Subject: [PATCH] $1" '' text --- '' \
		'diff --git a/mm/mremap.c b/mm/mremap.c' '--- a/mm/mremap.c' \
		'+++ b/mm/mremap.c' '@@ -1,3 +1,3 @@' "${@:2}"
}
mkdir -p "$patches/before-6.12.118"
diff_of before '-one' '+ONE' ' two' ' three' \
	>"$patches/before-6.12.118/0001-before.patch"
diff_of series ' ONE' '-zwei' '+TWO' ' three' >"$patches/0001-series.patch"

# with_series: lines of the file, of which the series changes the second, and the
# patches that are before it
with_series() {
	local base commit git=(git --git-dir="$fake/build/linux.git") source

	source=$(in_project import-source)
	base=$(in_project prepare-base)
	commit=$(in_project apply-series 2>"$scratch/err") ||
		{ tail -n 1 "$scratch/err"; return; }
	"${git[@]}" show "$commit:mm/mremap.c" | paste -sd' '
	"${git[@]}" log --format=%s "$source..$base"
}

fake_tree "$tree" 6.12.117
export KSRC=$tree
check 'a patch that does not apply is named' grep \
	'^error: 0001-series.patch does not apply to Linux 6.12.117' <(with_series)
sed -i 's/zwei/two/' "$patches/0001-series.patch"
is "$(with_series)" $'ONE TWO three\nbefore' \
	'mended, it does, after the patch that the version lacks'
sed -i 's/one/ONE/' "$tree/mm/mremap.c"
is "$(with_series)" 'ONE TWO three' 'which another version has'
sed -i 's/= 117/= 118/' "$tree/Makefile"
sed -i 's/ONE/one/' "$tree/mm/mremap.c"
check 'nor is it for later versions' grep \
	'^error: 0001-series.patch does not apply to Linux 6.12.118' <(with_series)
is "$(SERIES=none with_series)" 'one two three' 'without the series, none is added'
done_testing
