// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which calls are made: half of them moves, the others of every form that
 * mremap() has, each sometimes spoilt.
 *
 * All numbers are drawn first, and fitted to the arena then.
 */
#define _GNU_SOURCE

#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "fuzz.h"
#include "look.h"
#include "model.h"
#include "pick.h"

#define MOVE		(MREMAP_MAYMOVE | MREMAP_FIXED)

/* Far from the arena, and from all that a process has */
#define FAR		0x2000000000UL
#define BEYOND		0x4000000000000000UL

struct form {
	int flags;
	bool grows, shrinks;
};

static const struct form forms[] = {
	{ MOVE, false, false },
	{ MOVE, false, false },
	{ MOVE, false, false },
	{ MOVE, false, false },
	{ MOVE, false, false },
	{ MOVE, false, false },
	{ MOVE | MREMAP_DONTUNMAP, false, false },
	{ MOVE | MREMAP_DONTUNMAP, false, false },
	{ MOVE, true, false },
	{ MOVE, true, false },
	{ MOVE, false, true },
	{ MOVE, false, true },
	{ MREMAP_MAYMOVE | MREMAP_DONTUNMAP, false, false },
	{ MREMAP_MAYMOVE, false, false },
	{ MREMAP_MAYMOVE, true, false },
	{ MREMAP_MAYMOVE, true, false },
	{ 0, true, false },
	{ 0, true, false },
	{ 0, false, true },
	{ 0, false, false },
};

/* The next page with a mapping, if there is one */
static int next_mapped(int page)
{
	for (int i = 0; i < arena_pages; i++) {
		int next = (page + i) % arena_pages;

		if (found[next].mapped)
			return next;
	}
	return page;
}

static bool are_apart(int a, int b, int pages)
{
	return a >= b + pages || b >= a + pages;
}

/* The next room for a destination apart from the source; -1 if there is none */
static int next_room(int page, int src, int pages)
{
	int step = page % HUGE || arena == SMALL ? 1 : HUGE;

	for (int i = 0; i < arena_pages; i += step) {
		int next = (page + i) % arena_pages;

		if (limit_pages(next, pages) == pages &&
		    are_apart(src, next, pages))
			return next;
	}
	return -1;
}

/*
 * As far from the start of a page table as the source: what lies before both
 * may then be moved with it if it is empty. One time in two that is directly
 * below the source, or nearly so.
 */
static int align_like(int page, int src, int pages, bool below)
{
	const unsigned long mask = HUGE * PAGE_SIZE - 1;
	int first = below ? src - (pages + HUGE - 1) / HUGE * HUGE : page;

	for (int i = 0; i < arena_pages; i++) {
		int dst = (first + i + arena_pages) % arena_pages;

		if (!((at(dst) - at(src)) & mask) &&
		    limit_pages(dst, pages) == pages &&
		    are_apart(src, dst, pages))
			return dst;
	}
	return -1;
}

/* One mapping, often up to its end, or whatever comes */
static int fit_pages(int src, int pages, int fit)
{
	int rest = mapping_end(src) - src;

	if (!found[src].mapped || fit > 2)
		return limit_pages(src, pages);
	return fit == 0 || pages > rest ? rest : pages;
}

static void spoil_flags(struct call *c)
{
	static const int flags[] = {
		MREMAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED | MREMAP_DONTUNMAP,
		8 | MREMAP_MAYMOVE, 1 << 30 | MREMAP_MAYMOVE,
	};

	c->flags = flags[pick(ARRAY_SIZE(flags))];
}

static void spoil_addr(struct call *c)
{
	c->addr += 1 + pick(PAGE_SIZE - 1);
}

static void spoil_new_addr(struct call *c)
{
	c->new_addr += 1 + pick(PAGE_SIZE - 1);
}

/* By whole pages, which matters to huge pages only */
static void shift_new_addr(struct call *c)
{
	int pages = c->new_len / PAGE_SIZE;

	if (arena == HUGETLB && limit_pages(c->dst, pages + 1) > pages)
		c->new_addr += PAGE_SIZE;
}

/* Or nearly so */
static void overlap(struct call *c)
{
	int old = c->old_len / PAGE_SIZE, new = c->new_len / PAGE_SIZE;
	int dst = c->src - new + pick(old + new + 1);

	c->flags |= MOVE;
	if (dst < segment_start(c->src) || dst >= segment_end(c->src) ||
	    limit_pages(dst, new) < new)
		dst = c->src;
	c->new_addr = (unsigned long)at(dst);
}

static void go_beyond(struct call *c)
{
	switch (pick(4)) {
	case 0:
		c->new_addr = BEYOND;
		break;
	case 1:
		c->new_len = BEYOND;
		break;
	case 2:
		c->new_addr = -PAGE_SIZE;
		c->new_len = 2 * PAGE_SIZE;
		break;
	case 3:
		c->new_len = BEYOND;
		c->old_len = BEYOND;
		break;
	}
	if (c->flags & MREMAP_DONTUNMAP)
		c->old_len = c->new_len;
}

/* Rounded up, the last of these is 0. */
static void wrap_around(struct call *c)
{
	static const unsigned long lengths[] = { BEYOND, -PAGE_SIZE, -1 };

	c->old_len = lengths[pick(ARRAY_SIZE(lengths))];
	c->flags &= ~MREMAP_DONTUNMAP;
}

static void empty_source(struct call *c)
{
	c->old_len = 0;
}

static void empty_destination(struct call *c)
{
	c->new_len = 0;
}

static void go_far(struct call *c)
{
	c->addr = FAR;
}

static void spoil(struct call *c)
{
	static void (* const ways[])(struct call *c) = {
		spoil_flags, spoil_addr, spoil_new_addr, overlap, overlap,
		go_beyond, go_beyond, wrap_around, empty_source, empty_source,
		empty_source, empty_destination, go_far, shift_new_addr,
	};

	ways[pick(ARRAY_SIZE(ways))](c);
}

/* Lengths need not be whole pages. */
static void fray(struct call *c)
{
	if (c->old_len > PAGE_SIZE)
		c->old_len -= pick(PAGE_SIZE);
	if (c->new_len > PAGE_SIZE)
		c->new_len -= pick(PAGE_SIZE);
}

static void fill_in(struct call *c, int old, int new)
{
	c->addr = (unsigned long)at(c->src);
	c->new_addr = (unsigned long)at(c->dst);
	c->old_len = old * PAGE_SIZE;
	c->new_len = new * PAGE_SIZE;
}

void pick_call(struct call *c)
{
	static const int limits[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK };
	const struct form *form = &forms[pick(ARRAY_SIZE(forms))];
	bool anywhere = one_in(24), aligned = one_in(8), frayed = one_in(6);
	bool spoilt = one_in(10), limited = one_in(form->grows ? 3 : 8);
	int limit = limits[pick(ARRAY_SIZE(limits))];
	bool below = one_in(2);
	int src = pick_page(), dst = pick_page(), home = pick_page();
	int old = pick_pages(40), delta = pick_pages(8), room = pick_pages(40);
	bool single = form->flags != MOVE || form->grows || one_in(3);
	int fit = single ? pick(4) : 3, new, most;

	src = anywhere ? src : next_mapped(src);
	if (arena == HUGETLB)
		src = src / HUGE * HUGE;
	old = fit_pages(src, old, fit);
	if (form->shrinks && delta >= old)
		delta = old - (arena == SMALL || old < HUGE ? 1 : HUGE);
	new = old + (form->grows ? delta : form->shrinks ? -delta : 0);
	most = old > new ? old : new;
	dst = aligned ? align_like(dst, src, most, below) :
			next_room(dst, src, most);
	c->src = src;
	c->dst = dst < 0 ? src : dst;
	c->limit = limited ? limit : -1;
	/* Perhaps nothing is locked; then there is none to take away. */
	c->room = limit == RLIMIT_MEMLOCK ? room % 8 : room - 8;
	/* go_beyond() may make it two pages. */
	c->home = next_room(home, src, most < 2 ? 2 : most);
	fill_in(c, old, new < 1 ? old : new);
	c->flags = form->flags;
	if (spoilt)
		spoil(c);
	if (frayed)
		fray(c);
}
