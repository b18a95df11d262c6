# SPDX-License-Identifier: GPL-2.0-only
# What the demonstration prints on one kernel: each table of mappings is drawn, a
# square a page, and follows as a table. The variable what says which kernel it is.

BEGIN { side = 20 }

# The first column of a table is page -1.
function left(page) {
	return (page + 1) * side
}

function class_of(perms, kind) {
	if (kind ~ /^\(/)
		return "hole"
	if (perms ~ /^---/)
		return "guard"
	if (kind ~ /^file/)
		return "file"
	return perms ~ /s$/ ? "shared" : perms ~ /w/ ? "anon" : "readonly"
}

function close_text() {
	if (text != "")
		print "<pre>" html(text) "</pre>"
	text = ""
}

# draw PAGE SIZE CLASS HOLDS: its squares, with a letter each where they are told
function draw(page, size, class, holds,  i, cut, letters) {
	letters = holds
	cut = index(letters, "|")
	sub(/\|/, "", letters)
	for (i = 0; i < size; i++) {
		picture = picture sprintf("<rect class=\"%s\" x=\"%d\" " \
			"y=\"4\" width=\"%d\" height=\"%d\"/>", class,
			left(page + i), side, side)
		if (length(letters) == size && letters != "-")
			picture = picture sprintf("<text x=\"%d\" " \
				"y=\"18\">%s</text>", left(page + i) + side / 2,
				html(substr(letters, i + 1, 1)))
	}
	if (cut)
		picture = picture sprintf("<path class=\"cut\" " \
			"d=\"M%d 0 v28\"/>", left(page + cut - 1))
}

function begin_drawing() {
	close_text()
	caption = pending
	pending = picture = rows = ""
}

function end_drawing() {
	printf "<figure class=\"space\"><figcaption>%s</figcaption>\n",
	       html(caption)
	printf "<svg viewBox=\"-1 0 %d 28\" aria-hidden=\"true\">%s</svg>\n",
	       left(18) + 2, picture
	printf "<details><summary>its mappings</summary><table><thead><tr>"
	head("page", "n")
	head("size", "n")
	head("perms")
	head("kind")
	head("holds")
	print "</tr></thead><tbody>"
	print rows "</tbody></table></details></figure>"
}

# The columns stand where the heads of the table stand.
function take_row(  number, perms, kind, holds) {
	split(substr($0, 2, at_perms - 2), number, " ")
	perms = word(substr($0, at_perms, at_kind - at_perms))
	kind = word(substr($0, at_kind, at_holds - at_kind))
	holds = word(substr($0, at_holds, length($0) - at_holds))
	draw(number[1], number[2], class_of(perms, kind), holds)
	rows = rows "<tr><td class=\"n\">" html(number[1]) \
	       "</td><td class=\"n\">" html(number[2]) "</td><td class=\"code\">" \
	       html(perms) "</td><td>" html(kind) "</td><td class=\"code\">" \
	       html(holds) "</td></tr>\n"
}

function word(s) {
	sub(/^ */, "", s)
	sub(/ *$/, "", s)
	return s
}

NR == 1 {
	print "<h3>" html($0 ", " what) "</h3>"
	next
}
/^(BEFORE|AFTER)/ {
	close_text()
	print "<h4>" html($0) "</h4>"
	next
}
/^(Source|Destination), / { pending = $0; next }
/^\+-/ {
	if (pending != "")
		begin_drawing()
	else
		end_drawing()
	next
}
/^\| page / {
	at_perms = index($0, "perms")
	at_kind = index($0, "kind")
	at_holds = index($0, "holds")
	next
}
/^\|/ { take_row(); next }
/^Destination contents: / {
	of = $5 + 0
	left_there = $3 + 0
}
/^result: / {
	close_text()
	result = substr($0, 9)
	next
}
NF { text = text (text == "" ? "" : "\n") $0 }
END {
	close_text()
	if (result == "")
		what = "The guest gave no result"
	else if (result == "moved")
		what = "This kernel <strong>moved</strong> the range by one call"
	else
		what = "This kernel <strong>" html(result) "</strong> the call"
	if (result == "refused" && left_there < of)
		what = what ", and what the destination held is " \
		       "<strong>lost</strong>: " of - left_there " of " \
		       plural(of, "page")
	print "<p class=\"result\">" what ".</p>"
}
