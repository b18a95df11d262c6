#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, x86_64, x86_64-debug
# Moves while other threads write, fork, migrate, swap out and truncate the pages:
# on two processors, with a kernel that checks itself more than others do, and
# shortly in user-mode Linux. And moves of page tables that two processes share.

. "$(dirname "$0")/lib.sh"

in_guest uml 1024 '10 s, seed 1' race 10 1
in_guest x86_64-debug 1024 '45 s, seed 1' race 45 1
in_guest x86_64 512 'shared page tables, 20 s' share 20
in_guest x86_64-debug 768 'shared page tables, 20 s' share 20
done_testing
