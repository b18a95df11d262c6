# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c shapes.gp DIR: draw DIR/ratios.tsv, which shapes.awk has written, as
# DIR/shapes.svg: what a move costs in proportion to 6.12, the cheapest first.

dir = ARG1
data = dir . "/ratios.tsv"
set datafile separator "\t"
set terminal svg size 900,420 font "sans,12" background "white"
set output dir . "/shapes.svg"
set xlabel "shapes of an address space, in the order of their ratios"
set ylabel "instructions, in proportion to 6.12"
set yrange [0:*]
set format y "%.1f"
set grid ytics
set key bottom right Left reverse
kernels = system("cut -f 1 " . data . " | uniq")
plot 1 linecolor "black" dashtype 2 title "6.12", \
     for [k in kernels] \
	"< awk -F '\\t' '$1 == \"" . k . "\"' OFS='\\t' " . data \
	using 2:3 with linespoints pointsize 0.4 title k
