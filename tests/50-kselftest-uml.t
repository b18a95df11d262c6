#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# The kernel's selftests on User-mode Linux: with the series all pass; without it
# exactly those fail that the series is for.

. "$(dirname "$0")/lib.sh"
. "$top/tests/kselftest.sh"

run_all uml 512
done_testing
