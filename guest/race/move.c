// SPDX-License-Identifier: GPL-2.0-only
/*
 * The movers: each takes its range from place to place, mostly whole.
 *
 * After each move there is a window in which the writers still write to the old
 * place, as they have not been told of the new one. Whatever changes at the new
 * one then was written with a translation that ought to have been flushed. (A
 * writer that has looked the new place up when the range was there before, and
 * comes to write only now, has announced it; its word is not judged.)
 */
#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "race.h"

#define MOVE		(MREMAP_MAYMOVE | MREMAP_FIXED)

/* What is at a place where the range is not */
enum rest {
	NOTHING, DECOYS, LEFTOVERS,
};

/* What a mover knows, and nobody else needs */
struct mover {
	struct range *r;
	int place;
	enum rest rests[MOST_PLACES];
};

/* One move, of the whole range or of a part of it */
struct move {
	int from, to;
	int first, pages;	/* in pages of the range */
	int flags;
};

static void bump(unsigned int *seq)
{
	__atomic_fetch_add(seq, 1, __ATOMIC_SEQ_CST);
}

static bool moves(const struct move *m, const struct page *page)
{
	return page->index >= m->first && page->index < m->first + m->pages;
}

/* May the words of a page not change now? */
static bool is_judged(const struct move *m, const struct page *page)
{
	if (!moves(m, page) || (page->part->flags & SCRATCH))
		return false;
	/* A shared page is at the old place, too. */
	return !(m->flags & MREMAP_DONTUNMAP) || is_private(page);
}

static __u64 must_read(const struct range *r, const struct move *m,
		       const struct page *page, int word)
{
	__u64 value;

	if (!read_word(page_at(r, m->to, page->index), word, &value))
		violation("%s page %d is not at place %d after a move",
			  r->name, page->index, m->to);
	if (!same_word(value, word_value(page, word, 0)))
		violation("%s page %d: word %d is %#llx after a move, flags %#x",
			  r->name, page->index, word, value, m->flags);
	return value;
}

static void late_write(const struct range *r, const struct move *m,
		       const struct page *page, int word, __u64 old, __u64 new)
{
	violation("%s page %d: word %d was %#llx, is %#llx by a late write (%d to %d, flags %#x)",
		  r->name, page->index, word, old, new, m->from, m->to,
		  m->flags);
}

static void watch_window(const struct range *r, const struct move *m)
{
	__u64 words[MOST_TRACKED][NR_WORDS] = {};
	__u64 value;

	for (int i = 0; i < r->nr_tracked; i++) {
		const struct page *page = &r->tracked[i];

		for (int w = 0; w <= IDENTITY && is_judged(m, page); w++) {
			if (w < NR_WRITERS && may_be_writing(w, page, m->to))
				count(SKIPPED, 1);
			else
				words[i][w] = must_read(r, m, page, w);
		}
	}
	pause_up_to(one_in(4) ? 1000 : 100);
	for (int i = 0; i < r->nr_tracked; i++) {
		const struct page *page = &r->tracked[i];

		for (int w = 0; w <= IDENTITY && is_judged(m, page); w++) {
			value = must_read(r, m, page, w);
			if (words[i][w] && words[i][w] != value)
				late_write(r, m, page, w, words[i][w], value);
		}
	}
	count(WINDOWS, 1);
}

static void remap(const struct range *r, const struct move *m)
{
	char *from = page_at(r, m->from, m->first);
	char *to = page_at(r, m->to, m->first);
	size_t size = m->pages * PAGE;

	if (mremap(from, size, size, m->flags, to) != to)
		violation("%s: moving %d pages from %p to %p, flags %#x: %s",
			  r->name, m->pages, from, to, m->flags,
			  strerror(errno));
}

/* Carry it out, watch it, and tell everyone. */
static void carry_out(struct mover *mover, const struct move *m)
{
	struct range *r = mover->r;
	bool decoys = !(m->flags & MREMAP_DONTUNMAP) && m->pages == r->pages &&
		      one_in(2);

	bump(&r->seq);
	remap(r, m);
	mover->rests[m->to] = NOTHING;
	if (decoys) {
		map_decoys(r, m->from);
		mover->rests[m->from] = DECOYS;
	}
	watch_window(r, m);
	for (int i = 0; i < r->nr_tracked; i++)
		if (moves(m, &r->tracked[i]))
			__atomic_store_n(&r->tracked[i].place, m->to,
					 __ATOMIC_SEQ_CST);
	bump(&r->seq);
}

/* Clear the destination, or leave it for the move to do so. */
static void prepare_place(struct mover *mover, int place, bool clear)
{
	if (mover->rests[place] == DECOYS)
		check_decoys(mover->r, place);
	if (clear)
		unmap_place(mover->r, place);
}

static void move_all(struct mover *mover, int to, int flags)
{
	struct range *r = mover->r;
	struct move m = { mover->place, to, 0, r->pages, flags };
	char *opposite = NULL;

	prepare_place(mover, to, false);
	if (one_in(4))
		opposite = map_opposite_hole(r, to);
	if (opposite)
		write_word(opposite, 0, DECOY);
	carry_out(mover, &m);
	mover->place = to;
	count(MOVES, 1);
	if (opposite) {
		__u64 value;

		if (!read_word(opposite, 0, &value) || value != DECOY)
			violation("%s: a hole was not left alone", r->name);
		munmap(opposite, PAGE);
	}
}

/* Take a part of the range away, and back. */
static void move_part(struct mover *mover, int to)
{
	struct range *r = mover->r;
	struct move m = { mover->place, to, pick_page(r)->index, 0, MOVE };

	m.pages = 1 + pick(r->pages - m.first);
	bump(&r->untidy);
	prepare_place(mover, to, true);
	carry_out(mover, &m);
	pause_up_to(1000);
	m.from = to;
	m.to = mover->place;
	carry_out(mover, &m);
	bump(&r->untidy);
	count(PART_MOVES, 2);
}

/* Leave empty mappings behind, and do something about them later. */
static void move_and_keep(struct mover *mover, int to)
{
	int from = mover->place;

	bump(&mover->r->untidy);
	move_all(mover, to, MOVE | MREMAP_DONTUNMAP);
	mover->rests[from] = LEFTOVERS;
	count(DONTUNMAPS, 1);
	pause_up_to(1000);
	if (one_in(2)) {
		move_all(mover, from, MOVE);
	} else {
		unmap_place(mover->r, from);
		mover->rests[from] = NOTHING;
	}
	bump(&mover->r->untidy);
}

static int pick_place(const struct mover *mover)
{
	int to;

	do {
		to = pick(mover->r->nr_places);
	} while (to == mover->place);
	return to;
}

/* arg: the number of the range */
void *move_range(void *arg)
{
	const long nr = (long)arg;
	struct mover mover = { .r = ranges[nr] };

	seed_choices(200 + nr);
	while (!is_over()) {
		/* The first range moves most. */
		pause_up_to(nr ? 20000 : 1000);
		if (mover.r->whole_only || !one_in(3))
			move_all(&mover, pick_place(&mover), MOVE);
		else if (one_in(2))
			move_part(&mover, pick_place(&mover));
		else
			move_and_keep(&mover, pick_place(&mover));
	}
	return NULL;
}
