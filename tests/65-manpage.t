#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, or what runs here
# Tools: man
# The manual page: its patch applies, it renders without a warning, names the
# errors that the contract names, and its program does what the page says.

. "$(dirname "$0")/lib.sh"

FLAVOUR=$(any_flavour)
export FLAVOUR
cc=$(cross_of "$FLAVOUR")gcc
example=mremap_several

if ! page=$("$top/scripts/make-manpage" 2>"$scratch/error"); then
	if grep -q 'instead of' "$scratch/error"; then
		echo "1..0 # SKIP $(cat "$scratch/error")"
		exit
	fi
	result 1 'the patch applies'
	tell <"$scratch/error"
	done_testing
	exit
fi
result 0 'the patch applies'
base=$(dirname "$page")/../base/man2/mremap.2

# The warnings of both; "silent" fails if there is any.
renders() {
	MANWIDTH=80 man --warnings -l "$page" >"$scratch/text" &&
		groff -man -Tutf8 -ww -z "$page"
}

# lint FILE: what mandoc says of it, without file and position
lint() {
	mandoc -Tlint "$1" | sed 's/^mandoc: [^ ]* //' | sort
}

# The same number of each finding as before, or less
no_new_lint() {
	! comm -13 <(lint "$base") <(lint "$page") | grep .
}

silent() {
	"$@" >"$scratch/said" 2>&1 && ! grep . "$scratch/said"
}

# Added text: new sentences and clauses begin new lines, which are short.
semantic_newlines() {
	! diff "$base" "$page" | sed -n '/^> \.EX/,/^> \.EE/d; s/^> //p' |
		grep -E '[.;?!] +[[:alpha:]]|.{81}'
}

errors_of_page() {
	sed -n '/^\.SH ERRORS/,/^\.SH VERSIONS/p' "$page" |
		sed -n '/^\.TP/{n;s/^\.BR* \(E[A-Z]*\).*/\1/p}' | sort -u
}

errors_of_contract() {
	sed -n '/^## Errors/,/^## What a failure/p' \
		"$top/Documentation/contract.md" |
		grep -oE '\bE[A-Z]{3,}\b' | sort -u
}

# The program between the page's two comments, without roff's escapes
extract_example() {
	sed -n "/^\\.\\\\\" SRC BEGIN ($example.c)/,/^\\.\\\\\" SRC END/p" "$page" |
		sed -e '/^\./d' -e 's/\\-/-/g' -e 's/\\e/\\/g'
}

# shown N: what the Nth run of the program prints, according to the page
shown() {
	grep -A 1 -F "\$ ./$example" "$scratch/text" |
		sed -n '/\$/d; /^--/d; s/^ *//p' | sed -n "$1p"
}

# run_example KERNEL: its output and exit status
run_example() {
	local status=0

	"$top/scripts/boot" -t 300 -l "$scratch/log" "$1" \
		"$scratch/$example" >"$scratch/out" 2>"$scratch/err" ||
		status=$?
	# The guest knows the program by another name.
	echo "$(sed "s/^program: /$example: /" "$scratch/out"), $status"
}

check 'no warnings from man and groff' silent renders
check 'nothing new from mandoc' no_new_lint
check 'semantic newlines' semantic_newlines
is "$(errors_of_page)" "$(errors_of_contract)" \
	'the errors are those of the contract'
check 'mremap_range(3): nothing from mandoc' silent mandoc -Tlint -Wwarning \
	"$top/man/mremap_range.3"
extract_example >"$scratch/$example.c"
check 'the example compiles' "$cc" -O2 -Wall -Wextra -Werror -static \
	-o "$scratch/$example" "$scratch/$example.c"
is "$(run_example "$("$top/scripts/kernel")")" "$(shown 1), 0" \
	'with the series, it prints what the page says'
is "$(run_example "$(SERIES=none "$top/scripts/kernel")")" "$(shown 2), 1" \
	'without, it fails as the page says'
done_testing
