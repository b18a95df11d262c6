# SPDX-License-Identifier: GPL-2.0-only
# Join what profile.c writes, run by run, with the cases of guest/bench: print
# for each case its cheapest run. A case has four runs, a refused one but one.

FNR == NR {
	n = ++lines[$1]
	text[$1, n] = $2 "\t" $3 "\t" $4 "\t" $5
	sum[$1] += $5
	next
}
{
	runs = $9 == "-" ? 1 : 4
	best = ++run
	for (i = 1; i < runs; i++) {
		if (sum[++run] < sum[best])
			best = run
	}
	if ($9 == "-")
		next
	name = $1
	for (i = 2; i <= 8; i++)
		name = name "\t" $i
	for (i = 1; i <= lines[best]; i++)
		print name "\t" text[best, i]
}
