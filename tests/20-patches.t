#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Tools: x86_64 sparse
# With each patch in turn, what it changes compiles without a warning for x86_64
# and user-mode Linux, sparse says nothing new about it, and the selftests that it
# touches compile.

. "$(dirname "$0")/lib.sh"
. "$top/tests/compile.sh"
clean_git

base=$("$top/scripts/prepare-base")
tip=$("$top/scripts/apply-series")

# warnings LOG: without line numbers
warnings() {
	sed -n 's/^\([^ :]*\):[0-9:]* \(.*\(warning\|error\).*\)/\1: \2/p' "$1" | sort -u
}

# says FLAVOUR COMMIT: warnings about what is not up to date go to FLAVOUR.now,
# those of sparse as well
says() {
	local c='' list log=$scratch/$1.log

	[ "$1" != x86_64 ] || c=C=1
	mapfile -t list < <(objects "$2" | while read -r o; do
		! configured "out-$1" "$o" || echo "$o"
	done)
	kbuild "$1" "$src" W=1 $c "${list[@]}" >"$log" 2>&1 9>&- ||
		{ tail -n 20 "$log"; return 1; }
	warnings "$log" >"$scratch/$1.now"
}

# compiles_silently FLAVOUR COMMIT: no warning that the base has not got
compiles_silently() {
	says "$1" "$2" && ! comm -13 "$scratch/$1.base" "$scratch/$1.now" | grep .
}

# start_anew FLAVOUR: compile all of it on the base
start_anew() {
	prepare_objects "$1" "$scratch/prepare"
	(cd "$src/out-$1" && objects "$tip" | xargs rm -f)
	check "the base compiles ($1)" says "$1" "$tip"
	mv "$scratch/$1.now" "$scratch/$1.base"
	is "$(grep -F '[-W' "$scratch/$1.base")" '' "the compiler says nothing ($1)"
}

# selftest_warnings COMMIT: those of the programs that the series touches
selftest_warnings() {
	local mm=tools/testing/selftests/mm programs

	"$top/scripts/checkout" check "$1" >/dev/null
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
		"${programs[@]}" >"$scratch/log" 2>&1 || cat "$scratch/log"
	warnings "$scratch/log"
}

selftests_compile() {
	! comm -13 "$scratch/selftests.base" <(selftest_warnings "$1") | grep .
}

# compile_patch NAME COMMIT
compile_patch() {
	local flavour

	for flavour in "${flavours[@]}"; do
		check "$1: compiles ($flavour)" compiles_silently "$flavour" "$2"
	done
	git --git-dir="$repo" diff --quiet "$2^" "$2" -- \
		tools/testing/selftests/mm ||
		check "$1: selftests compile" selftests_compile "$2"
}

note 'preparing the kernel builds'
src=$("$top/scripts/checkout" check "$base")
flavours=(x86_64)
if builds_uml; then
	flavours+=(uml)
else
	skip 'each patch compiles (uml)' "$("$top/scripts/why-no-uml")"
fi
for flavour in "${flavours[@]}"; do
	start_anew "$flavour"
done
if grep -q 'sparse is not available or not up to date' "$scratch/x86_64.log"; then
	skip 'sparse runs' "this kernel wants a later sparse than $(sparse --version)"
else
	is "$(($(grep -c '^  CHECK ' "$scratch/x86_64.log") > 0))" 1 'sparse runs'
fi
note "without the series: $(wc -l <"$scratch/x86_64.base") messages"
logged "$scratch/headers" 'making the headers' kbuild x86_64 "$src" headers
selftest_warnings "$base" >"$scratch/selftests.base"

each_patch compile_patch '*.[ch]'
done_testing
