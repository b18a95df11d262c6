# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every test starts with: TAP, and the project's scripts to hand.

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
. "$top/scripts/kbuild.sh"

export QUIET=1
number=0
failures=0
scratch=$build/test/$(basename "$0" .t)
rm -rf "$scratch"
mkdir -p "$scratch"

export TIMES=$scratch/times

# tell: the lines on stdin as comments, to those who watch, and for the summary
tell() {
	sed 's/^/# /' | tee "$scratch/told"
	cat "$scratch/told" >&2
}

note() {
	echo "$*" | tell
}

# result STATUS NAME: one TAP line
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		failures=$((failures + 1))
		echo "not ok $number - $2"
	fi
}

# is GOT WANTED NAME
is() {
	if [ "$1" = "$2" ]; then
		result 0 "$3"
	else
		result 1 "$3"
		note "got '$1', wanted '$2'"
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# check NAME COMMAND...: passes if COMMAND does; its output is shown otherwise
check() {
	local name=$1 status=0

	shift
	"$@" >"$scratch/output" 2>&1 || status=$?
	result "$status" "$name"
	[ "$status" = 0 ] || tail -n 60 "$scratch/output" | tell
}

# no_uml: why user-mode Linux does not run here, as a reason to skip; fails if it does
no_uml() {
	local why

	why=$("$top/scripts/why-no-uml")
	[ -n "$why" ] && echo "user-mode Linux does not run here: $why"
}

# require_uml: without user-mode Linux, all of this file is skipped
require_uml() {
	local why

	! why=$(no_uml) || { echo "1..0 # SKIP $why"; exit; }
}

# runs FLAVOUR NAME: whether such a guest runs here; if not, NAME is skipped
runs() {
	local why

	[ "$1" = uml ] && why=$(no_uml) || return 0
	skip "$1: $2" "$why"
	return 1
}

# any_flavour: the quickest guest that runs here
any_flavour() {
	if no_uml >/dev/null; then
		emulated
	else
		echo uml
	fi
}

# in_guest FLAVOUR MEBIBYTES NAME PROGRAM [ARGUMENT]...: passes if PROGRAM, of
# guest/, does on the kernel with the series, within 20 minutes
in_guest() {
	local out=$scratch/$1 kernel status=0

	runs "$1" "$3" || return 0
	export FLAVOUR=$1
	kernel=$("$top/scripts/kernel")
	"$top/scripts/boot" -t 1200 -m "$2" -l "$out.log" "$kernel" \
		"$("$top/scripts/build-program" "$4")" "${@:5}" \
		>"$out" 2>"$out.err" || status=$?
	is "$status" 0 "$1: $3"
	if [ "$status" = 0 ]; then
		tail -n 4 "$out" | sed "s/^/$1: /" | tell
	else
		tail -n 60 "$out" "$out.err" | tell
	fi
}

# The plan, and what scripts/test sums up: how long it has taken, all in all, for
# building kernels and in guests
done_testing() {
	echo "# $SECONDS seconds$(awk '
		{ sum[$1] += $2 }
		END { printf ", %d building, %d in guests", sum["building"], sum["guests"] }
	' "$TIMES" 2>/dev/null)"
	echo "1..$number"
	[ "$failures" = 0 ]
}
