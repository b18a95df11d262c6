# SPDX-License-Identifier: GPL-2.0-only
# cost.tsv: a line for each set of mappings that is moved, all kernels beside each
# other, in thousands of instructions.

function kilo(x) {
	return x == "" || x == "-" ? "-" : sprintf("%.1f", x / 1000)
}

function ratio(a, b) {
	return a == "-" || !b ? "-" : sprintf("%.2f", a / b)
}

NR == 1 || $2 != "move" { next }
!($1 in known) {
	known[$1]
	kernel[++kernels] = $1
}
{
	c = sprintf("%8s %5s  %-12s %-6s %-9s %-8s", $4, $5, $3, $6, $7, $8)
	if (!(c in seen)) {
		seen[c]
		name[++cases] = c
	}
	cost[c, $1, $9] = $10
	flushes[c, $1, $9] = $11
}
END {
	print "Moves, in thousands of instructions: one call, a loop of calls,"
	print "a loop after reading /proc/self/maps. 'one/loop' compares one call"
	print "of the series with the loop on 6.12; the last two columns count"
	print "their TLB flushes."
	print ""
	printf "%53s", ""
	for (k = 1; k <= kernels; k++)
		printf "  |%26s", kernel[k] " "
	print "  |"
	printf "%8s %5s  %-12s %-6s %-9s %-8s", "mappings", "pages", "kind",
	       "align", "state", "dest."
	for (k = 1; k <= kernels; k++)
		printf "  |%8s %8s %8s", "one", "loop", "maps"
	printf "  |%8s %7s %7s\n", "one/loop", "loop", "one"
	for (i = 1; i <= cases; i++) {
		c = name[i]
		printf "%s", c
		for (k = 1; k <= kernels; k++)
			printf "  |%8s %8s %8s",
			       kilo(cost[c, kernel[k], "one"]),
			       kilo(cost[c, kernel[k], "loop"]),
			       kilo(cost[c, kernel[k], "maps"])
		printf "  |%8s %7s %7s\n",
		       ratio(cost[c, "series", "one"], cost[c, "6.12", "loop"]),
		       flushes[c, "6.12", "loop"], flushes[c, "series", "one"]
	}
}
