#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tools: bench tidy
# The page of make report, from made-up results: it is valid HTML that refers to
# nothing outside, shows what there is, says what is missing, escapes all text.

. "$(dirname "$0")/lib.sh"

dir=$scratch/build
page=$dir/report.html

make_tests() {
	mkdir -p "$dir/test/tests"
	cat >"$dir/test/summary" <<-'END'
		test            cases passed failed skipped seconds building guests
		10-roundtrip        2      2      0       0       3        0      0
		56-fuzz             3      1      1       1      20        5     12

		skipped, and why:
		      1 no <huge> pages
	END
	printf 'ok 1 - a\nok 2 - b\n# 3 seconds\n1..2\n' \
		>"$dir/test/tests/10-roundtrip.t"
	printf '%s\n' 'ok 1 - a' 'not ok 2 - a <b> & "c" fails' '# got <x>' \
		'ok 3 - d # SKIP no <huge> pages' '# 20 seconds' 1..3 \
		>"$dir/test/tests/56-fuzz.t"
}

# Three lines of the series, one of which nothing reaches
make_coverage() {
	mkdir -p "$dir/coverage"
	cat >"$dir/coverage/summary" <<-'END'
		File '/src/mm/mremap.c'
		Lines executed:91.23% of 345

		File '/src/mm/vma.h'
		Lines executed:12.34% of 567

		of the lines that the series changes: 2 of 3, 66.6 %
	END
	cat >"$dir/coverage/mremap.c.gcov" <<-'END'
		        -:    0:Source:mm/mremap.c
		        5:    1:static bool is_small(int a)
		        -:    2:{
		        5:    3:	if (a < 7)
		    #####:    4:		return a < 8;
		        5:    5:	return true;
		        -:    6:}
	END
	grep '#####' "$dir/coverage/mremap.c.gcov" >"$dir/coverage/missed"
}

# One move of 16 mappings: a loop of 4000 instructions, one call of 1000
make_bench() {
	local case='move anon 16 1 apart faulted empty'

	mkdir -p "$dir/bench"
	printf '%s\n' 'kernel form kind mappings pages' "6.12 $case one - -" \
		"6.12 $case loop 4000 32" "series $case one 1000 16" \
		"series $case loop 3900 32" | tr ' ' '\t' >"$dir/bench/cost.tsv"
	echo 'table <1>' >"$dir/bench/tables.txt"
	for p in moves shapes phases; do
		gnuplot -e "set terminal svg; plot x title '<$p>'" \
			>"$dir/bench/$p.svg"
	done
}

# demo_output RESULT
demo_output() {
	cat <<-END
		Linux 6.12.0-test

		BEFORE
		Source, 0x1000
		+------------------------------------+
		| page size  perms  kind      holds  |
		|   -1    2  rw-p   anonymous Q|<    |
		+------------------------------------+

		Destination contents:  0 of  2 pages as before,

		result: $1
	END
}

make_demo() {
	mkdir -p "$dir/demo"
	demo_output refused >"$dir/demo/base.txt"
	demo_output moved >"$dir/demo/series.txt"
}

# Not what tidy does not know: gnuplot's attributes
is_valid() {
	tidy -e -q "$page"
}

has_no_reference() {
	! grep -nE '(https?|file):|(src|href)=["'\''][^#]|url\([^#]' "$page"
}

has_each_id_once() {
	! grep -oE ' id=["'\''][^"'\'' ]*' "$page" | tr \' \" | sort | uniq -d |
		grep .
}

# Each link within the page has its end.
links_end() {
	local id

	grep -oE 'href=["'\'']#[^"'\'']*' "$page" | cut -d'#' -f2 | sort -u |
		while read -r id; do
			grep -qE " id=[\"']${id}[\"']" "$page" ||
				{ echo "$id is nowhere"; exit 1; }
		done
}

# The subjects as git reads them
has_all_subjects() {
	local patch subject

	while read -r patch; do
		subject=$(git mailinfo /dev/null /dev/null <"$patch" |
			sed -n 's/^Subject: //p' | sed 's/&/\&amp;/g; s/</\&lt;/g
				s/>/\&gt;/g; s/"/\&quot;/g')
		grep -qF "<li>$subject<small>" "$page" ||
			{ echo "not there: $subject"; return 1; }
	done < <(list_patches "$patches")
}

# report NAME: make the page, and try what has to be true of any
report() {
	check "$1: a page" "$top/scripts/report" "$dir"
	is "$(cat "$scratch/output")" "$page" "$1: its path is printed"
	check "$1: valid HTML" is_valid
	check "$1: nothing from outside" has_no_reference
	check "$1: ids are unique" has_each_id_once
	check "$1: links have their ends" links_end
	is "$(grep -oE '<section id="[a-z]*' "$page" | cut -d'"' -f2 | xargs)" \
		'demo tests coverage cost series' "$1: all sections"
}

# shows TEXT...: the page has each of them
shows() {
	local text

	for text; do
		check "shows $text" grep -qF -- "$text" "$page"
	done
}

has_not() {
	! grep -F -- "$1" "$page"
}

shows_not() {
	check "does not show $1" has_not "$1"
}

# refuses MESSAGE ARGUMENT...: one line, and no page
refuses() {
	local status=0

	rm -f "$page"
	"$top/scripts/report" "${@:2}" >"$scratch/out" 2>&1 || status=$?
	is "$status, $(cat "$scratch/out")" "1, error: $1" "refuses: $1"
	check 'leaves no page' [ ! -e "$page" ]
}

mkdir -p "$dir"
refuses 'nothing to report yet: make test, make coverage or make bench' "$dir"
refuses "no such directory: $scratch/none" "$scratch/none"

make_coverage
report 'coverage only'
shows 'Not tested yet' 'No tests yet: <code>make test</code>' \
	'No benchmark yet: <code>make bench</code>' \
	'No demonstration yet: <code>make run</code>' \
	'91.23%' '66.6%' '<code>is_small()</code>: 1 line' 'return a &lt; 8;'
shows_not '12.34%'
shows_not 'No coverage yet'

make_tests
make_bench
make_demo
report everything
shows 'Failed: 1 of 4 cases' '3 passed, 1 failed, 1 skipped' \
	'56-fuzz: a &lt;b&gt; &amp; &quot;c&quot; fails<pre>got &lt;x&gt;' \
	'1 case: no &lt;huge&gt; pages' '<td class="n ratio">0.25</td>' \
	'table &lt;1&gt;' 'aria-label="Instructions for each mapping' \
	'y="18">Q</text>' 'y="18">&lt;</text>' '<strong>moved</strong> the range' \
	'<strong>refused</strong> the call' '<strong>lost</strong>: 2 of 2 pages' \
	"$(list_patches "$patches" | wc -l) patches"
is "$(grep -c '<svg role="img"' "$page")" 3 'all plots'
is "$(sed -n '/id="series"/,$p' "$page" | grep -c '<li>')" \
	"$(list_patches "$patches" | wc -l)" 'a line for each patch'
check 'each with its subject' has_all_subjects
shows_not 'changed since'
shows_not '<b>'
for what in tests coverage benchmark demonstration; do
	shows_not "No $what yet"
done

sed -i '/^56/s/1      1       1/2      0       1/' "$dir/test/summary"
report 'no failure, but not all tests'
shows 'Passed, but only 2 of'

# A test that died has no plan, perhaps no line at all.
sed -i '/^1\.\./d' "$dir/test/tests/10-roundtrip.t"
: >"$dir/test/tests/56-fuzz.t"
touch -d 2000-01-01 "$dir/test/summary"
report 'tests without an end'
shows '10-roundtrip: it did not come to its end' '56-fuzz: it wrote nothing' \
	'The series has been changed since.'
done_testing
