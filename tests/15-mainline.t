#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of the tests of the series for 7.3 (make test LINUX=7.3), those that build no
# kernel: it applies, unfolding and exporting change nothing, checkpatch is content.

. "$(dirname "$0")/lib.sh"

for t in 10-roundtrip 30-checkpatch; do
	check "LINUX=7.3: $t" env LINUX=7.3 bash "$top/tests/$t.t"
done
done_testing
