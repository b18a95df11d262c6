# SPDX-License-Identifier: GPL-2.0-only
# A plot of gnuplot's as part of a page: named by the variable title, its ids kept
# apart from those of other plots by the variable name, its size the page's.

/^<\?xml/ || /^<(title|desc)>/ { next }
/^ width="[0-9]*" height="[0-9]*"$/ || /^ xmlns/ { next }
/^<svg/ {
	printf "<svg role=\"img\" aria-label=\"%s\"\n", html(title)
	next
}
{
	gsub(/xlink:href=/, "href=")
	gsub(/href='#/, "&" name "-")
	gsub(/ id='/, "&" name "-")
	gsub(/ id="/, "&" name "-")
	gsub(/url\(#/, "&" name "-")
	print
}
