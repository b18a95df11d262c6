// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * heap [-v]: make a heap of mixed protections, relocate it, and show that it is
 * intact.
 *
 * Built by: gcc heap.c -O2 -o heap
 *
 * Each segment of the heap has five pages, which the kernel keeps as five
 * mappings: a guard, data, constants, a part of a file, and data locked in
 * memory. Its objects point to each other by distances, not by addresses, so
 * that they stay valid wherever the whole heap is.
 *
 * The output is the same whether the kernel moves the heap by one call or not;
 * with -v, the number of calls is written to the standard error.
 *
 * Exit status: 0 if the heap has arrived intact, 1 if not, or if a call failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/mremap_range.h"

#define SEGMENTS	8
#define CELLS		(SEGMENTS * 4)

enum { GUARD, DATA, CONSTANTS, FILE_PART, LOCKED, SEGMENT_PAGES };

/* An object: next is the distance in bytes to the next one, 0 at the end */
struct cell {
	ptrdiff_t next;
	unsigned int value;
};

/* What can be seen of a heap, wherever it is */
struct view {
	unsigned int cells;
	unsigned int mappings;
	unsigned int checksum;	/* of the values, in order */
	unsigned int layout;	/* checksum of offsets and protections */
};

static size_t page;
static size_t heap_size;

static void fail(const char *what)
{
	fprintf(stderr, "error: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static unsigned int mix(unsigned int sum, unsigned int value)
{
	return (sum ^ value) * 0x01000193;
}

/* Address space that nobody else is given */
static char *reserve(void)
{
	void *addr = mmap(NULL, heap_size, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (addr == MAP_FAILED)
		fail("mmap");
	return (char *)addr;
}

static void map_file_part(char *addr, unsigned int segment)
{
	int fd = memfd_create("heap", MFD_CLOEXEC);

	if (fd < 0)
		fail("memfd_create");
	if (ftruncate(fd, (off_t)(SEGMENTS * page)))
		fail("ftruncate");
	if (mmap(addr, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)(segment * page)) == MAP_FAILED)
		fail("mmap of a file");
	close(fd);
}

/* All but the guard can be written for now */
static void make_segment(char *addr, unsigned int segment)
{
	if (mprotect(addr + DATA * page, (SEGMENT_PAGES - DATA) * page,
		     PROT_READ | PROT_WRITE))
		fail("mprotect");
	map_file_part(addr + FILE_PART * page, segment);
	if (mlock(addr + LOCKED * page, page))
		fail("mlock");
}

/* The cells go round the segments, at another place in each page */
static struct cell *cell_at(char *heap, unsigned int i)
{
	unsigned int segment = i * 3 % SEGMENTS;
	unsigned int kind = DATA + i / SEGMENTS;
	char *addr = heap + (segment * SEGMENT_PAGES + kind) * page;

	return (struct cell *)(addr + i * sizeof(struct cell));
}

static void fill(char *heap)
{
	struct cell *cell, *next;
	unsigned int i;

	for (i = 0; i < CELLS; i++) {
		cell = cell_at(heap, i);
		cell->value = i * i;
		if (i == CELLS - 1)
			break;
		next = cell_at(heap, i + 1);
		cell->next = (char *)next - (char *)cell;
	}
}

static char *make_heap(void)
{
	char *heap = reserve(), *addr;
	unsigned int i;

	for (i = 0; i < SEGMENTS; i++)
		make_segment(heap + i * SEGMENT_PAGES * page, i);
	fill(heap);
	for (i = 0; i < SEGMENTS; i++) {
		addr = heap + (i * SEGMENT_PAGES + CONSTANTS) * page;
		if (mprotect(addr, page, PROT_READ))
			fail("mprotect");
	}
	return heap;
}

static void view_cells(struct view *view, char *heap)
{
	struct cell *cell = cell_at(heap, 0);

	for (;;) {
		view->cells++;
		view->checksum = mix(view->checksum, cell->value);
		if (!cell->next)
			return;
		cell = (struct cell *)((char *)cell + cell->next);
	}
}

static void view_mappings(struct view *view, char *heap)
{
	unsigned long base = (unsigned long)heap, start, end;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], perms[5];

	if (!maps)
		fail("/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) != 3 ||
		    start < base || end > base + heap_size)
			continue;
		view->mappings++;
		view->layout = mix(view->layout, (unsigned int)(start - base));
		view->layout = mix(view->layout, (unsigned int)(end - base));
		for (int i = 0; i < 4; i++)
			view->layout = mix(view->layout, (unsigned char)perms[i]);
	}
	fclose(maps);
}

static struct view view_heap(const char *when, char *heap)
{
	struct view view;

	memset(&view, 0, sizeof(view));
	view_cells(&view, heap);
	view_mappings(&view, heap);
	printf("%s: %u of %u cells, sum %08x; %u mappings, sum %08x\n", when,
	       view.cells, CELLS, view.checksum, view.mappings, view.layout);
	return view;
}

/* Move the heap to new addresses, and return them */
static char *relocate(char *heap, int verbose)
{
	struct mremap_range_result result;
	char *dest = reserve();
	int one_call = mremap_range_probe() > 0;

	if (mremap_range(heap, heap_size, dest, one_call, &result))
		fail("moving the heap");
	if (verbose)
		fprintf(stderr, "moved by %zu %s\n", result.calls,
			result.calls == 1 ? "call" : "calls");
	return dest;
}

int main(int argc, char **argv)
{
	int verbose = argc == 2 && !strcmp(argv[1], "-v");
	struct view before, after;
	char *heap;

	if (argc > 1 && !verbose) {
		fputs("error: usage: heap [-v]\n", stderr);
		return EXIT_FAILURE;
	}
	page = (size_t)sysconf(_SC_PAGESIZE);
	heap_size = SEGMENTS * SEGMENT_PAGES * page;

	heap = make_heap();
	before = view_heap("before", heap);
	heap = relocate(heap, verbose);
	after = view_heap("after ", heap);
	if (before.cells != CELLS || memcmp(&before, &after, sizeof(before))) {
		puts("the heap is damaged");
		return EXIT_FAILURE;
	}
	puts("the heap is intact");
	return EXIT_SUCCESS;
}
