# SPDX-License-Identifier: GPL-2.0-only
# The TAP of the tests: the cases that failed, those that were skipped by reason.

function finish() {
	if (!test)
		return
	if (!planned || seen < plan)
		failed[++failures] = test ": it did not come to its end"
}

function skip(name, reason) {
	if (reason == "")
		reason = "no reason given"
	if (!(reason in count))
		order[++reasons] = reason
	skipped[reason, ++count[reason]] = test (name == "" ? "" : ": " name)
}

# split_skip: name and reason of the line of a skipped case
function split_skip(line,  name, reason) {
	name = reason = line
	sub(/ *# [Ss][Kk][Ii][Pp].*/, "", name)
	sub(/^.*# [Ss][Kk][Ii][Pp] */, "", reason)
	skip(name, reason)
}

FNR == 1 {
	finish()
	test = FILENAME
	sub(/.*\//, "", test)
	sub(/\.t$/, "", test)
	planned = plan = seen = bad = 0
	names[++tests] = test
}
/^1\.\.[0-9]/ {
	planned = 1
	plan = substr($1, 4) + 0
	if (/# [Ss][Kk][Ii][Pp]/)
		split_skip(substr($0, length($1) + 1))
}
bad && /^#/ { says[failures] = says[failures] substr($0, 3) "\n" }
/^(not )?ok / {
	seen++
	bad = /^not /
	sub(/^(not )?ok [0-9]* *(- )?/, "")
	if (bad)
		failed[++failures] = test ": " $0
	else if (/# [Ss][Kk][Ii][Pp]/)
		split_skip($0)
}

# print_list LIST N [TEXTS]: with the text of each, if it has one
function print_list(list, n, texts,  i) {
	print "<ul>"
	for (i = 1; i <= n; i++)
		print "<li>" html(list[i]) \
		      (i in texts ? "<pre>" html(texts[i]) "</pre>" : "") "</li>"
	print "</ul>"
}

function print_skipped(  r, i, part) {
	print "<h3>Skipped, and why</h3>"
	for (r = 1; r <= reasons; r++) {
		printf "<details><summary>%s: %s</summary>\n",
		       plural(count[order[r]], "case"), html(order[r])
		for (i = 1; i <= count[order[r]]; i++)
			part[i] = skipped[order[r], i]
		print_list(part, count[order[r]], none)
		print "</details>"
	}
}

END {
	finish()
	# A test that wrote nothing has no line that awk would see.
	for (i = 1; i <= tests; i++)
		wrote[names[i]]
	for (i = 1; i < ARGC; i++) {
		test = ARGV[i]
		sub(/.*\//, "", test)
		sub(/\.t$/, "", test)
		if (!(test in wrote))
			failed[++failures] = test ": it wrote nothing"
	}
	if (failures) {
		print "<h3>Failed</h3>"
		print_list(failed, failures, says)
	}
	if (reasons)
		print_skipped()
}
