// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract, for one call: written from Documentation/contract.md and, where
 * that says nothing, from the mremap(2) of 6.12. The labels are the contract's.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "fuzz.h"
#include "judge.h"
#include "look.h"
#include "model.h"

#define PLACED		(MREMAP_FIXED | MREMAP_DONTUNMAP)
#define ALL_FLAGS	(MREMAP_MAYMOVE | PLACED)

/* No address is picked that is between the arena and this. */
#define BEYOND_USER	0x1000000000000UL

unsigned long page_align(unsigned long size)
{
	return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static bool is_beyond(unsigned long addr, unsigned long size)
{
	return size > BEYOND_USER || addr > BEYOND_USER - size;
}

static bool overlaps(unsigned long addr, unsigned long old_len,
		     unsigned long new_addr, unsigned long new_len)
{
	return addr + old_len > new_addr && new_addr + new_len > addr;
}

static bool bad_flags(const struct call *c)
{
	return c->flags & ~ALL_FLAGS ||
	       (c->flags & PLACED && !(c->flags & MREMAP_MAYMOVE));
}

/* E3, E4, E5: only these two flags make a call name its destination. */
static bool bad_destination(const struct call *c, unsigned long old_len,
			    unsigned long new_len)
{
	return c->flags & PLACED &&
	       (c->new_addr % PAGE_SIZE || is_beyond(c->new_addr, new_len) ||
		overlaps(c->addr, old_len, c->new_addr, new_len));
}

/* E1 to E5 */
static bool bad_parameters(const struct call *c)
{
	unsigned long old_len = page_align(c->old_len);
	unsigned long new_len = page_align(c->new_len);

	return bad_flags(c) || c->addr % PAGE_SIZE || !new_len ||
	       (c->flags & MREMAP_DONTUNMAP && old_len != new_len) ||
	       is_beyond(0, new_len) || bad_destination(c, old_len, new_len);
}

static const struct page *first_of(const struct call *c)
{
	static const struct page hole;

	return c->src < 0 ? &hole : &model[c->src];
}

static bool leaves_mapping(const struct call *c, int pages)
{
	return pages > mapping_end(c->src) - c->src;
}

/* The pages of the call, in huge pages unless a move has several mappings */
static void measure(struct call *c)
{
	unsigned long old_len = page_align(c->old_len);
	unsigned long new_len = page_align(c->new_len);

	c->src = page_of(c->addr);
	c->dst = page_of(c->new_addr);
	c->old = old_len >= 1UL << 40 ? -1 : (int)(old_len / PAGE_SIZE);
	c->new = new_len >= 1UL << 40 ? -1 : (int)(new_len / PAGE_SIZE);
	if (is_mapped(first_of(c)) && c->flags & MREMAP_FIXED && c->old > 0 &&
	    c->old == c->new)
		c->several = leaves_mapping(c, c->old);
	if (is_huge(first_of(c)) && !c->several && c->old >= 0) {
		c->old = (c->old + HUGE - 1) / HUGE * HUGE;
		c->new = (c->new + HUGE - 1) / HUGE * HUGE;
	}
}

static bool misaligned(unsigned long addr)
{
	return addr % (HUGE * PAGE_SIZE);
}

/* What stands against moving these pages of one mapping to there? */
static __u64 faults_of(const struct call *c, int page, int end)
{
	const struct page *p = &model[page];
	__u64 may = 0;

	if (p->traits & SEALED)
		may |= MAY(EPERM);
	if (c->several && p->traits & ARMED)
		may |= MAY(EFAULT);
	if (is_huge(p) && (misaligned((unsigned long)at(page)) ||
			   misaligned(c->new_addr +
				      (page - c->src) * PAGE_SIZE) ||
			   (end - page) % HUGE))
		may |= MAY(EINVAL);
	if (is_huge(p) && c->flags & MREMAP_DONTUNMAP)
		may |= MAY(EINVAL);
	return may;
}

/* The lowest mapping of the source at fault decides. */
static __u64 faults_of_source(const struct call *c, int pages)
{
	const int end = c->src + pages;
	__u64 may = 0;
	int next;

	for (int page = c->src; page < end && !may; page = next) {
		next = page + 1;
		if (!found[page].mapped)
			continue;
		next = mapping_end(page);
		if (next > end)
			next = end;
		may = faults_of(c, page, next);
	}
	return may;
}

/* Can what is mapped there be unmapped? */
static __u64 faults_of_unmapping(int page, int pages)
{
	const int end = page + pages;
	__u64 may = 0;

	if (any_of(page, pages, SEALED))
		may |= MAY(EPERM);
	if (is_huge(&model[page]) && !found[page].first && page % HUGE)
		may |= MAY(EINVAL);
	if (end < segment_end(page) && is_huge(&model[end]) &&
	    !found[end].first && end % HUGE)
		may |= MAY(EINVAL);
	return may;
}

/* M3: only what is opposite a mapping is going to be unmapped. */
static __u64 faults_of_destination(struct call *c)
{
	__u64 all = faults_of_unmapping(c->dst, c->new), may = 0;
	int next;

	if (!c->several)
		return all;
	for (int page = c->src; page < c->src + c->old; page = next) {
		next = page + 1;
		if (!found[page].mapped)
			continue;
		next = mapping_end(page);
		if (next > c->src + c->old)
			next = c->src + c->old;
		may |= faults_of_unmapping(c->dst + page - c->src, next - page);
	}
	/* Sealed, or cut, but opposite a hole; or cut at the end of a hole */
	c->unclear = may != all;
	return may;
}

/* E12, M6, M7: sizes are equal. */
static void judge_move(struct call *c)
{
	c->effect = MOVES;
	c->may = faults_of_source(c, c->old);
	c->may |= faults_of_destination(c);
}

/* A move that drops the end of the source */
static void judge_shrinking_move(struct call *c)
{
	c->effect = MOVES;
	if (leaves_mapping(c, c->new))
		c->may |= MAY(EFAULT);
	c->may |= faults_of(c, c->src, c->src + c->new);
	c->may |= faults_of_unmapping(c->dst, c->new);
	c->may |= faults_of_unmapping(c->src + c->new, c->old - c->new);
}

/* E9, and what mremap(2) says of an old_size of 0 */
static __u64 faults_of_resize(const struct call *c)
{
	if (!c->old && !is_shared(&model[c->src]))
		return MAY(EINVAL);
	return leaves_mapping(c, c->old) ? MAY(EFAULT) : 0;
}

static void judge_growing_move(struct call *c)
{
	c->effect = MOVES;
	/* An empty source overlaps nothing, but must outlive the unmapping. */
	c->may = faults_of_resize(c);
	if (c->new_addr == c->addr)
		c->may = MAY(EFAULT) | (options.mainline ? c->may : 0);
	c->may |= faults_of_unmapping(c->dst, c->new);
}

static bool has_room(const struct call *c)
{
	int end = c->src + c->old;

	if (end != mapping_end(c->src) || limit_pages(c->src, c->new) < c->new)
		return false;
	for (int page = end; page < c->src + c->new; page++)
		if (found[page].mapped)
			return false;
	return true;
}

static void judge_growing(struct call *c)
{
	c->may = faults_of_resize(c);
	if (c->old && has_room(c))
		c->effect = GROWS;
	else if (c->flags & MREMAP_MAYMOVE)
		c->effect = LEAVES;
	else if (!c->may)
		c->may = MAY(ENOMEM);
}

/* E10 */
static void judge_shrinking(struct call *c)
{
	c->effect = SHRINKS;
	c->may = faults_of_unmapping(c->src + c->new, c->old - c->new);
}

/* DONTUNMAP without FIXED */
static void judge_leaving(struct call *c)
{
	c->effect = LEAVES;
	if (is_huge(&model[c->src]))
		c->may |= MAY(EINVAL);
	if (leaves_mapping(c, c->old))
		c->may |= MAY(EFAULT);
}

/* The end that is to be dropped leaves user space; there may be more amiss. */
static void judge_endless(struct call *c)
{
	c->may = MAY(EINVAL);
	if (!(c->flags & MREMAP_FIXED))
		return;
	c->may |= faults_of_unmapping(c->dst, c->new);
	if (leaves_mapping(c, c->new))
		c->may |= MAY(EFAULT);
}

static bool is_limited(const struct call *c, const struct page *p)
{
	switch (c->limit) {
	case RLIMIT_AS:
		return is_mapped(p);
	case RLIMIT_DATA:
		return is_mapped(p) && p->prot & PROT_WRITE && !is_shared(p);
	default:
		return p->traits & LOCKED;
	}
}

static int added_by(const struct call *c)
{
	int added = 0;

	if (!(c->flags & MREMAP_DONTUNMAP))
		return c->new > c->old && is_limited(c, first_of(c)) ?
		       c->new - c->old : 0;
	/* M6: what stays is not locked any more. */
	if (c->limit == RLIMIT_MEMLOCK)
		return 0;
	for (int i = 0; i < limit_pages(c->src, c->old); i++)
		added += is_limited(c, &model[c->src + i]);
	return added;
}

static int freed_by(const struct call *c)
{
	int freed = 0;

	if (!(c->flags & MREMAP_FIXED))
		return 0;
	for (int i = 0; i < c->new; i++)
		if (!c->several || found[c->src + i].mapped)
			freed += is_limited(c, &model[c->dst + i]);
	return freed;
}

/* E13: a limit is held against what there will be without the destination. */
static bool exceeds_limit(const struct call *c)
{
	int added = c->limit < 0 ? 0 : added_by(c);

	return added && added - freed_by(c) > c->room;
}

static void judge_form(struct call *c)
{
	if (c->flags & MREMAP_FIXED && c->old == c->new)
		judge_move(c);
	else if (c->flags & MREMAP_FIXED && c->old > c->new)
		judge_shrinking_move(c);
	else if (c->flags & MREMAP_FIXED)
		judge_growing_move(c);
	else if (c->flags & MREMAP_DONTUNMAP)
		judge_leaving(c);
	else if (c->old > c->new)
		judge_shrinking(c);
	else if (c->old < c->new)
		judge_growing(c);
	if (exceeds_limit(c))
		c->may |= c->limit == RLIMIT_MEMLOCK ? MAY(EAGAIN) : MAY(ENOMEM);
}

/* An old_len beyond user space is longer than any other. */
static bool grows(const struct call *c)
{
	return c->old >= 0 && c->new > c->old;
}

/* E7; a hugetlb mapping has to be met at new_address even if that is not used. */
static bool bad_hugetlb(const struct call *c)
{
	if (!is_huge(first_of(c)) || c->several)
		return false;
	if (misaligned(c->addr) || misaligned(c->new_addr) || grows(c))
		return true;
	return c->old >= 0 &&
	       bad_destination(c, c->old * PAGE_SIZE, c->new * PAGE_SIZE);
}

/*
 * An armed mapping whose monitor does not ask for news of moves is disarmed where
 * it arrives, on any kernel with all that it has merged with there, which depends
 * on what has been split on the way.
 */
static bool joins_armed(const struct call *c)
{
	int end = c->dst + c->new;

	if (!(first_of(c)->traits & ARMED))
		return false;
	return (c->dst > segment_start(c->dst) &&
		model[c->dst - 1].traits & ARMED) ||
	       (end < segment_end(c->dst) && model[end].traits & ARMED);
}

/*
 * The first of several arrives beside what MREMAP_DONTUNMAP keeps of the last: they
 * may merge, or not, as that has left before (with the series) or leaves after.
 */
static bool meets_what_is_kept(const struct call *c)
{
	return c->several && c->flags & MREMAP_DONTUNMAP &&
	       c->new_addr == c->addr + c->old * PAGE_SIZE;
}

void judge(struct call *c)
{
	c->effect = NOTHING;
	c->may = 0;
	measure(c);
	if (bad_parameters(c))
		c->may = MAY(EINVAL);
	else if (!is_mapped(first_of(c)))
		c->may = MAY(EFAULT);
	else if (first_of(c)->traits & SEALED)
		c->may = MAY(EPERM);
	else if (bad_hugetlb(c))
		c->may = MAY(EINVAL);
	else if (c->old < 0)
		judge_endless(c);
	else
		judge_form(c);
	if (!c->may)
		c->may = MAY(0);
	else
		c->effect = NOTHING;
	if (c->effect == MOVES && (joins_armed(c) || meets_what_is_kept(c)))
		c->unclear = true;
}

__u64 base_result(const struct call *c)
{
	unsigned long new_len = page_align(c->new_len);

	if (options.mainline)
		return 0;
	if (bad_flags(c) || c->addr % PAGE_SIZE || !new_len ||
	    (c->flags & MREMAP_DONTUNMAP && c->old_len != c->new_len))
		return MAY(EINVAL);
	if (!is_mapped(first_of(c)))
		return MAY(EFAULT);
	if (first_of(c)->traits & SEALED)
		return MAY(EPERM);
	if (is_huge(first_of(c)) &&
	    (misaligned(c->addr) || misaligned(c->new_addr) || grows(c)))
		return MAY(EINVAL);
	if (bad_destination(c, page_align(c->old_len), new_len))
		return MAY(EINVAL);
	return 0;
}

/*
 * Does a part of a mapping move to where it adjoins the mapping, or replaces an end
 * of it? 6.12 may merge it with all of that first and cut it out then, and what is
 * left inherits an anon_vma that it has no page in.
 */
static bool arrives_beside_rest(const struct call *c)
{
	int start = c->src;

	if (c->old != c->new || c->flags & MREMAP_DONTUNMAP)
		return false;
	while (!found[start].first)
		start--;
	return c->dst + c->new >= start && c->dst <= mapping_end(c->src);
}

bool base_differs(const struct call *c)
{
	bool shrinks = c->old > c->new || c->old < 0;

	if (!options.mainline && c->flags & MREMAP_DONTUNMAP &&
	    c->old_len != c->new_len)
		return true;
	if (c->may != MAY(0))
		return options.mainline || c->flags & MREMAP_FIXED || shrinks ||
		       is_beyond(0, page_align(c->new_len));
	return c->effect == MOVES && (c->several || arrives_beside_rest(c));
}
