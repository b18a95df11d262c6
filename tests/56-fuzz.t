#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Guests: uml, x86_64
# Processors: 2
# Tools: x86_64
# The same random calls of mremap() on a kernel with the series and on 6.12: see
# Documentation/fuzzing.md; and calls with allocations failing at random, held
# against a model of the address space after each of them.

. "$(dirname "$0")/lib.sh"

# fuzz FLAVOUR CALLS SEED
fuzz() {
	local out=$scratch/$1

	runs "$1" "$2 calls from seed $3 on" || return 0
	check "$1: $2 calls from seed $3 on" \
		"$top/scripts/fuzz" -k "$1" -n "$2" -s "$3"
	cp "$scratch/output" "$out"
	note "$1, from seed $3 on: $(tail -n 2 "$out" | tr '\n' ' ')"
}

fuzz uml 60000 1
fuzz x86_64 10000 100001
in_guest uml 768 '60,000 calls, failing, seed 1' fuzz -i -n 60000 1
done_testing
