// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writers. Each has a word of its own in every page, and counts in it: a
 * write is a compare-and-swap of the value that it must hold by one more, so it
 * is known whether it took place, whatever is mapped at the address by then.
 *
 * A range is at rest if its sequence count is even, and was the same before. At
 * rest, nothing but the page itself may be found. While the range moves, there
 * may be nothing, zeroes that MREMAP_DONTUNMAP has left, or a decoy; but never
 * another page, and never the own word with a number of writes that is wrong.
 */
#include <stdint.h>

#include "race.h"

#define MOST_IN_A_ROW	64

/*
 * What each writer is about to write to, and where: an address that it has looked
 * up long ago may be good again by now, if the page has come back meanwhile.
 */
static __u64 targets[NR_WRITERS];

static __u64 target(const struct page *page, int place)
{
	return (__u64)(uintptr_t)page << 2 | (place + 1);
}

/* Could a write to this page at this place have begun before now? */
bool may_be_writing(int writer, const struct page *page, int place)
{
	return __atomic_load_n(&targets[writer], __ATOMIC_SEQ_CST) ==
	       target(page, place);
}

/* Look the place up, and announce that it will be written to. */
static int aim(int writer, const struct page *page)
{
	int place, now = __atomic_load_n(&page->place, __ATOMIC_SEQ_CST);

	do {
		place = now;
		__atomic_store_n(&targets[writer], target(page, place),
				 __ATOMIC_SEQ_CST);
		now = __atomic_load_n(&page->place, __ATOMIC_SEQ_CST);
	} while (now != place);
	return place;
}

static void aim_at_nothing(int writer)
{
	__atomic_store_n(&targets[writer], 0, __ATOMIC_SEQ_CST);
}

static bool at_rest(const struct range *r, unsigned int seq)
{
	return !(seq & 1) && __atomic_load_n(&r->seq, __ATOMIC_SEQ_CST) == seq;
}

static bool may_fault(const struct page *page, bool write)
{
	if ((page->part->flags & TOGGLED) && write)
		return true;
	/* Its file may have been truncated. */
	return (page->part->flags & SCRATCH) && page->part->backing != ANON;
}

/* Is the value one that may be found, if not the one that is wanted? */
static bool may_see(const struct page *page, bool resting, __u64 value,
		    __u64 wanted)
{
	if (page->part->flags & SCRATCH)
		if (!value || same_word(value, wanted))
			return true;
	return !resting && (!value || value == DECOY);
}

/* Returns false if it did not take place. */
static bool write_once(int writer, struct range *r, struct page *page)
{
	unsigned int seq = __atomic_load_n(&r->seq, __ATOMIC_SEQ_CST);
	int place = aim(writer, page);
	char *addr = page_at(r, place, page->index);
	__u64 old = word_value(page, writer, page->counts[writer]);
	__u64 new = word_value(page, writer, page->counts[writer] + 1);
	__u64 seen = 0;
	bool there, resting;

	there = add_word(addr, writer, old, new, &seen);
	resting = at_rest(r, seq);
	if (there && seen != old && (page->part->flags & SCRATCH) &&
	    may_see(page, true, seen, old))
		add_word(addr, writer, seen, new, &old);
	aim_at_nothing(writer);
	if (!there) {
		if (resting && !may_fault(page, true))
			violation("%s page %d: fault at rest at %p", r->name,
				  page->index, addr);
		return false;
	}
	if (seen == old) {
		page->counts[writer]++;
		count(WRITES, 1);
		return true;
	}
	if (!may_see(page, resting, seen, old))
		violation("%s page %d at %p: writer %d sees %#llx, not %#llx%s",
			  r->name, page->index, addr, writer, seen, old,
			  resting ? "" : ", while it moves");
	return false;
}

static void read_once(struct range *r, struct page *page)
{
	int word = pick(IDENTITY + 1);
	unsigned int seq = __atomic_load_n(&r->seq, __ATOMIC_SEQ_CST);
	int place = __atomic_load_n(&page->place, __ATOMIC_SEQ_CST);
	char *addr = page_at(r, place, page->index);
	__u64 wanted = word_value(page, word, 0), value;
	bool there = read_word(addr, word, &value);
	bool resting = at_rest(r, seq);

	if (!there && resting && !may_fault(page, false))
		violation("%s page %d: fault at rest at %p when reading",
			  r->name, page->index, addr);
	if (there && !same_word(value, wanted) &&
	    !may_see(page, resting, value, wanted))
		violation("%s page %d at %p: word %d is %#llx", r->name,
			  page->index, addr, word, value);
}

/* Twins are written seldom, and by one writer, to be equal now and then. */
static bool shall_write(int writer, const struct page *page)
{
	return !(page->part->flags & TWINS) || (!writer && one_in(8));
}

void *write_words(void *arg)
{
	const int writer = (intptr_t)arg;

	seed_choices(100 + writer);
	while (!is_over()) {
		struct range *r = pick_range();
		struct page *page = pick_page(r);

		for (int n = pick(MOST_IN_A_ROW); n && !is_over(); n--) {
			if (one_in(4))
				read_once(r, pick_page(r));
			if (!shall_write(writer, page))
				break;
			if (!write_once(writer, r, page) && one_in(2))
				pause_up_to(0);
		}
		/* On a single processor, the others would not get far. */
		pause_up_to(0);
	}
	return NULL;
}

static void check_page(const struct range *r, const struct page *page)
{
	const char *addr = page_at(r, page->place, page->index);
	__u64 value, wanted;

	for (int word = 0; word <= IDENTITY; word++) {
		wanted = word_value(page, word, word == IDENTITY ? 0 :
				    page->counts[word]);
		if (!read_word(addr, word, &value))
			violation("%s page %d is not there in the end",
				  r->name, page->index);
		if (value != wanted)
			violation("%s page %d: word %d is %#llx in the end, not %#llx",
				  r->name, page->index, word, value, wanted);
	}
	read_word(addr, FOR_CHILDREN, &value);
	if (value)
		violation("%s page %d: a child's write %#llx has got into it",
			  r->name, page->index, value);
}

void check_words(void)
{
	for (int i = 0; i < nr_ranges; i++)
		for (int p = 0; p < ranges[i]->nr_tracked; p++)
			if (!(ranges[i]->tracked[p].part->flags & SCRATCH))
				check_page(ranges[i], &ranges[i]->tracked[p]);
}
