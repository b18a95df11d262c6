#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, x86_64-debug
# Calls at random, with allocations failing at random in the moves, held against a
# model of the address space after each of them. It is the emulated guest that
# takes long.

. "$(dirname "$0")/lib.sh"

seed=1

# soak FLAVOUR CALLS
soak() {
	local out=$scratch/$1 kernel status=0

	export FLAVOUR=$1
	kernel=$("$top/scripts/kernel")
	"$top/scripts/boot" -t 1200 -m 768 -l "$out.log" "$kernel" \
		"$("$top/scripts/guest" fuzz)" -i -n "$2" "$seed" \
		>"$out" 2>"$out.err" || status=$?
	is "$status" 0 "$1: $2 calls, seed $seed"
	if [ "$status" = 0 ]; then
		note "$1: $(tail -n 1 "$out")"
	else
		tail -n 60 "$out" "$out.err" | sed 's/^/# /' >&2
	fi
}

soak uml 100000
soak x86_64-debug 10000
done_testing
