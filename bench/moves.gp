# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c moves.gp DIR: draw DIR/cost.tsv as DIR/moves.svg, instructions for
# each mapping of one page against the number of mappings.

dir = ARG1
set datafile separator "\t"
set terminal svg size 900,420 font "sans,12" background "white"
set output dir . "/moves.svg"
set multiplot layout 1,2
set logscale x 2
set xlabel "mappings moved"
set ylabel "instructions for each mapping"
set xrange [0.8:45000]
set yrange [0:*]
set xtics (1, 16, 256, 4096, "30000" 30000)
set format y "%.0f"
set grid ytics
set key top right Left reverse
pick(kernel, state, way) = sprintf( \
	"< awk -F '\\t' '$1 == \"%s\" && $2 == \"move\" && $3 == \"anon\" && " . \
	"$5 == 1 && $6 == \"apart\" && $7 == \"%s\" && $8 == \"empty\" && " . \
	"$9 == \"%s\" && $10 != \"-\"' OFS='\\t' %s/cost.tsv", \
	kernel, state, way, dir)
do for [state in "untouched faulted"] {
	set title "Pages " . state
	plot pick("6.12", state, "maps") using 4:($10 / $4) \
		with linespoints linewidth 2 title "6.12, maps read and loop", \
	     pick("6.12", state, "loop") using 4:($10 / $4) \
		with linespoints linewidth 2 title "6.12, loop", \
	     pick("series", state, "loop") using 4:($10 / $4) \
		with linespoints linewidth 2 title "series, loop", \
	     pick("series", state, "one") using 4:($10 / $4) \
		with linespoints linewidth 2 title "series, one call"
}
