#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# Growing a mapping that has to move, with each allocation failing in turn: no
# failure may leave a charge behind. (Before 6.12.118, the unmodified kernel does.)

. "$(dirname "$0")/lib.sh"
require_uml

export FLAVOUR=uml
program=$("$top/scripts/build-program" charge)
kernel=$("$top/scripts/kernel")

# The number of failures, and what they left, in kB
read -r failed leaked < <("$top/scripts/boot" -m 256 -l "$scratch/log" "$kernel" \
	"$program")
note "with the series: $failed failures, $leaked kB left"
is "$((failed > 0))" 1 'allocations have failed'
# Less than one of the 24 MiB: the counter is only nearly exact
is "$((leaked < 1024))" 1 'with the series, nothing stays charged'
done_testing
