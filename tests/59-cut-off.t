#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# The series cut off before the patch that makes a move all or nothing: the tests
# of that have to see moves that are half done, or they would see nothing.

. "$(dirname "$0")/lib.sh"
require_uml

export FLAVOUR=uml
programs=$("$top/scripts/selftests")
whole=${SERIES:-$patches}
cut=$build/test/cut-off
rm -rf "$cut"
mkdir -p "$cut"

for p in "$whole"/[0-9]*.patch; do
	! grep -q '^Subject: .* mm/mremap: make a move all or nothing$' "$p" ||
		break
	cp "$p" "$cut"
done
kernel=$(SERIES=$cut "$top/scripts/kernel")
note "$(find "$cut" -name '*.patch' | wc -l) files of the series"

out=$scratch/undo
"$top/scripts/boot" -t 600 -m 512 -l "$out.log" "$kernel" \
	"$programs/mremap_undo" >"$out" 2>"$out.err" || :
note "mremap_undo: $(grep -c '^not ok' "$out") of $(grep -c '^\(not \)\?ok' \
	"$out") cases fail"
for c in unfaulted faulted files partial_ends mlocked holes dontunmap \
	directly_before directly_after occupied refused_last; do
	is "$(grep -c "^not ok [0-9]* undo\.$c\.f1_each_allocation$" "$out")" \
		1 "$c: the partial move is seen"
done

out=$scratch/fuzz
status=0
"$top/scripts/boot" -t 300 -m 512 -l "$out.log" "$kernel" \
	"$("$top/scripts/guest" fuzz)" -i -n 20000 1 >"$out" 2>"$out.err" || status=$?
is "$status" 1 'fuzz -i sees a partial move'
note "fuzz -i: $(grep -m 1 . "$out")"
done_testing
