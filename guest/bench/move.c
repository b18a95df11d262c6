// SPDX-License-Identifier: GPL-2.0-only
/* The calls that are measured */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <sys/mman.h>

#include "../../lib/mremap_range.h"
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

/* What a program does that does not know its own mappings. */
static void move_as_read(const struct layout *l, char *from, char *to)
{
	struct mremap_range_result result;

	if (mremap_range_one_by_one(from, source_size(l), to, 0, &result))
		err(2, "mremap_range_one_by_one");
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

void probe(void)
{
	if (mremap_range_probe() < 0)
		err(2, "mremap_range_probe");
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
		[SHAPE] = FIXED,
	};
	size_t old_size = l->form == DUPLICATE ? 0 : source_size(l);
	size_t new_size = pages_after(l) * PAGE_SIZE;
	char *want = flags[l->form] & MREMAP_FIXED ? to : from;

	if (mremap(from, old_size, new_size, flags[l->form], to) != want)
		err(2, "mremap of one mapping");
}
