#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# Tools: programs
# Real programs whose memory mremap() moves do the same on both kernels: allocators
# under load, Python's mmap.resize(), a growing LMDB, stressors of stress-ng.

. "$(dirname "$0")/../lib.sh"
require_uml

# same NAME COMMAND: it succeeds, and says the same, without the series and with it
same() {
	local series

	for series in none ''; do
		check "${series:-series}: $1" env SERIES="$series" LIMIT=900 \
			"$top/scripts/run-command" "$2"
		cp "$scratch/output" "$scratch/said-${series:-series}"
	done
	is "$(cat "$scratch/said-series")" "$(cat "$scratch/said-none")" \
		"$1: says the same"
}

# The library that dlopen() would find by this name
library() {
	find /usr/lib -name "$1" | sort | head -n 1
}

# Sizes from a byte to 64 MiB grow and shrink by realloc(), checked by stress-ng.
realloc_load='stress-ng --quiet --malloc 2 --malloc-bytes 64M --malloc-ops 20000 \
	--verify --seed 1'
for allocator in '' libjemalloc.so.2 'libmimalloc.so.[0-9]'; do
	preload=
	[ -z "$allocator" ] || preload=$(library "$allocator")
	same "realloc() of ${allocator:-the C library}" \
		"LD_PRELOAD=$preload $realloc_load"
done
same 'mmap.resize() of Python' "/usr/bin/python3 $top/tests/programs/resize.py"
same 'an LMDB that grows' "/usr/bin/python3 $top/tests/programs/lmdb-grows.py"
for stressor in mremap mmap mmapaddr mmapfixed mmapfork mmaphuge mmapmany munmap \
		brk bigheap shm shm-sysv remap msync; do
	same "stress-ng --$stressor" "stress-ng --quiet --$stressor 1 \
		--$stressor-ops 100 --timeout 120 --verify --seed 1"
done
done_testing
