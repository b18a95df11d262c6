#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64-debug
# The kernel's selftests on two emulated x86_64 processors, with all checks that
# the kernel has: with the series all pass; without it exactly those fail that the
# series is for.

. "$(dirname "$0")/lib.sh"
. "$top/tests/kselftest.sh"

run_all x86_64-debug 1536
done_testing
