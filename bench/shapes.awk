# SPDX-License-Identifier: GPL-2.0-only
# shapes.tsv: a single mapping's move among others, as a ratio to 6.12, whose
# lines come first: for each kernel the median, the best and the worst, of all
# shapes and of those that have something in common, and how many are above
# limit. All ratios in their order also go into the file that the variable tsv
# names, for shapes.gp.

BEGIN { factors = split("others pages align state dest.", factor, " ") }
NR == 1 || $8 == "-" { next }
{ shape = $3 "/" $4 "/" $5 "/" $6 "/" $7 }
$1 == "6.12" {
	base[shape] = $8
	next
}
!($1 in known) {
	known[$1]
	kernel[++kernels] = $1
}
{
	insert($1, $8 / base[shape], shape)
	for (f = 1; f <= factors; f++) {
		if (!((f, $(2 + f)) in seen)) {
			seen[f, $(2 + f)]
			value[f, ++values[f]] = $(2 + f)
		}
		insert($1 SUBSEP f SUBSEP $(2 + f), $8 / base[shape], shape)
	}
}

# Into the ratios of a group, the least first
function insert(group, ratio, shape,  i) {
	for (i = ++count[group]; i > 1 && ratios[group, i - 1] > ratio; i--) {
		ratios[group, i] = ratios[group, i - 1]
		shapes[group, i] = shapes[group, i - 1]
	}
	ratios[group, i] = ratio
	shapes[group, i] = shape
}

function median(group,  n) {
	n = count[group]
	return (ratios[group, int((n + 1) / 2)] + ratios[group, int(n / 2) + 1]) / 2
}

function print_group(label, group,  i, n, above) {
	n = count[group]
	for (i = 1; i <= n; i++)
		above += ratios[group, i] > limit
	printf "%-16s %6d %6d %7.3f %7.3f %-30s %7.3f %s\n", label, n, above,
	       median(group), ratios[group, 1], shapes[group, 1],
	       ratios[group, n], shapes[group, n]
}

function print_kernel(k,  f, i) {
	print ""
	printf "%-16s %6s %6s %7s %7s %-30s %7s\n", k, "shapes", "above",
	       "median", "best", "", "worst"
	print_group("all", k)
	for (f = 1; f <= factors; f++) {
		for (i = 1; i <= values[f]; i++)
			print_group(factor[f] " " value[f, i],
				    k SUBSEP f SUBSEP value[f, i])
	}
	for (i = 1; i <= count[k]; i++)
		print k "\t" i "\t" ratios[k, i] "\t" shapes[k, i] >tsv
}

END {
	print "A single mapping that moves among others: what it costs in"
	print "proportion to 6.12, in shapes of an address space; 'above' counts"
	printf "those above %s. A shape is others on each side/pages/alignment/\n",
	       limit
	print "state/destination."
	for (k = 1; k <= kernels; k++)
		print_kernel(kernel[k])
}
