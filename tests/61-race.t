#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, x86_64-debug
# Moves while other threads write, fork, migrate, swap out and truncate the pages:
# on two processors, with a kernel that checks itself more than others do, and
# shortly in user-mode Linux.

. "$(dirname "$0")/lib.sh"

seed=1

# race FLAVOUR SECONDS
race() {
	local out=$scratch/$1 kernel status=0

	export FLAVOUR=$1
	kernel=$("$top/scripts/kernel")
	"$top/scripts/boot" -t 1200 -m 1024 -l "$out.log" "$kernel" \
		"$("$top/scripts/guest" race)" "$2" "$seed" \
		>"$out" 2>"$out.err" || status=$?
	is "$status" 0 "$1: $2 s, seed $seed"
	if [ "$status" = 0 ]; then
		sed "s/^/# $1: /" "$out" >&2
	else
		tail -n 60 "$out" "$out.err" | sed 's/^/# /' >&2
	fi
}

race uml 10
race x86_64-debug 45
done_testing
