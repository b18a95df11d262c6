// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children, which share the pages and their anon_vmas until they write or end.
 * A child sees the address space of one moment: every page is at one place.
 */
#define _GNU_SOURCE

#include <err.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "race.h"

#define MOST_CHILDREN	3

/* The one place where a page is, in a process that has no other thread */
static int find_page(const struct range *r, const struct page *page)
{
	int place = -1, nr = 0;
	__u64 value;

	for (int i = 0; i < r->nr_places; i++) {
		if (!read_word(page_at(r, i, page->index), IDENTITY, &value) ||
		    value != word_value(page, IDENTITY, 0))
			continue;
		place = i;
		nr++;
	}
	/* MREMAP_DONTUNMAP leaves shared pages at both places. */
	if (!nr || (nr > 1 && is_private(page)))
		violation("%s page %d is at %d places in a child", r->name,
			  page->index, nr);
	return place;
}

/* Find out where all pages are: at several places if part of them was away. */
static bool find_range(struct range *r, int *place)
{
	bool whole = true;

	*place = -1;
	for (int i = 0; i < r->nr_tracked; i++) {
		struct page *page = &r->tracked[i];

		if (page->part->flags & SCRATCH)
			continue;
		page->place = find_page(r, page);
		if (!is_private(page))
			continue;
		if (*place >= 0 && page->place != *place)
			whole = false;
		*place = page->place;
	}
	return whole;
}

static void move_own(struct range *r, int from)
{
	const size_t size = r->pages * PAGE;
	char *to = r->places[(from + 1) % r->nr_places];

	if (mremap(r->places[from], size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to) != to)
		violation("%s: a child cannot move it", r->name);
	if (!find_range(r, &from) || r->places[from] != to)
		violation("%s: a child's move is not done", r->name);
	count(CHILD_MOVES, 1);
}

/* The word for children is written here, the others may not change. */
static void use_page(const struct range *r, struct page *page, __u64 mark)
{
	char *addr = page_at(r, page->place, page->index);
	__u64 before[NR_WORDS], value;
	bool written;

	for (int w = 0; w < NR_WORDS; w++)
		if (!read_word(addr, w, &before[w]))
			violation("%s page %d: fault in a child", r->name,
				  page->index);
	written = one_in(2) && write_word(addr, FOR_CHILDREN, mark);
	pause_up_to(50);
	for (int w = 0; w < NR_WORDS; w++)
		if (!read_word(addr, w, &value) ||
		    value != (written && w == FOR_CHILDREN ? mark : before[w]))
			violation("%s page %d: word %d was %#llx in a child, is %#llx",
				  r->name, page->index, w, before[w], value);
}

static void use_pages(struct range *r)
{
	for (int n = 0; n < 32; n++) {
		struct page *page = pick_page(r);

		if (is_private(page) && !(page->part->flags & SCRATCH))
			use_page(r, page, 0xc411dULL << 32 | (n + 1));
	}
}

static void be_child(void)
{
	struct range *r = pick_range();
	int place;
	bool whole;

	if (one_in(3))
		_exit(0);
	whole = find_range(r, &place);
	if (one_in(2))
		use_pages(r);
	if (whole && one_in(2))
		move_own(r, place);
	use_pages(r);
	_exit(0);
}

static void wait_for_child(void)
{
	int status;

	if (wait(&status) < 0)
		err(2, "wait");
	if (status)
		violation("a child ended with status %#x", status);
}

void *fork_children(void *arg)
{
	int running = 0;
	pid_t pid;

	seed_choices(300);
	for (int n = 0; !is_over(); n++) {
		pause_up_to(5000);
		pid = fork();
		if (pid < 0)
			err(2, "fork");
		if (!pid) {
			seed_choices(1000 + n);
			be_child();
		}
		count(FORKS, 1);
		if (++running > pick(MOST_CHILDREN)) {
			wait_for_child();
			running--;
		}
	}
	while (running--)
		wait_for_child();
	return arg;
}
