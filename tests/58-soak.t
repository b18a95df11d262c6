#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml, x86_64-debug
# Calls at random, with allocations failing at random in the moves, held against a
# model of the address space after each of them. It is the emulated guest that
# takes long.

. "$(dirname "$0")/lib.sh"

in_guest uml 768 '100,000 calls, seed 1' fuzz -i -n 100000 1
in_guest x86_64-debug 768 '10,000 calls, seed 1' fuzz -i -n 10000 1
done_testing
