// SPDX-License-Identifier: GPL-2.0-only
/*
 * All else that happens to the pages of a process, done to those that move. The
 * address may be an old one by then: there are only decoys, if anything.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>

#include "../lib/proc.h"
#include "race.h"

#define MOST_MIGRATED	16
#define SWAP_DEVICE	"/dev/ram0"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static bool have_nodes, have_swap, have_ksm, have_thp;

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* What mkswap does */
static bool make_swap(void)
{
	static unsigned char header[PAGE];
	int fd = open(SWAP_DEVICE, O_RDWR | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	__u32 *info = (__u32 *)(header + 1024);

	info[0] = 1;
	info[1] = size / PAGE - 1;
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	if (size > 0 && pwrite(fd, header, PAGE, 0) == (ssize_t)PAGE &&
	    !fsync(fd) && !close(fd))
		return !swapon(SWAP_DEVICE, 0);
	return false;
}

static void tell_skipped(bool have, const char *what)
{
	if (!have)
		printf("skipped: %s\n", what);
}

void find_features(void)
{
	have_nodes = !access("/sys/devices/system/node/node1", F_OK);
	have_swap = make_swap();
	have_thp = !access("/sys/kernel/mm/transparent_hugepage", F_OK);
	have_ksm = write_file("/sys/kernel/mm/ksm/sleep_millisecs", "5") &&
		   write_file("/sys/kernel/mm/ksm/run", "1");
	tell_skipped(kernel_is("6.12"), "/proc/self/maps as a whole");
	tell_skipped(have_nodes, "migration (one node)");
	tell_skipped(have_swap, "swap (no " SWAP_DEVICE ")");
	tell_skipped(have_thp, "transparent huge pages (not in this kernel)");
	tell_skipped(have_ksm, "KSM (not in this kernel)");
}

/* Where it is now, or was a moment ago */
static char *look_up(const struct range *r, const struct page *page)
{
	return page_at(r, __atomic_load_n(&page->place, __ATOMIC_SEQ_CST),
		       page->index);
}

static void advise(struct range *r, unsigned int flags, int advice)
{
	struct page *page = pick_page_with(r, flags);
	size_t size = flags & HUGE ? PMD_PAGES * PAGE : PAGE;

	if (!page || (advice == MADV_DONTNEED && page->part->backing == HUGETLB))
		return;
	if (!madvise(look_up(r, page), size, advice))
		count(ADVICE, 1);
}

static void advise_something(struct range *r)
{
	static const int huge[] = {
		MADV_COLLAPSE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLLAPSE,
	};

	if (have_thp && one_in(3))
		advise(r, HUGE, huge[pick(4)]);
	if (have_ksm && one_in(3))
		advise(r, TWINS, one_in(8) ? MADV_UNMERGEABLE : MADV_MERGEABLE);
	advise(r, SCRATCH, MADV_DONTNEED);
}

static void page_out(struct range *r)
{
	struct page *page = pick_page(r);

	if (have_swap && !madvise(look_up(r, page), (1 + pick(4)) * PAGE,
				  MADV_PAGEOUT))
		count(ADVICE, 1);
}

static void protect(struct range *r)
{
	struct page *page = pick_page_with(r, TOGGLED);
	char *addr;

	if (!page)
		return;
	addr = look_up(r, page);
	mprotect(addr, PAGE, PROT_READ);
	pause_up_to(100);
	if (!mprotect(look_up(r, page), PAGE, page->part->prot))
		count(PROTECTS, 1);
}

static void lock_memory(struct range *r)
{
	struct page *page = one_in(4) ? pick_page(r) :
					pick_page_with(r, LOCKED);
	char *addr;

	if (!page)
		return;
	addr = look_up(r, page);
	if (!mlock(addr, PAGE))
		count(LOCKS, 1);
	pause_up_to(100);
	munlock(one_in(2) ? addr : look_up(r, page), PAGE);
}

static void migrate(struct range *r)
{
	void *pages[MOST_MIGRATED];
	int nodes[MOST_MIGRATED], status[MOST_MIGRATED], node = pick(2);

	if (!have_nodes)
		return;
	for (int i = 0; i < MOST_MIGRATED; i++) {
		pages[i] = look_up(r, pick_page(r));
		nodes[i] = node;
		status[i] = -EBUSY;
	}
	if (syscall(SYS_move_pages, 0, (long)MOST_MIGRATED, pages, nodes,
		    status, MPOL_MF_MOVE) < 0)
		return;
	for (int i = 0; i < MOST_MIGRATED; i++)
		count(MIGRATIONS, status[i] == node);
}

static void compact(struct range *r)
{
	(void)r;
	if (one_in(32))
		write_file("/proc/sys/vm/compact_memory", "1");
}

static void punch(struct range *r)
{
	struct page *page = pick_page_with(r, SCRATCH);
	const struct part *part = page ? page->part : NULL;
	const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (!part || part->fd < 0)
		return;
	if (one_in(2)) {
		if (fallocate(part->fd, mode, pick(part->pages) * PAGE, PAGE))
			err(2, "punching a hole");
	} else {
		if (ftruncate(part->fd, PAGE * pick(part->pages)))
			err(2, "ftruncate");
		pause_up_to(50);
		if (ftruncate(part->fd, part->pages * PAGE))
			err(2, "ftruncate");
	}
	count(PUNCHES, 1);
}

/* arg: the number of the thread */
void *disturb(void *arg)
{
	static void (* const acts[])(struct range *r) = {
		advise_something, page_out, protect, lock_memory, migrate,
		compact, punch,
	};

	seed_choices(500 + (long)arg);
	while (!is_over()) {
		acts[pick(sizeof(acts) / sizeof(*acts))](pick_range());
		pause_up_to(1000);
	}
	return NULL;
}
