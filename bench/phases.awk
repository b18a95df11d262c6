# SPDX-License-Identifier: GPL-2.0-only
# profile.tsv: instructions for each mapping, by phase; also into the file that
# the variable tsv names, for phases.gp.

NR > 1 {
	if (!($10 in known)) {
		known[$10]
		phase[++phases] = $10
	}
	cost[column, $10] += $13
	total[column] += $13
}

function print_tsv(  i, p, label) {
	printf "case" >tsv
	for (p = 1; p <= phases; p++)
		printf "\t%s", phase[p] >tsv
	print "" >tsv
	for (i = 1; i <= columns; i++) {
		label = name[i]
		gsub(/\t/, " ", label)
		printf "%s", label >tsv
		for (p = 1; p <= phases; p++)
			printf "\t%.1f", each(i, cost[name[i], phase[p]]) >tsv
		print "" >tsv
	}
}

END {
	print "Where the instructions go, for each mapping of one page:"
	print ""
	print_heads(14)
	for (p = 1; p <= phases; p++) {
		printf "%-14s", phase[p]
		for (i = 1; i <= columns; i++)
			printf " %9.1f", each(i, cost[name[i], phase[p]])
		print ""
	}
	printf "%-14s", "sum"
	for (i = 1; i <= columns; i++)
		printf " %9.1f", each(i, total[name[i]])
	print ""
	print_tsv()
}
