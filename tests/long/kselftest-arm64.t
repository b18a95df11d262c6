#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086 # several programs
# Guests: arm64
# Processors: 2
# Tools: arm64
# The kernel's selftests on two emulated arm64 processors: with the series all
# pass.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/kselftest.sh"

run_programs arm64 1024 series $all_programs
done_testing
