// SPDX-License-Identifier: GPL-2.0-only
/*
 * What soak does at random between the moves: mappings come and go and change,
 * are written to, and are shared with children.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"
#include "model.h"

#define RW		(PROT_READ | PROT_WRITE)

#define NR_CHILDREN	3

enum life { EXITS, LINGERS, MOVES, NR_LIVES };

struct child {
	pid_t pid;
	enum life life;
};

static __u64 random_state, serial;
static struct child children[NR_CHILDREN];

/* A zero would stay one. */
void seed_random(__u64 seed)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
}

/* Shift and multiply, as in xorshift64* */
static __u64 next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL;
}

int pick(int limit)
{
	return (next_random() >> 32) % limit;
}

bool one_in(int n)
{
	return !pick(n);
}

int limit_pages(int page, int pages)
{
	int rest = segment_end(page) - page;

	return pages < rest ? pages : rest;
}

/* A range without holes; may be empty */
static int pick_mapped(int *page)
{
	int pages, n = 0;

	*page = pick(ARENA_PAGES);
	pages = limit_pages(*page, 1 + pick(24));
	while (n < pages && model[*page + n].kind != HOLE)
		n++;
	return n;
}

static int pick_prot(void)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ, PROT_READ | PROT_EXEC,
		RW, RW, RW, RW, RW,
	};

	return prots[pick(ARRAY_SIZE(prots))];
}

static void map_kind(struct page *p, int page, int pages)
{
	int flags = is_shared(p->kind) ? MAP_SHARED : MAP_PRIVATE;
	int fd = -1;

	if (p->kind == SHARED_FILE)
		fd = shared_file;
	else if (p->kind == PRIVATE_FILE)
		fd = private_file;
	else
		flags |= MAP_ANONYMOUS;
	must("mmap", mmap(at(page), pages * PAGE_SIZE, p->prot,
			  flags | MAP_FIXED, fd,
			  fd < 0 ? 0 : p->index * PAGE_SIZE) != at(page));
}

static void do_mmap(void)
{
	int page = pick(ARENA_PAGES);
	int pages = limit_pages(page, 1 + pick(MOST_MAPPED));
	struct page p = { .kind = 1 + pick(NR_KINDS - 1), .prot = pick_prot() };

	if (one_in(3))
		p.kind = ANON;
	note("mmap", page, pages, p.kind);
	model_unmap(page, pages);
	if (p.kind == SHARED_FILE || p.kind == PRIVATE_FILE)
		p.index = pick(FILE_PAGES - pages + 1);
	if (p.kind == SHARED_ANON)
		p.object = free_object();
	else
		p.object = p.kind == PRIVATE_FILE ? PRIVATE_OBJECT :
						    SHARED_OBJECT;
	map_kind(&p, page, pages);
	for (int i = 0; i < pages; i++, p.index++)
		model[page + i] = p;
}

static void do_munmap(void)
{
	int page = pick(ARENA_PAGES);
	int pages = limit_pages(page, 1 + pick(16));

	/* A segment without mappings has no page tables. */
	if (one_in(8)) {
		page = segment_start(page);
		pages = limit_pages(page, ARENA_PAGES);
	}
	note("munmap", page, pages, 0);
	must("munmap", munmap(at(page), pages * PAGE_SIZE));
	model_unmap(page, pages);
}

static void do_mprotect(void)
{
	int page, pages = pick_mapped(&page), prot = pick_prot();

	if (!pages)
		return;
	note("mprotect", page, pages, prot);
	must("mprotect", mprotect(at(page), pages * PAGE_SIZE, prot));
	for (int i = 0; i < pages; i++)
		model[page + i].prot = prot;
}

static void do_madvise(void)
{
	int page, pages = pick_mapped(&page);
	bool set = one_in(2), dump = one_in(2);
	int advice;

	if (!pages)
		return;
	if (dump)
		advice = set ? MADV_DONTDUMP : MADV_DODUMP;
	else
		advice = set ? MADV_DONTFORK : MADV_DOFORK;
	note("madvise", page, pages, advice);
	must("madvise", madvise(at(page), pages * PAGE_SIZE, advice));
	for (int i = 0; i < pages; i++)
		*(dump ? &model[page + i].dontdump :
			 &model[page + i].dontfork) = set;
}

static void do_dontneed(void)
{
	int page, pages = pick_mapped(&page), n = 0;

	while (n < pages && !model[page + n].locked)
		n++;
	if (!n)
		return;
	note("MADV_DONTNEED", page, n, 0);
	must("madvise", madvise(at(page), n * PAGE_SIZE, MADV_DONTNEED));
	for (int i = 0; i < n; i++)
		model[page + i].stamp = 0;
}

/* What may not be read cannot be faulted in either, but is locked. */
static void do_mlock(void)
{
	int page, pages = pick_mapped(&page);
	bool locked = one_in(2);
	size_t size = pages * PAGE_SIZE;

	if (!pages)
		return;
	note(locked ? "mlock" : "munlock", page, pages, 0);
	if (locked)
		must("mlock", mlock(at(page), size) && errno != ENOMEM);
	else
		must("munlock", munlock(at(page), size));
	for (int i = 0; i < pages; i++)
		model[page + i].locked = locked;
}

/* What a child wrote to shared memory would be news to the others. */
static bool may_write(const struct page *p)
{
	return p->prot & PROT_WRITE && !(in_child && is_shared(p->kind));
}

static __u64 next_stamp(void)
{
	return (in_child ? 0xc0000000 : 0xa0000000) + ++serial;
}

static void do_write(void)
{
	int page, pages = pick_mapped(&page);

	note("write", page, pages, serial + 1);
	for (int i = 0; i < pages; i++)
		if (may_write(&model[page + i]))
			must("write", !write_page(page + i, next_stamp()));
}

static int status_of(struct child *c)
{
	int status = 0;

	if (c->life == LINGERS)
		kill(c->pid, SIGKILL);
	if (waitpid(c->pid, &status, 0) != c->pid)
		err(2, "waitpid");
	return c->life == LINGERS ? 0 : status;
}

/* One that found a difference has told about it. */
static void end_child(struct child *c)
{
	int status = c->pid ? status_of(c) : 0;

	c->pid = 0;
	if (status)
		errx(1, "a child ended with status %#x", status);
}

void end_children(void)
{
	for (int i = 0; i < NR_CHILDREN; i++)
		end_child(&children[i]);
}

static void live(enum life life, __u64 state)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (life == EXITS)
		_exit(0);
	while (life == LINGERS)
		pause();
	seed_random(state);
	open_fail_nth();
	model_init_child();
	look();
	check(check_mappings() &&
	      check_contents(0, ARENA_PAGES, true, false), "after fork()");
	for (int n = 1 + pick(16); n; n--)
		one_move();
	_exit(0);
}

static void do_fork(void)
{
	struct child *c = &children[pick(NR_CHILDREN)];
	__u64 state = next_random();

	if (in_child || !one_in(8))
		return;
	end_child(c);
	c->life = pick(NR_LIVES);
	note("fork", 0, 0, c->life);
	fflush(stdout);
	c->pid = fork();
	if (c->pid < 0)
		err(2, "fork");
	if (!c->pid)
		live(c->life, state);
}

void do_something(void)
{
	static void (* const things[])(void) = {
		do_mmap, do_mmap, do_mmap, do_mmap, do_mmap, do_munmap,
		do_mprotect, do_mprotect, do_madvise, do_madvise, do_mlock,
		do_mlock, do_dontneed, do_write, do_write, do_write, do_write,
		do_fork,
	};

	things[pick(ARRAY_SIZE(things))]();
}
