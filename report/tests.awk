# SPDX-License-Identifier: GPL-2.0-only
# The table of scripts/test, build/test/summary, as a table of HTML. The variable
# dir names the directory of the tests, which say themselves what they show.

# The first sentence of the comment at the head of a test
function purpose(name,  file, line, text) {
	file = dir "/" name ".t"
	while ((getline line < file) > 0 && line ~ /^#/) {
		if (line !~ /^#!|^# (SPDX-|shellcheck|Guests:|Tools:|Processors:)/)
			text = text substr(line, 2)
	}
	close(file)
	sub(/^ /, "", text)
	sub(/[.] .*/, ".", text)
	return text == "" ? "" : "<small>" html(text) "</small>"
}

function verdict(passed, failed) {
	return failed ? "failed" : passed ? "passed" : "skipped"
}

NR == 1 {
	begin_table("Test files")
	printf "<thead><tr>"
	head("test")
	head("result")
	split("cases passed failed skipped seconds building guests", heads, " ")
	for (i = 1; i <= 7; i++)
		head(heads[i], "n")
	print "</tr></thead><tbody>"
	next
}
NF < 8 { exit }
{
	v = verdict($3, $4)
	printf "<tr class=\"%s\"><th scope=\"row\">%s%s</th>",
	       v, html($1), purpose($1)
	cell(v, "verdict")
	for (i = 1; i <= 7; i++) {
		cell($(i + 1), "n")
		sum[i] += $(i + 1)
	}
	print "</tr>"
}
END {
	v = verdict(sum[2], sum[3])
	printf "<tr class=\"%s\"><th scope=\"row\">all</th>", v
	cell(v, "verdict")
	for (i = 1; i <= 7; i++)
		cell(sum[i] + 0, "n")
	print "</tr>"
	end_table()
}
