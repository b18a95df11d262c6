#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086 # several programs
# Guests: x86_64-debug
# Processors: 2
# Tools: x86_64
# The kernel's selftests on two emulated x86_64 processors, with all checks that
# the kernel has: with the series all pass.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/kselftest.sh"

# That of KSM waits too long for its scans here; arm64 runs it.
run_programs x86_64-debug 1536 series ${all_programs/ksm_functional_tests/}
done_testing
