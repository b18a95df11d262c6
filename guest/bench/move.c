// SPDX-License-Identifier: GPL-2.0-only
/* The calls that are measured */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define FIXED		(MREMAP_MAYMOVE | MREMAP_FIXED)

static bool move_all(const struct layout *l, char *from, char *to)
{
	size_t size = source_size(l);

	if (mremap(from, size, size, FIXED, to) == to)
		return true;
	if (errno != EFAULT)
		err(2, "mremap");
	return false;
}

static void move_piece(char *from, size_t size, char *to)
{
	if (mremap(from, size, size, FIXED, to) != to)
		err(2, "mremap of a mapping");
}

static void move_each(const struct layout *l, char *from, char *to)
{
	size_t size = (size_t)l->pages * PAGE_SIZE;

	for (int i = 0; i < l->mappings; i++)
		move_piece(from + i * size, size, to + i * size);
}

static size_t read_maps(char *text, size_t size)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t got = 0;
	ssize_t n;

	while ((n = read(fd, text + got, size - got)) > 0)
		got += n;
	if (fd < 0 || n < 0)
		err(2, "/proc/self/maps");
	if (got == size)
		errx(2, "/proc/self/maps is too long");
	close(fd);
	return got;
}

static uintptr_t parse_hex(const char **p)
{
	uintptr_t value = 0;

	for (;; (*p)++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return value;
	}
}

/* What a program does that does not know its own mappings. */
static void move_as_read(const struct layout *l, char *from, char *to)
{
	static char text[8 << 20];
	const char *p = text, *end = text + read_maps(text, sizeof(text));
	uintptr_t first = (uintptr_t)from, last = first + source_size(l);

	while (p < end) {
		uintptr_t start = parse_hex(&p), stop;

		p++;
		stop = parse_hex(&p);
		if (start >= first && stop <= last)
			move_piece((char *)start, stop - start,
				   to + (start - first));
		p = (char *)memchr(p, '\n', end - p) + 1;
	}
}

bool move_mappings(const struct layout *l, enum way w, char *from, char *to)
{
	switch (w) {
	case ONE_CALL:
		return move_all(l, from, to);
	case LOOP:
		move_each(l, from, to);
		break;
	case READ_MAPS:
		move_as_read(l, from, to);
		break;
	}
	return true;
}

int pages_after(const struct layout *l)
{
	switch (l->form) {
	case GROW:
	case GROW_MOVE:
		return 2 * l->pages;
	case SHRINK:
	case SHRINK_MOVE:
		return l->pages / 2;
	default:
		return l->pages;
	}
}

/* Any form of the call, for one mapping */
void remap_one(const struct layout *l, char *from, char *to)
{
	static const int flags[] = {
		[MOVE] = FIXED,
		[MOVE_DONTUNMAP] = FIXED | MREMAP_DONTUNMAP,
		[GROW] = 0,
		[GROW_MOVE] = FIXED,
		[SHRINK] = 0,
		[SHRINK_MOVE] = FIXED,
		[DUPLICATE] = FIXED,
	};
	size_t old_size = l->form == DUPLICATE ? 0 : source_size(l);
	size_t new_size = pages_after(l) * PAGE_SIZE;
	char *want = flags[l->form] & MREMAP_FIXED ? to : from;

	if (mremap(from, old_size, new_size, flags[l->form], to) != want)
		err(2, "mremap of one mapping");
}
