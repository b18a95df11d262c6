#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64
# Processors: 2
# Tools: x86_64
# Two forked processes that move the same pages do not hold each other up more
# than on 6.12: on two emulated processors, each makes as many moves a second, but
# for a twentieth. Of several turns on each kernel the best counts, as the host may
# have other things to do.

. "$(dirname "$0")/../lib.sh"

turns=4
export FLAVOUR=x86_64
declare -A image
image[base]=$(SERIES=none "$top/scripts/kernel")
image[series]=$("$top/scripts/kernel")
program=$("$top/scripts/build-program" movers)

# turn KERNEL: adds to what it has measured
turn() {
	"$top/scripts/boot" -t 120 -m 512 -l "$scratch/log" "${image[$1]}" \
		"$program" 3 >>"$scratch/$1"
}

# best KERNEL MIB PROCESSES
best() {
	awk -v size="$2" -v processes="$3" '
		$1 == size && $2 == processes && $3 > most { most = $3 }
		END { print most + 0 }
	' "$scratch/$1"
}

for ((i = 0; i < turns; i++)); do
	for kernel in base series; do
		check "$kernel: turn $((i + 1))" turn "$kernel"
	done
done
for size in 1 16; do
	for processes in 1 2; do
		base=$(best base "$size" "$processes")
		series=$(best series "$size" "$processes")
		note "$size MiB, $processes: 6.12 $base/s, with the series $series/s"
		is "$(awk -v b="$base" -v s="$series" \
			'BEGIN { print(b > 0 && s >= 0.95 * b) }')" 1 \
			"$size MiB, processes: $processes: 0.95 of 6.12, or more"
	done
done
done_testing
