// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model that the kernel is held to: an entry for each page of the arena,
 * which says what is mapped there and what it contains.
 */
#include <string.h>

#include "model.h"

/*
 * Page tables come and go with what the segments hold, as each has some of its
 * own: the first lies around a multiple of 1 GiB, and if it is small, the second
 * around one of 2 MiB; if large, a source and a destination in the first may share
 * a page table. All are below the 512 GiB that user-mode Linux may be limited to.
 */
struct segment {
	int first, end;
	unsigned long addr;
};

#define NR_SEGMENTS	3

static const struct segment small_segments[NR_SEGMENTS] = {
	{ 0, 64, 0x1040000000UL - 24 * PAGE_SIZE },
	{ 64, 112, 0x1100200000UL - 16 * PAGE_SIZE },
	{ 112, 160, 0x1200000000UL },
};

static const struct segment large_segments[NR_SEGMENTS] = {
	{ 0, 4 * HUGE, 0x1340000000UL - 2 * HUGE * PAGE_SIZE },
	{ 4 * HUGE, 5 * HUGE, 0x1300000000UL },
	{ 5 * HUGE, MOST_PAGES, 0x1400000000UL },
};

struct page model[MOST_PAGES];
struct object objects[NR_OBJECTS];
enum arena arena;
int arena_pages;

static const struct segment *segments;

void model_init(enum arena which)
{
	arena = which;
	segments = which == SMALL ? small_segments : large_segments;
	arena_pages = segments[NR_SEGMENTS - 1].end;
}

static const struct segment *segment_of(int page)
{
	const struct segment *s = segments;

	while (page >= s->end)
		s++;
	return s;
}

char *at(int page)
{
	const struct segment *s = segment_of(page);

	return (char *)s->addr + (page - s->first) * PAGE_SIZE;
}

int page_of(unsigned long addr)
{
	for (int i = 0; i < NR_SEGMENTS; i++) {
		const struct segment *s = &segments[i];
		unsigned long page = (addr - s->addr) / PAGE_SIZE;

		if (page < (unsigned long)(s->end - s->first))
			return s->first + page;
	}
	return -1;
}

int segment_start(int page)
{
	return segment_of(page)->first;
}

int segment_end(int page)
{
	return segment_of(page)->end;
}

int limit_pages(int page, int pages)
{
	int rest = segment_end(page) - page;

	return pages < rest ? pages : rest;
}

bool is_shared(const struct page *p)
{
	return p->kind == SHARED_ANON || p->kind == SHARED_FILE ||
	       p->kind == SHARED_HUGE;
}

bool is_huge(const struct page *p)
{
	return p->kind == PRIVATE_HUGE || p->kind == SHARED_HUGE;
}

bool is_mapped(const struct page *p)
{
	return p->kind != HOLE;
}

bool has_object(const struct page *p)
{
	return p->kind != HOLE && p->kind != ANON;
}

bool has_page(const struct page *p)
{
	return p->kind == ANON || (p->kind != HOLE &&
				   p->index < objects[p->object].pages);
}

__u64 contents(const struct page *p)
{
	if (p->stamp || !has_object(p))
		return p->stamp;
	return objects[p->object].stamp[p->index];
}

void set_contents(struct page *p, __u64 stamp)
{
	if (is_shared(p))
		objects[p->object].stamp[p->index] = stamp;
	else
		p->stamp = stamp;
}

int new_object(int pages)
{
	bool used[NR_OBJECTS] = { [MEMFD] = true, [TMPFS] = true };
	int object = 0;

	for (int i = 0; i < arena_pages; i++)
		if (has_object(&model[i]))
			used[model[i].object] = true;
	while (used[object])
		object++;
	memset(&objects[object], 0, sizeof(objects[object]));
	objects[object].pages = pages;
	return object;
}

int run_of(int page, int pages, bool (*like)(const struct page *p))
{
	int n = 0;

	pages = limit_pages(page, pages);
	while (n < pages && like(&model[page + n]))
		n++;
	return n;
}

bool cuts_huge_page(int page, int pages)
{
	const int end = page + pages;

	return (page % HUGE && is_huge(&model[page])) ||
	       (end % HUGE && end < arena_pages && is_huge(&model[end]));
}

bool any_of(int page, int pages, __u16 traits)
{
	for (int i = page; i < page + pages; i++)
		if (model[i].traits & traits)
			return true;
	return false;
}

void model_unmap(int page, int pages)
{
	memset(&model[page], 0, pages * sizeof(model[0]));
}

/* Let the mapping whose last page is before these have them, too. */
static void extend(struct page *p, int pages)
{
	for (; pages; pages--, p++) {
		*p = p[-1];
		p->index++;
		p->stamp = 0;
	}
}

/* Let the page have become another; what it was stays, empty. */
static void hand_over(struct page *to, struct page *from)
{
	*to = *from;
	/* Its monitor did not ask for news of moves. */
	to->traits &= ~ARMED;
	from->traits &= ~LOCKED;
	from->stamp = 0;
}

void model_move(int src, int dst, int pages, bool keep_source)
{
	for (int i = 0; i < pages; i++) {
		if (!is_mapped(&model[src + i]))
			continue;
		hand_over(&model[dst + i], &model[src + i]);
		if (!keep_source)
			model_unmap(src + i, 1);
	}
}

void model_take(struct page *away, int src, int old, int new, bool keep_source)
{
	if (!old) {
		*away = model[src];
		extend(away + 1, new - 1);
		return;
	}
	for (int i = 0; i < old; i++)
		hand_over(away + i, &model[src + i]);
	extend(away + old, new - old);
	if (!keep_source)
		model_unmap(src, old);
}

void model_extend(int page, int pages)
{
	extend(&model[page], pages);
}

void model_duplicate(int src, int dst, int pages)
{
	model[dst] = model[src];
	model_extend(dst + 1, pages - 1);
}

void model_fork(void)
{
	for (int i = 0; i < arena_pages; i++) {
		struct page *p = &model[i];

		if (p->traits & DONTFORK)
			model_unmap(i, 1);
		if (p->traits & WIPEONFORK)
			p->stamp = 0;
		p->traits &= ~(LOCKED | ARMED);
	}
}
