# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every test starts with: TAP, and the project's scripts to hand.

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

export QUIET=1
number=0
failures=0
scratch=$build/test/$(basename "$0" .t)
rm -rf "$scratch"
mkdir -p "$scratch"

note() {
	echo "# $*" >&2
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
	[ "$status" = 0 ] || sed 's/^/# /' "$scratch/output" >&2
}

# The plan, and what scripts/test sums up: how long it has taken
done_testing() {
	echo "# $SECONDS seconds"
	echo "1..$number"
	[ "$failures" = 0 ]
}
