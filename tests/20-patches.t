#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With each patch in turn, what the series touches compiles without a warning.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kbuild.sh"
. "$top/tests/compile.sh"
clean_git

base=$("$top/scripts/prepared")
tip=$("$top/scripts/series")
log=$scratch/log

# selftest_warnings COMMIT: those of the programs that the series touches,
# without their line numbers
selftest_warnings() {
	local mm=tools/testing/selftests/mm programs

	"$top/scripts/source" check "$1" >/dev/null
	mapfile -t programs < <(git --git-dir="$repo" diff --name-only \
		"$base" "$tip" -- "$mm/*.c" | sed 's,.*/,,; s,\.c$,,' |
		while read -r p; do
			grep -qw "TEST_GEN_FILES += $p" "$src/$mm/Makefile" &&
				echo "$scratch/$p"
		done)
	[ ${#programs[@]} -gt 0 ] || return 0
	rm -f "${programs[@]}"
	make -C "$src/$mm" OUTPUT="$scratch" EXTRA_CFLAGS=-static \
		ARCH=x86_64 CROSS_COMPILE="$(cross_of x86_64)" \
		KHDR_INCLUDES="-isystem $src/out-x86_64/usr/include" \
		"${programs[@]}" >"$log" 2>&1 || cat "$log"
	sed -n 's/^\([^ :]*\):[0-9:]* \(.*\(warning\|error\).*\)/\1: \2/p' \
		"$log" | sort -u
}

selftests_compile() {
	local new

	new=$(comm -13 "$scratch/base.warnings" <(selftest_warnings "$1"))
	echo "$new"
	[ -z "$new" ]
}

# compile_patch NAME COMMIT
compile_patch() {
	local flavour

	note "$1"
	for flavour in "${all[@]}"; do
		check "$1: compiles ($flavour)" compiles "$flavour" "$2" "$log"
	done
	git --git-dir="$repo" diff --quiet "$2^" "$2" -- \
		tools/testing/selftests/mm ||
		check "$1: selftests compile" selftests_compile "$2"
}

note 'preparing the kernel builds'
src=$("$top/scripts/source" check "$base")
all=(x86_64)
if builds_uml; then
	all+=(uml)
else
	skip 'each patch compiles (uml)' "$("$top/scripts/no-uml")"
fi
for flavour in "${all[@]}"; do
	prepare_objects "$flavour" "$scratch/prepare"
done
logged "$scratch/headers" 'making the headers' kbuild x86_64 "$src" headers
selftest_warnings "$base" >"$scratch/base.warnings"

each_patch compile_patch
done_testing
