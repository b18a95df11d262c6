// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * heap: relocate a heap of guards, data, constants and locked memory, which the
 * kernel keeps as a mapping each. Built by: gcc heap.c -O2 -o heap
 *
 * Exit status: 0 if the heap has arrived intact, 1 if not, or if a call failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "../lib/mremap_range.h"

#define SEGMENTS	8
enum { GUARD, DATA, CONSTANTS, LOCKED, SEGMENT_PAGES };

static size_t page, size;

/* Address space that nobody else is given: for a heap, and for its next place */
static char *reserve(void)
{
	void *p = mmap(NULL, size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return (char *)p;
}

static void make_segment(char *p, int value)
{
	if (mprotect(p + DATA * page, 3 * page, PROT_READ | PROT_WRITE))
		err(1, "mprotect");
	memset(p + DATA * page, value, 3 * page);
	if (mprotect(p + CONSTANTS * page, page, PROT_READ) ||
	    mlock(p + LOCKED * page, page))
		err(1, "mprotect or mlock");
}

int main(void)
{
	struct mremap_range_result result;
	char *heap, *dest;
	int intact = 0;

	page = (size_t)sysconf(_SC_PAGESIZE);
	size = SEGMENTS * SEGMENT_PAGES * page;
	heap = reserve();
	dest = reserve();
	for (size_t i = 0; i < SEGMENTS; i++)
		make_segment(heap + i * SEGMENT_PAGES * page, 'a' + (int)i);

	if (mremap_range(heap, size, dest, 0, &result))
		err(1, "moving the heap");

	for (size_t i = 0; i < SEGMENTS; i++) {
		char *p = dest + (i * SEGMENT_PAGES + DATA) * page;

		intact += *p == 'a' + (int)i && !memcmp(p, p + 1, 3 * page - 1);
	}
	printf("%zu bytes moved, calls: %zu; segments intact: %d of %d\n",
	       result.moved, result.calls, intact, SEGMENTS);
	return intact != SEGMENTS;
}
