#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64
# Break the series where only other processors can notice: each of
# tests/mutations-smp, applied on top of it, has to be noticed by the race test.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/mutants.sh"

export FLAVOUR=x86_64
try_mutations "$top/tests/mutations-smp" 600 1024
done_testing
