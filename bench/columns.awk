# SPDX-License-Identifier: GPL-2.0-only
# profile.tsv: what the tables of phases and events have in common. A column for
# each kernel and case; sets column, name, mappings.

NR == 1 { next }
{
	column = $1 "\t" $4 "\t" $7 "\t" $9
	if (!(column in mappings)) {
		mappings[column] = $4
		name[++columns] = column
	}
}

function each(i, sum) {
	return sum / mappings[name[i]]
}

function print_heads(width,  i, j, part) {
	for (j = 1; j <= 4; j++) {
		printf "%-*s", width, j == 2 ? "mappings" : ""
		for (i = 1; i <= columns; i++) {
			split(name[i], part, "\t")
			printf " %9s", part[j]
		}
		print ""
	}
}
