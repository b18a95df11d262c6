#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each patch pleases checkpatch; the sign-off is left to who sends it.

. "$(dirname "$0")/lib.sh"

dir=${SERIES:-$patches}
src=$("$top/scripts/source" check "$("$top/scripts/series")")

checkpatch() {
	(cd "$src" && perl scripts/checkpatch.pl --strict --no-signoff \
		--no-summary --show-types "$1")
}

changelog() {
	sed '/^---$/,$d' "$1"
}

# Trailers and the mail's header need no wrapping
short_lines() {
	! changelog "$1" | sed '1,/^$/d' | grep -nE '^.{76}'
}

no_foreign_tags() {
	! changelog "$1" | grep -nE '^(Signed-off|Reviewed|Acked|Tested)-by:|^Link:'
}

has_body() {
	changelog "$1" | sed '1,/^$/d' | grep -q .
}

while read -r patch; do
	name=$(basename "$patch" .patch)
	check "$name: checkpatch" checkpatch "$(realpath "$patch")"
	check "$name: has a changelog" has_body "$patch"
	check "$name: no line over 75 columns" short_lines "$patch"
	check "$name: no tags of others" no_foreign_tags "$patch"
done < <(list_patches "$dir")
done_testing
