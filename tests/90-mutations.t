#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# Break the series on purpose, in one place at a time: each of tests/mutations,
# applied on top of it, has to be noticed by the kernel itself, by mremap_multi, or
# by what the patch names after 'Program:'.

. "$(dirname "$0")/lib.sh"

export FLAVOUR=uml
mutations=$top/tests/mutations
programs=$("$top/scripts/selftests")
unbroken=${SERIES:-$patches}
# One directory for all of them, so that they share a work tree and a build
broken=$build/test/mutant
mkdir -p "$broken"

break_series() {
	rm -f "$broken"/*
	cp "$unbroken"/[0-9]*.patch "$broken"
	cp "$1" "$broken/9999-$(basename "$1")"
}

# notices KERNEL PROGRAM [ARGUMENT]...: what is wrong with it
notices() {
	local out=$scratch/out kernel=$1 program=$2 status=0

	shift 2
	"$top/scripts/boot" -t 120 -m 256 -l "$scratch/log" "$kernel" \
		"$programs/$program" "$@" >"$out" 2>"$scratch/err" || status=$?
	sed -n 's/^not ok [0-9]* \(- \)\?//p' "$out"
	case $status in
	124) echo "the kernel's own complaint" ;;
	125) echo 'a guest that does not come to its end' ;;
	esac
}

for m in "$mutations"/*.patch; do
	name=$(basename "$m" .patch)
	break_series "$m"
	kernel=$(SERIES=$broken "$top/scripts/kernel")
	read -ra program <<<"$(sed -n 's/^Program: //p' "$m")"
	mapfile -t by < <(notices "$kernel" "${program[@]:-mremap_multi}")
	note "$name: noticed by ${by[0]-nobody} (${#by[@]} in all)"
	is $((${#by[@]} > 0)) 1 "$name is noticed"
done
done_testing
