#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: arm64
# The kernel's selftests on two emulated arm64 processors: with the series all
# pass; without it exactly those fail that the series is for.

. "$(dirname "$0")/lib.sh"
. "$top/tests/kselftest.sh"

run_all arm64 1024
done_testing
