#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086 # several programs
# Series: every
# Guests: uml
# The kernel's selftests, and the project's, on user-mode Linux: with the series
# all pass; without it exactly those fail that the series is for.

. "$(dirname "$0")/lib.sh"
. "$top/tests/kselftest.sh"
require_uml

run_programs uml 512 series $uml_programs
run_programs uml 512 base $uml_programs
done_testing
