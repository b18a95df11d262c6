// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done at random between the calls of mremap(): mappings come and go
 * and change, and are written to.
 *
 * An operation draws its numbers first and fits them to the model then: so it
 * stays much the same if operations before it are left out.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/mman.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"
#include "look.h"
#include "model.h"
#include "ops.h"

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

#define RW		(PROT_READ | PROT_WRITE)

/* Advice that shows, and the traits it gives and takes */
struct advice {
	int value;
	__u16 gives, takes;
};

static const struct advice advices[] = {
	{ MADV_DONTDUMP, DONTDUMP, 0 },
	{ MADV_DODUMP, 0, DONTDUMP },
	{ MADV_DONTFORK, DONTFORK, 0 },
	{ MADV_DOFORK, 0, DONTFORK },
	{ MADV_SEQUENTIAL, SEQUENTIAL, RANDOM },
	{ MADV_RANDOM, RANDOM, SEQUENTIAL },
	{ MADV_NORMAL, 0, SEQUENTIAL | RANDOM },
	{ MADV_HUGEPAGE, HUGEPAGE, NOHUGEPAGE },
	{ MADV_NOHUGEPAGE, NOHUGEPAGE, HUGEPAGE },
	{ MADV_WIPEONFORK, WIPEONFORK, 0 },
	{ MADV_KEEPONFORK, 0, WIPEONFORK },
	{ MADV_MERGEABLE, MERGEABLE, 0 },
	{ MADV_UNMERGEABLE, 0, MERGEABLE },
};

/* Of those above, what all mappings take, and hugetlb too */
#define NR_FOR_HUGETLB	4

static int files[NR_FILES];
static __u64 serial;

int pick_page(void)
{
	int page = pick(arena_pages);
	bool inside = arena == LARGE && one_in(3);

	return arena == SMALL || inside ? page : page / HUGE * HUGE;
}

int pick_pages(int most)
{
	int small = 1 + pick(most), huge = (1 + pick(2)) * HUGE;

	if (arena == SMALL)
		return small;
	return arena == LARGE && one_in(3) ? small * 16 : huge;
}

static bool is_open(const struct page *p)
{
	return !(p->traits & SEALED);
}

static bool is_changeable(const struct page *p)
{
	return is_mapped(p) && is_open(p);
}

static bool may_be_dropped(const struct page *p)
{
	return is_changeable(p) && !(p->traits & (LOCKED | ARMED)) &&
	       !is_huge(p);
}

/* A private page of a file would get contents of its own by it, or by growing. */
static bool may_be_locked(const struct page *p)
{
	return is_changeable(p) && !(p->traits & ARMED) && !is_huge(p) &&
	       p->kind != PRIVATE_FILE;
}

static bool may_be_named(const struct page *p)
{
	return is_changeable(p) && (p->kind == ANON || p->kind == SHARED_ANON);
}

static bool may_be_armed(const struct page *p)
{
	return is_changeable(p) && p->kind == ANON && !(p->traits & LOCKED);
}

/* Somewhere in the arena, pages that are all like that; may be none */
static int pick_run(int *page, bool (*like)(const struct page *p))
{
	int pages;

	*page = pick_page();
	pages = pick_pages(24);
	return run_of(*page, pages, like);
}

static int pick_prot(void)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ, PROT_READ | PROT_EXEC,
		RW, RW, RW, RW, RW, RW,
	};

	return prots[pick(ARRAY_SIZE(prots))];
}

static int pick_kind(void)
{
	int kind = 1 + pick(SHARED_FILE);

	if (one_in(2))
		kind = ANON;
	if (arena == HUGETLB && one_in(2))
		kind = kind == ANON ? PRIVATE_HUGE : SHARED_HUGE;
	return kind;
}

static bool map(const struct page *p, int page, int pages)
{
	static const char * const names[] = { "memfd", "tmpfs", "-1" };
	int flags = is_shared(p) ? MAP_SHARED : MAP_PRIVATE;
	bool file = p->kind == PRIVATE_FILE || p->kind == SHARED_FILE;

	flags |= MAP_FIXED;
	if (!file)
		flags |= MAP_ANONYMOUS;
	if (is_huge(p))
		flags |= MAP_HUGETLB;
	did("mmap(A(%#lx), %d * 4096UL, %d, %#x, %s, %d * 4096UL);",
	    (long)at(page), pages, p->prot, flags,
	    names[file ? p->object : NR_FILES], file ? p->index : 0);
	return mmap(at(page), pages * PAGE_SIZE, p->prot, flags,
		    file ? files[p->object] : -1,
		    file ? p->index * PAGE_SIZE : 0) == at(page);
}

static void unmap(int page, int pages)
{
	did("munmap(A(%#lx), %d * 4096UL);", (long)at(page), pages);
	must("munmap", !munmap(at(page), pages * PAGE_SIZE));
	model_unmap(page, pages);
}

static void choose_object(struct page *p, int pages)
{
	int start = pick(32), object = pick(NR_FILES);

	if (p->kind == PRIVATE_FILE || p->kind == SHARED_FILE) {
		p->object = object;
		p->index = arena == SMALL ? start : start % 2 * HUGE;
	} else if (has_object(p)) {
		p->object = new_object(pages);
	}
}

/* Small mappings beside huge pages, in the same page tables of the next level */
static void pick_small(int *page, int *pages)
{
	*page += pick(HUGE);
	*pages = 1 + pick(24);
}

static void do_mmap(void)
{
	int page = pick_page(), wanted = pick_pages(MOST_MAPPED), pages;
	struct page p = { .kind = pick_kind(), .prot = pick_prot() };

	if (arena == HUGETLB && !is_huge(&p) && one_in(2))
		pick_small(&page, &wanted);
	pages = run_of(page, wanted, is_open);
	if (!pages || cuts_huge_page(page, pages) ||
	    (is_huge(&p) && pages % HUGE))
		return;
	if (is_huge(&p))
		unmap(page, pages);
	model_unmap(page, pages);
	choose_object(&p, pages);
	if (!map(&p, page, pages)) {
		must("mmap", is_huge(&p));
		return;
	}
	for (int i = 0; i < pages; i++, p.index++)
		model[page + i] = p;
}

static void do_munmap(void)
{
	int page = pick_page(), pages = pick_pages(16);

	/* A segment without mappings has no page tables. */
	if (one_in(8)) {
		page = segment_start(page);
		pages = arena_pages;
	}
	if (arena == HUGETLB && one_in(4))
		pick_small(&page, &pages);
	pages = run_of(page, pages, is_open);
	if (pages && !cuts_huge_page(page, pages))
		unmap(page, pages);
}

static void do_mprotect(void)
{
	int page, pages = pick_run(&page, is_changeable), prot = pick_prot();

	if (!pages)
		return;
	did("mprotect(A(%#lx), %d * 4096UL, %d);", (long)at(page), pages, prot);
	must("mprotect", !mprotect(at(page), pages * PAGE_SIZE, prot));
	for (int i = 0; i < pages; i++)
		model[page + i].prot = prot;
}

static int advise(int page, int pages, int advice)
{
	did("madvise(A(%#lx), %d * 4096UL, %d);", (long)at(page), pages,
	    advice);
	return madvise(at(page), pages * PAGE_SIZE, advice);
}

/* The kernel may lack huge pages or KSM; not all mappings take all advice. */
static void do_madvise(void)
{
	int page, pages = pick_run(&page, is_changeable);
	const struct advice *a = &advices[pick(arena == HUGETLB ?
					       NR_FOR_HUGETLB :
					       ARRAY_SIZE(advices))];
	const int kind = model[page].kind;
	int n = 0;

	if ((a->gives | a->takes) & WIPEONFORK && kind != ANON)
		return;
	while (n < pages && model[page + n].kind == kind)
		n++;
	if (!n || advise(page, n, a->value))
		return;
	for (int i = page; i < page + n; i++) {
		model[i].traits &= ~a->takes;
		if (a->gives != MERGEABLE || !is_shared(&model[i]))
			model[i].traits |= a->gives;
	}
}

static void do_dontneed(void)
{
	int page, pages = pick_run(&page, may_be_dropped);

	if (!pages)
		return;
	must("madvise", !advise(page, pages, MADV_DONTNEED));
	for (int i = 0; i < pages; i++)
		model[page + i].stamp = 0;
}

/* The pages go elsewhere, or grow together; nothing must come of it. */
static void do_shift_pages(void)
{
	static const int kinds[] = { MADV_PAGEOUT, MADV_PAGEOUT, MADV_COLLAPSE };
	int page, pages = pick_run(&page, may_be_dropped);
	int advice = kinds[pick(ARRAY_SIZE(kinds))];

	if (pages)
		advise(page, pages, advice);
}

/* What may not be read cannot be faulted in either, but is locked. */
static void do_mlock(void)
{
	int page, pages = pick_run(&page, may_be_locked);
	bool lock = one_in(2);
	size_t size = pages * PAGE_SIZE;

	if (!pages)
		return;
	did("%s(A(%#lx), %d * 4096UL);", lock ? "mlock" : "munlock",
	    (long)at(page), pages);
	if (lock)
		must("mlock", !mlock(at(page), size) || errno == ENOMEM);
	else
		must("munlock", !munlock(at(page), size));
	for (int i = page; i < page + pages; i++)
		model[i].traits = (model[i].traits & ~LOCKED) |
				  (lock ? LOCKED : 0);
}

/* Nobody answers the faults on an armed page. */
static bool may_write(const struct page *p)
{
	return p->prot & PROT_WRITE && has_page(p) &&
	       (p->stamp || !(p->traits & ARMED));
}

static void do_write(void)
{
	int page, pages = pick_run(&page, is_mapped) / 2;
	int step = arena == SMALL ? 1 : 1 + pick(100);

	for (int i = 0; i < pages; i += step)
		if (may_write(&model[page + i]))
			must("write", write_page(page + i,
						 0xa0000000 + ++serial));
}

static void do_name(void)
{
	int page, pages = pick_run(&page, may_be_named);
	int name = pick(NR_NAMES + 1);
	char text[] = "n0";

	if (!pages)
		return;
	text[1] += name;
	did("prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, %#lxUL, %d * 4096UL, %s%s%s);",
	    (long)at(page), pages, name ? "\"" : "", name ? text : "0UL",
	    name ? "\"" : "");
	must("prctl", !prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at(page),
			     pages * PAGE_SIZE, name ? text : NULL));
	for (int i = 0; i < pages; i++)
		model[page + i].name = name;
}

static void do_arm(void)
{
	int page, pages = pick_run(&page, may_be_armed);
	bool arm = one_in(2);

	if (!pages || !set_armed(page, pages, arm))
		return;
	for (int i = page; i < page + pages; i++)
		model[i].traits = (model[i].traits & ~ARMED) |
				  (arm ? ARMED : 0);
}

/* Nothing unseals it: so it is rare, or soon all would be sealed. */
static void do_seal(void)
{
	int page, pages = pick_run(&page, is_changeable);

	if (pages > 4 && arena == SMALL)
		pages = 4;
	if (!one_in(4) || !pages)
		return;
	did("syscall(%d, %#lxUL, %d * 4096UL, 0);", SYS_mseal, (long)at(page),
	    pages);
	must("mseal", !syscall(SYS_mseal, at(page), pages * PAGE_SIZE, 0));
	for (int i = 0; i < pages; i++)
		model[page + i].traits |= SEALED;
}

void one_op(void)
{
	static void (* const things[])(void) = {
		do_mmap, do_mmap, do_mmap, do_mmap, do_mmap, do_mmap, do_munmap,
		do_mprotect, do_mprotect, do_madvise, do_madvise, do_madvise,
		do_mlock, do_mlock, do_dontneed, do_write, do_write, do_write,
		do_write, do_write, do_shift_pages, do_name, do_arm, do_seal,
		do_fork, do_migrate,
	};

	things[pick(ARRAY_SIZE(things))]();
	found_is_old = true;
}

/* Behind each segment lies a page that mappings cannot grow over. */
static void build_walls(void)
{
	for (int page = 0; page < arena_pages; page = segment_end(page)) {
		char *wall = at(segment_end(page) - 1) + PAGE_SIZE;

		did("mmap(A(%#lx), 4096, PROT_NONE, %#x, -1, 0);", (long)wall,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
		must("mmap", mmap(wall, PAGE_SIZE, PROT_NONE,
				  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
				  0) == wall);
	}
}

void start_ops(void)
{
	build_walls();
	open_uffd();
	for (int i = 0; i < NR_FILES; i++)
		files[i] = create_file(i);
}

void start_in_child(void)
{
	open_uffd();
}
