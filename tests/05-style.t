#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tools: shellcheck
# The project's own files keep the rules: shellcheck, checkpatch, SPDX tags.

. "$(dirname "$0")/lib.sh"

cd "$top"
shell=(scripts/* tests/*.t tests/*/*.t tests/*.sh bench/*.sh .ci/run)
src=$("$top/scripts/checkout" check "$("$top/scripts/apply-series")")

# It leaves a file where it runs.
checkpatch() {
	(cd "$scratch" && perl "$src/scripts/checkpatch.pl" --no-tree \
		--strict --no-summary -q -f "$top/$1")
}

for f in "${shell[@]}"; do
	[ "$f" != scripts/import-tar ] || continue
	check "$f: shellcheck" shellcheck "$f"
done
check 'scripts/import-tar: perl' perl -wc scripts/import-tar
for f in guest/*.c guest/*/*.c examples/*.c tests/*.c; do
	check "$f: checkpatch" checkpatch "$f"
	# These take headers of the kernel's source.
	case $f in guest/selftests/*) continue ;; esac
	check "$f: compiles without warnings" gcc -O2 -Wall -Wextra -Werror \
		-c -o "$scratch/o" "$f"
done
own=$(FLAVOUR=$(any_flavour) "$top/scripts/build-selftests")/log.own
is "$(cat "$own")" '' 'guest/selftests: compiles without warnings'
for f in guest/*/*.h lib/*.h bench/*.[ch]; do
	check "$f: checkpatch" checkpatch "$f"
done
for f in "${shell[@]}" guest/*.c guest/*/*.[ch] examples/*.c tests/*.c \
	lib/*.h bench/* report/* kernel/*.config kernel/*/*.config Makefile \
	.gitignore; do
	check "$f: SPDX tag" grep -q 'SPDX-License-Identifier: GPL-2.0-only' "$f"
done
done_testing
