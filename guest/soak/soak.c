// SPDX-License-Identifier: GPL-2.0-only
/*
 * soak MOVES SEED: let mremap() move ranges of many mappings at random, let
 * allocations fail on the way, and hold what the address space is after each
 * call against a model of it that follows Documentation/contract.md.
 *
 * Between the calls, mappings of all kinds come and go and change, pages are
 * written, and children share them; some of those move their copies as well. A
 * range is given in pages of 4096 bytes of the arena, 192 pages of address
 * space in three segments. SEED determines all that is done, but not which
 * allocation of the kernel fails, nor thus what comes after a failure.
 *
 * Prints one line
 *
 *	MOVES moves, X failed by injection, Y succeeded despite injection,
 *	Z refused, R.R s
 *
 * and exits with 0; of MOVES calls, X and Y are those that an allocation failed
 * in, and Z those that the contract refuses. Where kernel and model differ, it
 * prints the difference, the call, what came before it and the mappings of the
 * arena, and exits with 1. If it cannot run, it prints why, and exits with 2.
 *
 * Needs root, /proc, debugfs and a kernel with fault injection for slabs and
 * pages.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"
#include "model.h"

#define MOVE		(MREMAP_MAYMOVE | MREMAP_FIXED)

#define MOST_MOVED	64
#define NR_LOGGED	32

/* All is looked at after each nth call, and after one with a failure. */
#define FULL_CHECK	16

struct call {
	int src, dst;
	int old_pages, new_pages;
	int flags;
	int misalign;		/* of the destination, in bytes */
	int nth;		/* allocation that is to fail, 0 for none */
	bool fired;
	int want, error;	/* errno */
};

/* What was done lately */
struct event {
	const char *what;
	int page, pages, value;
	int move;
};

static __u64 seed;
static int fail_nth_fd;
static struct call call;
static struct found before[ARENA_PAGES];
static struct event events[NR_LOGGED];
static unsigned int nr_events;
static int nr_moves, nr_failed, nr_despite, nr_refused;

void note(const char *what, int page, int pages, int value)
{
	struct event *e = &events[nr_events++ % NR_LOGGED];

	*e = (struct event) { what, page, pages, value, nr_moves };
}

static void print_events(void)
{
	unsigned int i = nr_events < NR_LOGGED ? 0 : nr_events - NR_LOGGED;

	printf("what came before it:\n");
	for (; i < nr_events; i++) {
		const struct event *e = &events[i % NR_LOGGED];

		printf("  %d: %s page %d, %d pages, %#x\n", e->move, e->what,
		       e->page, e->pages, e->value);
	}
}

static void print_call(void)
{
	printf("seed %llu, move %d%s: ", seed, nr_moves,
	       in_child ? " (of a child)" : "");
	printf("mremap(page %d, %d pages, %d pages, flags %#x, ", call.src,
	       call.old_pages, call.new_pages, call.flags);
	printf("page %d + %d bytes)", call.dst, call.misalign);
	if (call.nth)
		printf(", allocation %d %s", call.nth,
		       call.fired ? "failed" : "was to fail");
	printf(": %s\n", call.error ? strerror(call.error) : "success");
}

void diverged(const char *when)
{
	printf("soak: kernel and model differ %s\n", when);
	print_call();
	print_events();
	print_maps();
	fflush(stdout);
	_exit(1);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	printf("%s at page %d\n", strsignal(sig), page_of(info->si_addr));
	diverged("at or after");
}

void check(bool good, const char *when)
{
	if (!good)
		diverged(when);
}

void must(const char *what, int error)
{
	if (!error)
		return;
	printf("%s: %s\n", what, strerror(errno));
	diverged("at or after");
}

static bool overlap(int a, int b, int pages)
{
	return a < b + pages && b < a + pages;
}

/* A destination apart from the source; false if there is no room for one */
static bool pick_dst(struct call *c)
{
	int pages = c->old_pages > c->new_pages ? c->old_pages : c->new_pages;

	for (int i = 0; i < 100; i++) {
		c->dst = pick(ARENA_PAGES);
		if (limit_pages(c->dst, pages) == pages &&
		    !overlap(c->src, c->dst, pages))
			return true;
	}
	return false;
}

/*
 * As far from the start of a page table as the source: what lies before both
 * may then be moved with it if it is empty.
 */
static void align_dst(struct call *c)
{
	const unsigned long mask = (1UL << 21) - 1;

	for (int dst = 0; dst < ARENA_PAGES; dst++) {
		if (((at(dst) - at(c->src)) & mask) ||
		    limit_pages(dst, c->old_pages) != c->old_pages ||
		    overlap(c->src, dst, c->old_pages))
			continue;
		c->dst = dst;
		return;
	}
}

/* Most calls are to move something. */
static int pick_src(void)
{
	int page;

	do {
		page = pick(ARENA_PAGES);
	} while (model[page].kind == HOLE && !one_in(16));
	return page;
}

static void pick_move(struct call *c)
{
	do {
		c->src = pick_src();
		c->old_pages = limit_pages(c->src, 1 + pick(MOST_MOVED));
		c->new_pages = c->old_pages;
	} while (!pick_dst(c));
	if (one_in(8))
		align_dst(c);
	c->flags = MOVE;
	if (one_in(4))
		c->flags |= MREMAP_DONTUNMAP;
	if (model[c->src].kind == HOLE)
		c->want = EFAULT;
}

/* May these neighbours be of one mapping? */
static bool same_mapping(const struct page *a, const struct page *b)
{
	return b->kind == a->kind && b->prot == a->prot &&
	       b->locked == a->locked && b->dontdump == a->dontdump &&
	       b->dontfork == a->dontfork && b->object == a->object &&
	       (a->kind == ANON || b->index == a->index + 1);
}

/* Begins in a mapping, and goes beyond it for sure */
static bool spans_mappings(int page, int pages)
{
	if (model[page].kind == HOLE)
		return false;
	for (int i = page; i < page + pages - 1; i++)
		if (!same_mapping(&model[i], &model[i + 1]))
			return true;
	return false;
}

static bool pick_several(struct call *c)
{
	for (int i = 0; i < 50; i++) {
		c->src = pick(ARENA_PAGES);
		c->old_pages = limit_pages(c->src, 2 + pick(24));
		c->new_pages = c->old_pages;
		if (spans_mappings(c->src, c->old_pages) && pick_dst(c))
			return true;
	}
	return false;
}

static bool pick_expansion(struct call *c)
{
	c->want = EFAULT;
	c->flags = one_in(2) ? MOVE : MREMAP_MAYMOVE;
	if (!pick_several(c))
		return false;
	c->new_pages += 1 + pick(4);
	return pick_dst(c);
}

static bool pick_shrink(struct call *c)
{
	c->want = EFAULT;
	c->flags = MOVE;
	if (!pick_several(c))
		return false;
	c->old_pages += 1 + pick(4);
	return limit_pages(c->src, c->old_pages) == c->old_pages && pick_dst(c);
}

static bool pick_no_fixed(struct call *c)
{
	c->want = EFAULT;
	c->flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
	return pick_several(c);
}

static bool pick_no_maymove(struct call *c)
{
	c->want = EINVAL;
	c->flags = MREMAP_FIXED;
	return pick_several(c);
}

static bool pick_misaligned(struct call *c)
{
	c->want = EINVAL;
	c->flags = MOVE;
	c->misalign = 1 + pick(4095);
	return pick_several(c);
}

static bool pick_overlap(struct call *c)
{
	pick_move(c);
	c->want = EINVAL;
	c->dst = c->src + pick(c->old_pages);
	return limit_pages(c->dst, c->old_pages) == c->old_pages;
}

static bool pick_refused(struct call *c)
{
	static bool (* const picks[])(struct call *c) = {
		pick_expansion, pick_shrink, pick_no_fixed, pick_no_maymove,
		pick_misaligned, pick_overlap,
	};

	return picks[pick(ARRAY_SIZE(picks))](c);
}

static void pick_call(struct call *c)
{
	memset(c, 0, sizeof(*c));
	if (one_in(12) && pick_refused(c))
		return;
	memset(c, 0, sizeof(*c));
	pick_move(c);
	/* Up to 256, and as often up to any other power of two */
	if (!c->want && one_in(2))
		c->nth = 1 + pick(1 << pick(9));
}

void open_fail_nth(void)
{
	static const char path[] = "/proc/thread-self/fail-nth";

	if (fail_nth_fd)
		close(fail_nth_fd);
	fail_nth_fd = open(path, O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0)
		errx(2, "no fault injection: %s: %s", path, strerror(errno));
}

static void arm_failure(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (nth && pwrite(fail_nth_fd, text, len, 0) != len)
		err(2, "writing fail-nth");
}

static bool disarm_failure(int nth)
{
	char text[16] = "";

	if (!nth)
		return false;
	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) < 0 ||
	    pwrite(fail_nth_fd, "0", 1, 0) != 1)
		err(2, "reading fail-nth");
	return !atoi(text);
}

static void carry_out(struct call *c)
{
	char *to = at(c->dst) + c->misalign;
	void *ret;

	arm_failure(c->nth);
	ret = mremap(at(c->src), c->old_pages * PAGE_SIZE,
		     c->new_pages * PAGE_SIZE, c->flags, to);
	c->error = ret == MAP_FAILED ? errno : 0;
	c->fired = disarm_failure(c->nth);
	if (c->error || ret == to)
		return;
	printf("returned %p, not %p\n", ret, (void *)to);
	diverged("after the call");
}

/* Was the error due? */
static bool check_error(const struct call *c)
{
	if (c->error == c->want)
		return true;
	if (c->fired && (c->error == ENOMEM || c->error == EAGAIN))
		return true;
	printf("expected %s, got %s\n", strerror(c->want), strerror(c->error));
	return false;
}

static void settle(const struct call *c)
{
	if (c->want) {
		nr_refused++;
	} else if (c->error) {
		nr_failed++;
		settle_failed_move(c->src, c->dst, c->old_pages);
	} else {
		nr_despite += c->fired;
		model_move(c->src, c->dst, c->old_pages,
			   c->flags & MREMAP_DONTUNMAP);
	}
}

/* A failure may leave the destination unmapped, or cut to be unmapped. */
static bool may_be_unmapped(const struct call *c, int page)
{
	return page >= c->dst && page <= c->dst + c->old_pages;
}

/* A call that is refused or fails neither splits nor merges what it leaves. */
static bool check_starts(const struct call *c)
{
	bool good = true;

	for (int i = 0; i < ARENA_PAGES; i++) {
		if (before[i].first == found[i].first)
			continue;
		if (!c->want && may_be_unmapped(c, i))
			continue;
		printf("page %d: a mapping should %sbegin here\n", i,
		       before[i].first ? "" : "not ");
		good = false;
	}
	return good;
}

static bool check_call_contents(const struct call *c)
{
	bool untouched = one_in(4), directly = one_in(8);

	if (c->fired || !(nr_moves % FULL_CHECK))
		return check_contents(0, ARENA_PAGES, untouched, directly) &
		       check_flags();
	return check_contents(c->src, limit_pages(c->src, c->old_pages),
			      untouched, directly) &
	       check_contents(c->dst, limit_pages(c->dst, c->old_pages),
			      untouched, directly);
}

void one_move(void)
{
	bool may_fail;

	for (int n = pick(7); n; n--)
		do_something();
	pick_call(&call);
	nr_moves++;
	may_fail = call.nth || call.want;
	if (may_fail) {
		look();
		check(check_mappings(), "before the call");
		memcpy(before, found, sizeof(before));
	}
	carry_out(&call);
	note("mremap from", call.src, call.old_pages, call.flags);
	note("mremap to", call.dst, call.new_pages, call.error);
	check(check_error(&call), "after the call");
	look();
	settle(&call);
	check(check_mappings() & check_counters(), "after the call");
	check(check_call_contents(&call), "after the call");
	if (call.error)
		check(check_starts(&call), "after the call");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void soak(int moves)
{
	double start = now(), told = start;

	while (nr_moves < moves) {
		one_move();
		if (now() < told + 10)
			continue;
		told = now();
		fprintf(stderr, "%d moves, %.0f s\n", nr_moves, told - start);
	}
	end_children();
	printf("%d moves, %d failed by injection, ", nr_moves, nr_failed);
	printf("%d succeeded despite injection, ", nr_despite);
	printf("%d refused, %.1f s\n", nr_refused, now() - start);
}

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		errx(2, "no fault injection: %s: %s", path, strerror(errno));
	close(fd);
}

static void set_up_injection(void)
{
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/failslab/verbose", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	open_fail_nth();
}

static void catch_faults(void)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_RESETHAND,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

int main(int argc, char **argv)
{
	static char buf[BUFSIZ];
	int moves;

	if (argc != 3)
		errx(2, "usage: soak MOVES SEED");
	moves = atoi(argv[1]);
	seed = strtoull(argv[2], NULL, 0);
	seed_random(seed);
	setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	set_up_injection();
	catch_faults();
	model_init();
	soak(moves);
	return 0;
}
