#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64-debug
# Processors: 2
# Tools: x86_64
# Calls at random, also with allocations failing, and moves while other threads
# disturb them, on two emulated processors with all checks that the kernel has.

. "$(dirname "$0")/../lib.sh"

in_guest x86_64-debug 768 '3,000 calls, seed 200001' fuzz -n 3000 200001
in_guest x86_64-debug 768 '10,000 calls, failing, seed 1' fuzz -i -n 10000 1
in_guest x86_64-debug 1024 'race, 45 s, seed 1' race 45 1
in_guest x86_64-debug 768 'shared page tables, 20 s' share 20
if [ "$kernel_version" = 6.12 ]; then
	in_guest x86_64-debug 768 'huge pages migrated on their way back, 30 s' refused 30
else
	skip 'x86_64-debug: huge pages migrated on their way back, 30 s' 'no driver of mainline refuses'
fi
done_testing
