# SPDX-License-Identifier: GPL-2.0-only
# profile.tsv: instructions for each mapping, by function; those functions that
# take a hundredth in at least one column.

NR > 1 {
	cost[column, $11] += $13
	total[column] += $13
	if (!($11 in known)) {
		known[$11]
		fn[++fns] = $11
	}
}

# The largest of its shares of the columns
function weight(f,  i, share, most) {
	for (i = 1; i <= columns; i++) {
		share = cost[name[i], f] / total[name[i]]
		if (share > most)
			most = share
	}
	return most
}

END {
	print "The functions that take most, for each mapping of one page:"
	print ""
	print_heads(34)
	for (f = 1; f <= fns; f++)
		w[f] = weight(fn[f])
	for (;;) {
		best = 0
		for (f = 1; f <= fns; f++) {
			if (w[f] >= 0.01 && (!best || w[f] > w[best]))
				best = f
		}
		if (!best)
			break
		printf "%-34s", fn[best]
		for (i = 1; i <= columns; i++)
			printf " %9.1f", each(i, cost[name[i], fn[best]])
		print ""
		w[best] = 0
	}
}
