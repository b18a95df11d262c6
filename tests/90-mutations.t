#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# Processors: 2
# Break the series on purpose, in one place at a time: each of tests/mutations,
# applied on top of it, has to be noticed by the kernel itself, by mremap_multi, or
# by what the patch names after 'Program:'.

. "$(dirname "$0")/lib.sh"
. "$top/tests/mutants.sh"
require_uml

export FLAVOUR=uml
try_mutations "$top/tests/mutations" 120 256
done_testing
