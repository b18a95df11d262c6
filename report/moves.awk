# SPDX-License-Identifier: GPL-2.0-only
# cost.tsv: what moves cost, against the loop of calls on 6.12, in thousands of
# instructions. With the variable few, only the moves that the plots show.

function kilo(x) {
	return x == "" || x == "-" ? "-" : sprintf("%.1f", x / 1000)
}

function ratio(a, b) {
	return a == "" || a == "-" || b + 0 == 0 ? "-" : sprintf("%.2f", a / b)
}

NR == 1 || $2 != "move" { next }
few && ($3 != "anon" || $5 != 1 || $6 != "apart" || $8 != "empty") { next }
{
	c = $4 "\t" $5 "\t" $3 "\t" $6 "\t" $7 "\t" $8
	if (!(c in seen)) {
		seen[c]
		name[++cases] = c
	}
	kernels[$1]
	cost[c, $1, $9] = $10
	flushes[c, $1, $9] = $11
}

function print_heads(  i, heads) {
	begin_table(few ? "Moves of anonymous mappings of one page" : \
		    "All moves")
	printf "<thead><tr>"
	head("mappings", "n")
	if (!few) {
		head("pages each", "n")
		head("kind")
		head("alignment")
	}
	head("state")
	if (!few)
		head("destination")
	head("6.12: loop", "n")
	head("series: loop", "n")
	head("series: one call", "n")
	if ("peer" in kernels)
		head("peer: one call", "n")
	head("one call / 6.12's loop", "n")
	head("TLB flushes: 6.12's loop", "n")
	head("TLB flushes: one call", "n")
	print "</tr></thead><tbody>"
}

function print_case(c,  part) {
	split(c, part, "\t")
	printf "<tr>"
	cell(part[1], "n")
	if (!few) {
		cell(part[2], "n")
		cell(part[3])
		cell(part[4])
	}
	cell(part[5])
	if (!few)
		cell(part[6])
	cell(kilo(cost[c, "6.12", "loop"]), "n")
	cell(kilo(cost[c, "series", "loop"]), "n")
	cell(kilo(cost[c, "series", "one"]), "n")
	if ("peer" in kernels)
		cell(kilo(cost[c, "peer", "one"]), "n")
	cell(ratio(cost[c, "series", "one"], cost[c, "6.12", "loop"]),
	     "n ratio")
	cell(flushes[c, "6.12", "loop"], "n")
	cell(flushes[c, "series", "one"], "n")
	print "</tr>"
}

END {
	print_heads()
	for (i = 1; i <= cases; i++)
		print_case(name[i])
	end_table()
}
