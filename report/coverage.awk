# SPDX-License-Identifier: GPL-2.0-only
# What gcov says of mm/mremap.c: the numbers of its summary as a table.

/^File / { ours = $0 ~ /\/mremap\.c'/ }
/^$/ { ours = 0 }
ours && / of [0-9]+$/ {
	name = $0
	sub(/:.*/, "", name)
	share = $0
	sub(/^[^:]*:/, "", share)
	sub(/ of .*/, "", share)
	row(name " of mm/mremap.c", share, $NF)
}
/^of the lines that the series changes: / {
	reached = $8
	sub(/,$/, "", $10)
	row("Lines of the series reached (" reached ")", $11 "%", $10)
}

function row(name, share, of) {
	if (!rows++) {
		begin_table("What the tests reach")
		printf "<thead><tr>"
		head("what")
		head("share", "n")
		head("of", "n")
		print "</tr></thead><tbody>"
	}
	printf "<tr><th scope=\"row\">%s</th>", html(name)
	cell(share, "n")
	cell(of, "n")
	print "</tr>"
}

END {
	if (rows)
		end_table()
}
