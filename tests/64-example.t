#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, or what runs here
# Tools: clang g++
# What application authors are given, lib/mremap_range.h and examples/heap.c:
# compiles as C11 and C++17, and does the same on a kernel with the series and
# on one without.

. "$(dirname "$0")/lib.sh"

FLAVOUR=$(any_flavour)
export FLAVOUR
cc=$(cross_of "$FLAVOUR")gcc
strict=(-O2 -Wall -Wextra -Wpedantic -Werror)
heap=$scratch/heap
range=$scratch/range

# guest OUTPUT KERNEL PROGRAM ARGUMENT...: sets status
guest() {
	local out=$1

	shift
	status=0
	"$top/scripts/boot" -t 300 -l "$out.log" "$@" >"$out" \
		2>"$out.err" || status=$?
}

compiles() {
	local c

	for c in gcc clang; do
		command -v $c >/dev/null || continue
		check "the example is C11: $c" $c -std=c11 "${strict[@]}" \
			-o "$scratch/o" "$top/examples/heap.c"
	done
	for c in g++ clang++; do
		command -v $c >/dev/null || continue
		check "the example is C++17: $c" $c -std=c++17 "${strict[@]}" \
			-x c++ -o "$scratch/o" "$top/examples/heap.c"
	done
}

# The header alone, without _GNU_SOURCE: one clear error
header_says_what_it_needs() {
	! gcc -std=c11 -fsyntax-only -x c "$top/lib/mremap_range.h" \
		2>"$scratch/error" &&
		grep -q 'error: #error "define _GNU_SOURCE' "$scratch/error"
}

# cases NAME KERNEL ONE_CALL: the cases of guest/range.c, one result each
cases() {
	local line verdict

	guest "$scratch/range-$1" "$2" "$range" "$3"
	while read -r line; do
		case $line in
		'ok '*) verdict=0 ;;
		'not ok '*) verdict=1 ;;
		*) note "$line"; continue ;;
		esac
		result "$verdict" "$1: ${line#*ok }"
	done <"$scratch/range-$1"
	is "$status" 0 "$1: the program has come to its end"
	tell <"$scratch/range-$1.err"
}

# example NAME KERNEL: its output, and on the last line the number of calls
example() {
	guest "$scratch/heap-$1" "$2" "$heap" -v
	is "$status" 0 "$1: the example's heap is intact"
	calls=$(sed -n 's/^moved by \([0-9]*\) call.*/\1/p' "$scratch/heap-$1")
	grep -v '^moved by' "$scratch/heap-$1" >"$scratch/result-$1"
}

# Mappings of the heap, as the example has counted them
count_mappings() {
	sed -n 's/^before:.* \([0-9]*\) mappings.*/\1/p' "$scratch/result-base"
}

# Each line of the output, with -v, as the documentation shows it
documented() {
	local line

	[ -s "$scratch/heap-series" ] || return
	while read -r line; do
		grep -qxF "    $line" "$top/Documentation/applications.md" ||
			return
	done <"$scratch/heap-series"
}

compiles
check 'the header names what it lacks' header_says_what_it_needs
"$cc" "${strict[@]}" -static -o "$heap" "$top/examples/heap.c"
# Not by scripts/build-program: it would not see that the header has changed.
"$cc" -O2 -Wall -Wextra -Werror -static -o "$range" "$top/guest/range.c"

series=$("$top/scripts/kernel")
base=$(SERIES=none "$top/scripts/kernel")
cases series "$series" 1
cases base "$base" 0
example series "$series"
is "$calls" 1 'series: one call'
example base "$base"
is "$calls" "$(count_mappings)" 'base: as many calls as mappings'
is "$((calls > 1))" 1 'base: more than one'
check 'the result is the same' cmp "$scratch/result-series" \
	"$scratch/result-base"
check 'the documentation shows the output' documented
done_testing
