# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c phases.gp DIR: draw DIR/phases.tsv, which phases.awk has written, as
# DIR/phases.svg: a column for each kernel and case, a row for each phase.

dir = ARG1
data = dir . "/phases.tsv"
set datafile separator "\t"
set terminal svg size 900,480 font "sans,12" background "white"
set output dir . "/phases.svg"
set style data histograms
set style histogram rowstacked
set style fill solid 0.8 border -1
set boxwidth 0.7
set ylabel "instructions for each mapping"
set yrange [0:*]
set format y "%.0f"
set grid ytics
set key outside right top Left reverse invert
stats data using 2 nooutput
set xtics rotate by -30
plot for [i = 2:STATS_columns] data using i:xtic(1) title columnheader
