#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086 # several programs
# Series: every
# Guests: x86_64
# Processors: 2
# Tools: x86_64
# The kernel's selftests on two emulated x86_64 processors, which have what
# user-mode Linux lacks: with the series all pass.

. "$(dirname "$0")/lib.sh"
. "$top/tests/kselftest.sh"

# No allocation fails in this kernel; and waiting for KSM's scans takes long.
programs=${all_programs/mremap_undo/}
run_programs x86_64 1024 series ${programs/ksm_functional_tests/}
done_testing
