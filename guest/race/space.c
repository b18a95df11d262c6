// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ranges that move, their places, and the decoys that are mapped where they
 * have been.
 *
 * The arena begins at 4 GiB, below all but the program itself, so that what
 * /proc/self/maps says about it comes early. The first range is of many small
 * mappings; its places cross a page table's end, or do not, and two are as far
 * from the start of one: there its page tables may move as a whole. Two ranges
 * of a single mapping live next to it, in the same page tables. The other three
 * are made of whole page tables and huge pages; hugetlb needs places of its own,
 * aligned to its pages, and the last one has a whole table of page tables.
 */
#define _GNU_SOURCE

#include <err.h>
#include <string.h>
#include <sys/mman.h>

#include "race.h"

#define ARENA		((char *)0x100000000UL)
#define R		PROT_READ
#define RW		(PROT_READ | PROT_WRITE)
#define RWX		(RW | PROT_EXEC)

#define PUD_PAGES	(PMD_PAGES * PMD_PAGES)

#define ARRAY_SIZE(a)	((int)(sizeof(a) / sizeof(*(a))))

/* RW and RWX take turns, so that neighbours do not merge. */
static struct part small_parts[] = {
	{ 3, ANON, RW, 0, 1, -1 },
	{ 2, ANON, RWX, 0, 1, -1 },
	{ 2, ANON, RW, TOGGLED, 1, -1 },
	{ 2, SHARED_FILE, RW, 0, 1, -1 },
	{ 1, GUARD, PROT_NONE, 0, 1, -1 },
	{ 2, PRIVATE_FILE, RW, 0, 1, -1 },
	{ 2, HOLE, 0, 0, 1, -1 },
	{ 3, ANON, RW, LOCKED, 1, -1 },
	{ 3, ANON, RWX, SCRATCH, 1, -1 },
	{ 2, SHARED_FILE, RW, SCRATCH, 1, -1 },
	{ 2, ANON, RW, 0, 1, -1 },
	{ 2, PRIVATE_FILE, RW, SCRATCH, 1, -1 },
	{ 4, ANON, RWX, TWINS, 1, -1 },
	{ 2, ANON, RW, 0, 1, -1 },
};

static struct part before_parts[] = { { 3, ANON, RW, 0, 1, -1 } };
static struct part after_parts[] = { { 2, ANON, RW, 0, 1, -1 } };

static struct part big_parts[] = {
	{ 2 * PMD_PAGES, ANON, RW, HUGE, 64, -1 },
	{ PMD_PAGES, ANON, RWX, 0, 64, -1 },
	{ 17 * PMD_PAGES, ANON, RW, 0, 17 * PMD_PAGES / 7, -1 },
	{ PMD_PAGES, SHARED_FILE, RW, 0, 128, -1 },
};

static struct part huge_parts[] = {
	{ PMD_PAGES, ANON, RW, 0, 64, -1 },
	{ PMD_PAGES, HUGETLB, RW, 0, 64, -1 },
};

static struct part giant_parts[] = {
	{ PUD_PAGES, ANON, RW, 0, PUD_PAGES / 7, -1 },
	{ 2, ANON, RWX, 0, 1, -1 },
};

static struct range small = {
	.name = "small", .parts = small_parts,
	.nr_parts = ARRAY_SIZE(small_parts), .nr_places = 3,
};

static struct range before = {
	.name = "before", .parts = before_parts, .nr_parts = 1, .nr_places = 3,
};

static struct range after = {
	.name = "after", .parts = after_parts, .nr_parts = 1, .nr_places = 3,
};

static struct range big = {
	.name = "big", .parts = big_parts,
	.nr_parts = ARRAY_SIZE(big_parts), .nr_places = 3,
};

static struct range huge = {
	.name = "huge", .parts = huge_parts,
	.nr_parts = ARRAY_SIZE(huge_parts), .nr_places = 2,
};

static struct range giant = {
	.name = "giant", .parts = giant_parts,
	.nr_parts = ARRAY_SIZE(giant_parts), .nr_places = 2,
};

struct range *ranges[] = { &small, &before, &after, &big, &huge, &giant };
int nr_ranges = ARRAY_SIZE(ranges);

static int decoy_fd;

char *page_at(const struct range *r, int place, int index)
{
	return r->places[place] + index * PAGE;
}

bool is_private(const struct page *page)
{
	return page->part->backing == ANON ||
	       page->part->backing == PRIVATE_FILE;
}

struct range *pick_range(void)
{
	return one_in(2) ? &small : ranges[pick(nr_ranges)];
}

struct page *pick_page(struct range *r)
{
	return &r->tracked[pick(r->nr_tracked)];
}

/* NULL if chance does not find one */
struct page *pick_page_with(struct range *r, unsigned int flags)
{
	struct page *page;

	for (int i = 0; i < 32; i++) {
		page = pick_page(r);
		if (page->part->flags & flags)
			return page;
	}
	return NULL;
}

static int new_file(const char *name, long pages)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, pages * PAGE))
		err(2, "a file of %ld pages in memory", pages);
	return fd;
}

static void map_part(struct part *part, char *addr)
{
	int flags = MAP_FIXED_NOREPLACE | MAP_NORESERVE;

	switch (part->backing) {
	case HOLE:
		return;
	case SHARED_FILE:
		flags |= MAP_SHARED;
		part->fd = new_file("s", part->pages);
		break;
	case PRIVATE_FILE:
		flags |= MAP_PRIVATE;
		part->fd = new_file("p", part->pages);
		break;
	case HUGETLB:
		flags |= MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB;
		break;
	default:
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
	}
	if (mmap(addr, part->pages * PAGE, part->prot, flags, part->fd, 0) !=
	    addr)
		err(2, "mapping %d pages at %p", part->pages, addr);
	if (part->flags & LOCKED)
		mlock(addr, part->pages * PAGE);
	if (part->flags & HUGE)
		madvise(addr, part->pages * PAGE, MADV_HUGEPAGE);
	if (part->flags & TWINS)
		madvise(addr, part->pages * PAGE, MADV_MERGEABLE);
}

static void track_page(struct range *r, struct part *part, int index)
{
	static int nr_pages;
	struct page *page = &r->tracked[r->nr_tracked++];
	char *addr = page_at(r, 0, index);

	*page = (struct page) {
		.index = index, .id = nr_pages++, .part = part,
	};
	for (int word = 0; word <= IDENTITY; word++)
		if (!write_word(addr, word, word_value(page, word, 0)))
			errx(2, "cannot write to %p", addr);
}

static void map_range(struct range *r)
{
	int index = 0;

	for (int i = 0; i < r->nr_parts; i++) {
		struct part *part = &r->parts[i];

		map_part(part, page_at(r, 0, index));
		if (part->backing != HOLE && part->backing != GUARD)
			for (int p = 0; p < part->pages; p += part->step)
				track_page(r, part, index + p);
		index += part->pages;
	}
	r->pages = index;
}

/* A file with a decoy for each page that is tracked in some range */
static void make_decoys(void)
{
	long pages = 0;
	char *file;

	for (int i = 0; i < nr_ranges; i++)
		if (ranges[i]->pages > pages)
			pages = ranges[i]->pages;
	decoy_fd = new_file("decoy", pages);
	file = mmap(NULL, pages * PAGE, RW, MAP_SHARED, decoy_fd, 0);
	if (file == MAP_FAILED)
		err(2, "mapping the decoys");
	for (int i = 0; i < nr_ranges; i++)
		for (int p = 0; p < ranges[i]->nr_tracked; p++)
			for (int word = 0; word < NR_WORDS; word++)
				write_word(file + ranges[i]->tracked[p].index *
					   PAGE, word, DECOY);
	munmap(file, pages * PAGE);
}

static bool have_hugetlb(void)
{
	const size_t size = PMD_PAGES * PAGE;
	void *p = mmap(NULL, size, RW, MAP_SHARED | MAP_ANONYMOUS |
		       MAP_HUGETLB, -1, 0);

	return p != MAP_FAILED && !munmap(p, size);
}

static void place_ranges(void)
{
	static const int offsets[MOST_PLACES] = { 500, 17, 500 };
	static const int big_offsets[MOST_PLACES] = { 0, 0, 3 };

	for (int i = 0; i < MOST_PLACES; i++) {
		char *place = ARENA + i * 4 * PMD_PAGES * PAGE;

		/* At one place they touch, and merge. */
		small.places[i] = place + offsets[i] * PAGE;
		before.places[i] = small.places[i] - (3 + i) * PAGE;
		after.places[i] = small.places[i] + (40 - 4 * i) * PAGE;
		huge.places[i] = ARENA + (16 + 4 * i) * PMD_PAGES * PAGE;
		place = ARENA + 32 * (i + 1) * PMD_PAGES * PAGE;
		big.places[i] = place + big_offsets[i] * PAGE;
		giant.places[i] = ARENA + 2 * (i + 1) * PUD_PAGES * PAGE;
	}
}

static bool is_user_mode_linux(void)
{
	char line[128];
	bool found = false;
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		found = found || strstr(line, "User Mode Linux");
	if (f)
		fclose(f);
	return found;
}

/*
 * User-mode Linux, 6.12 as it is, forgets to flush what a page table has mapped
 * if that is freed and another takes its place during one system call: so does
 * an mremap() to where something was mapped. So let no page table of the small
 * ranges become empty, and do without the big ones.
 */
static void keep_page_tables(void)
{
	const int nr_tables = 4 * MOST_PLACES;
	char *page;

	nr_ranges = 3;
	for (int i = 0; i < nr_tables; i++) {
		page = ARENA + (i * PMD_PAGES + PMD_PAGES / 2) * PAGE;
		if (mmap(page, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED_NOREPLACE, -1, 0) != page ||
		    !write_word(page, 0, 1))
			err(2, "mapping a page to keep a page table");
	}
	printf("skipped: ranges of whole page tables (user-mode Linux)\n");
}

void map_ranges(void)
{
	place_ranges();
	if (is_user_mode_linux()) {
		keep_page_tables();
	} else if (!have_hugetlb()) {
		printf("skipped: hugetlb (no huge pages)\n");
		huge.nr_parts--;
	} else {
		huge.whole_only = true;
	}
	for (int i = 0; i < nr_ranges; i++)
		map_range(ranges[i]);
	make_decoys();
}

/* Called with an address, a page number of the range, and a number of pages */
typedef void stretch_fn(char *, int, int);

/* Call f for each stretch of a place that is not a hole. */
static void visit_stretches(struct range *r, int place, stretch_fn *f)
{
	int index = 0;

	for (int i = 0; i < r->nr_parts; i++) {
		int pages = r->parts[i].pages;

		if (r->parts[i].backing != HOLE)
			f(page_at(r, place, index), index, pages);
		index += pages;
	}
}

static void map_decoy(char *addr, int index, int pages)
{
	const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
	const int prot = one_in(2) ? RW : R;

	if (mmap(addr, pages * PAGE, prot, flags, decoy_fd, index * PAGE) !=
	    addr)
		err(2, "mapping a decoy");
}

static void unmap_stretch(char *addr, int index, int pages)
{
	(void)index;
	if (munmap(addr, pages * PAGE))
		err(2, "munmap");
}

void map_decoys(struct range *r, int place)
{
	visit_stretches(r, place, map_decoy);
}

void unmap_place(struct range *r, int place)
{
	visit_stretches(r, place, unmap_stretch);
}

/*
 * Something that has to survive a move to this place, opposite a hole of the
 * range; NULL if it has none.
 */
char *map_opposite_hole(struct range *r, int place)
{
	char *addr = r->places[place];
	int i;

	for (i = 0; i < r->nr_parts && r->parts[i].backing != HOLE; i++)
		addr += r->parts[i].pages * PAGE;
	if (i == r->nr_parts)
		return NULL;
	if (mmap(addr, PAGE, RW, MAP_PRIVATE | MAP_FIXED_NOREPLACE, decoy_fd,
		 0) != addr)
		err(2, "mapping something opposite a hole");
	return addr;
}

void check_decoys(struct range *r, int place)
{
	__u64 value;

	for (int i = 0; i < r->nr_tracked; i++)
		for (int word = 0; word < NR_WORDS; word++) {
			struct page *page = &r->tracked[i];

			if (!read_word(page_at(r, place, page->index), word,
				       &value))
				violation("%s page %d: no decoy at place %d",
					  r->name, page->index, place);
			if (value != DECOY)
				violation("%s page %d: %#llx in a decoy",
					  r->name, page->index, value);
		}
}
