# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# Which versions of Linux the series is for, and which one to take.

oldest=$(<"$patches/oldest")

# makefile_version: the version that the kernel's Makefile, on stdin, says
makefile_version() {
	sed -n '/^VERSION = \|^PATCHLEVEL = \|^SUBLEVEL = /s/.* = //p' |
		paste -sd.
}

# commit_version COMMIT: the same of a commit in build/linux.git
commit_version() {
	git --git-dir="$repo" show "$1:Makefile" | makefile_version
}

# Those that the tests passed on, as the file says them
tested_versions() {
	sed -E 's/[[:space:]]*(#.*)?$//; /^$/d' "$patches/tested"
}

is_tested() {
	tested_versions | grep -qxF "$1"
}

# choose_version: of the versions on stdin, the newest that is among the tested,
# else the newest; nothing if there are none
choose_version() {
	local all

	all=$(sort -uV)
	{
		echo "$all"
		grep -xFf <(tested_versions) <<<"$all" || :
	} | awk 'NF' | tail -n 1
}

is_older() {
	[ "$1" != "$2" ] &&
		[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# Does SERIES name the project's own patches?
own_series() {
	[ -z "${SERIES-}" ] || [ "$SERIES" -ef "$patches" ]
}

# check_version VERSION WHERE
check_version() {
	case $1 in
	$kernel_version.[0-9]*) ;;
	'') die "no Linux source: $2" ;;
	*) die "the series is for Linux $kernel_version.y, this is $1: $2" ;;
	esac
	! own_series || ! is_older "$1" "$oldest" ||
		die "the series needs Linux $oldest or later, this is $1: $2"
}

# note_untested COMMIT: one line if its version is not among the tested
note_untested() {
	local note version

	version=$(commit_version "$1")
	! is_tested "$version" || return 0
	note="Linux $version is not among the versions tested"
	note+=" ($(tested_versions | paste -sd' '))"
	[ -n "${KSRC-}" ] || note+=', of which none is to be had'
	say "$note"
}
