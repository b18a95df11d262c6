# SPDX-License-Identifier: GPL-2.0-only
# missed mremap.c.gcov: the lines of the series that nothing reaches, by function,
# with three lines before and after.

BEGIN { around = 3 }

# Fields of a line of gcov's: how often, number, text.
function number_of(line,  part) {
	split(line, part, ":")
	return part[2] + 0
}

function text_of(line) {
	sub(/^[^:]*:[^:]*:/, "", line)
	return line
}

FNR == NR {
	missed[number_of($0)]
	next
}
/^ *([0-9]+\*?|-|[#=]+): *[0-9]+:/ {
	n = number_of($0)
	if (!n || n in text)
		next
	text[n] = text_of($0)
	last = n
	# As diff has it: a line of a function begins in the first column.
	if (text[n] ~ /^[A-Za-z_].*\(/ && text[n] !~ /;$/) {
		fn = text[n]
		sub(/\(.*/, "", fn)
		sub(/.*[ *]/, "", fn)
	}
	inside[n] = fn
	if (n in missed) {
		if (!(fn in count))
			order[++fns] = fn
		count[fn]++
	}
}

# near LINE: whether a missed line of the same function is
function near(n,  i) {
	for (i = n - around; i <= n + around; i++) {
		if (i in missed && inside[i] == inside[n])
			return 1
	}
	return 0
}

function print_line(n) {
	if (n in missed)
		printf "<mark>%5d  missed   %s</mark>\n", n, html(text[n])
	else
		printf "%5d           %s\n", n, html(text[n])
}

function print_function(fn,  n, gap) {
	gap = 0
	for (n = 1; n <= last; n++) {
		if (inside[n] != fn)
			continue
		if (!near(n)) {
			gap = 1
			continue
		}
		if (gap == 1 && printed[fn])
			print "  ..."
		gap = 0
		printed[fn] = 1
		print_line(n)
	}
}

END {
	for (i = 1; i <= fns; i++) {
		printf "<details><summary><code>%s()</code>: %s" \
		       "</summary>\n<pre tabindex=\"0\">",
		       html(order[i]), plural(count[order[i]], "line")
		print_function(order[i])
		print "</pre></details>"
	}
}
