// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of mremap(MREMAP_MAYMOVE | MREMAP_FIXED) of several mappings.
 *
 * Each name begins with what it is about:
 *
 * M: a successful move
 *  M1 crosses mappings and holes	M2 splits the first and last mapping
 *  M3 replaces opposite mappings only	M4 takes everything along
 *  M5 is one step to other threads	M6 MREMAP_DONTUNMAP
 *  M7 mappings that move alone only	M8 merges
 * E: errors
 *  E1 flags				E2 sizes equal once rounded
 *  E3 alignment, no size		E4 overlap
 *  E5 beyond user space		E6 sealed
 *  E7 hugetlb alignment		E8 nothing mapped
 *  E9 several, refused			E10 several, shrunk
 *  E11 several, nothing to do		E12 several, moved
 *  E13 limits
 * F0: a refused call has changed nothing.
 * U0: other calls do what they always did.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "mremap_multi_util.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define FIXED		(MREMAP_MAYMOVE | MREMAP_FIXED)
#define KEEP		MREMAP_DONTUNMAP
#define ANYWHERE	MREMAP_MAYMOVE
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define RESERVED	(ANON | MAP_NORESERVE)

/* Pages of the arena, with free ones around them. */
#define SRC	32
#define DST	80

FIXTURE(multi) {
	struct arena_state state;
};

FIXTURE_SETUP(multi)
{
	ASSERT_TRUE(arena_init());
}

FIXTURE_TEARDOWN(multi)
{
}

/* M1: crosses mappings and holes */

TEST_F(multi, m1_crosses_mappings)
{
	ASSERT_TRUE(layout(SRC, "WWRRwwrr"));
	ASSERT_TRUE(moves(SRC, DST, 8, 0));
}

TEST_F(multi, m1_crosses_mappings_and_holes)
{
	ASSERT_TRUE(layout(SRC, "WW..RR.S..M"));
	ASSERT_TRUE(moves(SRC, DST, 11, 0));
}

TEST_F(multi, m1_crosses_many_mappings)
{
	if (!have_anon_names())
		SKIP(return, "needs CONFIG_ANON_VMA_NAME");
	ASSERT_TRUE(layout(SRC, "WRWR.SMSM.PePeP.LWLWL.DKDKZ.ABA"));
	ASSERT_TRUE(moves(SRC, DST, 31, 0));
}

TEST_F(multi, m1_one_mapping_and_a_hole)
{
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_TRUE(moves(SRC, DST, 5, 0));
}

TEST_F(multi, m1_ends_in_a_hole)
{
	ASSERT_TRUE(layout(SRC, "WWRR...R"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m1_begins_in_a_hole)
{
	ASSERT_TRUE(layout(SRC, ".WWRR"));
	ASSERT_TRUE(layout(DST, "SSSSS"));
	ASSERT_TRUE(refused(EFAULT, SRC, 5, 5, FIXED, DST));
}

TEST_F(multi, m1_nothing_mapped)
{
	ASSERT_TRUE(layout(DST, "SSSSS"));
	ASSERT_TRUE(refused(EFAULT, SRC, 5, 5, FIXED, DST));
}

/* Sizes that are equal once rounded make a move. */
TEST_F(multi, m1_rounds_sizes)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	ASSERT_EQ(at(DST), mremap(at(SRC), 4 * psz - 1, 3 * psz + 1, FIXED,
				  at(DST)));
	ASSERT_EQ(0, mapping_pages(at(SRC + 3)));
	ASSERT_EQ(1, mapping_pages(at(DST + 3)));
}

/* M2: splits the first and last mapping */

TEST_F(multi, m2_splits_first_and_last)
{
	ASSERT_TRUE(layout(SRC - 2, "WWWWRRSSSS"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m2_splits_in_the_middle_of_a_hole)
{
	ASSERT_TRUE(layout(SRC - 2, "WWWW..SSSS"));
	ASSERT_TRUE(moves(SRC, DST, 3, 0));
}

TEST_F(multi, m2_outside_keeps_its_locks)
{
	ASSERT_TRUE(layout(SRC - 3, "LLLLLWWOOOOO"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m2_outside_keeps_its_flags)
{
	ASSERT_TRUE(layout(SRC - 2, "DDDDWKKKK"));
	ASSERT_TRUE(moves(SRC, DST, 5, 0));
}

/* The parts that stay must still be accounted: unmapping them shows it. */
TEST_F(multi, m2_outside_stays_accounted)
{
	ASSERT_TRUE(layout(SRC - 2, "WWWWRRLLLL"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
	ASSERT_EQ(0, munmap(at(SRC - 2), 10 * psz));
	ASSERT_EQ(0, munmap(at(DST), 6 * psz));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_EQ(0, self->state.vm_lck);
}

TEST_F(multi, m2_splits_files)
{
	ASSERT_TRUE(layout(SRC - 2, "PPPPMMMM"));
	ASSERT_TRUE(moves(SRC, DST, 4, 0));
}

/* M3: replaces what is opposite a mapping, and nothing else */

TEST_F(multi, m3_unmaps_opposite_mappings)
{
	ASSERT_TRUE(layout(SRC, "WWRRSS"));
	ASSERT_TRUE(layout(DST, "SWPMRL"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m3_keeps_opposite_holes)
{
	ASSERT_TRUE(layout(SRC, "WW..RR.S"));
	ASSERT_TRUE(layout(DST, "SSMPSSLS"));
	ASSERT_TRUE(moves(SRC, DST, 8, 0));
}

TEST_F(multi, m3_keeps_opposite_last_hole)
{
	ASSERT_TRUE(layout(SRC, "WWR..."));
	ASSERT_TRUE(layout(DST, "SSSSPM"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m3_splits_destination)
{
	ASSERT_TRUE(layout(SRC, "WW.R.S"));
	ASSERT_TRUE(layout(DST - 2, "LLLLLLLLLL"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m3_directly_before_source)
{
	ASSERT_TRUE(layout(SRC, "WWR.SS"));
	ASSERT_TRUE(layout(SRC - 6, "SMSPS"));
	ASSERT_TRUE(moves(SRC, SRC - 6, 6, 0));
}

TEST_F(multi, m3_directly_after_source)
{
	ASSERT_TRUE(layout(SRC, "WWR.SS"));
	ASSERT_TRUE(layout(SRC + 6, "SMSPS"));
	ASSERT_TRUE(moves(SRC, SRC + 6, 6, 0));
}

TEST_F(multi, m3_destination_inside_a_mapping_of_the_source)
{
	ASSERT_TRUE(layout(SRC, "WWWWWWRR"));
	ASSERT_TRUE(moves(SRC + 5, SRC + 2, 3, 0));
}

TEST_F(multi, m3_unmaps_armed_destination)
{
	int uffd = uffd_open(0);

	if (uffd < 0)
		SKIP(return, "needs userfaultfd");
	ASSERT_TRUE(layout(SRC, "WW.RR"));
	ASSERT_TRUE(layout(DST, "UUUUU"));
	ASSERT_TRUE(moves(SRC, DST, 5, 0));
}

/* M4: takes everything along */

TEST_F(multi, m4_protections)
{
	ASSERT_TRUE(layout(SRC, "WRNwrN"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m4_mlock)
{
	ASSERT_TRUE(layout(SRC, "LLWWOO.LR"));
	ASSERT_TRUE(moves(SRC, DST, 9, 0));
}

TEST_F(multi, m4_file_offsets)
{
	ASSERT_TRUE(layout(SRC, "MMPPmmppeexx"));
	ASSERT_TRUE(moves(SRC, DST, 12, 0));
}

TEST_F(multi, m4_shared_anonymous)
{
	ASSERT_TRUE(layout(SRC, "SSssWS"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m4_stays_shared)
{
	pid_t pid;

	ASSERT_TRUE(layout(SRC, "WSM"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (move(SRC, DST, 3, 0))
			_exit(1);
		memset(at(DST), 0x77, 3 * psz);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(SRC + 1, *at(SRC));
	ASSERT_EQ(0x77, *at(SRC + 1));
	ASSERT_EQ(0x77, *at(SRC + 2));
}

TEST_F(multi, m4_names)
{
	if (!have_anon_names())
		SKIP(return, "needs CONFIG_ANON_VMA_NAME");
	ASSERT_TRUE(layout(SRC, "AABBWWAA"));
	ASSERT_TRUE(moves(SRC, DST, 8, 0));
}

TEST_F(multi, m4_madvise_flags)
{
	ASSERT_TRUE(layout(SRC, "DDKKZZWW"));
	ASSERT_TRUE(moves(SRC, DST, 8, 0));
}

TEST_F(multi, m4_numa_policy)
{
	const int bind = 2, of_address = 2;
	unsigned long node0 = 1;
	int mode = -1;

	ASSERT_TRUE(layout(SRC, "WWRR"));
	if (syscall(__NR_mbind, at(SRC), psz, bind, &node0, 8UL, 0))
		SKIP(return, "needs mbind(2): %s", strerror(errno));
	ASSERT_EQ(0, syscall(__NR_mbind, at(SRC + 3), psz, bind, &node0, 8UL,
			     0));
	ASSERT_TRUE(moves(SRC, DST, 4, 0));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, syscall(__NR_get_mempolicy, &mode, NULL, 0UL,
				     at(DST + i), of_address));
		ASSERT_EQ(i == 0 || i == 3 ? bind : 0, mode);
	}
}

TEST_F(multi, m4_stays_usable)
{
	ASSERT_TRUE(layout(SRC, "WwSsMmPp.DLO"));
	ASSERT_TRUE(moves(SRC, DST, 12, 0));
	ASSERT_TRUE(usable(DST, 12));
	ASSERT_TRUE(moves(DST, SRC, 12, 0));
	ASSERT_TRUE(usable(SRC, 12));
}

static long committed_kb(void)
{
	char text[4096];

	if (!slurp("/proc/meminfo", text, sizeof(text)))
		return -1;
	return field_kb(text, "Committed_AS:");
}

/* Others commit and release memory too: move enough to tell the difference. */
TEST_F(multi, m4_commit_charge)
{
	const size_t size = 32 << 20, rounds = 8;
	char *from, *to, *swap;
	long before, after;

	from = mmap(NULL, size, RW, ANON, -1, 0);
	to = mmap(NULL, size, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, from);
	ASSERT_NE(MAP_FAILED, to);
	ASSERT_EQ(0, munmap(from + size / 2, psz));
	ASSERT_EQ(0, mprotect(from, size / 4, PROT_READ));

	before = committed_kb();
	for (size_t i = 0; i < rounds; i++) {
		ASSERT_EQ(to, mremap(from, size, size, FIXED, to));
		swap = from;
		from = to;
		to = swap;
	}
	after = committed_kb();
	ASSERT_LT(labs(after - before), (long)(size / 4 / 1024));
}

/*
 * M4, where page tables may move as a whole: source and destination have the
 * same place in a table, what is below them in it is not mapped, and the
 * destination may end in the one that the source begins in.
 */
FIXTURE(tables) {
	size_t half;		/* as much as half a page table maps */
	char *area;		/* where one begins; nothing is mapped */
};

/* In halves */
FIXTURE_VARIANT(tables) {
	int src;
	int dst;
	int len;
};

#define TABLES(from, to, nr) { .src = (from), .dst = (to), .len = (nr) }

FIXTURE_VARIANT_ADD(tables, directly_below)
	TABLES(3, 1, 2);
FIXTURE_VARIANT_ADD(tables, directly_above)
	TABLES(1, 3, 2);
FIXTURE_VARIANT_ADD(tables, two_below)
	TABLES(5, 1, 4);
FIXTURE_VARIANT_ADD(tables, two_above)
	TABLES(1, 5, 4);
FIXTURE_VARIANT_ADD(tables, below_in_another)
	TABLES(5, 1, 3);
FIXTURE_VARIANT_ADD(tables, far_below)
	TABLES(9, 1, 3);

FIXTURE_SETUP(tables)
{
	ASSERT_TRUE(arena_init());
	self->half = psz * (psz / sizeof(long)) / 2;
	self->area = mmap(NULL, 16 * self->half, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, self->area);
	ASSERT_EQ(0, munmap(self->area, 16 * self->half));
	self->area += -(uintptr_t)self->area & (2 * self->half - 1);
}

FIXTURE_TEARDOWN(tables)
{
}

static bool map_stamped(char *from, size_t len)
{
	if (mmap(from, len, RW, ANON | MAP_FIXED, -1, 0) != from)
		return false;
	for (size_t i = 0; i < len; i += psz)
		*(size_t *)(from + i) = i + 1;
	return true;
}

static bool moves_stamped(char *from, char *to, size_t len, int flags)
{
	if (mremap(from, len, len, FIXED | flags, to) != to)
		return false;
	for (size_t i = 0; i < len; i += psz)
		if (*(size_t *)(to + i) != i + 1)
			return false;
	return true;
}

TEST_F(tables, m4_contents_of_one)
{
	const size_t len = variant->len * self->half;
	char *src = self->area + variant->src * self->half;
	char *dst = self->area + variant->dst * self->half;

	ASSERT_TRUE(map_stamped(src, len));
	ASSERT_TRUE(moves_stamped(src, dst, len, 0));
	ASSERT_TRUE(moves_stamped(dst, src, len, 0));
}

TEST_F(tables, m4_contents_of_several)
{
	const size_t len = variant->len * self->half;
	char *src = self->area + variant->src * self->half;
	char *dst = self->area + variant->dst * self->half;

	ASSERT_TRUE(map_stamped(src, len));
	ASSERT_EQ(0, mprotect(src + len / 4, len / 4, PROT_READ));
	ASSERT_TRUE(moves_stamped(src, dst, len, 0));
	ASSERT_TRUE(moves_stamped(dst, src, len, 0));
}

/* The end of the source alone has ever been touched. */
TEST_F(tables, m4_contents_of_last)
{
	const size_t len = variant->len * self->half;
	char *src = self->area + variant->src * self->half;
	char *dst = self->area + variant->dst * self->half;
	char *last = src + len - self->half / 2;

	ASSERT_EQ(src, mmap(src, len, PROT_NONE, ANON | MAP_FIXED, -1, 0));
	ASSERT_TRUE(map_stamped(last, self->half / 2));
	ASSERT_EQ(dst, mremap(src, len, len, FIXED, dst));
	ASSERT_TRUE(moves_stamped(last - src + dst, last, self->half / 2, 0));
}

TEST_F(tables, m6_contents_of_several)
{
	const size_t len = variant->len * self->half;
	char *src = self->area + variant->src * self->half;
	char *dst = self->area + variant->dst * self->half;

	ASSERT_TRUE(map_stamped(src, len));
	ASSERT_EQ(0, mprotect(src + len / 4, len / 4, PROT_READ));
	ASSERT_TRUE(moves_stamped(src, dst, len, KEEP));
	for (size_t i = 0; i < len; i += psz)
		ASSERT_EQ(0, *(size_t *)(src + i));
}

static bool is_soft_dirty(int pagemap, const char *p)
{
	__u64 entry = 0;

	return pread(pagemap, &entry, sizeof(entry),
		     (uintptr_t)p / psz * sizeof(entry)) == sizeof(entry) &&
	       entry >> 55 & 1;
}

/* Each page is a mapping that is not soft-dirty as such. */
TEST_F(tables, m4_soft_dirty)
{
	const size_t len = variant->len * self->half;
	char *src = self->area + variant->src * self->half;
	char *dst = self->area + variant->dst * self->half;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int clear = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	ASSERT_TRUE(map_stamped(src, len));
	if (clear < 0 || !is_soft_dirty(pagemap, src))
		SKIP(return, "needs CONFIG_MEM_SOFT_DIRTY");
	for (size_t i = 0; i < len; i += 2 * psz)
		ASSERT_EQ(0, mprotect(src + i, psz, PROT_READ));
	ASSERT_EQ(1, write(clear, "4", 1));
	ASSERT_FALSE(is_soft_dirty(pagemap, src));
	ASSERT_TRUE(moves_stamped(src, dst, len, 0));
	for (size_t i = 0; i < len; i += psz)
		ASSERT_TRUE(is_soft_dirty(pagemap, dst + i));
}

/* Merging does not hide what a mapping as a whole has been marked for. */
TEST_F(multi, m4_soft_dirty_of_merged)
{
	const size_t size = psz * (psz / sizeof(long));
	int fd = memfd_create("merged", MFD_CLOEXEC);
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int clear = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	char *area, *src, *dst;

	area = mmap(NULL, 8 * size, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, munmap(area, 8 * size));
	src = area + size + (-(uintptr_t)area & (size - 1));
	dst = src + 4 * size;

	ASSERT_EQ(0, ftruncate(fd, size + psz));
	ASSERT_NE(MAP_FAILED, mmap(dst - psz, psz, PROT_READ,
				   MAP_SHARED | MAP_FIXED, fd, 0));
	if (clear < 0 || write(clear, "4", 1) != 1)
		SKIP(return, "needs clear_refs");
	ASSERT_NE(MAP_FAILED, mmap(src, size, PROT_READ,
				   MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
				   psz));
	if (!is_soft_dirty(pagemap, src))
		SKIP(return, "needs CONFIG_MEM_SOFT_DIRTY");
	for (size_t i = psz; i < size; i += 2 * psz)
		ASSERT_EQ(0, mprotect(src + i, psz, PROT_NONE));
	ASSERT_EQ(dst, mremap(src, size, size, FIXED, dst));
	ASSERT_TRUE(is_soft_dirty(pagemap, dst));
}

/* The same for one that is so long that it is copied. */
TEST_F(multi, m4_soft_dirty_of_merged_copy)
{
	const size_t size = 8193 * psz;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int clear = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	char *src, *dst;

	src = mmap(NULL, 2 * size + 2 * psz, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, src);
	ASSERT_EQ(0, munmap(src, 2 * size + 2 * psz));
	dst = src + size + 2 * psz;

	ASSERT_NE(MAP_FAILED, mmap(dst - psz, psz, PROT_READ,
				   RESERVED | MAP_FIXED, -1, 0));
	if (clear < 0 || write(clear, "4", 1) != 1)
		SKIP(return, "needs clear_refs");
	ASSERT_NE(MAP_FAILED, mmap(src, size, PROT_READ, RESERVED | MAP_FIXED,
				   -1, 0));
	if (!is_soft_dirty(pagemap, src))
		SKIP(return, "needs CONFIG_MEM_SOFT_DIRTY");
	ASSERT_FALSE(is_soft_dirty(pagemap, dst - psz));
	ASSERT_EQ(dst, mremap(src, size, size, FIXED, dst));
	ASSERT_TRUE(is_soft_dirty(pagemap, dst));
}

/* M5: is one step to other threads */

struct watch {
	struct iovec range[2];
	bool stop;
	bool torn;
};

/* Each read sees a range under one hold of the mmap lock. */
static void *watch_ranges(void *arg)
{
	struct watch *w = arg;
	char *buf = malloc(w->range[0].iov_len);
	struct iovec local = { buf, w->range[0].iov_len };
	ssize_t n;

	while (buf && !__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		for (int i = 0; i < 2; i++) {
			n = process_vm_readv(getpid(), &local, 1, &w->range[i],
					     1, 0);
			if (n > 0 && n < (ssize_t)local.iov_len)
				w->torn = true;
		}
	}
	free(buf);
	return NULL;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

TEST_F(multi, m5_never_half_moved)
{
	struct watch w = {
		.range = { { at(SRC), 6 * psz }, { at(DST), 6 * psz } },
	};
	struct timespec start;
	pthread_t thread;
	int err = 0;

	ASSERT_TRUE(layout(SRC, "WRWRWR"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch_ranges, &w));
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!err && elapsed_ms(&start) < 300)
		err = move(SRC, DST, 6, 0) ?: move(DST, SRC, 6, 0);
	__atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, err);
	ASSERT_FALSE(w.torn);
}

/* M6: MREMAP_DONTUNMAP */

TEST_F(multi, m6_source_stays_empty)
{
	ASSERT_TRUE(layout(SRC, "WWRRww"));
	ASSERT_TRUE(moves(SRC, DST, 6, KEEP));
	ASSERT_TRUE(usable(SRC, 6));
	ASSERT_TRUE(usable(DST, 6));
}

TEST_F(multi, m6_with_holes_and_files)
{
	ASSERT_TRUE(layout(SRC, "WW.SS.MMPPeexx"));
	ASSERT_TRUE(layout(DST, "SSSSSS"));
	ASSERT_TRUE(moves(SRC, DST, 14, KEEP));
	ASSERT_EQ(0x80 + SRC + 8, (unsigned char)*at(SRC + 8));
	ASSERT_TRUE(usable(SRC, 14));
	ASSERT_TRUE(usable(DST, 14));
}

TEST_F(multi, m6_splits_first_and_last)
{
	ASSERT_TRUE(layout(SRC - 2, "WWWWRRSSSS"));
	ASSERT_TRUE(moves(SRC, DST, 6, KEEP));
}

TEST_F(multi, m6_unlocks_source_only)
{
	ASSERT_TRUE(layout(SRC, "LLWWOO"));
	ASSERT_TRUE(moves(SRC, DST, 6, KEEP));
}

TEST_F(multi, m6_outside_stays_locked)
{
	ASSERT_TRUE(layout(SRC - 2, "LLLLWWOOOO"));
	ASSERT_TRUE(moves(SRC, DST, 6, KEEP));
}

TEST_F(multi, m6_names_and_advice)
{
	if (!have_anon_names())
		SKIP(return, "needs CONFIG_ANON_VMA_NAME");
	ASSERT_TRUE(layout(SRC, "AABBDDKKZZ"));
	ASSERT_TRUE(moves(SRC, DST, 10, KEEP));
}

TEST_F(multi, m6_directly_before_and_after_source)
{
	ASSERT_TRUE(layout(SRC, "wwRRww"));
	ASSERT_TRUE(moves(SRC, SRC + 6, 6, KEEP));
	ASSERT_TRUE(moves(SRC, SRC - 6, 6, KEEP));
}

/* Move the special mapping at @addr to @page. Returns its size in pages. */
static int move_in(void *addr, int page)
{
	int pages = mapping_pages(addr);

	if (!pages || mremap(addr, pages * psz, pages * psz, FIXED,
			     at(page)) != at(page))
		return 0;
	return pages;
}

/* Place an aio ring at @page, and return its size in pages. */
static int aio_ring(int page)
{
	unsigned long ctx = 0;

	if (syscall(__NR_io_setup, 1, &ctx))
		return 0;
	return move_in((void *)ctx, page);
}

/* Both ends are accounted afterwards, and neither is once unmapped. */
TEST_F(multi, m6_commit_charge)
{
	const long size = 32 << 20, kb = size / 1024;
	long before, kept, after;
	char *from, *to;

	from = mmap(NULL, size, RW, ANON, -1, 0);
	to = mmap(NULL, size, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, from);
	ASSERT_NE(MAP_FAILED, to);
	ASSERT_EQ(0, mprotect(from, size / 4, RW | PROT_EXEC));

	before = committed_kb();
	ASSERT_EQ(to, mremap(from, size, size, FIXED | KEEP, to));
	kept = committed_kb();
	ASSERT_EQ(0, munmap(from, size));
	ASSERT_EQ(0, munmap(to, size));
	after = committed_kb();
	ASSERT_LT(labs(kept - before - kb), kb / 4);
	ASSERT_LT(labs(before - after - kb), kb / 4);
}

TEST_F(multi, m6_refuses_what_must_not_expand)
{
	int pages = aio_ring(SRC + 2);

	if (!pages)
		SKIP(return, "needs CONFIG_AIO");
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_TRUE(layout(SRC + 2 + pages, "RR"));
	ASSERT_TRUE(layout(DST, "SSSS"));
	ASSERT_TRUE(refused(EINVAL, SRC, pages + 4, pages + 4, FIXED | KEEP,
			    DST));
	ASSERT_TRUE(refused(EINVAL, SRC + 2, pages, pages, FIXED | KEEP, DST));
}

/* M7: mappings that move alone only, and those that move with others */

TEST_F(multi, m7_shmem_moves_with_others)
{
	ASSERT_TRUE(layout(SRC, "SSWMsmM"));
	ASSERT_TRUE(moves(SRC, DST, 7, 0));
}

TEST_F(multi, m7_regular_file_moves_with_others)
{
	ASSERT_TRUE(layout(SRC, "eeWWxx"));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
}

TEST_F(multi, m7_aio_ring_moves_with_others)
{
	int pages = aio_ring(SRC + 2);

	if (!pages)
		SKIP(return, "needs CONFIG_AIO");
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_TRUE(layout(SRC + 2 + pages, "RR"));
	ASSERT_TRUE(moves(SRC, DST, pages + 4, 0));
	/* The ring has learnt its new address. */
	ASSERT_EQ(0, syscall(__NR_io_destroy, (unsigned long)at(DST + 2)));
}

/* No libc function that calls into the vDSO may follow. */
TEST_F(multi, m7_vdso_moves_with_others)
{
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);
	int pages;

	if (!vdso)
		SKIP(return, "needs a vDSO");
	for (int i = 0; i < mapping_pages(vdso); i++)
		memcpy(&self->state, vdso + i * psz, 1);
	pages = move_in(vdso, SRC + 2);
	ASSERT_NE(0, pages);
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_TRUE(layout(SRC + 2 + pages, "RR"));
	ASSERT_TRUE(moves(SRC, DST, pages + 4, 0));
}

/* A handler that reads the events of a userfaultfd. */
struct handler {
	pthread_t thread;
	int uffd;
	int want;		/* stop after as many events */
	int events;
	struct uffd_msg msg[4];
};

static void *read_events(void *arg)
{
	struct handler *h = arg;
	struct pollfd pfd = { .fd = h->uffd, .events = POLLIN };

	while (h->events < h->want && poll(&pfd, 1, 2000) == 1)
		if (read(h->uffd, &h->msg[h->events], sizeof(h->msg[0])) ==
		    sizeof(h->msg[0]))
			h->events++;
	return NULL;
}

static bool handler_start(struct handler *h, int uffd, int want)
{
	h->uffd = uffd;
	h->want = want;
	return !pthread_create(&h->thread, NULL, read_events, h);
}

TEST_F(multi, m7_armed_moves_alone)
{
	int uffd = uffd_open(UFFD_FEATURE_EVENT_REMAP);
	struct handler h = {};

	if (uffd < 0)
		SKIP(return, "needs userfaultfd with UFFD_FEATURE_EVENT_REMAP");
	ASSERT_TRUE(layout(SRC, "WWWW"));
	ASSERT_TRUE(layout(DST, "SSSS"));
	ASSERT_TRUE(uffd_arm(uffd, SRC, 4));
	ASSERT_TRUE(handler_start(&h, uffd, 1));
	ASSERT_TRUE(moves(SRC, DST, 4, 0));
	ASSERT_EQ(0, pthread_join(h.thread, NULL));
	ASSERT_EQ(1, h.events);
	ASSERT_EQ(UFFD_EVENT_REMAP, h.msg[0].event);
	ASSERT_EQ((unsigned long)at(SRC), h.msg[0].arg.remap.from);
	ASSERT_EQ((unsigned long)at(DST), h.msg[0].arg.remap.to);
	ASSERT_EQ(4 * psz, h.msg[0].arg.remap.len);
}

TEST_F(multi, m7_armed_part_moves_alone)
{
	int uffd = uffd_open(UFFD_FEATURE_EVENT_REMAP);
	struct handler h = {};

	if (uffd < 0)
		SKIP(return, "needs userfaultfd with UFFD_FEATURE_EVENT_REMAP");
	ASSERT_TRUE(layout(SRC, "WWWW"));
	ASSERT_TRUE(uffd_arm(uffd, SRC, 4));
	ASSERT_TRUE(handler_start(&h, uffd, 1));
	ASSERT_TRUE(moves(SRC + 1, DST, 2, 0));
	ASSERT_EQ(0, pthread_join(h.thread, NULL));
	ASSERT_EQ(1, h.events);
	ASSERT_EQ((unsigned long)at(SRC + 1), h.msg[0].arg.remap.from);
	ASSERT_EQ((unsigned long)at(DST), h.msg[0].arg.remap.to);
	ASSERT_EQ(2 * psz, h.msg[0].arg.remap.len);
}

/* A handler that does not ask for the event loses the mapping. */
TEST_F(multi, m7_armed_moves_alone_disarmed)
{
	int uffd = uffd_open(0);

	if (uffd < 0)
		SKIP(return, "needs userfaultfd");
	ASSERT_TRUE(layout(SRC, "UUUU"));
	ASSERT_EQ(0, move(SRC, DST, 4, 0));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(self->state.page[DST].mapped);
	ASSERT_FALSE(self->state.page[SRC].mapped);
	ASSERT_EQ(NULL, strstr(self->state.page[DST].attr, " um"));
	ASSERT_EQ(SRC + 1, *at(DST));
}

TEST_F(multi, m7_unmap_events_of_destination)
{
	int uffd = uffd_open(UFFD_FEATURE_EVENT_UNMAP);
	struct handler h = {};

	if (uffd < 0)
		SKIP(return, "needs userfaultfd with UFFD_FEATURE_EVENT_UNMAP");
	ASSERT_TRUE(layout(SRC, "WW.RR"));
	ASSERT_TRUE(layout(DST, "WWWWW"));
	ASSERT_TRUE(uffd_arm(uffd, DST, 5));
	ASSERT_TRUE(handler_start(&h, uffd, 2));
	ASSERT_TRUE(moves(SRC, DST, 5, 0));
	ASSERT_EQ(0, pthread_join(h.thread, NULL));
	ASSERT_EQ(2, h.events);
	for (int i = 0; i < 2; i++) {
		int page = h.msg[i].arg.remove.start == (unsigned long)at(DST) ?
			   DST : DST + 3;

		ASSERT_EQ(UFFD_EVENT_UNMAP, h.msg[i].event);
		ASSERT_EQ((unsigned long)at(page), h.msg[i].arg.remove.start);
		ASSERT_EQ((unsigned long)at(page + 2), h.msg[i].arg.remove.end);
	}
	ASSERT_NE(h.msg[0].arg.remove.start, h.msg[1].arg.remove.start);
}

/* M8: merges */

FIXTURE(merge) {
	struct arena_state state;
};

/* A source and what is around the destination, each from its first page. */
FIXTURE_VARIANT(merge) {
	const char *source;
	int source_at;
	const char *around;
	int around_at;
	int dst;
	int pages;
};

#define MERGE(src, where, other, there, to, nr) {			\
	.source = (src), .source_at = (where),				\
	.around = (other), .around_at = (there),			\
	.dst = (to), .pages = (nr),					\
}

FIXTURE_VARIANT_ADD(merge, unfaulted)
	MERGE("wwrrww", SRC, "", DST, DST, 6);
FIXTURE_VARIANT_ADD(merge, faulted)
	MERGE("WWRRWW", SRC, "", DST, DST, 6);
FIXTURE_VARIANT_ADD(merge, mixed)
	MERGE("wWrRwW", SRC, "", DST, DST, 6);
FIXTURE_VARIANT_ADD(merge, shmem)
	MERGE("MMPPMM", SRC, "mm", DST - 2, DST, 6);
FIXTURE_VARIANT_ADD(merge, neighbour_before)
	MERGE("wwrr", SRC, "ww", DST - 2, DST, 4);
FIXTURE_VARIANT_ADD(merge, neighbour_after)
	MERGE("rrww", SRC, "ww", DST + 4, DST, 4);
FIXTURE_VARIANT_ADD(merge, neighbours)
	MERGE("ww.ww", SRC, "ww...ww", DST - 2, DST, 5);
FIXTURE_VARIANT_ADD(merge, neighbour_in_hole)
	MERGE("ww.ww", SRC, "..w..", DST, DST, 5);
FIXTURE_VARIANT_ADD(merge, neighbours_faulted)
	MERGE("wwrww", SRC, "WW.....WW", DST - 2, DST, 5);
FIXTURE_VARIANT_ADD(merge, neighbours_of_faulted)
	MERGE("WWRWW", SRC, "ww.....ww", DST - 2, DST, 5);
FIXTURE_VARIANT_ADD(merge, split_ends)
	MERGE("wwwwrrwwww", SRC - 2, "ww......ww", DST - 2, DST, 6);
FIXTURE_VARIANT_ADD(merge, split_faulted_ends)
	MERGE("WWWWrrWWWW", SRC - 2, "", DST - 2, DST, 6);
FIXTURE_VARIANT_ADD(merge, before_source)
	MERGE("wwrrww", SRC, "", DST, SRC - 6, 6);
FIXTURE_VARIANT_ADD(merge, after_source)
	MERGE("wwrrww", SRC, "", DST, SRC + 6, 6);
FIXTURE_VARIANT_ADD(merge, faulted_before_source)
	MERGE("WWRRWW", SRC, "", DST, SRC - 6, 6);
FIXTURE_VARIANT_ADD(merge, faulted_after_source)
	MERGE("WWRRWW", SRC, "", DST, SRC + 6, 6);
FIXTURE_VARIANT_ADD(merge, mixed_after_source)
	MERGE("wwRRWw", SRC, "", DST, SRC + 6, 6);
FIXTURE_VARIANT_ADD(merge, itself)
	MERGE("wwww", SRC - 2, "", DST, SRC - 4, 4);
FIXTURE_VARIANT_ADD(merge, itself_and_others)
	MERGE("wwwww..r", SRC - 3, "", DST, SRC - 5, 5);
FIXTURE_VARIANT_ADD(merge, itself_after)
	MERGE("r..wwww", SRC, "", DST, SRC + 6, 5);

FIXTURE_SETUP(merge)
{
	ASSERT_TRUE(arena_init());
	for (int half = 0; half <= ARENA_TWIN; half += ARENA_TWIN) {
		ASSERT_TRUE(layout(half + variant->source_at, variant->source));
		ASSERT_TRUE(layout(half + variant->around_at, variant->around));
	}
}

FIXTURE_TEARDOWN(merge)
{
}

TEST_F(merge, m8_as_one_by_one)
{
	ASSERT_EQ(0, move_one_by_one(ARENA_TWIN + SRC,
				     ARENA_TWIN + variant->dst,
				     variant->pages, 0));
	ASSERT_TRUE(moves(SRC, variant->dst, variant->pages, 0));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(twins_alike(&self->state));
}

TEST_F(merge, m8_as_one_by_one_dontunmap)
{
	ASSERT_EQ(0, move_one_by_one(ARENA_TWIN + SRC,
				     ARENA_TWIN + variant->dst,
				     variant->pages, KEEP));
	ASSERT_TRUE(moves(SRC, variant->dst, variant->pages, KEEP));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(twins_alike(&self->state));
}

/* Two mappings whose page offsets only fit at the destination. */
TEST_F(multi, m8_merges_with_each_other)
{
	ASSERT_TRUE(layout(DST, "WW"));
	ASSERT_EQ(0, move(DST, SRC, 2, 0));
	ASSERT_TRUE(layout(SRC + 2, "ww"));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_EQ(2, count_mappings(&self->state, SRC, 4));

	ASSERT_TRUE(moves(SRC, DST, 4, 0));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_EQ(1, count_mappings(&self->state, DST, 4));
}

TEST_F(multi, m8_merges_with_neighbours)
{
	ASSERT_TRUE(layout(SRC, "ww.ww"));
	ASSERT_TRUE(layout(DST - 1, "w..w..w"));
	ASSERT_TRUE(moves(SRC, DST, 5, 0));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_EQ(1, count_mappings(&self->state, DST - 1, 7));
}

/* E1: flags */

static int error_of(void *ret)
{
	return ret == MAP_FAILED ? errno : 0;
}

TEST_F(multi, e01_flags)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED | 8, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, MREMAP_FIXED, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, KEEP, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 3, FIXED | KEEP, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 5, FIXED | KEEP, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 2, 3, ANYWHERE | KEEP, DST)));
}

/* E2: MREMAP_DONTUNMAP with sizes equal once rounded */

TEST_F(multi, e02_sizes_equal_once_rounded)
{
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_EQ(at(DST), mremap(at(SRC), 2 * psz, 2 * psz - 1, FIXED | KEEP,
				  at(DST)));
	ASSERT_EQ(2, mapping_pages(at(SRC)));
	ASSERT_EQ(SRC + 2, *at(DST + 1));
	ASSERT_NE(MAP_FAILED, mremap(at(DST), psz + 1, 2 * psz,
				     ANYWHERE | KEEP, NULL));
	ASSERT_EQ(0, *at(DST + 1));
}

TEST_F(multi, e02_sizes_equal_once_rounded_several)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	ASSERT_EQ(at(DST), mremap(at(SRC), 3 * psz + 1, 4 * psz, FIXED | KEEP,
				  at(DST)));
	ASSERT_EQ(2, mapping_pages(at(SRC + 2)));
	ASSERT_EQ(SRC + 4, *at(DST + 3));
}

/* E3: alignment, no size */

TEST_F(multi, e03_unaligned)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC) + 1, psz, psz, FIXED,
					  at(DST))));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), 4 * psz, 4 * psz, FIXED,
					  at(DST) + 1)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC) + 1, psz, psz, 0)));
	/* A libc may pass no address without MREMAP_FIXED. */
	EXPECT_EQ(EINVAL, error_of((void *)syscall(__NR_mremap, at(SRC), psz,
						   psz, ANYWHERE | KEEP,
						   at(DST) + 1)));
}

TEST_F(multi, e03_new_size_zero)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 0, FIXED, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 0, ANYWHERE, DST)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 0, 0, DST)));
	/* This one is 0 once rounded. */
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, -1UL, FIXED,
					  at(DST))));
}

TEST_F(multi, e03_before_looking_at_mappings)
{
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 0, FIXED, DST)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, psz, FIXED,
					  at(DST) + 1)));
}

/* The new address does not matter without MREMAP_FIXED. */
TEST_F(multi, e03_unused_address)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(at(SRC), mremap(at(SRC), psz, psz, ANYWHERE, at(DST) + 1));
	EXPECT_EQ(at(SRC), mremap(at(SRC), psz, psz, 0, at(SRC)));
}

/* E4: overlap */

TEST_F(multi, e04_overlap)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC + 3)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC - 3)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED | KEEP, SRC + 1)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 2, FIXED, SRC + 3)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 2, 4, FIXED, SRC - 1)));
}

TEST_F(multi, e04_overlap_nothing_mapped)
{
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC + 3)));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC - 3)));
}

TEST_F(multi, e04_overlap_of_sealed)
{
	if (!have_mseal())
		SKIP(return, "needs mseal(2)");
	ASSERT_TRUE(layout(SRC, "XXWW"));
	EXPECT_EQ(EINVAL, error_of(remap(SRC, 4, 4, FIXED, SRC + 1)));
}

/* E5: beyond user space */

TEST_F(multi, e05_new_size_beyond_user_space)
{
	const unsigned long huge = -4 * psz;

	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, huge, FIXED,
					  at(DST))));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, huge, ANYWHERE)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, huge, 0)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), 4 * psz, huge, ANYWHERE)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), huge, huge, ANYWHERE)));
}

TEST_F(multi, e05_new_size_beyond_user_space_nothing_mapped)
{
	const unsigned long huge = -4 * psz;

	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, huge, ANYWHERE)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, huge, 0)));
}

TEST_F(multi, e05_destination_beyond_user_space)
{
	char *top = (char *)(-2 * psz);

	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), 4 * psz, 4 * psz, FIXED,
					  top)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(SRC), psz, psz, FIXED, top)));
	EXPECT_EQ(EINVAL, error_of(mremap(at(DST), psz, psz, FIXED, top)));
}

/* E6: sealed */

TEST_F(multi, e06_sealed_source)
{
	if (!have_mseal())
		SKIP(return, "needs mseal(2)");
	ASSERT_TRUE(layout(SRC, "XXWWXX"));
	EXPECT_EQ(EPERM, error_of(remap(SRC, 2, 2, FIXED, DST)));
	EXPECT_EQ(EPERM, error_of(remap(SRC, 2, 3, ANYWHERE, DST)));
	EXPECT_EQ(EPERM, error_of(remap(SRC, 2, 1, 0, DST)));
	EXPECT_EQ(EPERM, error_of(remap(SRC, 4, 4, FIXED, DST)));
	EXPECT_EQ(EPERM, error_of(remap(SRC + 2, 4, 4, FIXED, DST)));
	EXPECT_EQ(EPERM, error_of(remap(SRC + 2, 4, 4, FIXED | KEEP, DST)));
}

TEST_F(multi, e06_sealed_destination)
{
	if (!have_mseal())
		SKIP(return, "needs mseal(2)");
	ASSERT_TRUE(layout(SRC, "WWRR"));
	ASSERT_TRUE(layout(DST, "...X"));
	EXPECT_EQ(EPERM, error_of(remap(SRC, 4, 4, FIXED, DST)));
	EXPECT_EQ(EPERM, error_of(remap(SRC + 2, 2, 2, FIXED, DST + 2)));
}

TEST_F(multi, e06_sealed_opposite_a_hole)
{
	if (!have_mseal())
		SKIP(return, "needs mseal(2)");
	ASSERT_TRUE(layout(SRC, "WW.RR.."));
	ASSERT_TRUE(layout(DST, "SSXSSXX"));
	ASSERT_TRUE(moves(SRC, DST, 7, 0));
}

/* E7: hugetlb alignment */

FIXTURE(hugetlb) {
	size_t size;
	char *src;		/* a huge page with two small ones around it */
	char *dst;		/* as aligned as src, with mappings */
};

static char *map_fixed(char *addr, size_t size, int flags)
{
	return mmap(addr, size, RW, ANON | MAP_FIXED | flags, -1, 0);
}

FIXTURE_SETUP(hugetlb)
{
	char text[4096], *area;

	ASSERT_TRUE(arena_init());
	ASSERT_TRUE(slurp("/proc/meminfo", text, sizeof(text)));
	if (field_kb(text, "HugePages_Free:") < 1)
		SKIP(return, "needs a free huge page");
	self->size = field_kb(text, "Hugepagesize:") * 1024;
	area = mmap(NULL, 8 * self->size, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, munmap(area, 8 * self->size));
	area = (char *)(((uintptr_t)area + self->size - 1) &
			~(self->size - 1));

	self->src = area + 2 * self->size;
	self->dst = area + 5 * self->size;
	map_fixed(self->src - 2 * psz, 2 * psz, 0);
	map_fixed(self->src, self->size, MAP_HUGETLB);
	map_fixed(self->src + self->size, 2 * psz, 0);
	map_fixed(self->dst - 2 * psz, 4 * psz, 0);
	memset(self->src - 2 * psz, 1, 2 * psz);
	memset(self->src, 2, self->size);
	memset(self->src + self->size, 3, 2 * psz);
	memset(self->dst - 2 * psz, 4, 4 * psz);
}

FIXTURE_TEARDOWN(hugetlb)
{
}

static bool filled(const char *p, int value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != value)
			return false;
	return true;
}

static bool hugetlb_moved(const char *src, const char *dst, size_t size)
{
	return filled(dst, 2, size) && !mapping_pages(src);
}

static bool hugetlb_unchanged(const char *src, const char *dst, size_t size)
{
	return filled(src - 2 * psz, 1, 2 * psz) &&
	       filled(src, 2, size) &&
	       filled(src + size, 3, 2 * psz) &&
	       filled(dst - 2 * psz, 4, 4 * psz);
}

TEST_F(hugetlb, e07_unaligned_address)
{
	EXPECT_EQ(EINVAL, error_of(mremap(self->src, self->size, self->size,
					  FIXED, self->dst + psz)));
	EXPECT_EQ(EINVAL, error_of(mremap(self->src + psz, self->size,
					  self->size, FIXED, self->dst)));
}

/* Each begins and ends inside the huge page, or at its edges. */
TEST_F(hugetlb, f0_unaligned_first)
{
	size_t size = self->size + psz;

	ASSERT_EQ(EINVAL, error_of(mremap(self->src, size, size, FIXED,
					  self->dst + psz)));
	ASSERT_EQ(EINVAL, error_of(mremap(self->src + psz, self->size,
					  self->size, FIXED,
					  self->dst + psz)));
	ASSERT_TRUE(hugetlb_unchanged(self->src, self->dst, self->size));
}

TEST_F(hugetlb, f0_unaligned_middle)
{
	size_t size = self->size + 4 * psz;

	ASSERT_EQ(EINVAL, error_of(mremap(self->src - 2 * psz, size, size,
					  FIXED, self->dst)));
	ASSERT_TRUE(hugetlb_unchanged(self->src, self->dst, self->size));
}

TEST_F(hugetlb, f0_unaligned_last)
{
	size_t size = self->size + 2 * psz;

	ASSERT_EQ(EINVAL, error_of(mremap(self->src - 2 * psz, size, size,
					  FIXED, self->dst - psz)));
	ASSERT_TRUE(hugetlb_unchanged(self->src, self->dst, self->size));
}

TEST_F(hugetlb, m7_moves_alone)
{
	ASSERT_EQ(self->dst, mremap(self->src, self->size, self->size, FIXED,
				    self->dst));
	ASSERT_TRUE(hugetlb_moved(self->src, self->dst, self->size));
}

TEST_F(hugetlb, m7_moves_with_others)
{
	size_t size = self->size + 4 * psz;

	ASSERT_EQ(self->dst - 2 * psz, mremap(self->src - 2 * psz, size, size,
					      FIXED, self->dst - 2 * psz));
	ASSERT_TRUE(hugetlb_moved(self->src, self->dst, self->size));
	ASSERT_TRUE(filled(self->dst - 2 * psz, 1, 2 * psz));
	ASSERT_TRUE(filled(self->dst + self->size, 3, 2 * psz));
}

/* The end is rounded up to a whole huge page, alone and as the last one. */
TEST_F(hugetlb, m7_rounds_end_alone)
{
	ASSERT_EQ(self->dst, mremap(self->src, psz, psz, FIXED, self->dst));
	ASSERT_TRUE(hugetlb_moved(self->src, self->dst, self->size));
}

TEST_F(hugetlb, m7_rounds_end_of_last)
{
	size_t size = 3 * psz;

	ASSERT_EQ(self->dst - 2 * psz, mremap(self->src - 2 * psz, size, size,
					      FIXED, self->dst - 2 * psz));
	ASSERT_TRUE(hugetlb_moved(self->src, self->dst, self->size));
	ASSERT_TRUE(filled(self->dst - 2 * psz, 1, 2 * psz));
	ASSERT_EQ(3, *(self->src + self->size));
}

static long kb_of(const char *path, const char *name)
{
	char text[4096];

	return slurp(path, text, sizeof(text)) ? field_kb(text, name) : -1;
}

/* A huge page and a small one, in this order or the other, and all tables gone */
static bool leaves_no_table(char *src, char *dst, size_t huge, bool huge_first)
{
	const long tables = kb_of("/proc/self/status", "VmPTE:");
	char *small = huge_first ? src + 2 * huge : src;

	if (map_fixed(small, psz, 0) != small ||
	    map_fixed(src + huge, huge, MAP_HUGETLB) != src + huge)
		return false;
	*small = 1;
	src[huge] = 2;
	if (mremap(src + huge_first * huge, 2 * huge, 2 * huge, FIXED,
		   dst + huge_first * huge) != dst + huge_first * huge)
		return false;
	if (dst[small - src] != 1 || dst[huge] != 2)
		return false;
	munmap(dst, 3 * huge);
	return tables > 0 && kb_of("/proc/self/status", "VmPTE:") == tables;
}

/* Alone in what a table of the next level covers, so that it is freed, too */
TEST_F(hugetlb, m7_leaves_no_page_table)
{
	const size_t table = self->size / sizeof(void *) * psz;
	char *area;

	/* Only the address is wanted. */
	area = mmap(NULL, 4 * table, PROT_NONE, RESERVED, -1, 0);
	if (area == MAP_FAILED)
		SKIP(return, "needs address space");
	munmap(area, 4 * table);
	area = (char *)(((uintptr_t)area + table - 1) / table * table);
	munmap(self->src, self->size);
	ASSERT_TRUE(leaves_no_table(area, area + 2 * table, self->size, false));
	ASSERT_TRUE(leaves_no_table(area, area + 2 * table, self->size, true));
}

/* A part that moves takes its reservation with it. */
TEST_F(hugetlb, m4_reservations)
{
	const long reserved = kb_of("/proc/meminfo", "HugePages_Rsvd:");
	const size_t size = self->size;
	char *area;

	area = mmap(NULL, 8 * size, PROT_NONE, RESERVED, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	area = (char *)(((uintptr_t)area + size - 1) & ~(size - 1));
	if (map_fixed(area, 3 * size, MAP_HUGETLB) != area)
		SKIP(return, "needs three free huge pages");
	ASSERT_EQ(area + 5 * size, mremap(area + size, size, size, FIXED,
					  area + 5 * size));
	munmap(area, 7 * size);
	ASSERT_EQ(reserved, kb_of("/proc/meminfo", "HugePages_Rsvd:"));
}

/* Exactly as long as an int cannot say, and a bit longer, alone and not. */
TEST_F(hugetlb, m4_four_gib)
{
	const size_t gib = 1024UL << 20, huge = self->size;
	const size_t most = (sizeof(size_t) > 4 ? 4 : 1) * gib + huge;
	char *area, *src, *dst;

	area = mmap(NULL, 2 * most + 8 * huge, PROT_NONE, RESERVED, -1, 0);
	if (area == MAP_FAILED ||
	    kb_of("/proc/meminfo", "HugePages_Free:") < 3)
		SKIP(return, "needs address space, and two more huge pages");
	munmap(area, 2 * most + 8 * huge);
	src = (char *)(((uintptr_t)area + huge) & ~(huge - 1)) + huge;
	dst = src + most + 4 * huge;

	for (int others = 0; others <= 1; others++) {
		const size_t around = others * psz;

		for (size_t size = most - huge; size <= most; size += huge) {
			ASSERT_EQ(src, map_fixed(src, size, MAP_HUGETLB |
						 MAP_NORESERVE));
			src[0] = 1;
			src[size - huge] = 2;
			if (others) {
				map_fixed(src - psz, psz, 0);
				src[-1] = 3;
			}
			ASSERT_EQ(dst - around,
				  mremap(src - around, size + around,
					 size + around, FIXED, dst - around));
			ASSERT_EQ(1, dst[0]);
			ASSERT_EQ(2, dst[size - huge]);
			ASSERT_EQ(0, mapping_pages(src));
			if (others)
				ASSERT_EQ(3, dst[-1]);
			ASSERT_EQ(0, munmap(dst - around, size + around));
		}
	}
}

/*
 * M4: page tables are accounted, too, and go when nothing needs them any more.
 * Three slots, each as much as a page table maps, are mapped in one way or the
 * other and moved, far from everything else, so that the tables above are seen
 * to be freed as well.
 */
#define NR_SLOTS	3

FIXTURE(slots) {
	size_t size;		/* of a slot */
	size_t distance;	/* from one to the next */
	size_t range;		/* that all of them take */
	const char *kinds;
	int fd;
	char *src;
	char *dst;
};

FIXTURE_VARIANT(slots) {
	bool apart;		/* each in another table of the next level */
};

FIXTURE_VARIANT_ADD(slots, together) { .apart = false };
FIXTURE_VARIANT_ADD(slots, apart) { .apart = true };

FIXTURE_SETUP(slots)
{
	size_t upper;
	char *area;

	ASSERT_TRUE(arena_init());
	self->size = psz * (psz / sizeof(long));
	upper = self->size * (psz / sizeof(long));
	if (upper / self->size * psz != self->size ||
	    upper > (sizeof(size_t) > 4 ? 1UL << 31 : 0))
		SKIP(return, "needs small pages and much address space");
	self->distance = variant->apart ? upper : self->size;
	self->range = NR_SLOTS * self->distance;
	area = mmap(NULL, 12 * upper, PROT_NONE, RESERVED, -1, 0);
	if (area == MAP_FAILED)
		SKIP(return, "needs much address space");
	ASSERT_EQ(0, munmap(area, 12 * upper));
	self->src = (char *)(((uintptr_t)area + 2 * upper) & ~(upper - 1));
	self->dst = self->src + 5 * upper;
	self->fd = memfd_create("slots", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->fd, NR_SLOTS * psz));

	self->kinds = ".wWMTHG";
	if (kb_of("/proc/meminfo", "Hugepagesize:") * 1024 !=
	    (long)self->size ||
	    kb_of("/proc/meminfo", "HugePages_Free:") < NR_SLOTS)
		self->kinds = ".wWMTH";
}

FIXTURE_TEARDOWN(slots)
{
}

/*
 * A hole, a small mapping without a page or with one, one of a file, one as large
 * as the slot, the same with a huge page if there are any, or a hugetlb page.
 */
static bool map_slot(char kind, char *slot, size_t size, int fd, int nr)
{
	const size_t len = strchr("THG", kind) ? size : 2 * psz;
	char *p = slot + (len == size ? 0 : size / 2);

	if (kind == '.')
		return true;
	if (kind == 'M')
		p = mmap(p, psz, RW, MAP_SHARED | MAP_FIXED, fd, nr * psz);
	else
		p = map_fixed(p, len, kind == 'G' ? MAP_HUGETLB : 0);
	if (p == MAP_FAILED)
		return false;
	if (len == size && kind != 'G')
		madvise(p, len, kind == 'H' ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (size_t i = 0; kind != 'w' && i < len; i += 64 * psz)
		p[i] = nr + 1;
	return true;
}

static bool slot_arrived(char kind, const char *slot, size_t size, int nr)
{
	if (kind == '.' || kind == 'w')
		return true;
	return slot[strchr("THG", kind) ? 0 : size / 2] == nr + 1;
}

static long page_tables_kb(void)
{
	return kb_of("/proc/self/status", "VmPTE:");
}

struct slots_move {
	char *src, *dst;
	size_t size, distance, range;
	const char *kinds;
	int fd;
	int flags;
	bool one_by_one;
};

static bool move_slots(const struct slots_move *m)
{
	for (int i = 0; m->one_by_one && i < NR_SLOTS; i++) {
		size_t offset = i * m->distance;
		size_t len = strchr("THG", m->kinds[i]) ? m->size : 2 * psz;

		if (len != m->size)
			offset += m->size / 2;
		if (m->kinds[i] == 'M')
			len = psz;
		if (m->kinds[i] != '.' &&
		    mremap(m->src + offset, len, len, FIXED | m->flags,
			   m->dst + offset) == MAP_FAILED)
			return false;
	}
	if (!m->one_by_one) {
		size_t first = strchr("THG", m->kinds[0]) ? 0 : m->size / 2;
		size_t len = m->range - first;

		if (mremap(m->src + first, len, len, FIXED | m->flags,
			   m->dst + first) == MAP_FAILED)
			return false;
	}
	return true;
}

static void unmap_slots(const struct slots_move *m)
{
	munmap(m->src, m->range);
	munmap(m->dst, m->range);
}

/*
 * Move, and return by how much the page tables have grown by then, plus one; 0 if
 * the move fails, or if some of them are left when all is unmapped.
 */
static long tables_after(const struct slots_move *m)
{
	const long before = page_tables_kb();
	long moved;

	for (int i = 0; i < NR_SLOTS; i++)
		if (!map_slot(m->kinds[i], m->src + i * m->distance, m->size,
			      m->fd, i))
			return 0;
	if (!move_slots(m)) {
		ksft_print_msg("%.3s: mremap: %s\n", m->kinds,
			       strerror(errno));
		unmap_slots(m);
		return 0;
	}
	moved = page_tables_kb();
	for (int i = 0; i < NR_SLOTS; i++)
		if (!slot_arrived(m->kinds[i], m->dst + i * m->distance,
				  m->size, i))
			return 0;
	unmap_slots(m);
	if (page_tables_kb() != before) {
		ksft_print_msg("%.3s, %s: page tables %ld kB, %ld moved, %ld at the end\n",
			       m->kinds, m->one_by_one ? "one by one" : "at once",
			       before, moved, page_tables_kb());
		return 0;
	}
	return moved - before + 1;
}

/* All ways to fill the slots, but for those that begin with a hole */
static bool no_table_stays(struct slots_move *m, const char *kinds)
{
	const int nr = strlen(kinds);
	char drawn[NR_SLOTS + 1] = "";
	bool good = true;

	m->kinds = drawn;
	for (int n = 0; n < nr * nr * (nr - 1); n++) {
		long once, one_by_one;

		drawn[0] = kinds[1 + n / nr / nr];
		drawn[1] = kinds[n / nr % nr];
		drawn[2] = kinds[n % nr];
		m->one_by_one = true;
		one_by_one = tables_after(m);
		m->one_by_one = false;
		once = tables_after(m);
		good &= once && one_by_one;
		if (once > one_by_one) {
			ksft_print_msg("%s: %ld kB of page tables, %ld if moved one by one\n",
				       drawn, once - 1, one_by_one - 1);
			good = false;
		}
	}
	m->kinds = kinds;
	return good;
}

TEST_F_TIMEOUT(slots, m4_no_page_table_stays, 300)
{
	struct slots_move m = {
		.src = self->src, .dst = self->dst, .size = self->size,
		.distance = self->distance, .range = self->range,
		.fd = self->fd,
	};

	ASSERT_TRUE(no_table_stays(&m, self->kinds));
}

/* Where no table can move as a whole, and nothing stays in hugetlb's way */
TEST_F_TIMEOUT(slots, m4_no_page_table_stays_misaligned, 300)
{
	struct slots_move m = {
		.src = self->src, .dst = self->dst + 3 * psz,
		.size = self->size, .distance = self->distance,
		.range = self->range, .fd = self->fd,
	};

	ASSERT_TRUE(no_table_stays(&m, ".wWMTH"));
}

TEST_F_TIMEOUT(slots, m6_no_page_table_stays, 300)
{
	struct slots_move m = {
		.src = self->src, .dst = self->dst, .size = self->size,
		.distance = self->distance, .range = self->range,
		.fd = self->fd, .flags = KEEP,
	};

	ASSERT_TRUE(no_table_stays(&m, ".wWMTH"));
}

/* E8: nothing mapped */

TEST_F(multi, e08_nothing_mapped)
{
	ASSERT_TRUE(layout(SRC + 1, "WWRR"));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 5, 5, FIXED, DST)));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 1, 1, FIXED, DST)));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 1, 1, FIXED | KEEP, DST)));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 1, 2, ANYWHERE, DST)));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 2, 1, 0, DST)));
}

/* E9: several mappings, refused */

TEST_F(multi, e09_expansion)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 4, 5, FIXED, DST)));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 4, 5, ANYWHERE, DST)));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 4, 5, 0, DST)));
}

TEST_F(multi, e09_plain_dontunmap)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 4, 4, ANYWHERE | KEEP, DST)));
}

TEST_F(multi, e09_shrinking_move_across)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	EXPECT_EQ(EFAULT, error_of(remap(SRC, 4, 3, FIXED, DST)));
}

/* E10: several mappings, shrunk */

TEST_F(multi, e10_shrinks_in_place)
{
	ASSERT_TRUE(layout(SRC, "WWRRSS"));
	ASSERT_EQ(at(SRC), remap(SRC, 6, 5, ANYWHERE, DST));
	ASSERT_EQ(at(SRC), remap(SRC, 5, 1, 0, DST));
	ASSERT_EQ(1, mapping_pages(at(SRC)));
	ASSERT_EQ(0, mapping_pages(at(SRC + 1)));
	ASSERT_EQ(0, mapping_pages(at(SRC + 5)));
	ASSERT_EQ(SRC + 1, *at(SRC));
}

TEST_F(multi, e10_shrinks_over_hole)
{
	ASSERT_TRUE(layout(SRC, "WW.RR"));
	ASSERT_EQ(at(SRC), remap(SRC, 5, 2, 0, DST));
	ASSERT_EQ(2, mapping_pages(at(SRC)));
	ASSERT_EQ(0, mapping_pages(at(SRC + 3)));
}

TEST_F(multi, e10_shrinking_move_of_first)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	ASSERT_EQ(at(DST), remap(SRC, 4, 1, FIXED, DST));
	ASSERT_EQ(SRC + 1, *at(DST));
	ASSERT_EQ(1, mapping_pages(at(DST)));
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, mapping_pages(at(SRC + i)));
}

/* E11: several mappings, nothing to do */

TEST_F(multi, e11_same_size_anywhere)
{
	ASSERT_TRUE(layout(SRC, "WW.RRS"));
	ASSERT_TRUE(layout(DST, "SSSSSS"));
	ASSERT_TRUE(refused(0, SRC, 6, 6, ANYWHERE, DST));
	ASSERT_EQ(at(SRC), remap(SRC, 6, 6, ANYWHERE, DST));
	ASSERT_EQ(at(SRC), remap(SRC, 6, 6, 0, DST));
}

/* E12: several mappings, moved */

TEST_F(multi, e12_moves)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	ASSERT_EQ(at(DST), remap(SRC, 4, 4, FIXED, DST));
	ASSERT_EQ(at(SRC), remap(DST, 4, 4, FIXED | KEEP, SRC));
}

/* E13: limits */

static bool set_limit_pages(int resource, long pages)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return false;
	limit.rlim_cur = pages * psz;
	return !setrlimit(resource, &limit);
}

static bool drop_capability(int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(__NR_capget, &header, data))
		return false;
	data[cap / 32].effective &= ~(1U << cap % 32);
	return !syscall(__NR_capset, &header, data);
}

/* The unmapped destination makes room. */
TEST_F(multi, e13_rlimit_as_one)
{
	ASSERT_TRUE(layout(SRC, "WWWW"));
	ASSERT_TRUE(layout(DST, "SS.R"));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(set_limit_pages(RLIMIT_AS, self->state.vm_size + 4 - 3));
	ASSERT_TRUE(moves(SRC, DST, 4, KEEP));
}

TEST_F(multi, e13_rlimit_as_several)
{
	ASSERT_TRUE(layout(SRC, "WWRR.S."));
	ASSERT_TRUE(layout(DST, "SS.RSSS"));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(set_limit_pages(RLIMIT_AS, self->state.vm_size + 5 - 4));
	ASSERT_TRUE(moves(SRC, DST, 7, KEEP));
}

/* Of both, the limit on data only counts what is private and writable. */
TEST_F(multi, e13_rlimit_data_several)
{
	ASSERT_TRUE(layout(SRC, "WWRRW"));
	ASSERT_TRUE(layout(DST, "WWS.."));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(set_limit_pages(RLIMIT_DATA,
				    self->state.vm_data + 3 - 2 - 1));
	ASSERT_TRUE(refused(ENOMEM, SRC, 5, 5, FIXED | KEEP, DST));
	ASSERT_TRUE(set_limit_pages(RLIMIT_DATA, self->state.vm_data + 3 - 2));
	ASSERT_TRUE(moves(SRC, DST, 5, KEEP));
}

TEST_F(multi, e13_rlimit_as_does_not_matter_to_a_plain_move)
{
	ASSERT_TRUE(layout(SRC, "WWRR"));
	ASSERT_TRUE(set_limit_pages(RLIMIT_AS, 1));
	ASSERT_TRUE(moves(SRC, DST, 4, 0));
}

TEST_F(multi, f0_rlimit_as_one)
{
	ASSERT_TRUE(layout(SRC, "WWWW"));
	ASSERT_TRUE(layout(DST, "SS.R"));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(set_limit_pages(RLIMIT_AS,
				    self->state.vm_size + 4 - 3 - 1));
	ASSERT_TRUE(refused(ENOMEM, SRC, 4, 4, FIXED | KEEP, DST));
}

TEST_F(multi, f0_rlimit_as_several)
{
	ASSERT_TRUE(layout(SRC, "WWRR.S."));
	ASSERT_TRUE(layout(DST, "SS.RSSS"));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(set_limit_pages(RLIMIT_AS,
				    self->state.vm_size + 5 - 4 - 1));
	ASSERT_TRUE(refused(ENOMEM, SRC, 7, 7, FIXED | KEEP, DST));
}

TEST_F(multi, f0_rlimit_as_expansion)
{
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_TRUE(layout(DST, "S..R"));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_TRUE(set_limit_pages(RLIMIT_AS,
				    self->state.vm_size + 2 - 2 - 1));
	ASSERT_TRUE(refused(ENOMEM, SRC, 2, 4, FIXED, DST));
}

/* The locked destination makes room here, too. */
TEST_F(multi, e13_rlimit_memlock_expansion)
{
	ASSERT_TRUE(layout(SRC, "LL"));
	ASSERT_TRUE(layout(DST, "LLLL"));
	if (!drop_capability(CAP_IPC_LOCK))
		SKIP(return, "needs capset(2)");
	ASSERT_TRUE(set_limit_pages(RLIMIT_MEMLOCK, 4));
	ASSERT_EQ(at(DST), remap(SRC, 2, 4, FIXED, DST));
	ASSERT_TRUE(snapshot(&self->state));
	ASSERT_EQ(4, self->state.vm_lck);
}

TEST_F(multi, e13_rlimit_memlock_does_not_matter_to_a_move)
{
	ASSERT_TRUE(layout(SRC, "LLWWOO"));
	if (!drop_capability(CAP_IPC_LOCK))
		SKIP(return, "needs capset(2)");
	ASSERT_TRUE(set_limit_pages(RLIMIT_MEMLOCK, 0));
	ASSERT_TRUE(moves(SRC, DST, 6, 0));
	ASSERT_TRUE(moves(DST, SRC, 6, KEEP));
}

TEST_F(multi, f0_rlimit_memlock_expansion)
{
	ASSERT_TRUE(layout(SRC, "LL"));
	ASSERT_TRUE(layout(DST, "LLLL"));
	if (!drop_capability(CAP_IPC_LOCK))
		SKIP(return, "needs capset(2)");
	ASSERT_TRUE(set_limit_pages(RLIMIT_MEMLOCK, 3));
	ASSERT_TRUE(refused(EAGAIN, SRC, 2, 4, FIXED, DST));
}

/* A mapping that cannot be committed twice: it is larger than all memory. */
FIXTURE(overcommit) {
	size_t size;
	char *src;
	char *dst;
};

FIXTURE_SETUP(overcommit)
{
	char text[4096], *area;
	size_t total;

	ASSERT_TRUE(arena_init());
	ASSERT_TRUE(slurp("/proc/sys/vm/overcommit_memory", text,
			  sizeof(text)));
	if (atoi(text))
		SKIP(return, "needs vm.overcommit_memory=0");
	ASSERT_TRUE(slurp("/proc/meminfo", text, sizeof(text)));
	total = field_kb(text, "MemTotal:") + field_kb(text, "SwapTotal:");
	self->size = total * 1024 / psz * 6 / 10 * psz * 2;

	area = mmap(NULL, 2 * self->size + 16 * psz, PROT_NONE, RESERVED, -1,
		    0);
	if (area == MAP_FAILED)
		SKIP(return, "needs more address space");
	self->src = area + 4 * psz;
	self->dst = self->src + self->size + 8 * psz;
	ASSERT_EQ(0, munmap(area, 2 * self->size + 16 * psz));

	/* Each half can be committed at once; they merge. */
	ASSERT_EQ(self->src, map_fixed(self->src, self->size / 2, 0));
	ASSERT_EQ(self->src + self->size / 2,
		  map_fixed(self->src + self->size / 2, self->size / 2, 0));
	ASSERT_EQ((int)(self->size / psz), mapping_pages(self->src));
	ASSERT_EQ(self->dst, map_fixed(self->dst, 2 * psz, 0));
	memset(self->dst, 5, 2 * psz);
}

FIXTURE_TEARDOWN(overcommit)
{
}

static bool overcommit_unchanged(const char *src, const char *dst, size_t size)
{
	return mapping_pages(src) == (int)(size / psz) &&
	       mapping_pages(dst) == 2 && filled(dst, 5, 2 * psz);
}

TEST_F(overcommit, f0_one)
{
	ASSERT_EQ(ENOMEM, error_of(mremap(self->src, self->size, self->size,
					  FIXED | KEEP, self->dst)));
	ASSERT_TRUE(overcommit_unchanged(self->src, self->dst, self->size));
}

/* Only a part, which would be cut out of a mapping that is locked in memory */
TEST_F(overcommit, f0_locked_part)
{
	const size_t size = self->size - 2 * psz;
	char *part = self->src + psz;

	if (syscall(__NR_mlock2, self->src, self->size, MLOCK_ONFAULT))
		SKIP(return, "needs mlock2(2): %s", strerror(errno));
	ASSERT_EQ(ENOMEM, error_of(mremap(part, size, size, FIXED | KEEP,
					  self->dst)));
	ASSERT_TRUE(overcommit_unchanged(self->src, self->dst, self->size));
}

TEST_F(overcommit, f0_first)
{
	size_t size = self->size + psz;

	mprotect(map_fixed(self->src + self->size, psz, 0), psz, PROT_READ);
	ASSERT_EQ(ENOMEM, error_of(mremap(self->src, size, size, FIXED | KEEP,
					  self->dst)));
	ASSERT_TRUE(overcommit_unchanged(self->src, self->dst, self->size));
	ASSERT_EQ(1, mapping_pages(self->src + self->size));
}

TEST_F(overcommit, f0_last)
{
	size_t size = self->size + psz;

	mprotect(map_fixed(self->src - psz, psz, 0), psz, PROT_READ);
	ASSERT_EQ(ENOMEM, error_of(mremap(self->src - psz, size, size,
					  FIXED | KEEP, self->dst - psz)));
	ASSERT_TRUE(overcommit_unchanged(self->src, self->dst, self->size));
	ASSERT_EQ(1, mapping_pages(self->src - psz));
}

TEST_F(overcommit, e13_plain_move_is_not_charged)
{
	size_t size = self->size + psz;

	mprotect(map_fixed(self->src + self->size, psz, 0), psz, PROT_READ);
	ASSERT_EQ(self->dst, mremap(self->src, size, size, FIXED, self->dst));
	ASSERT_EQ((int)(self->size / psz), mapping_pages(self->dst));
}

static bool set_sysctl(const char *path, int value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && dprintf(fd, "%d", value) > 0;

	close(fd);
	return done;
}

/* In strict mode, more is committed than there is. */
TEST_F(overcommit, e13_plain_move_over_the_limit)
{
	static const char mode[] = "/proc/sys/vm/overcommit_memory";
	char *got;

	if (!set_sysctl(mode, 2))
		SKIP(return, "needs root");
	got = mremap(self->src, self->size, self->size, FIXED, self->dst);
	ASSERT_TRUE(set_sysctl(mode, 0));
	ASSERT_EQ(self->dst, got);
}

/* The limit is put back by the parent, whatever happens to the test. */
FIXTURE(map_count) {
	int limit;
	int mappings;
};

static bool set_map_limit(int limit)
{
	return set_sysctl("/proc/sys/vm/max_map_count", limit);
}

FIXTURE_SETUP(map_count)
{
	char text[32];

	ASSERT_TRUE(arena_init());
	ASSERT_TRUE(slurp("/proc/sys/vm/max_map_count", text, sizeof(text)));
	self->limit = atoi(text);
	if (!set_map_limit(self->limit))
		SKIP(return, "needs to set vm.max_map_count");
	ASSERT_TRUE(layout(SRC - 1, "WWRSMPRWRR"));
	ASSERT_TRUE(layout(DST - 1, "SSSSSSSSSS"));
	self->mappings = total_mappings();
}

FIXTURE_TEARDOWN_PARENT(map_count)
{
	set_map_limit(self->limit);
}

TEST_F(map_count, e13_room)
{
	ASSERT_TRUE(set_map_limit(self->mappings + 64));
	ASSERT_TRUE(moves(SRC, DST, 8, 0));
	ASSERT_TRUE(moves(DST, SRC, 8, KEEP));
}

/* Linux 6.12 stays three below the limit. */
static int reserve(void)
{
	return kernel_is("6.12") ? 4 : 0;
}

/* The cut at its beginning is also the end of what it replaces. */
TEST_F(map_count, e13_grows_down_to_itself)
{
	ASSERT_TRUE(set_map_limit(self->mappings + 2 + reserve()));
	ASSERT_EQ(at(DST + 2), remap(DST + 5, 2, 3, FIXED, DST + 2));
}

/* Room for what one mapping needs, but not for all of them. */
TEST_F(map_count, f0_several_dontunmap)
{
	ASSERT_TRUE(set_map_limit(self->mappings + 6));
	ASSERT_TRUE(refused(ENOMEM, SRC, 8, 8, FIXED | KEEP, DST));
}

TEST_F(map_count, f0_several)
{
	ASSERT_TRUE(set_map_limit(self->mappings));
	ASSERT_TRUE(refused(ENOMEM, SRC, 8, 8, FIXED, DST));
}

TEST_F(map_count, f0_one)
{
	ASSERT_TRUE(set_map_limit(self->mappings));
	ASSERT_TRUE(refused(ENOMEM, SRC + 1, 1, 1, FIXED, DST));
}

/*
 * The number of mappings at its highest during a move, compared to what it was
 * before: one more for each end of the source that is cut off, and for each
 * stretch of the destination that is cut out of a mapping; one less for each
 * mapping that is replaced; one more for each that is kept.
 */
FIXTURE(peak) {
	int limit;
	int mappings;
};

FIXTURE_VARIANT(peak) {
	const char *source;	/* from the page before */
	const char *destination;
	int src;
	int dst;
	int pages;
	int flags;
	int peak;
};

#define PEAK(from, to, nr, how, most) {					\
	.source = (from), .destination = (to), .src = SRC, .dst = DST,	\
	.pages = (nr), .flags = (how), .peak = (most),			\
}

FIXTURE_VARIANT_ADD(peak, to_free)
	PEAK(".WRSW.", "......", 4, 0, 0);
FIXTURE_VARIANT_ADD(peak, holes_to_free)
	PEAK(".W.R.S.W.", ".........", 7, 0, 0);
FIXTURE_VARIANT_ADD(peak, ends_cut)
	PEAK("WWRSRR", "......", 4, 0, 2);
FIXTURE_VARIANT_ADD(peak, each_cuts)
	PEAK(".W.R.S.", "MMMMMMM", 5, 0, 3);
FIXTURE_VARIANT_ADD(peak, middle_cuts)
	PEAK(".W.R.S.", ".MMMMM.", 5, 0, 1);
FIXTURE_VARIANT_ADD(peak, twins)
	PEAK(".W.R.S.W.", ".M.R.M.W.", 7, 0, 0);
FIXTURE_VARIANT_ADD(peak, replaced_then_cut)
	PEAK(".W.R.S.", ".RMMMMM", 5, 0, 1);
FIXTURE_VARIANT_ADD(peak, cut_then_replaced)
	PEAK(".W.R.S.", "MMMMMSR", 5, 0, 2);
FIXTURE_VARIANT_ADD(peak, kept)
	PEAK(".WRSW.", "......", 4, KEEP, 4);
FIXTURE_VARIANT_ADD(peak, kept_over_twins)
	PEAK(".W.R.S.W.", ".M.R.M.W.", 7, KEEP, 0);
/* The end of the source is the start of the destination, and the reverse. */
FIXTURE_VARIANT_ADD(peak, touching_above) {
	.source = ".WMMMMMM", .destination = ".",
	.src = SRC, .dst = SRC + 2, .pages = 2, .peak = 1,
};

FIXTURE_VARIANT_ADD(peak, touching_below) {
	.source = ".MMMMMMW", .destination = ".",
	.src = SRC + 5, .dst = SRC + 3, .pages = 2, .peak = 1,
};

FIXTURE_SETUP(peak)
{
	char text[32];

	ASSERT_TRUE(arena_init());
	ASSERT_TRUE(slurp("/proc/sys/vm/max_map_count", text, sizeof(text)));
	self->limit = atoi(text);
	if (!set_map_limit(self->limit))
		SKIP(return, "needs to set vm.max_map_count");
	ASSERT_TRUE(layout(SRC - 1, variant->source));
	ASSERT_TRUE(layout(DST - 1, variant->destination));
	/* The kernel's vsyscall page, of x86_64, is in no process's tree. */
	self->mappings = total_mappings() -
			 !!mapping_pages((void *)-(10UL << 20));
}

FIXTURE_TEARDOWN_PARENT(peak)
{
	set_map_limit(self->limit);
}

TEST_F(peak, e13_fits)
{
	ASSERT_TRUE(set_map_limit(self->mappings + variant->peak + reserve()));
	ASSERT_EQ(0, move(variant->src, variant->dst, variant->pages,
			  variant->flags));
}

TEST_F(peak, f0_one_too_many)
{
	ASSERT_TRUE(set_map_limit(self->mappings + variant->peak + reserve() - 1));
	ASSERT_TRUE(refused(ENOMEM, variant->src, variant->pages,
			    variant->pages, FIXED | variant->flags,
			    variant->dst));
}

/* F0: a refused call has changed nothing. */

FIXTURE(refused) {
};

/* A source and a destination that cannot be moved, and why. */
FIXTURE_VARIANT(refused) {
	const char *source;
	const char *destination;
	int err;
	int old_pages;
	int new_pages;
	int flags;
};

#define REFUSED(error, src, dst, from, to, how) {			\
	.source = (src), .destination = (dst), .err = (error),		\
	.old_pages = (from), .new_pages = (to), .flags = (how),		\
}

FIXTURE_VARIANT_ADD(refused, flags)
	REFUSED(EINVAL, "WWRR", "SSMM", 4, 3, FIXED | KEEP);
FIXTURE_VARIANT_ADD(refused, new_size_zero)
	REFUSED(EINVAL, "WWRR", "SSMM", 4, 0, FIXED);
FIXTURE_VARIANT_ADD(refused, hole_at_start)
	REFUSED(EFAULT, ".WRR", "SSMM", 4, 4, FIXED);
FIXTURE_VARIANT_ADD(refused, expansion)
	REFUSED(EFAULT, "WWRR", "SSMMP", 4, 5, FIXED);
FIXTURE_VARIANT_ADD(refused, expansion_over_hole)
	REFUSED(EFAULT, "WW.R", "SSMMP", 4, 5, FIXED);
FIXTURE_VARIANT_ADD(refused, expansion_anywhere)
	REFUSED(EFAULT, "WWRR", "SSMMP", 4, 5, ANYWHERE);
FIXTURE_VARIANT_ADD(refused, plain_dontunmap)
	REFUSED(EFAULT, "WWRR", "SSMM", 4, 4, ANYWHERE | KEEP);
FIXTURE_VARIANT_ADD(refused, shrink_across)
	REFUSED(EFAULT, "WWRRSS", "SSMMPP", 6, 3, FIXED);
FIXTURE_VARIANT_ADD(refused, shrink_into_hole)
	REFUSED(EFAULT, "WW..SS", "SSMMPP", 6, 3, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_first)
	REFUSED(EPERM, "XXWWRR", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_middle)
	REFUSED(EPERM, "WWXXRR", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_last)
	REFUSED(EPERM, "WWRRXX", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_after_hole)
	REFUSED(EPERM, "WW..X.", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_dontunmap)
	REFUSED(EPERM, "WWRRXX", "SSMMPP", 6, 6, FIXED | KEEP);
FIXTURE_VARIANT_ADD(refused, sealed_one)
	REFUSED(EPERM, "XX", "SS", 2, 2, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_shrunk_off)
	REFUSED(EPERM, "WWWXXX", "SSMMPP", 6, 2, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_shrunk_in_place)
	REFUSED(EPERM, "WWWRRX", "SSMMPP", 6, 2, 0);
FIXTURE_VARIANT_ADD(refused, sealed_destination_first)
	REFUSED(EPERM, "WWRRSS", "XXMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_destination_middle)
	REFUSED(EPERM, "WWRRSS", "SSXXPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_destination_last)
	REFUSED(EPERM, "WWRRSS", "SSMMXX", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_destination_in_part)
	REFUSED(EPERM, "WW..SS", "SSXXXP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_destination_of_one)
	REFUSED(EPERM, "WWWW", "S.MX", 4, 4, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_destination_of_expansion)
	REFUSED(EPERM, "WW", "S.MX", 2, 4, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_first)
	REFUSED(EFAULT, "UUWWRR", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_middle)
	REFUSED(EFAULT, "WWUURR", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_last)
	REFUSED(EFAULT, "WWRRUU", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_last_in_part)
	REFUSED(EFAULT, "WWRRUUU", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_before_hole)
	REFUSED(EFAULT, "UUU...", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_after_hole)
	REFUSED(EFAULT, "WW..UU", "SSMMPP", 6, 6, FIXED);
FIXTURE_VARIANT_ADD(refused, armed_dontunmap)
	REFUSED(EFAULT, "WWRRUU", "SSMMPP", 6, 6, FIXED | KEEP);
FIXTURE_VARIANT_ADD(refused, armed_then_sealed)
	REFUSED(EFAULT, "WUXR", "SSMM", 4, 4, FIXED);
FIXTURE_VARIANT_ADD(refused, sealed_then_armed)
	REFUSED(EPERM, "WXUR", "SSMM", 4, 4, FIXED);

FIXTURE_SETUP(refused)
{
	ASSERT_TRUE(arena_init());
	if ((strchr(variant->source, 'X') ||
	     strchr(variant->destination, 'X')) && !have_mseal())
		SKIP(return, "needs mseal(2)");
	if (strchr(variant->source, 'U') && uffd_open(0) < 0)
		SKIP(return, "needs userfaultfd");
	ASSERT_TRUE(layout(SRC, variant->source));
	ASSERT_TRUE(layout(DST, variant->destination));
}

FIXTURE_TEARDOWN(refused)
{
}

TEST_F(refused, f0_nothing_changed)
{
	ASSERT_TRUE(refused(variant->err, SRC, variant->old_pages,
			    variant->new_pages, variant->flags, DST));
}

/* A private page right before or after a mapping, wherever there is room */
static char *map_next_to(char *addr, size_t size)
{
	const int flags = ANON | MAP_FIXED_NOREPLACE;
	char *page = mmap(addr - psz, psz, RW, flags, -1, 0);

	if (page == MAP_FAILED)
		page = mmap(addr + size, psz, RW, flags, -1, 0);
	return page;
}

/* The driver of an io_uring takes no address but the one that it chose. */
TEST_F(multi, m7_driver_refuses_address)
{
	const int entries = 1024, size = entries * sizeof(struct io_uring_sqe);
	struct io_uring_params params = {};
	int fd = syscall(__NR_io_uring_setup, entries, &params);
	char *ring, *page, *src;

	if (fd < 0)
		SKIP(return, "needs io_uring: %s", strerror(errno));
	ring = mmap(NULL, size, RW, MAP_SHARED, fd, IORING_OFF_SQES);
	ASSERT_NE(MAP_FAILED, ring);
	page = map_next_to(ring, size);
	ASSERT_NE(MAP_FAILED, page);
	*page = 1;
	src = page < ring ? page : ring;

	ASSERT_TRUE(layout(DST, "SM"));
	ASSERT_EQ(EINVAL, error_of(mremap(src, size + psz, size + psz, FIXED,
					  at(DST))));
	ASSERT_EQ(1, *page);
	ASSERT_LE(1, mapping_pages(ring));
	ASSERT_EQ(DST + 1, *at(DST));
	ASSERT_EQ(DST + 2, *at(DST + 1));
}

/* A special mapping is not to be split. */
TEST_F(multi, f0_vdso_cut)
{
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);

	if (!vdso || mapping_pages(vdso) < 2)
		SKIP(return, "needs a vDSO of two pages");
	ASSERT_NE(0, move_in(vdso, SRC + 2));
	ASSERT_TRUE(layout(SRC, "WW"));
	ASSERT_TRUE(layout(DST, "SSMM"));
	ASSERT_TRUE(refused(EINVAL, SRC, 3, 3, FIXED, DST));
}

/* U0: what is not a move of several mappings is as it was */

static bool resident(char *addr, int pages)
{
	unsigned char vec[16] = {};

	if (mincore(addr, pages * psz, vec))
		return false;
	for (int i = 0; i < pages; i++)
		if (!(vec[i] & 1))
			return false;
	return true;
}

TEST_F(multi, u0_locked_growth_is_populated_in_place)
{
	ASSERT_TRUE(layout(SRC, "LL"));
	ASSERT_EQ(at(SRC), mremap(at(SRC), 2 * psz, 6 * psz, 0));
	ASSERT_TRUE(resident(at(SRC), 6));
}

TEST_F(multi, u0_locked_growth_is_populated_elsewhere)
{
	ASSERT_TRUE(layout(SRC, "LL"));
	ASSERT_EQ(at(DST), mremap(at(SRC), 2 * psz, 6 * psz, FIXED, at(DST)));
	ASSERT_TRUE(resident(at(DST), 6));
	ASSERT_EQ(SRC + 1, *at(DST));
}

static void let_it_interrupt(int signal)
{
	(void)signal;
}

/* A signal that comes while pages of KSM are looked for leaves the destination. */
TEST_F(multi, f0_signal_while_unmerging)
{
	const struct sigaction action = { .sa_handler = let_it_interrupt };
	const struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {};
	const size_t size = 1UL << 30;
	char *src, *dst, *old;
	int error = 0;

	src = mmap(NULL, size, PROT_READ | PROT_WRITE, RESERVED, -1, 0);
	dst = mmap(NULL, size, PROT_READ, RESERVED, -1, 0);
	if (src == MAP_FAILED || dst == MAP_FAILED)
		SKIP(return, "needs more address space");
	/* A page of each page table, so that all are looked at */
	for (size_t i = 0; i < size; i += 512 * psz)
		src[i] = 1;
	if (madvise(src, size, MADV_MERGEABLE))
		SKIP(return, "needs KSM");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	/* To and fro, until one is in time */
	for (int i = 0; !error && i < 500; i++) {
		old = src;
		mmap(dst, size, PROT_READ | PROT_WRITE, RESERVED | MAP_FIXED,
		     -1, 0);
		*dst = 2;
		error = error_of(mremap(src, size, size, FIXED, dst));
		if (!error) {
			src = dst;
			dst = old;
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	if (!error)
		SKIP(return, "no signal in time");
	ASSERT_EQ(EINTR, error);
	ASSERT_EQ(1, *src);
	ASSERT_EQ(2, *dst);
}

TEST_F(multi, f0_overlap)
{
	ASSERT_TRUE(layout(SRC, "WWRRSSMM"));
	ASSERT_TRUE(refused(EINVAL, SRC, 6, 6, FIXED, SRC + 5));
	ASSERT_TRUE(refused(EINVAL, SRC + 2, 6, 6, FIXED, SRC));
}

TEST_HARNESS_MAIN
