# SPDX-License-Identifier: GPL-2.0-only
# cost.tsv: all forms of mremap() for one mapping, and the probe, in instructions.

NR == 1 || ($4 != 1 && $2 != "probe") || $9 != "one" { next }
!($1 in known) {
	known[$1]
	kernel[++kernels] = $1
}
{
	c = sprintf("%-11s %-12s %5s %-6s %-9s %-8s", $2, $3, $5, $6, $7, $8)
	if (!(c in seen)) {
		seen[c]
		name[++cases] = c
	}
	cost[c, $1] = $10
	flushes[c, $1] = $11
}
END {
	print "One mapping, and the probe, in instructions. 'ratio' compares the"
	print "series with 6.12; the last columns count TLB flushes."
	print ""
	printf "%-11s %-12s %5s %-6s %-9s %-8s", "form", "kind", "pages",
	       "align", "state", "dest."
	for (k = 1; k <= kernels; k++)
		printf " %9s", kernel[k]
	printf "  ratio "
	for (k = 1; k <= kernels; k++)
		printf " %7s", kernel[k]
	print ""
	for (i = 1; i <= cases; i++) {
		c = name[i]
		printf "%s", c
		for (k = 1; k <= kernels; k++)
			printf " %9d", cost[c, kernel[k]]
		printf "  %6.3f", cost[c, "series"] / cost[c, "6.12"]
		for (k = 1; k <= kernels; k++)
			printf " %7d", flushes[c, kernel[k]]
		print ""
	}
}
