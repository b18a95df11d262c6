# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those who source it
# What every script here starts with: paths, messages, locking, a clean git.

set -euo pipefail
shopt -s inherit_errexit

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
kernel_version=${LINUX:-6.12}
patches=$top/patches/linux-$kernel_version
build=$top/build
[ "$kernel_version" = 6.12 ] || build+=-$kernel_version
repo=$build/linux.git
downloads=$build/download

# The make that called must not lend its flags to the makes called here.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES GNUMAKEFLAGS
export LC_ALL=C.UTF-8

die() {
	echo "error: $*" >&2
	exit 1
}

say() {
	[ -n "${QUIET-}" ] || echo "$@" >&2
}

[ -d "$patches" ] ||
	die "no series for Linux $kernel_version, only for" \
		"$(cd "$top/patches" && echo linux-* | sed 's/linux-//g')"
case $build in
*[[:space:]:]*) die "the project's path contains a space or a colon: $top" ;;
esac

# Git as it comes: nobody's settings may change ids, contents or formats.
clean_git() {
	# shellcheck disable=SC2046 # one variable name per word
	unset $(git rev-parse --local-env-vars)
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	export GIT_CONFIG_COUNT=2
	export GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
	export GIT_CONFIG_KEY_1=gc.auto GIT_CONFIG_VALUE_1=0
	export GIT_AUTHOR_NAME=builder GIT_AUTHOR_EMAIL=builder@localhost
	export GIT_COMMITTER_NAME=builder GIT_COMMITTER_EMAIL=builder@localhost
	export GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000'
}

make_build() {
	mkdir -p "$build" 2>/dev/null || :
	[ -w "$build" ] || die "cannot write to $build"
}

# account KIND SECONDS: where the time of a test goes (tests/lib.sh)
account() {
	[ -z "${TIMES-}" ] || echo "$@" >>"$TIMES"
}

# One writer at a time below build/; a script called by the holder inherits.
lock() {
	[ -z "${BUILD_LOCKED-}" ] || return 0
	make_build
	exec 9>>"$build/.lock"
	if ! flock -n 9; then
		say "waiting for another make in $build ..."
		flock 9
	fi
	export BUILD_LOCKED=1
	rm -rf "$build/tmp"
	mkdir -p "$build/tmp"
}

# uncompress FILE: what is in it, if it is compressed; xz and gzip know their own
uncompress() {
	case $1 in
	*.bz2) bzip2 -dc "$1" ;;
	*.zst) zstd -dc "$1" ;;
	*) xz -dcf -T0 "$1" | gzip -dcf ;;
	esac
}

# need_space MEBIBYTES WHAT
need_space() {
	local free

	free=$(df --output=avail -m "$build" | tail -n 1)
	free=$((free))
	[ "$free" -ge "$1" ] ||
		die "$2 needs $1 MiB in $build, only $free MiB are free"
}

# executes DIR: whether programs can be run that are files there
executes() {
	local file status=0

	file=$(mktemp "$1/execute.XXXXXX" 2>/dev/null) || return
	printf '#!/bin/sh\n' >"$file"
	chmod +x "$file"
	"$file" 2>/dev/null || status=$?
	rm -f "$file"
	return "$status"
}

# need_uml WHAT: die if user-mode Linux, which WHAT needs, does not run here
need_uml() {
	local why

	why=$("$top/scripts/why-no-uml")
	[ -z "$why" ] ||
		die "$1 needs user-mode Linux, which does not run here: $why"
}

# logged LOG WHAT COMMAND...: the output goes to LOG, its end is shown when
# COMMAND fails
logged() {
	local log=$1 what=$2

	shift 2
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 9>&- && return
	tail -n 20 "$log" >&2
	die "$what failed; all of its output is in $log"
}

# The patches of a series in order, its cover letter left out
list_patches() {
	find "$1" -maxdepth 1 -name '[0-9]*.patch' ! -name '0000-*' | sort
}

# Tell the trees and kernels of other sources and series from the default ones
variant() {
	local name=series key=${KSRC-}

	if [ "${SERIES-}" = none ]; then
		name=base
	elif [ -n "${SERIES-}" ] && ! [ "$SERIES" -ef "$patches" ]; then
		key+=" $SERIES"
	fi
	[ -z "$key" ] || name+=-$(printf %s "$key" | sha256sum | cut -c1-8)
	echo "$name"
}
