#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, or what runs here
# Tools: clang g++ pkgconf
# What application authors are given, lib/mremap_range.h and examples/: compiles as
# C11 and C++17 by two compilers, is installed, and does the same on a kernel with
# the series and on one without.

. "$(dirname "$0")/lib.sh"

FLAVOUR=$(any_flavour)
export FLAVOUR
cc=$(cross_of "$FLAVOUR")gcc
strict=(-O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
range=$scratch/range

# guest OUTPUT KERNEL PROGRAM ARGUMENT...: sets status
guest() {
	local out=$1

	shift
	status=0
	"$top/scripts/boot" -t 300 -l "$out.log" "$@" >"$out" \
		2>"$out.err" || status=$?
}

# compiles COMPILER OPTION...: each of the examples
compiles() {
	local e

	command -v "$1" >/dev/null || { skip "the examples: $*" "no $1"; return; }
	for e in heap gc; do
		check "$e.c: $*" "$@" "${strict[@]}" -pthread -o "$scratch/o" \
			"$top/examples/$e.c"
	done
}

# By nothing but what is installed
installs() {
	local dest=$scratch/dest

	DESTDIR=$dest PREFIX=/opt/x "$top/scripts/install" &&
		export PKG_CONFIG_LIBDIR=$dest/opt/x/lib/pkgconfig \
			PKG_CONFIG_SYSROOT_DIR=$dest &&
		[ "$(pkg-config --modversion mremap_range)" = 2 ] &&
		sed 's,"../lib/\(.*\)",<\1>,' "$top/examples/heap.c" >"$scratch/heap.c" &&
		read -ra flags < <(pkg-config --cflags mremap_range) &&
		gcc "${flags[@]}" -o "$scratch/o" "$scratch/heap.c"
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

# example NAME KERNEL PROGRAM CALLS [ARGUMENT]: makes so many calls
example() {
	local out=$scratch/$3-$1

	guest "$out" "$2" "$scratch/$3" "${@:5}"
	is "$status" 0 "$1: $3 has lost nothing"
	is "$(sed -n 's/.*calls: \([0-9]*\).*/\1/p' "$out")" "$4" "$1: $3: calls"
}

# same_but_for_calls PROGRAM: on both kernels
same_but_for_calls() {
	diff <(sed 's/calls: [0-9]*//' "$scratch/$1-series") \
		<(sed 's/calls: [0-9]*//' "$scratch/$1-base")
}

# The output of heap.c on both, as the documentation shows it
documented() {
	local kernel

	for kernel in series base; do
		grep -qxF "    $(cat "$scratch/heap-$kernel")" \
			"$top/Documentation/applications.md" || return
	done
}

compiles gcc -std=c11
compiles gcc -std=gnu2x
compiles clang -std=c11
compiles g++ -std=c++17 -x c++
compiles clang++ -std=c++17 -x c++
# The header itself, of which C++ is not to say that its casts are C's
printf '#include "%s"\n' "$top/lib/mremap_range.h" >"$scratch/only.cc"
for c in g++ clang++; do
	check "the header: $c -Wold-style-cast" "$c" -std=c++17 "${strict[@]}" \
		-Wold-style-cast -fsyntax-only "$scratch/only.cc"
done
check 'the header names what it lacks' header_says_what_it_needs
check 'it is installed, and found by pkg-config' installs
for e in heap gc; do
	"$cc" "${strict[@]}" -static -pthread -o "$scratch/$e" "$top/examples/$e.c"
done
# Not by scripts/build-program: it would not see that the header has changed.
"$cc" -O2 -Wall -Wextra -Werror -static -o "$range" "$top/guest/range.c"

series=$("$top/scripts/kernel")
base=$(SERIES=none "$top/scripts/kernel")
cases series "$series" 1
cases base "$base" 0
example series "$series" heap 1
example base "$base" heap 32
check 'heap: the result is the same' same_but_for_calls heap
check 'heap: the documentation shows the output' documented
# A call a collection, or one for each of 24 mappings
example series "$series" gc 20 20
example base "$base" gc 480 20
check 'gc: the result is the same' same_but_for_calls gc
done_testing
