// SPDX-License-Identifier: GPL-2.0-only
/* A call of mremap(): carried out, and what came of it held to the model */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/mman.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"
#include "judge.h"
#include "look.h"
#include "model.h"
#include "pick.h"

/* VmLck is read after each nth call, and all is looked at after more. */
#define LOCKED_CHECK	8
#define FULL_CHECK	32

/* Where the kernel without the series lets mappings wait */
#define STAGE		0x1800000000UL

/* Pages of one mapping */
struct part {
	int first, pages;
};

static struct found before[MOST_PAGES];
static long committed_before;

static unsigned long remap(unsigned long addr, unsigned long old_len,
			   unsigned long new_len, int flags,
			   unsigned long new_addr)
{
	unsigned long ret;

	did("printf(\"%%#lx\\n\", syscall(%d, %#lxUL, %#lxUL, %#lxUL, %d, %#lxUL));",
	    SYS_mremap, addr, old_len, new_len, flags, new_addr);
	ret = syscall(SYS_mremap, addr, old_len, new_len, flags, new_addr);
	return ret;
}

static void carry_out(struct call *c)
{
	set_limit(c->limit, c->room);
	arm_failure(c->nth);
	c->ret = remap(c->addr, c->old_len, c->new_len, c->flags, c->new_addr);
	c->error = c->ret == -1UL ? errno : 0;
	c->fired = disarm_failure(c->nth);
	lift_limit(c->limit);
	if (c->fired)
		did("/* its allocation %d failed */", c->nth);
}

/* The next part of the source that is of one mapping */
static bool next_part(const struct call *c, struct part *part)
{
	const int end = c->src + c->old;
	int page = part->first + part->pages;

	while (page < end && !found[page].mapped)
		page++;
	if (page == end)
		return false;
	part->first = page;
	part->pages = mapping_end(page) - page;
	if (page + part->pages > end)
		part->pages = end - page;
	return true;
}

static bool move_part(const struct call *c, const struct part *part,
		      unsigned long from, unsigned long to)
{
	unsigned long offset = (part->first - c->src) * PAGE_SIZE;
	unsigned long size = part->pages * PAGE_SIZE;

	return remap(from + offset, size, size, c->flags, to + offset) ==
	       to + offset;
}

static void unmap_opposite(const struct call *c)
{
	struct part part = { c->src, 0 };

	while (next_part(c, &part)) {
		char *start = at(c->dst + part.first - c->src);

		did("munmap(A(%#lx), %d * 4096UL);", (long)start, part.pages);
		must("munmap", !munmap(start, part.pages * PAGE_SIZE));
	}
}

/*
 * As 6.12 does not move several mappings, they go one after the other. First of
 * all there has to be room, and all leave before one arrives: on the way, none
 * merges with what is going to be unmapped or moved, nor inherits its anon_vma.
 */
static void move_one_by_one(struct call *c)
{
	unsigned long stage = STAGE + c->addr % (HUGE * PAGE_SIZE);
	bool stays = c->flags & MREMAP_DONTUNMAP;
	struct part part = { c->src, 0 };

	unmap_opposite(c);
	while (!stays && next_part(c, &part))
		must("leaving", move_part(c, &part, c->addr, stage));
	part = (struct part) { c->src, 0 };
	while (next_part(c, &part))
		must("arriving", move_part(c, &part, stays ? c->addr : stage,
					   c->new_addr));
	c->ret = c->new_addr;
}

/* Equal once rounded is not equal for 6.12. */
static void move_rounded(struct call *c)
{
	c->new_len = page_align(c->new_len);
	c->old_len = c->new_len;
	carry_out(c);
}

static void print_may(__u64 may)
{
	printf("expected:");
	for (int error = 0; error < 64; error++)
		if (may & MAY(error))
			printf(" %s", error ? strerror(error) : "success");
	printf("\n");
}

static bool is_among(const struct call *c, __u64 may)
{
	if (may & MAY(c->error))
		return true;
	print_may(may);
	printf("got: %s\n", c->error ? strerror(c->error) : "success");
	return false;
}

/* False if the call is left out */
static bool carry_out_on_base(struct call *c)
{
	__u64 may = base_result(c);

	/* Mainline does not count what the destination gives back. */
	if (options.mainline)
		c->limit = -1;
	if (c->may != MAY(0) && may) {
		carry_out(c);
		check(is_among(c, may), "in what 6.12 does");
		return false;
	}
	if (!base_differs(c)) {
		carry_out(c);
		return true;
	}
	if (c->may != MAY(0)) {
		totals->skipped++;
		return false;
	}
	totals->emulated++;
	if (c->flags & MREMAP_DONTUNMAP && !c->several)
		move_rounded(c);
	else
		move_one_by_one(c);
	return true;
}

/* Was the error due? */
static bool check_result(const struct call *c)
{
	unsigned long want = c->effect == MOVES ? c->new_addr : c->addr;

	if (c->fired && (c->error == ENOMEM || c->error == EAGAIN))
		return true;
	if (!is_among(c, c->may))
		return false;
	if (c->error || c->effect == LEAVES || c->ret == want)
		return true;
	printf("returned %#lx, not %#lx\n", c->ret, want);
	return false;
}

/* What was unmapped before the move failed, as far as that is allowed */
static void settle_failure(const struct call *c)
{
	look();
	for (int i = 0; i < c->old; i++)
		if (found[c->src + i].mapped && !found[c->dst + i].mapped)
			model_unmap(c->dst + i, 1);
}

static void settle_move(const struct call *c)
{
	int moved = c->old < c->new ? c->old : c->new;

	if (c->old > c->new)
		model_unmap(c->src + c->new, c->old - c->new);
	if (!c->several)
		model_unmap(c->dst, c->new);
	if (!c->old)
		model_duplicate(c->src, c->dst, c->new);
	else
		model_move(c->src, c->dst, moved, c->flags & MREMAP_DONTUNMAP);
	if (c->old && c->new > c->old)
		model_extend(c->dst + c->old, c->new - c->old);
}

/* The model ends with the arena: what the kernel has put elsewhere cannot stay. */
static bool bring_home(const struct call *c)
{
	const unsigned long size = c->new * PAGE_SIZE;
	unsigned long home;

	if (c->home < 0 || any_of(c->home, c->new, SEALED) ||
	    cuts_huge_page(c->home, c->new)) {
		did("munmap(A(%#lx), %#lx);", c->ret, size);
		must("munmap", !munmap((void *)c->ret, size));
		return false;
	}
	home = (unsigned long)at(c->home);
	must("mremap back home",
	     remap(c->ret, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, home) ==
	     home);
	return true;
}

/* It may go where it was asked to without MREMAP_FIXED. */
static void settle_leaving(const struct call *c)
{
	static struct page away[MOST_PAGES];
	bool asked = page_of(c->ret) >= 0;

	model_take(away, c->src, c->old, c->new, c->flags & MREMAP_DONTUNMAP);
	if (asked || bring_home(c))
		memcpy(model + (asked ? page_of(c->ret) : c->home), away,
		       c->new * sizeof(model[0]));
}

static void settle(const struct call *c)
{
	switch (c->effect) {
	case MOVES:
		settle_move(c);
		break;
	case SHRINKS:
		model_unmap(c->src + c->new, c->old - c->new);
		break;
	case GROWS:
		model_extend(c->src + c->old, c->new - c->old);
		break;
	case LEAVES:
		settle_leaving(c);
		break;
	case NOTHING:
		break;
	}
}

/*
 * F1: a failure may leave the destination unmapped, or cut to be unmapped, and
 * hugetlb, which is never merged, cut at the ends of the source.
 */
static bool may_be_cut(const struct call *c, int page)
{
	bool of_source = page == c->src || page == c->src + c->old;

	if (!c->fired)
		return false;
	return (of_source && is_huge(&model[page])) ||
	       (page >= c->dst && page <= c->dst + c->old);
}

/* F0: a call that is refused neither splits nor merges what it leaves. */
static bool check_starts(const struct call *c)
{
	bool good = true;

	for (int i = 0; i < arena_pages; i++) {
		if (before[i].first == found[i].first || may_be_cut(c, i))
			continue;
		printf("page %d: a mapping should %sbegin here\n", i,
		       before[i].first ? "" : "not ");
		good = false;
	}
	return good;
}

static void hash_layout(void)
{
	__u64 hash = totals->hash;

	for (int i = 0; i < arena_pages; i++) {
		const struct page *p = &model[i];

		if (!is_mapped(p))
			continue;
		hash = mix(hash, (__u64)i << 32 | p->kind << 24 |
				 p->prot << 20 | p->name << 17 |
				 found[i].first << 16 | p->traits);
		hash = mix(hash, p->stamp ^ (__u64)p->object << 32 ^
				 (p->kind == ANON ? 0 : p->index));
	}
	totals->hash = hash;
}

static void check_touched(const struct call *c)
{
	int old = c->old < 0 ? 0 : c->old, new = c->new < 0 ? 0 : c->new;
	bool untouched = one_in(4);

	if (c->src >= 0)
		check(check_contents(c->src, limit_pages(c->src, old),
				     untouched), "after the call");
	if (c->dst >= 0)
		check(check_contents(c->dst, limit_pages(c->dst, new),
				     untouched), "after the call");
}

void check_all(const char *when)
{
	look();
	check(check_mappings() & check_size() & check_locked() &
	      check_traits(), when);
	check(check_contents(0, arena_pages, true), when);
	if (!options.inject)
		totals->hash = mix(mix(totals->hash, hash_of_flags()),
				   committed() - committed_before);
}

void take_stock(void)
{
	open_state();
	committed_before = committed();
}

static void check_call(const struct call *c)
{
	look();
	check(check_mappings() & check_size(), "after the call");
	if (c->error)
		check(check_starts(c), "after the call");
	check_touched(c);
	if (!(totals->calls % LOCKED_CHECK))
		check(check_locked(), "after the call");
	if (c->fired || !(totals->calls % FULL_CHECK))
		check_all("after the call");
}

static void count(const struct call *c)
{
	totals->calls++;
	totals->several += c->several && c->effect == MOVES && !c->error;
	totals->refused += c->may != MAY(0);
	totals->failed += c->fired && c->error;
	totals->despite += c->fired && !c->error;
}

/* What may differ is not part of the hash. */
static void take_down(const struct call *c, bool done)
{
	bool open = !done || base_differs(c);

	totals->hash = mix(totals->hash, open ? c->may : MAY(c->error));
	if (!c->error && c->effect == LEAVES)
		totals->hash = mix(totals->hash, c->ret);
	hash_layout();
	if (!options.tell)
		return;
	printf("call %ld: mremap(%#lx, %#lx, %#lx, %d, %#lx): %d, %016llx\n",
	       totals->calls, c->addr, c->old_len, c->new_len, c->flags,
	       c->new_addr, open ? -1 : c->error, totals->hash);
	print_maps();
}

void one_call(void)
{
	struct call c = {};
	bool done = true;

	if (found_is_old) {
		look();
		check(check_mappings(), "before the call");
	}
	pick_call(&c);
	judge(&c);
	if (c.unclear)
		return;
	if (options.inject && c.may == MAY(0) && c.effect == MOVES &&
	    c.old == c.new && !one_in(4))
		c.nth = 1 + pick(1 << pick(9));
	memcpy(before, found, arena_pages * sizeof(before[0]));
	found_is_old = false;
	if (options.base)
		done = carry_out_on_base(&c);
	else
		carry_out(&c);
	if (done)
		check(check_result(&c), "after the call");
	count(&c);
	if (c.fired && c.error)
		settle_failure(&c);
	else if (done && !c.error)
		settle(&c);
	check_call(&c);
	if (!options.inject)
		take_down(&c, done);
}
