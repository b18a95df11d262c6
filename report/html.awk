# SPDX-License-Identifier: GPL-2.0-only
# What the other programs here share: text as HTML, sentences with numbers.

function html(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	# Colours and the like have no place on a page.
	gsub(/[\001-\010\013-\037\177]/, "", s)
	return s
}

function plural(n, noun) {
	return n " " noun (n == 1 ? "" : "s")
}

function head(name, class) {
	printf "<th scope=\"col\"%s>%s</th>",
	       class == "" ? "" : " class=\"" class "\"", html(name)
}

function cell(value, class) {
	printf "<td%s>%s</td>", class == "" ? "" : " class=\"" class "\"",
	       html(value)
}

# A table may be wider than the screen: it scrolls, with the keyboard as well.
function begin_table(label) {
	printf "<div class=\"wide\" role=\"region\" tabindex=\"0\" " \
	       "aria-label=\"%s\"><table><caption>%s</caption>\n",
	       html(label), html(label)
}

function end_table() {
	print "</tbody></table></div>"
}
