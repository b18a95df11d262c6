#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64
# Processors: 2
# Tools: x86_64
# Break the series where user-mode Linux does not notice, as it has one processor
# and does not move page tables as a whole: each of tests/mutations-x86_64, applied
# on top of it, has to be noticed by the kernel itself, or by what the patch names
# after 'Program:'.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/mutants.sh"

export FLAVOUR=x86_64
try_mutations "$top/tests/mutations-x86_64" 600 1024
done_testing
