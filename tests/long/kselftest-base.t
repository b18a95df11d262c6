#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086 # several programs
# Guests: arm64, x86_64-debug
# Processors: 2
# Tools: arm64 x86_64
# The kernel's selftests in the emulated guests without the series: exactly those
# fail that the series is for.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/kselftest.sh"

run_programs arm64 1024 base $all_programs
run_programs x86_64-debug 1536 base $all_programs
done_testing
