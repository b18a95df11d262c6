#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, x86_64-debug
# Moves while other threads write, fork, migrate, swap out and truncate the pages:
# on two processors, with a kernel that checks itself more than others do, and
# shortly in user-mode Linux.

. "$(dirname "$0")/lib.sh"

in_guest uml 1024 '10 s, seed 1' race 10 1
in_guest x86_64-debug 1024 '45 s, seed 1' race 45 1
done_testing
