// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc says about the ranges, all the time.
 *
 * In 6.12, seq_read_iter() fills its buffer, which has a page, between m_start()
 * and m_stop() of fs/proc/task_mmu.c, that is under one hold of the mmap lock
 * for reading. It stops at the first line that does not fit. So what one read()
 * returns is of one moment, if it has room for all that the buffer holds (else
 * the rest of the buffer begins the next read()). The first read() of a file
 * covers the addresses from 0 to the end of its last line; a range whose places
 * lie in there can be judged: it must be at one of them, all of it, and nothing
 * of it elsewhere. That holds while it is whole: not if a part of it is away, or
 * MREMAP_DONTUNMAP has left empty mappings. Decoys are known by their name.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/proc.h"
#include "race.h"

#define MOST_PARTS	16
#define MOST_RANGES	8
#define TEXT_SIZE	(4 * PAGE)

/* Pages of each part that are mapped at each place */
struct found {
	int pages[MOST_PLACES][MOST_PARTS];
	const char *wrong;
};

static long overlap(uintptr_t a, uintptr_t a_end, uintptr_t b, uintptr_t b_end)
{
	uintptr_t start = a > b ? a : b, end = a_end < b_end ? a_end : b_end;

	return start < end ? (end - start) / PAGE : 0;
}

static bool fits(const struct part *part, const char *perms)
{
	const bool shared = part->backing == SHARED_FILE ||
			    part->backing == HUGETLB;

	if (perms[3] != (shared ? 's' : 'p'))
		return false;
	if (part->backing == GUARD)
		return perms[0] == '-';
	return perms[0] == 'r' &&
	       (part->flags & TOGGLED || perms[1] == 'w');
}

/* Take one line of the text into account. */
static void add_line(const struct range *r, struct found *found,
		     const char *line)
{
	struct mapping m;
	uintptr_t addr;
	long pages;

	if (!parse_mapping(line, &m))
		errx(2, "cannot read /proc/self/maps: %s", line);
	for (int place = 0; place < r->nr_places; place++) {
		addr = (uintptr_t)r->places[place];
		for (int i = 0; i < r->nr_parts; i++) {
			const struct part *part = &r->parts[i];
			uintptr_t next = addr + part->pages * PAGE;

			pages = overlap(m.start, m.end, addr, next);
			found->pages[place][i] += pages;
			if (pages && !fits(part, m.perms))
				found->wrong = "protection";
			addr = next;
		}
	}
}

static bool is_at(const struct range *r, const int *pages)
{
	for (int i = 0; i < r->nr_parts; i++) {
		int wanted = r->parts[i].backing == HOLE ?
			     0 : r->parts[i].pages;

		if (pages[i] != wanted)
			return false;
	}
	return true;
}

static bool is_empty(const struct range *r, const int *pages)
{
	for (int i = 0; i < r->nr_parts; i++)
		if (pages[i])
			return false;
	return true;
}

static bool judge(const struct range *r, const struct found *found)
{
	int there = 0, empty = 0;

	for (int place = 0; place < r->nr_places; place++) {
		there += is_at(r, found->pages[place]);
		empty += is_empty(r, found->pages[place]);
	}
	return !found->wrong && there == 1 && empty == r->nr_places - 1;
}

/* Does the text reach beyond all places? */
static bool is_covered(const struct range *r, uintptr_t end)
{
	for (int place = 0; place < r->nr_places; place++)
		if (end < (uintptr_t)page_at(r, place, r->pages))
			return false;
	return true;
}

static uintptr_t last_address(const char *text)
{
	const char *last = text;

	for (; *text; text = strchr(text, '\n') + 1)
		last = text;
	return strtoul(strchr(last, '-') + 1, NULL, 16);
}

static void judge_text(const struct range *r, const char *text)
{
	struct found found = {};
	const char *end;
	char line[PAGE];

	for (const char *p = text; *p; p = end + 1) {
		end = strchr(p, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - p), p);
		if (!strstr(line, "decoy"))
			add_line(r, &found, line);
	}
	if (!judge(r, &found))
		violation("%s: half moved, or wrong, in /proc/self/maps:\n%s",
			  r->name, text);
	count(MAPS_CHECKED, 1);
}

static void read_and_judge(void)
{
	static char text[TEXT_SIZE];
	unsigned int untidy[MOST_RANGES];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	uintptr_t end;
	ssize_t len;

	for (int i = 0; i < nr_ranges; i++)
		untidy[i] = __atomic_load_n(&ranges[i]->untidy,
					    __ATOMIC_SEQ_CST);
	len = read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		err(2, "reading /proc/self/maps");
	close(fd);
	text[len] = '\0';
	end = last_address(text);
	count(MAPS, 1);
	/* Since 6.17 it is read mapping by mapping, without the mmap lock. */
	if (!kernel_is("6.12"))
		return;
	for (int i = 0; i < nr_ranges; i++) {
		if (untidy[i] & 1 || !is_covered(ranges[i], end) ||
		    untidy[i] != __atomic_load_n(&ranges[i]->untidy,
						 __ATOMIC_SEQ_CST))
			continue;
		judge_text(ranges[i], text);
	}
}

/* Walks the page tables. */
static void read_smaps(void)
{
	static char text[16 * PAGE];
	int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);

	for (int n = 0; n < 64 && read(fd, text, sizeof(text)) > 0; n++)
		;
	close(fd);
}

static void read_pagemap(void)
{
	static __u64 entries[PMD_PAGES];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	struct range *r = pick_range();
	char *addr = page_at(r, pick(r->nr_places), 0);

	if (pread(fd, entries, sizeof(entries), (uintptr_t)addr / PAGE *
		  sizeof(*entries)) < 0)
		err(2, "reading /proc/self/pagemap");
	close(fd);
}

void *read_maps(void *arg)
{
	seed_choices(400);
	while (!is_over()) {
		read_and_judge();
		if (one_in(8))
			read_smaps();
		if (one_in(4))
			read_pagemap();
		pause_up_to(2000);
	}
	return arg;
}
