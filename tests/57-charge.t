#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# Growing a mapping that has to move, with each allocation failing in turn: no
# failure may leave a charge behind. The unmodified kernel does.

. "$(dirname "$0")/lib.sh"
require_uml

export FLAVOUR=uml
program=$("$top/scripts/guest" charge)

# measure SERIES: number of failures, and what they left, in kB
measure() {
	local kernel

	kernel=$(SERIES=$1 "$top/scripts/kernel")
	"$top/scripts/boot" -m 256 -l "$scratch/log" "$kernel" "$program"
}

read -r failed leaked < <(measure "${SERIES-}")
note "with the series: $failed failures, $leaked kB left"
is "$((failed > 0))" 1 'allocations have failed'
# Less than one of the 24 MiB: the counter is only nearly exact
is "$((leaked < 1024))" 1 'with the series, nothing stays charged'

read -r failed leaked < <(measure none)
note "without: $failed failures, $leaked kB left"
is "$((leaked >= 24 * 1024))" 1 'without the series, a charge is lost'
done_testing
