// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings that a case starts from. They lie next to each other; every
 * other one is read-only, so that they do not merge.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

/* Far from each other and from all else: no table is shared. */
#define SOURCE		((char *)0x1000000000)
#define DESTINATION	((char *)0x2000000000)

#define TEST_FILE	"/tmp/bench.data"

size_t source_size(const struct layout *l)
{
	return (size_t)l->mappings * l->pages * PAGE_SIZE;
}

char *source_address(const struct layout *l)
{
	return SOURCE + (l->alignment == WHOLE ? 0 : 3 * PAGE_SIZE);
}

char *destination_address(const struct layout *l)
{
	static const int page[] = { [APART] = 8, [ALIKE] = 3, [WHOLE] = 0 };

	if (l->alignment == NEAR)
		return source_address(l) + source_size(l) + PAGE_SIZE;
	return DESTINATION + page[l->alignment] * PAGE_SIZE;
}

static char *map(char *at, size_t size, int flags, int fd)
{
	flags |= MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	if (mmap(at, size, PROT_READ | PROT_WRITE, flags, fd, 0) != at)
		err(2, "mmap %zu bytes at %p", size, at);
	return at;
}

static void map_file(char *at, size_t size, int flags)
{
	int fd = open(TEST_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, size))
		err(2, TEST_FILE);
	map(at, size, flags, fd);
	close(fd);
}

static void map_kind(enum kind kind, char *at, size_t size)
{
	switch (kind) {
	case ANON:
		map(at, size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		/* Without huge pages in the kernel, there is no such advice. */
		if (madvise(at, size, MADV_NOHUGEPAGE) && errno != EINVAL)
			err(2, "MADV_NOHUGEPAGE");
		break;
	case THP:
		map(at, size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (madvise(at, size, MADV_HUGEPAGE))
			err(2, "MADV_HUGEPAGE");
		break;
	case SHMEM:
		map(at, size, MAP_SHARED | MAP_ANONYMOUS, -1);
		break;
	case FILE_PRIVATE:
		map_file(at, size, MAP_PRIVATE);
		break;
	case FILE_SHARED:
		map_file(at, size, MAP_SHARED);
		break;
	}
}

/* Every page holds its number, so that a move can be seen to be right. */
static void fault_in(char *at, size_t size)
{
	for (size_t i = 0; i < size / PAGE_SIZE; i++)
		*(long *)(at + i * PAGE_SIZE) = i + 1;
}

void check_contents(const struct layout *l, char *at, int pages)
{
	for (long i = 0; l->faulted && i < pages; i++) {
		if (*(long *)(at + i * PAGE_SIZE) != i + 1)
			errx(2, "page %ld has not arrived", i);
	}
}

/* In KiB, of the mappings from that at first on, to before end */
static long huge_pages(char *first, char *end)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long start = 0, from, to;
	char line[256];
	long sum = 0, kib;

	if (!f)
		err(2, "/proc/self/smaps");
	while (fgets(line, sizeof(line), f)) {
		/* A field's name may begin like a number: AnonHugePages */
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			start = from;
			continue;
		}
		if (start >= (unsigned long)first &&
		    start < (unsigned long)end &&
		    sscanf(line, "AnonHugePages: %ld", &kib) == 1)
			sum += kib;
	}
	fclose(f);
	return sum;
}

static void protect_every_other(const struct layout *l, char *at)
{
	size_t size = (size_t)l->pages * PAGE_SIZE;

	for (int i = 1; i < l->mappings; i += 2) {
		if (mprotect(at + i * size, size, PROT_READ))
			err(2, "mprotect of mapping %d", i);
	}
}

void map_source(const struct layout *l, char *at)
{
	size_t size = source_size(l);

	map_kind(l->kind, at, size);
	if (l->faulted)
		fault_in(at, size);
	protect_every_other(l, at);
	if (l->kind == THP && l->faulted &&
	    huge_pages(at, at + size) * 1024 != (long)size)
		errx(2, "not all pages are huge");
}

void map_destination(const struct layout *l, char *at, size_t size)
{
	if (!l->occupied)
		return;
	map(at, size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (l->faulted)
		fault_in(at, size);
}

/* What the others take on one side */
size_t others_size(const struct layout *l)
{
	return 2 * l->others * PAGE_SIZE;
}

/* Mappings of a page, with holes between, so that they do not merge */
static void map_row(const struct layout *l, char *at)
{
	for (int i = 0; i < l->others; i++, at += 2 * PAGE_SIZE) {
		map_kind(l->kind, at, PAGE_SIZE);
		if (l->faulted)
			fault_in(at, PAGE_SIZE);
	}
}

/* Around the source and the destination, if these are near, around both */
void map_others(const struct layout *l, char *from, char *to)
{
	const size_t size = source_size(l);

	map_row(l, from - others_size(l));
	if (l->alignment != NEAR) {
		map_row(l, from + size + PAGE_SIZE);
		map_row(l, to - others_size(l));
	}
	map_row(l, to + size + PAGE_SIZE);
}
