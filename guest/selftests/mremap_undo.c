// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what an mremap() that runs out of memory leaves behind.
 *
 * Each scenario is a move that is tried again and again, with the first
 * allocation failing, then with the second one, and so on until no allocation
 * is left to fail. A call that fails has to leave the source as it was, and the
 * destination as it was or unmapped. A call that succeeds has to have moved
 * everything.
 *
 * The second test of each scenario also fails some of the allocations that
 * follow, as if memory really were short: then a move cannot be undone with
 * memory that is yet to be allocated. These are not all that follow, as a maple
 * tree that has got some of its nodes tries for the others until it gets them.
 *
 * Needs root, and fault injection for slabs and pages with its debugfs files.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "mremap_multi_util.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define KEEP	MREMAP_DONTUNMAP

#define SMALL	0x10000UL
#define MIB	0x100000UL
#define LARGE	(2 * MIB)
#define GIB	(1024 * MIB)

/*
 * Two regions of address space that nothing but the test maps into, spoken of
 * in units of SMALL bytes or more. Units from REGION on are in the second one.
 */
#define REGION	64
#define UNITS	(2 * REGION)
#define SRC	24

/* More allocations than one call makes */
#define MOST_FAILURES	1000

/* Of slabs or pages, in a row */
#define BURST		"5"

/* What others may commit, or put into shared memory, while a test runs */
#define COMMIT_SLACK_KB	1024
#define SHMEM_SLACK_KB	512

/* Entries that make an aio ring as large as a SMALL unit */
#define RING_ENTRIES	1000

/* Unmapped, or mapped without a page */
#define EMPTY_SUM	0xcbf29ce484222325ULL

enum place { FAR, BEFORE, AFTER };

/*
 * Drawn as strings, one character a unit, equal neighbours mapped at once:
 *
 *	.	hole			w W	rw anonymous
 *	r R	r  anonymous		N	PROT_NONE anonymous
 *	L O	mlocked, on fault	H	rw anonymous, huge if possible
 *	s S	rw shared anonymous	m M	rw shared memfd
 *	p P	rw private memfd	e x	r  private, shared regular file
 *	G	rw hugetlb		g	rw shared hugetlb, also written to
 *	A	aio ring		I	aio ring of the parent process
 *
 * The mappings with a capital have been written to, but for O. The driver
 * refuses to have I moved: its ring is unknown in this process.
 */
struct scenario {
	const char *source;
	const char *target;	/* drawn opposite the source, NULL: nothing */
	int head, tail;		/* units at the ends that do not move */
	int flags;		/* besides MREMAP_MAYMOVE | MREMAP_FIXED */
	enum place place;	/* of the destination */
	size_t unit;		/* 0: SMALL */
	size_t shift;		/* of FAR, from the same place in a GiB */
	bool back;		/* move there beforehand, and now back */
	bool forked;		/* a child shares the pages */
	int err;		/* that ends it, once memory suffices */
};

struct unit {
	bool mapped;
	bool first;		/* a mapping begins here */
	char attr[232];		/* protection, offset, name, VmFlags */
	__u64 sum;		/* of the pages in memory */
};

struct state {
	struct unit unit[UNITS];
	long mappings;
	long vm_size, vm_data, vm_lck, vm_pte;			/* in kB */
	long rss_anon, committed;
};

/* Failures injected, shared with the processes in which the tests run */
static int *total;

/* Shared memory of all processes, before any test has run, in kB */
static long shmem_at_start;

static const struct scenario *sc;
static char *region[2];
static size_t unit_size;
static int src, dst, moved_units;
static int ring = -1;			/* where the aio ring is */
static int inherited = -1;		/* where that of the parent is */
static pid_t child;
static int memfd = -1, exe_fd = -1, mem_fd = -1, pagemap_fd = -1;
static int nth_fd = -1, make_fail_fd = -1, times_fd[2] = { -1, -1 };

/* As first drawn, before the call, after it, and as it should be */
static struct state start, before, after, want, arrived;
static int failed, survived, splits;
static bool in_burst, short_of_memory;

static const struct kind {
	char letter;
	int prot;
	int flags;
	int *fd;
	bool written;
} kinds[] = {
	{ 'w', RW, ANON, NULL, false },
	{ 'W', RW, ANON, NULL, true },
	{ 'r', PROT_READ, ANON, NULL, false },
	{ 'R', PROT_READ, ANON, NULL, true },
	{ 'N', PROT_NONE, ANON, NULL, true },
	{ 'L', RW, ANON, NULL, true },
	{ 'O', RW, ANON, NULL, false },
	{ 'H', RW, ANON, NULL, true },
	{ 'G', RW, ANON | MAP_HUGETLB, NULL, true },
	{ 'g', RW, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, NULL, true },
	{ 's', RW, MAP_SHARED | MAP_ANONYMOUS, NULL, false },
	{ 'S', RW, MAP_SHARED | MAP_ANONYMOUS, NULL, true },
	{ 'm', RW, MAP_SHARED, &memfd, false },
	{ 'M', RW, MAP_SHARED, &memfd, true },
	{ 'p', RW, MAP_PRIVATE, &memfd, false },
	{ 'P', RW, MAP_PRIVATE, &memfd, true },
	{ 'e', PROT_READ, MAP_PRIVATE, &exe_fd, false },
	{ 'x', PROT_READ, MAP_SHARED, &exe_fd, false },
};

static bool fail(const char *what)
{
	ksft_print_msg("%s: %s\n", what, strerror(errno));
	return false;
}

static bool put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, value, strlen(value)) > 0;

	close(fd);
	return done;
}

static char *addr_of(int unit)
{
	return region[unit / REGION] + unit % REGION * unit_size;
}

/* Drawing */

/* All pages of a small unit, but only some of a large one */
static void write_to(int unit)
{
	const size_t step = unit_size / SMALL * psz;
	char *p = addr_of(unit);

	for (size_t i = 0; i < unit_size / step; i++)
		memset(p + i * step, unit + i, psz);
}

static bool finish_run(char letter, int unit, size_t size)
{
	char *p = addr_of(unit);

	switch (letter) {
	case 'L':
		return !mlock(p, size);
	case 'O':
		return !syscall(__NR_mlock2, p, size, MLOCK_ONFAULT);
	case 'e':
	case 'x':
		return !madvise(p, psz, MADV_POPULATE_READ);
	}
	return true;
}

static bool map_run(const struct kind *k, int unit, int units)
{
	const size_t size = units * unit_size;
	int prot = k->written ? RW : k->prot;
	char *p = addr_of(unit);
	off_t offset = 0;
	int flags = k->flags | MAP_FIXED_NOREPLACE;

	/* Some are larger than all memory. */
	if (unit_size > LARGE)
		flags |= MAP_NORESERVE;
	if (k->fd == &memfd)
		offset = unit * unit_size;
	if (mmap(p, size, prot, flags, k->fd ? *k->fd : -1, offset) != p)
		return fail("mmap");
	/* A kernel without huge pages knows neither. */
	if (k->flags == ANON)
		madvise(p, size, k->letter == 'H' ? MADV_HUGEPAGE :
						    MADV_NOHUGEPAGE);
	for (int i = 0; k->written && i < units; i++)
		write_to(unit + i);
	if (prot != k->prot && mprotect(p, size, k->prot))
		return fail("mprotect");
	return finish_run(k->letter, unit, size) || fail("mapping");
}

static bool make_ring(int unit)
{
	unsigned long ctx = 0;
	char *p = addr_of(unit);

	if (syscall(__NR_io_setup, RING_ENTRIES, &ctx))
		return fail("io_setup");
	if (mapping_pages((void *)ctx) != (int)(unit_size / psz))
		return fail("size of the ring");
	if (mremap((void *)ctx, unit_size, unit_size,
		   MREMAP_MAYMOVE | MREMAP_FIXED, p) != p)
		return fail("mremap of the ring");
	return true;
}

static bool draw_run(char letter, int unit, int units)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == letter)
			return map_run(&kinds[i], unit, units);
	if (letter != 'A')
		return true;
	ring = unit;
	return make_ring(unit);
}

static bool draw(int unit, const char *what)
{
	for (int units; *what; what += units, unit += units) {
		for (units = 1; what[units] == *what; units++)
			;
		if (!draw_run(*what, unit, units))
			return false;
	}
	return true;
}

static int drawn_units(const char *what)
{
	return what ? strlen(what) : 0;
}

static bool erase(int unit, const char *what)
{
	for (; what && *what; what++, unit++)
		if (*what != 'I' && munmap(addr_of(unit), unit_size))
			return fail("munmap");
	return true;
}

static bool redraw_target(void)
{
	if (sc->back || !sc->target)
		return true;
	return erase(dst - sc->head, sc->target) &&
	       draw(dst - sc->head, sc->target);
}

/* Processes and drivers with an interest in the mappings */

static bool start_child(void)
{
	const pid_t parent = getpid();

	child = fork();
	if (child)
		return child > 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static bool stop_child(void)
{
	const pid_t pid = child;

	child = 0;
	return !pid || (!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
}

/*
 * A child inherits the mapping of the ring, but no context: in the child, its
 * driver fails to find the ring when it is told of a new address. So let the
 * test go on in a child, and pass on how that ended.
 */
static bool inherit_ring(int unit)
{
	int status;
	pid_t pid;

	if (!make_ring(unit))
		return false;
	pid = fork();
	if (pid <= 0)
		return !pid;
	if (waitpid(pid, &status, 0) != pid)
		_exit(KSFT_FAIL);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL);
}

/* The kernel finds the ring by its address. */
static bool ring_works(void)
{
	aio_context_t ctx;

	if (ring < 0)
		return true;
	ctx = (aio_context_t)(unsigned long)addr_of(ring);
	return !syscall(__NR_io_getevents, ctx, 0L, 0L, NULL, NULL) ||
	       fail("io_getevents");
}

static bool ring_serves(void)
{
	aio_context_t ctx = (aio_context_t)(unsigned long)addr_of(ring);
	char byte;
	struct iocb io = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = memfd,
		.aio_buf = (unsigned long)&byte,
		.aio_nbytes = 1,
	}, *ios = &io;
	struct io_event event;

	if (syscall(__NR_io_submit, ctx, 1L, &ios) != 1)
		return fail("io_submit");
	if (syscall(__NR_io_getevents, ctx, 1L, 1L, &event, NULL) != 1)
		return fail("io_getevents");
	return event.res == 1;
}

/* Snapshots */

static __u64 add_to_sum(__u64 sum, __u64 word)
{
	return (sum ^ word) * 0x100000001b3ULL;
}

static __u64 add_pages(__u64 sum, const char *base, const struct page_region *r)
{
	static __u64 buf[65536 / sizeof(__u64)];

	for (__u64 addr = r->start; addr < r->end; addr += psz) {
		sum = add_to_sum(sum, addr - (unsigned long)base);
		if (pread(mem_fd, buf, psz, (off_t)addr) != (ssize_t)psz)
			fail("read of a page");
		for (size_t i = 0; i < psz / sizeof(*buf); i++)
			sum = add_to_sum(sum, buf[i]);
	}
	return sum;
}

/* Pages that are absent stay absent: looking at them must not change that. */
static __u64 sum_of(const char *p)
{
	const __u64 present = PAGE_IS_PRESENT | PAGE_IS_SWAPPED;
	struct page_region runs[64];
	struct pm_scan_arg scan = {
		.size = sizeof(scan),
		.start = (unsigned long)p,
		.end = (unsigned long)p + unit_size,
		.vec = (unsigned long)runs,
		.vec_len = ARRAY_SIZE(runs),
		.category_anyof_mask = present,
		.return_mask = present,
	};
	__u64 sum = EMPTY_SUM;

	while (scan.start < scan.end) {
		int n = ioctl(pagemap_fd, PAGEMAP_SCAN, &scan);

		if (n < 0) {
			fail("PAGEMAP_SCAN");
			return 0;
		}
		for (int i = 0; i < n; i++)
			sum = add_pages(sum, p, &runs[i]);
		scan.start = scan.walk_end;
	}
	return sum;
}

static void record_unit(struct unit *u, const char *p, const struct mapping *m)
{
	unsigned long addr = (unsigned long)p;
	unsigned long offset = 0;

	if (m->inode)
		offset = m->offset + addr - m->start;
	u->mapped = true;
	u->first = addr == m->start;
	snprintf(u->attr, sizeof(u->attr), "%s %lx %s %lu %s:%s", m->perms,
		 offset, m->dev, m->inode, m->name, m->flags);
	u->sum = sum_of(p);
}

static void record(const struct mapping *m, void *arg)
{
	struct state *s = arg;

	s->mappings++;
	for (int i = 0; i < UNITS; i++) {
		unsigned long addr = (unsigned long)addr_of(i);

		if (addr >= m->start && addr < m->end)
			record_unit(&s->unit[i], addr_of(i), m);
	}
}

static bool take_state(struct state *s)
{
	static char text[8192];

	memset(s, 0, sizeof(*s));
	if (!slurp("/proc/self/status", text, sizeof(text)))
		return fail("status");
	s->vm_size = field_kb(text, "VmSize:");
	s->vm_data = field_kb(text, "VmData:");
	s->vm_lck = field_kb(text, "VmLck:");
	s->vm_pte = field_kb(text, "VmPTE:");
	s->rss_anon = field_kb(text, "RssAnon:");
	if (!slurp("/proc/meminfo", text, sizeof(text)))
		return fail("meminfo");
	s->committed = field_kb(text, "Committed_AS:");
	return walk_mappings(record, s);
}

/* Comparisons */

static bool same_unit(const struct unit *w, const struct unit *got, int unit)
{
	if (w->mapped != got->mapped || strcmp(w->attr, got->attr)) {
		ksft_print_msg("unit %d: expected '%s', got '%s'\n", unit,
			       w->mapped ? w->attr : "hole",
			       got->mapped ? got->attr : "hole");
		return false;
	}
	if (w->sum != got->sum) {
		ksft_print_msg("unit %d: contents differ\n", unit);
		return false;
	}
	return true;
}

static bool same_start(const struct unit *w, const struct unit *got, int unit)
{
	if (w->first == got->first)
		return true;
	ksft_print_msg("unit %d: a mapping should %sbegin here\n", unit,
		       w->first ? "" : "not ");
	return false;
}

static bool same_count(const char *what, long w, long got, long slack)
{
	if (labs(got - w) <= slack)
		return true;
	ksft_print_msg("%s: expected %ld, got %ld\n", what, w, got);
	return false;
}

/* Each processor may keep back what it has counted of RssAnon. */
static long rss_slack_kb(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	return (cpus > 1 ? 64 * cpus : 8) * (long)psz / 1024;
}

/* Counters go back to what they were in the beginning: a leak adds up. */
static bool same_counters(const struct state *s)
{
	bool same = true;

	same &= same_count("mappings", start.mappings, s->mappings, 0);
	same &= same_count("VmSize", start.vm_size, s->vm_size, 0);
	same &= same_count("VmData", start.vm_data, s->vm_data, 0);
	same &= same_count("VmLck", start.vm_lck, s->vm_lck, 0);
	same &= same_count("VmPTE", start.vm_pte, s->vm_pte, 0);
	same &= same_count("RssAnon", start.rss_anon, s->rss_anon,
			   rss_slack_kb());
	same &= same_count("Committed_AS", start.committed, s->committed,
			   COMMIT_SLACK_KB);
	return same;
}

static bool in_source(int unit)
{
	return unit >= src && unit < src + moved_units;
}

/* In the part of the destination that a mapping goes to */
static bool opposite(int unit)
{
	return unit >= dst && unit < dst + moved_units &&
	       before.unit[src + unit - dst].mapped;
}

/* Unmapping what lies opposite may cut a mapping here. */
static bool at_cut(int unit)
{
	return !in_source(unit) && unit > 0 &&
	       opposite(unit) != opposite(unit - 1);
}

/* Is the target still, or again, the same as before? */
static bool target_changed(void)
{
	for (int i = 0; i < UNITS; i++)
		if (before.unit[i].mapped != after.unit[i].mapped ||
		    before.unit[i].first != after.unit[i].first)
			return true;
	return false;
}

/*
 * It takes memory to merge what was split. If that is short, not just for the
 * move but also while it is undone, the ends of the source may stay split. So
 * may hugetlb mappings, as they are never merged.
 */
static bool may_stay_split(int unit)
{
	const bool hugetlb = strstr(after.unit[unit].attr, " ht");

	return (short_of_memory || hugetlb) && after.unit[unit].first &&
	       (unit == src || unit == src + moved_units);
}

static bool source_undone(bool *still_split)
{
	bool same = true;

	for (int i = 0; i < UNITS; i++) {
		const struct unit *b = &before.unit[i], *a = &after.unit[i];

		if (opposite(i) && !a->mapped)
			continue;
		same &= same_unit(b, a, i);
		if (may_stay_split(i) && !b->first)
			*still_split = true;
		else if (!at_cut(i))
			same &= same_start(b, a, i);
	}
	return same;
}

/* What stays of the source with MREMAP_DONTUNMAP */
static void empty_unit(struct unit *u)
{
	drop_flag(u->attr, " lo");
	drop_flag(u->attr, " lf");
	u->sum = EMPTY_SUM;
}

static void expect_move(void)
{
	want = before;
	for (int i = 0; i < moved_units; i++) {
		struct unit *from = &want.unit[src + i];

		if (!from->mapped)
			continue;
		want.unit[dst + i] = *from;
		if (sc->flags & KEEP)
			empty_unit(from);
		else
			memset(from, 0, sizeof(*from));
	}
}

static bool moved(void)
{
	bool same = true;

	if (!take_state(&after))
		return false;
	if (ring >= 0)
		ring += dst - src;
	expect_move();
	for (int i = 0; i < UNITS; i++)
		same &= same_unit(&want.unit[i], &after.unit[i], i);
	return ring_works() && same;
}

/* Runs of a scenario */

/* Draw everything, after a move there beforehand if that is to be undone. */
static bool set_up(void)
{
	const int from = src, to = dst;
	const size_t size = moved_units * unit_size;

	if (sc->back) {
		dst = from;
		src = to;
	}
	if (!draw(from - sc->head, sc->source))
		return false;
	if (sc->target && !draw(to - sc->head, sc->target))
		return false;
	if (sc->back && mremap(addr_of(from), size, size,
			       MREMAP_MAYMOVE | MREMAP_FIXED,
			       addr_of(to)) != addr_of(to))
		return fail("move there");
	if (sc->forked && !start_child())
		return fail("fork");
	/* This touches the ring: do so before it is looked at. */
	return ring_works() && take_state(&before);
}

/* But for the ring of the parent. A huge page may be larger than a unit. */
static bool unmap_all(void)
{
	const int kept = inherited < 0 ? REGION : inherited;
	const size_t below = kept * unit_size;
	const size_t above = (REGION - 1 - kept) * unit_size;

	if (munmap(region[1], REGION * unit_size))
		return false;
	if (below && munmap(region[0], below))
		return false;
	return kept == REGION || !above || !munmap(addr_of(kept + 1), above);
}

static bool set_up_again(void)
{
	const int from = sc->back ? dst : src, to = sc->back ? src : dst;

	if (!stop_child())
		return fail("child");
	if (ring >= 0 && syscall(__NR_io_destroy,
				 (unsigned long)addr_of(ring)))
		return fail("io_destroy");
	if (!unmap_all())
		return fail("munmap");
	src = from;
	dst = to;
	return set_up() && same_counters(&before);
}

static bool arm(int nth, bool burst)
{
	const ssize_t size = strlen(BURST);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	for (int i = 0; burst && i < 2; i++)
		if (write(times_fd[i], BURST, size) != size)
			return false;
	/* Once written, fail-nth goes before make-it-fail. */
	return write(nth_fd, text, len) == len &&
	       write(make_fail_fd, burst ? "1" : "0", 1) == 1;
}

/*
 * Move with the nth allocation failing, and in a @burst with some that follow:
 * these are failed by the attributes, which come in once fail-nth is used up.
 */
static int try_move(int nth, bool burst, bool *injected)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | sc->flags;
	const size_t size = moved_units * unit_size;
	char *to = addr_of(dst), left[16] = "";
	int err = EIO;

	*injected = false;
	if (!arm(nth, burst))
		return err;
	err = mremap(addr_of(src), size, size, flags, to) == to ? 0 : errno;
	if (pread(nth_fd, left, sizeof(left) - 1, 0) <= 0 ||
	    !arm(0, false))
		err = EIO;
	*injected = nth && !atoi(left);
	return err;
}

/*
 * After a failure, all is as before but for a destination that may be unmapped.
 * Once it is mapped again, there must be no difference at all.
 */
static bool undone(void)
{
	bool same = true, still_split = false;

	if (!take_state(&after) || !source_undone(&still_split) ||
	    !ring_works())
		return false;
	if (still_split) {
		splits++;
		return set_up_again();
	}
	if (target_changed()) {
		if (!redraw_target() || !take_state(&after))
			return false;
		for (int i = 0; i < UNITS; i++)
			same &= same_unit(&before.unit[i], &after.unit[i], i) &&
				same_start(&before.unit[i], &after.unit[i], i);
	}
	return same_counters(&after) && same;
}

/* See what a call has done that made do without some allocation. */
static bool judge(int err)
{
	if (!err) {
		survived++;
		return moved() && set_up_again();
	}
	failed++;
	/* If a driver has refused, the failure must have come afterwards. */
	short_of_memory = in_burst || err != ENOMEM;
	if (err != ENOMEM && err != sc->err) {
		ksft_print_msg("mremap: %s\n", strerror(err));
		return false;
	}
	return undone();
}

/* See what a call has done that had all the memory it asked for. */
static bool judge_last(int err)
{
	short_of_memory = false;
	if (err != sc->err) {
		ksft_print_msg("mremap: expected '%s', got '%s'\n",
			       strerror(sc->err), strerror(err));
		return false;
	}
	return err ? undone() : moved();
}

static bool still_usable(void)
{
	for (int i = dst; i < dst + moved_units; i++)
		if (i != ring && after.unit[i].mapped &&
		    after.unit[i].attr[1] == 'w')
			write_to(i);
	return ring < 0 || ring_serves();
}

static bool run(bool burst)
{
	bool injected, good = true;
	int nth, err;

	in_burst = burst;
	for (nth = 1; good && nth <= MOST_FAILURES; nth++) {
		err = try_move(nth, burst, &injected);
		if (!injected)
			break;
		good = judge(err);
		if (!good)
			ksft_print_msg("this was allocation %d, mremap: %s\n",
				       nth, strerror(err));
	}
	ksft_print_msg("injected %d failures, %d calls failed, %d succeeded\n",
		       failed + survived, failed, survived);
	if (splits)
		ksft_print_msg("stayed split %d times\n", splits);
	__atomic_fetch_add(total, failed + survived, __ATOMIC_RELAXED);
	return good && nth <= MOST_FAILURES && judge_last(err);
}

/*
 * After all that, the same move of mappings that never moved before. It leaves
 * them merged in the same way, unless an undone move has left something behind
 * that is not seen otherwise.
 */
static bool run_undisturbed(void)
{
	bool injected, same;

	arrived = after;
	if (!sc->err && !set_up_again())
		return false;
	if (!judge_last(try_move(0, false, &injected)))
		return false;
	same = same_count("mappings", after.mappings, arrived.mappings, 0);
	for (int i = 0; i < UNITS; i++)
		same &= same_start(&after.unit[i], &arrived.unit[i], i);
	return same && (sc->err || still_usable());
}

/* Preparations */

static const char *const knobs[][2] = {
	{ "failslab/ignore-gfp-wait", "N" },
	{ "failslab/cache-filter", "N" },
	{ "fail_page_alloc/ignore-gfp-wait", "N" },
	{ "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ "fail_page_alloc/min-order", "0" },
};

/* A process that asks for it has its allocations fail, so many times. */
static const char *const common_knobs[][2] = {
	{ "verbose", "0" },
	{ "interval", "1" },
	{ "space", "0" },
	{ "task-filter", "Y" },
	{ "probability", "100" },
};

static bool set_knob(const char *dir, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s%s", dir, file);
	return put(path, value);
}

static bool have_fault_injection(void)
{
	if (access("/sys/kernel/debug/failslab", F_OK))
		syscall(__NR_mount, "debugfs", "/sys/kernel/debug", "debugfs",
			0UL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		/* Not each kernel has each of them; without, nothing fails. */
		set_knob("", knobs[i][0], knobs[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(common_knobs); i++) {
		const char *file = common_knobs[i][0];
		const char *value = common_knobs[i][1];

		if (!set_knob("failslab/", file, value) ||
		    !set_knob("fail_page_alloc/", file, value))
			return false;
	}
	return true;
}

static bool open_files(void)
{
	memfd = memfd_create("mremap_undo", MFD_CLOEXEC);
	exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_fail_fd = open("/proc/self/make-it-fail", O_RDWR | O_CLOEXEC);
	times_fd[0] = open("/sys/kernel/debug/failslab/times",
			   O_WRONLY | O_CLOEXEC);
	times_fd[1] = open("/sys/kernel/debug/fail_page_alloc/times",
			   O_WRONLY | O_CLOEXEC);
	if (memfd < 0 || exe_fd < 0 || mem_fd < 0 || pagemap_fd < 0 ||
	    nth_fd < 0 || make_fail_fd < 0 || times_fd[0] < 0 ||
	    times_fd[1] < 0)
		return fail("open");
	return !ftruncate(memfd, UNITS * unit_size) || fail("ftruncate");
}

static bool have_huge_pages(void)
{
	void *p = mmap(NULL, 6 * LARGE, RW, ANON | MAP_HUGETLB, -1, 0);

	return p != MAP_FAILED && mapping_pages(p) == (int)(6 * LARGE / psz) &&
	       !munmap(p, 6 * LARGE);
}

static void set_places(void)
{
	moved_units = drawn_units(sc->source) - sc->head - sc->tail;
	src = SRC + sc->head;
	dst = src + REGION;
	if (sc->place == BEFORE)
		dst = src - moved_units;
	if (sc->place == AFTER)
		dst = src + moved_units;
}

/* Find room for both regions, with free space around them for libc. */
static bool find_room(void)
{
	size_t span, size;
	char *p;

	unit_size = sc->unit ?: SMALL;
	if (unit_size < psz)
		return false;
	span = (REGION * unit_size + GIB - 1) & ~(GIB - 1);
	size = 2 * span + 4 * GIB;
	p = mmap(NULL, size, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED || munmap(p, size))
		return fail("room");
	region[0] = (char *)(((unsigned long)p + 2 * GIB - 1) & ~(GIB - 1));
	region[1] = region[0] + span + GIB + sc->shift;
	return true;
}

static long shmem_now(void)
{
	static char text[8192];

	return slurp("/proc/meminfo", text, sizeof(text)) ?
	       field_kb(text, "Shmem:") : -1;
}

static __attribute__((constructor)) void share_total(void)
{
	total = mmap(NULL, sizeof(*total), RW, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	shmem_at_start = shmem_now();
}

FIXTURE(undo) {
};

FIXTURE_VARIANT(undo) {
	struct scenario scenario;
};

#define DRAWN(drawing, ...) {						\
	.scenario = { .source = (drawing), ##__VA_ARGS__ },		\
}

/* Anonymous memory */
FIXTURE_VARIANT_ADD(undo, unfaulted)
	DRAWN("wwrrwwr");
FIXTURE_VARIANT_ADD(undo, faulted)
	DRAWN("WWRRNNWR");
FIXTURE_VARIANT_ADD(undo, many)
	DRAWN("WRWRWR.LWLWLWRWRWRWR", .target = "RLRLRLRLRLMLMLMMMMMM");
FIXTURE_VARIANT_ADD(undo, holes)
	DRAWN("WW..RR.W...R..");
FIXTURE_VARIANT_ADD(undo, partial_ends)
	DRAWN("WWWWRRWWWW", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, partial_ends_unfaulted)
	DRAWN("wwwwrrwwww", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, partial_end_in_hole)
	DRAWN("WWWW..RR", .head = 2, .tail = 3);
FIXTURE_VARIANT_ADD(undo, mlocked)
	DRAWN("LLWOOLRL");
FIXTURE_VARIANT_ADD(undo, mlocked_partial_ends)
	DRAWN("LLLLWWLLLL", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, forked)
	DRAWN("WWRRW.RW", .forked = true);
FIXTURE_VARIANT_ADD(undo, forked_partial)
	DRAWN("WWWWRRWWWW", .head = 2, .tail = 2, .forked = true);

/* Files and shared memory */
FIXTURE_VARIANT_ADD(undo, shared)
	DRAWN("SSsMMmS.M");
FIXTURE_VARIANT_ADD(undo, files)
	DRAWN("PPpMMeexxP");
FIXTURE_VARIANT_ADD(undo, files_partial_ends)
	DRAWN("PPPPWMMMM", .head = 2, .tail = 2);

/* Page tables */
FIXTURE_VARIANT_ADD(undo, tables_apart)
	DRAWN("W..R....W..M.W", .unit = LARGE);
FIXTURE_VARIANT_ADD(undo, tables_far_apart)
	DRAWN("W..R..W", .unit = 256 * MIB);
FIXTURE_VARIANT_ADD(undo, pud_aligned)
	DRAWN("WWWWRRRRW", .unit = 256 * MIB);
FIXTURE_VARIANT_ADD(undo, pmd_aligned)
	DRAWN("WWRRWP", .unit = LARGE);
FIXTURE_VARIANT_ADD(undo, pmd_misaligned)
	DRAWN("WWRRWP", .unit = LARGE, .shift = SMALL);
FIXTURE_VARIANT_ADD(undo, huge_pages)
	DRAWN("HHRHH", .unit = LARGE);
FIXTURE_VARIANT_ADD(undo, huge_pages_misaligned)
	DRAWN("HHRHH", .unit = LARGE, .shift = SMALL);
FIXTURE_VARIANT_ADD(undo, hugetlb)
	DRAWN("WGGRggW", .unit = LARGE);
FIXTURE_VARIANT_ADD(undo, hugetlb_partial_ends)
	DRAWN("GGGWWggg", .head = 1, .tail = 1, .unit = LARGE);
FIXTURE_VARIANT_ADD(undo, hugetlb_after_small)
	DRAWN("WwGG", .unit = MIB);
FIXTURE_VARIANT_ADD(undo, hugetlb_between_small)
	DRAWN("W.GGR.GGxM", .unit = MIB);
FIXTURE_VARIANT_ADD(undo, hugetlb_before_small)
	DRAWN("GGM.ggW", .unit = MIB);
FIXTURE_VARIANT_ADD(undo, large_misaligned)
	DRAWN("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWRW", .unit = LARGE,
	      .shift = SMALL);

/* What is, or is not, at the destination */
FIXTURE_VARIANT_ADD(undo, occupied)
	DRAWN("WWRRWWLL", .target = "MMWWLLRR");
FIXTURE_VARIANT_ADD(undo, occupied_straddled)
	DRAWN("WWWWRRWWWW", .target = "WWWWMMRRRR", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, occupied_straddled_twice)
	DRAWN("WW.RR.W", .target = "LLLLLLL");
FIXTURE_VARIANT_ADD(undo, occupied_locked_around)
	DRAWN(".WRW.", .target = "LLLLL", .head = 1, .tail = 1);
FIXTURE_VARIANT_ADD(undo, occupied_opposite_holes)
	DRAWN("WW..RR.W", .target = "WWMPRRLW");

/* Charges that are larger than what others may commit */
FIXTURE_VARIANT_ADD(undo, charged)
	DRAWN("WWWWRRWWww", .target = "WWWWMMRRRR", .head = 2, .tail = 2,
	      .unit = MIB);
FIXTURE_VARIANT_ADD(undo, charged_locked)
	DRAWN("LLLLRRLLLL", .head = 2, .tail = 2, .unit = MIB);
FIXTURE_VARIANT_ADD(undo, charged_dontunmap)
	DRAWN("WWWWRRLLLL", .target = "WWWWMMRRRR", .head = 2, .tail = 2,
	      .flags = KEEP, .unit = MIB);

/* Where there is something to merge with */
FIXTURE_VARIANT_ADD(undo, directly_before)
	DRAWN("WWRRww", .place = BEFORE);
FIXTURE_VARIANT_ADD(undo, directly_before_unfaulted)
	DRAWN("wwrrww", .place = BEFORE);
FIXTURE_VARIANT_ADD(undo, directly_after)
	DRAWN("WWRRww", .place = AFTER);
FIXTURE_VARIANT_ADD(undo, directly_after_unfaulted)
	DRAWN("wwrrww", .place = AFTER);
FIXTURE_VARIANT_ADD(undo, merges_with_neighbours)
	DRAWN(".wwrrww.", .target = "w......w", .head = 1, .tail = 1);
FIXTURE_VARIANT_ADD(undo, back)
	DRAWN("WWWWRRWWWW", .head = 2, .tail = 2, .back = true);
FIXTURE_VARIANT_ADD(undo, back_files)
	DRAWN("MMMMRRPPPP", .head = 2, .tail = 2, .back = true);
FIXTURE_VARIANT_ADD(undo, back_locked)
	DRAWN("LLLLWWLLLL", .head = 2, .tail = 2, .back = true);

/* MREMAP_DONTUNMAP */
FIXTURE_VARIANT_ADD(undo, dontunmap)
	DRAWN("WWRRwwMP", .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_files)
	DRAWN("SSsPPpS.MmexS", .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_mlocked)
	DRAWN("LLWOOLR", .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_partial)
	DRAWN("WWWWRRWWWW", .head = 2, .tail = 2, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_mlocked_partial)
	DRAWN("LLLLWWLLLL", .head = 2, .tail = 2, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_occupied)
	DRAWN("WW.RR.LL", .target = "LLLLWWWW", .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_forked)
	DRAWN("WWRRW.RW", .flags = KEEP, .forked = true);
FIXTURE_VARIANT_ADD(undo, dontunmap_directly_after)
	DRAWN("wwRRww", .place = AFTER, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_directly_after_mlocked)
	DRAWN("OO.OO", .place = AFTER, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_directly_before_mlocked)
	DRAWN("OO.OO", .place = BEFORE, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, dontunmap_back)
	DRAWN("WWWWRRWWWW", .head = 2, .tail = 2, .flags = KEEP, .back = true);

/* One mapping, which 6.12 knows how to move */
FIXTURE_VARIANT_ADD(undo, one)
	DRAWN("WWWW");
FIXTURE_VARIANT_ADD(undo, one_occupied)
	DRAWN("WWWW", .target = "WLMR");
FIXTURE_VARIANT_ADD(undo, one_mlocked)
	DRAWN("LLLL");
FIXTURE_VARIANT_ADD(undo, one_partial)
	DRAWN("WWWWWWWW", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, one_mlocked_partial)
	DRAWN("LLLLLLLL", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, one_occupied_straddled)
	DRAWN("WWWWWWWW", .target = "LLLLLLLL", .head = 2, .tail = 2);
FIXTURE_VARIANT_ADD(undo, one_dontunmap)
	DRAWN("WWWW", .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, one_dontunmap_partial)
	DRAWN("WWWWWWWW", .head = 2, .tail = 2, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, one_dontunmap_mlocked_partial)
	DRAWN("LLLLLLLL", .head = 2, .tail = 2, .flags = KEEP);
FIXTURE_VARIANT_ADD(undo, one_large_misaligned)
	DRAWN("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", .unit = LARGE,
	      .shift = SMALL);
FIXTURE_VARIANT_ADD(undo, one_back)
	DRAWN("WWWWWWWW", .head = 2, .tail = 2, .back = true);
FIXTURE_VARIANT_ADD(undo, one_and_hole)
	DRAWN("WWWW..");

/* Drivers that are told of the new place, and those that refuse it */
FIXTURE_VARIANT_ADD(undo, aio_ring)
	DRAWN("WWARR");
FIXTURE_VARIANT_ADD(undo, aio_ring_first)
	DRAWN("AWWRR");
FIXTURE_VARIANT_ADD(undo, aio_ring_last)
	DRAWN("WWRRA");
FIXTURE_VARIANT_ADD(undo, aio_ring_alone)
	DRAWN("A");
FIXTURE_VARIANT_ADD(undo, refused_first)
	DRAWN("IWWRR", .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_middle)
	DRAWN("WWLIRR", .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_last)
	DRAWN("WWRRLLI", .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_after_ring)
	DRAWN("WARI", .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_partial)
	DRAWN("WWWWIRRRR", .head = 2, .tail = 2, .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_occupied)
	DRAWN("WW.I.RR", .target = "LLLLLLL", .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_directly_after)
	DRAWN("wwrrIww", .place = AFTER, .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_between_neighbours)
	DRAWN(".wwrrIww.", .target = "w.......w", .head = 1, .tail = 1,
	      .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_forked)
	DRAWN("WWRRI", .forked = true, .err = EINVAL);
FIXTURE_VARIANT_ADD(undo, refused_alone)
	DRAWN("I", .err = EINVAL);

FIXTURE_SETUP(undo)
{
	const char *drawn;

	sc = &variant->scenario;
	ASSERT_TRUE(arena_init());
	if (!have_fault_injection())
		SKIP(return, "needs root, FAILSLAB, FAIL_PAGE_ALLOC, FAULT_INJECTION_DEBUG_FS");
	if (!find_room())
		SKIP(return, "needs more address space");
	set_places();
	drawn = strpbrk(sc->source, "AI");
	if (drawn && psz > SMALL / 16)
		SKIP(return, "needs small pages");
	drawn = strchr(sc->source, 'I');
	if (drawn) {
		inherited = src - sc->head + (drawn - sc->source);
		ASSERT_TRUE(inherit_ring(inherited));
		if (!mapping_pages(addr_of(inherited)))
			SKIP(return, "needs rings that a child inherits");
	}
	if (strpbrk(sc->source, "Gg") && !have_huge_pages())
		SKIP(return, "needs 6 huge pages of 2 MiB");
	ASSERT_TRUE(open_files());
	ASSERT_TRUE(set_up());
	/* The first looks touch pages of the test itself. */
	ASSERT_TRUE(take_state(&after));
	want = after;
	arrived = after;
	ASSERT_TRUE(take_state(&start));
}

FIXTURE_TEARDOWN(undo)
{
	stop_child();
	set_knob("failslab/", "probability", "0");
	set_knob("fail_page_alloc/", "probability", "0");
}

TEST_F_TIMEOUT(undo, f1_each_allocation, 600)
{
	ASSERT_TRUE(run(false));
	ASSERT_TRUE(run_undisturbed());
}

TEST_F_TIMEOUT(undo, f1_each_allocation_and_some_that_follow, 600)
{
	ASSERT_TRUE(run(true));
	ASSERT_TRUE(run_undisturbed());
}

/* Comes last, to see what all of them have left behind. */
FIXTURE(undo_total) {
};

FIXTURE_SETUP(undo_total)
{
}

FIXTURE_TEARDOWN(undo_total)
{
}

/* A mapping that nobody can see any more still has its file. */
TEST_F(undo_total, f1_gives_mappings_back)
{
	const long most = shmem_at_start + SHMEM_SLACK_KB;

	/* The kernel takes some time to add up what its processors count. */
	for (int i = 0; i < 30 && shmem_now() > most; i++)
		usleep(100000);
	ASSERT_LE(shmem_now(), most);
}

TEST_F(undo_total, failures)
{
	if (!have_fault_injection())
		SKIP(return, "needs root, FAILSLAB, FAIL_PAGE_ALLOC, FAULT_INJECTION_DEBUG_FS");
	ksft_print_msg("injected %d failures in all\n", *total);
	ASSERT_LT(0, *total);
}

TEST_HARNESS_MAIN
