#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Guests: uml, x86_64
# Processors: 2
# Tools: x86_64
# Moves while other threads write, fork, migrate, swap out and truncate the pages:
# on two processors, and shortly in user-mode Linux, whose kernel checks itself.
# Moves of page tables that two processes share; moves that go back while what moves
# is migrated.

. "$(dirname "$0")/lib.sh"

in_guest uml 1024 '10 s, seed 1' race 10 1
in_guest x86_64 1024 '30 s, seed 1' race 30 1
in_guest x86_64 512 'shared page tables, 20 s' share 20
if [ "$kernel_version" = 6.12 ]; then
	in_guest x86_64 512 'huge pages migrated on their way back, 15 s' refused 15
else
	skip 'x86_64: huge pages migrated on their way back, 15 s' 'no driver of mainline refuses'
fi
done_testing
