#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bad input ends in one clear line, and leaves nothing half done.

. "$(dirname "$0")/lib.sh"
clean_git

# refuses NAME MESSAGE COMMAND...: fails, with one error line like MESSAGE
refuses() {
	local name=$1 message=$2 status=0

	shift 2
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
	is "$([ "$status" != 0 ] && grep -c '^error: ' "$scratch/err")" 1 \
		"$name: one error line"
	check "$name: says why" grep -q "^error: .*$message" "$scratch/err"
	if [ "$(refs)" != "$refs" ] || [ -e "$build/tmp/scratch" ]; then
		result 1 "$name: leaves nothing behind"
	else
		result 0 "$name: leaves nothing behind"
	fi
}

refs() {
	git --git-dir="$repo" for-each-ref | sha256sum
}

# fake_source DIR VERSION: as much of a source as the series touches
fake_source() {
	local f

	mkdir -p "$1"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\n' \
		"${2%%.*}" "$(echo "$2" | cut -d. -f2)" "${2##*.}" >"$1/Makefile"
	git --git-dir="$repo" diff --name-only --diff-filter=a "$base" "$tip" |
		while read -r f; do
			mkdir -p "$1/$(dirname "$f")"
			git --git-dir="$repo" show "$base:$f" >"$1/$f"
		done
}

# Commands of a directory without compiler
without_compiler() {
	local c dir=$scratch/bin

	mkdir -p "$dir"
	for c in bash env sh dirname uname git dpkg-query grep id bc bison ccache cpio \
		 flex flock ld make perl prove tar xz; do
		ln -sf "$(command -v "$c")" "$dir/$c"
	done
	PATH=$dir "$@"
}

# In a mount namespace whose build directory is too small
without_space() {
	# shellcheck disable=SC2016 # expands in the inner shell
	unshare -m bash -c 'mkdir -p "$1" && mount -t tmpfs -o size=100m \
		tmpfs "$1" && exec "$2"' - "$build" "$top/scripts/import-source"
}

# The same with room enough, but no way to the package registry
without_registry() {
	# shellcheck disable=SC2016 # expands in the inner shell
	unshare -m bash -c 'mkdir -p "$1" && mount -t tmpfs -o size=6g \
		tmpfs "$1" &&
		printf "%s \"%s\";\n" Acquire::http::Proxy http://127.0.0.1:9 \
			Acquire::https::Proxy http://127.0.0.1:9 \
			Acquire::Retries 0 >"$1/apt.conf" &&
		APT_CONFIG=$1/apt.conf exec "$2"' - \
		"$build" "$top/scripts/import-source"
}

base=$("$top/scripts/prepare-base")
tip=$("$top/scripts/apply-series")
refs=$(refs)
kernel=("$top/scripts/kernel")
make=(make -s -C "$top")

refuses 'unknown FLAVOUR' "unknown FLAVOUR 'vax'" "${make[@]}" kernel FLAVOUR=vax
refuses 'unknown variable' 'unknown variable: FLAVOR' "${make[@]}" kernel \
	FLAVOR=uml
refuses 'a variable for other targets' 'make run does not use TESTS' \
	"${make[@]}" run TESTS=tests/06-pages.t
refuses 'no such SERIES' 'no directory with patches' "${make[@]}" kernel \
	SERIES=/nonexistent
refuses 'no such KSRC' 'no such file: KSRC=' "${make[@]}" kernel \
	KSRC=/nonexistent
refuses 'no such test' 'no such test' "${make[@]}" test TESTS=tests/none.t

# A nested one, or this file by itself: either way, the lock is held.
exec 8>>"$build/.test-lock"
flock -n 8 || :
refuses 'a second make test' 'another make test is running' "${make[@]}" test \
	TESTS=tests/06-pages.t

fake_source "$scratch/old" 6.12.95
KSRC=$scratch/old refuses 'a version before the first' \
	'the series needs Linux 6.12.115 or later, this is 6.12.95: ' "${kernel[@]}"
LINUX=5.4 refuses 'a version without a series' \
	'no series for Linux 5.4, only for 6.12 7.3' "${kernel[@]}"
KSRC=6.12.95 refuses 'a package before the first' \
	'the series needs Linux 6.12.115 or later, this is 6.12.95: ' "${kernel[@]}"
for v in 6.6.100 6.11.11 7.3.0; do
	fake_source "$scratch/$v" $v
	KSRC=$scratch/$v refuses "Linux $v" \
		"the series is for Linux 6.12.y, this is $v: " "${kernel[@]}"
done
mkdir -p "$scratch/empty"
KSRC=$scratch/empty refuses 'no kernel source' 'no Linux source' "${kernel[@]}"
echo text >"$scratch/text.tar.xz"
KSRC=$scratch/text.tar.xz refuses 'no tarball' 'not a tarball' "${kernel[@]}"

fake_source "$scratch/odd" 6.12.999
sed -i 's/vma/area/g' "$scratch/odd/mm/mremap.c"
before=$(find "$scratch/odd" -type f -exec sha256sum {} + | sort)
first=$(grep -l '^+++ b/mm/mremap.c' "${SERIES:-$patches}"/0*.patch | head -n 1)
KSRC=$scratch/odd refuses 'a series that does not apply' \
	"$(basename "$first") does not apply to Linux 6.12.999" "${kernel[@]}"
is "$(find "$scratch/odd" -type f -exec sha256sum {} + | sort)" "$before" \
	'the source given is not touched'

refuses 'no compiler' "'gcc' is not in PATH" without_compiler "${kernel[@]}"
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	refuses 'no space' 'MiB are free' without_space
	refuses 'no registry' "no list of Debian's packages could be read" \
		without_registry
else
	skip 'no space' 'needs root'
	skip 'no registry' 'needs root'
fi
done_testing
