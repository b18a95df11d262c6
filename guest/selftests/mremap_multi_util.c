// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of moves of several mappings stand on: a private stretch of
 * address space, mappings drawn as strings, and snapshots of both.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest.h"
#include "mremap_multi_util.h"

#ifndef __NR_mseal
#define __NR_mseal 462
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Free space kept on both sides of the arena, for what libc maps. */
#define RESERVE	(128UL << 20)

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define SHMEM	(MAP_SHARED | MAP_ANONYMOUS)

size_t psz;

static char *arena;
static int memfd, exe_fd, mem_fd, pagemap_fd, arena_uffd;
static __u64 zero_sum;
static char text[1 << 20];

enum backing { NO_FILE, MEMFD, EXE };

static const struct kind {
	char letter;
	int prot;
	int flags;
	enum backing backing;
	bool written;
	int advice;
	const char *name;
} kinds[] = {
#define KIND(l, p, f, ...) \
	{ .letter = (l), .prot = (p), .flags = (f), ##__VA_ARGS__ }
	KIND('w', RW, ANON),
	KIND('W', RW, ANON, .written = true),
	KIND('r', PROT_READ, ANON),
	KIND('R', PROT_READ, ANON, .written = true),
	KIND('N', PROT_NONE, ANON, .written = true),
	KIND('s', RW, SHMEM),
	KIND('S', RW, SHMEM, .written = true),
	KIND('m', RW, MAP_SHARED, .backing = MEMFD),
	KIND('M', RW, MAP_SHARED, .backing = MEMFD, .written = true),
	KIND('p', RW, MAP_PRIVATE, .backing = MEMFD),
	KIND('P', RW, MAP_PRIVATE, .backing = MEMFD, .written = true),
	KIND('e', PROT_READ, MAP_PRIVATE, .backing = EXE),
	KIND('x', PROT_READ, MAP_SHARED, .backing = EXE),
	KIND('L', RW, ANON, .written = true),
	KIND('O', RW, ANON),
	KIND('D', RW, ANON, .written = true, .advice = MADV_DONTDUMP),
	KIND('K', RW, ANON, .written = true, .advice = MADV_DONTFORK),
	KIND('Z', RW, ANON, .written = true, .advice = MADV_WIPEONFORK),
	KIND('A', RW, ANON, .written = true, .name = "alpha"),
	KIND('B', RW, ANON, .written = true, .name = "beta"),
	KIND('X', RW, ANON, .written = true),
	KIND('U', RW, ANON, .written = true),
#undef KIND
};

static bool fail(const char *what, int page)
{
	ksft_print_msg("%s, page %d: %s\n", what, page, strerror(errno));
	return false;
}

char *at(int page)
{
	return arena + page * psz;
}

static __u64 sum_of(const void *data)
{
	const __u64 *word = data;
	__u64 sum = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < psz / sizeof(*word); i++)
		sum = (sum ^ word[i]) * 0x100000001b3ULL;
	return sum;
}

static bool fill_memfd(void)
{
	char *p = mmap(NULL, ARENA_TWIN * psz, RW, MAP_SHARED, memfd, 0);

	if (p == MAP_FAILED)
		return false;
	for (int i = 0; i < ARENA_TWIN; i++)
		memset(p + i * psz, 0x80 + i, psz);
	return !munmap(p, ARENA_TWIN * psz);
}

bool arena_init(void)
{
	size_t size;
	char *p;

	psz = sysconf(_SC_PAGESIZE);
	size = 2 * RESERVE + ARENA_PAGES * psz;

	memfd = memfd_create("mremap_multi", MFD_CLOEXEC);
	exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (memfd < 0 || exe_fd < 0 || mem_fd < 0 || pagemap_fd < 0)
		return fail("arena files", 0);
	if (ftruncate(memfd, ARENA_TWIN * psz) || !fill_memfd())
		return fail("memfd", 0);

	p = calloc(1, psz);
	if (!p)
		return fail("calloc", 0);
	zero_sum = sum_of(p);
	free(p);

	arena_uffd = -1;
	p = mmap(NULL, size, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED || munmap(p, size))
		return fail("arena", 0);
	arena = p + RESERVE;
	return true;
}

bool have_mseal(void)
{
	return !syscall(__NR_mseal, 0UL, 0UL, 0UL);
}

static bool set_name(void *addr, size_t size, const char *name)
{
	return !prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, size, name);
}

bool have_anon_names(void)
{
	void *p = mmap(NULL, psz, RW, ANON, -1, 0);
	bool have = p != MAP_FAILED && set_name(p, psz, "probe");

	munmap(p, psz);
	return have;
}

int uffd_open(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool uffd_arm(int uffd, int page, int pages)
{
	struct uffdio_register reg = {
		.range = {
			.start = (unsigned long)at(page),
			.len = pages * psz,
		},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return !ioctl(uffd, UFFDIO_REGISTER, &reg);
}

/* What a mapping of this letter needs beyond its mmap(). */
static bool finish_run(const struct kind *k, int page, int pages)
{
	size_t size = pages * psz;

	switch (k->letter) {
	case 'L':
		return !mlock(at(page), size);
	case 'O':
		return !syscall(__NR_mlock2, at(page), size, MLOCK_ONFAULT);
	case 'X':
		return !syscall(__NR_mseal, at(page), size, 0UL);
	case 'U':
		if (arena_uffd < 0)
			arena_uffd = uffd_open(0);
		return uffd_arm(arena_uffd, page, pages);
	}
	if (k->advice)
		return !madvise(at(page), size, k->advice);
	if (k->name)
		return set_name(at(page), size, k->name);
	return true;
}

static bool map_run(const struct kind *k, int page, int pages)
{
	const int fds[] = { [NO_FILE] = -1, [MEMFD] = memfd, [EXE] = exe_fd };
	off_t offset = k->backing ? page % ARENA_TWIN * psz : 0;
	int prot = k->written ? RW : k->prot;
	size_t size = pages * psz;

	if (mmap(at(page), size, prot, k->flags | MAP_FIXED,
		 fds[k->backing], offset) != at(page))
		return fail("mmap", page);
	for (int i = 0; k->written && i < pages; i++)
		memset(at(page + i), (page + i) % ARENA_TWIN + 1, psz);
	if (prot != k->prot && mprotect(at(page), size, k->prot))
		return fail("mprotect", page);
	if (!finish_run(k, page, pages))
		return fail("setup of a mapping", page);
	return true;
}

static const struct kind *kind_of(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == letter)
			return &kinds[i];
	ksft_exit_fail_msg("no mapping is drawn as '%c'\n", letter);
}

bool layout(int page, const char *what)
{
	while (*what) {
		int pages = 1;

		while (what[pages] == *what)
			pages++;
		if (*what != '.' && !map_run(kind_of(*what), page, pages))
			return false;
		what += pages;
		page += pages;
	}
	return true;
}

static bool is_present(int page)
{
	off_t offset = (uintptr_t)at(page) / psz * sizeof(__u64);
	__u64 entry;

	if (pread(pagemap_fd, &entry, sizeof(entry), offset) != sizeof(entry))
		return true;
	return entry >> 62;	/* in memory or swapped out */
}

/* An absent anonymous page is left alone: it is known to be empty. */
static void read_page(struct arena_page *p, int page, const struct mapping *m)
{
	static __u64 buf[65536 / sizeof(__u64)];

	if (m->perms[3] == 'p' && !m->inode && !is_present(page))
		p->sum = zero_sum;
	else if (pread(mem_fd, buf, psz, (off_t)(uintptr_t)at(page)) ==
		 (ssize_t)psz)
		p->sum = sum_of(buf);
}

static void record(const struct mapping *m, void *arg)
{
	struct arena_state *s = arg;

	for (int i = 0; i < ARENA_PAGES; i++) {
		struct arena_page *p = &s->page[i];
		unsigned long addr = (unsigned long)at(i);
		unsigned long offset = 0;

		if (addr < m->start || addr >= m->end)
			continue;
		if (m->inode)
			offset = m->offset + addr - m->start;
		p->mapped = true;
		p->first = addr == m->start;
		snprintf(p->attr, sizeof(p->attr), "%s %lx %s %lu %s:%s",
			 m->perms, offset, m->dev, m->inode, m->name, m->flags);
		read_page(p, i, m);
	}
}

bool snapshot(struct arena_state *s)
{
	memset(s, 0, sizeof(*s));
	if (!slurp("/proc/self/status", text, sizeof(text)))
		return fail("status", 0);
	s->vm_size = field_kb(text, "VmSize:") * 1024 / (long)psz;
	s->vm_data = field_kb(text, "VmData:") * 1024 / (long)psz;
	s->vm_lck = field_kb(text, "VmLck:") * 1024 / (long)psz;

	return walk_mappings(record, s) || fail("smaps", 0);
}

int mapping_pages(const void *addr)
{
	struct mapping m;
	char *line, *save;

	if (!slurp("/proc/self/maps", text, sizeof(text)))
		return 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (parse_mapping(line, &m) && (uintptr_t)addr >= m.start &&
		    (uintptr_t)addr < m.end)
			return (m.end - (uintptr_t)addr) / psz;
	return 0;
}

int total_mappings(void)
{
	int count = 0;

	if (!slurp("/proc/self/maps", text, sizeof(text)))
		return -1;
	for (const char *p = text; *p; p++)
		count += *p == '\n';
	return count;
}

int count_mappings(const struct arena_state *s, int page, int pages)
{
	int count = 0;

	for (int i = page; i < page + pages; i++)
		if (s->page[i].mapped)
			count += s->page[i].first || i == page;
	return count;
}

static bool same_page(const struct arena_page *want,
		      const struct arena_page *got, int page)
{
	if (want->mapped != got->mapped || strcmp(want->attr, got->attr)) {
		ksft_print_msg("page %d: expected '%s', got '%s'\n", page,
			       want->mapped ? want->attr : "hole",
			       got->mapped ? got->attr : "hole");
		return false;
	}
	if (!want->any_data && want->sum != got->sum) {
		ksft_print_msg("page %d: contents differ\n", page);
		return false;
	}
	return true;
}

static bool same_start(const struct arena_page *want,
		       const struct arena_page *got, int page)
{
	if (want->first == got->first)
		return true;
	ksft_print_msg("page %d: a mapping should %sbegin here\n", page,
		       want->first ? "" : "not ");
	return false;
}

bool unchanged(const struct arena_state *before,
	       const struct arena_state *after)
{
	bool same = true;

	for (int i = 0; i < ARENA_PAGES; i++)
		same &= same_page(&before->page[i], &after->page[i], i) &&
			same_start(&before->page[i], &after->page[i], i);

	if (before->vm_size != after->vm_size ||
	    before->vm_data != after->vm_data ||
	    before->vm_lck != after->vm_lck) {
		ksft_print_msg("size %ld -> %ld, data %ld -> %ld, locked %ld -> %ld\n",
			       before->vm_size, after->vm_size,
			       before->vm_data, after->vm_data,
			       before->vm_lck, after->vm_lck);
		same = false;
	}
	return same;
}

/*
 * The first half may have merged more: its destination was unmapped at once,
 * not piece by piece between the moves.
 */
bool twins_alike(const struct arena_state *s)
{
	bool same = true;

	for (int i = 0; i < ARENA_TWIN; i++) {
		const struct arena_page *twin = &s->page[i + ARENA_TWIN];

		same &= same_page(twin, &s->page[i], i);
		if (s->page[i].first && !twin->first) {
			ksft_print_msg("page %d: not merged\n", i);
			same = false;
		}
	}
	return same;
}

void *remap(int src, int old_pages, int new_pages, int flags, int dst)
{
	return mremap(at(src), old_pages * psz, new_pages * psz, flags,
		      at(dst));
}

int move(int src, int dst, int pages, int flags)
{
	flags |= MREMAP_MAYMOVE | MREMAP_FIXED;
	if (remap(src, pages, pages, flags, dst) == at(dst))
		return 0;
	return errno ? errno : -1;
}

int move_one_by_one(int src, int dst, int pages, int flags)
{
	static struct arena_state s;
	int err = snapshot(&s) ? 0 : EIO;

	for (int i = 0, n; i < pages && !err; i += n) {
		const struct arena_page *p = &s.page[src + i];

		for (n = 1; i + n < pages && p[n].mapped && !p[n].first; n++)
			;
		if (p->mapped)
			err = move(src + i, dst + i, n, flags);
	}
	return err;
}

void drop_flag(char *attr, const char *flag)
{
	char *p = strstr(attr, flag);

	if (p)
		memmove(p, p + strlen(flag), strlen(p + strlen(flag)) + 1);
}

/* What MREMAP_DONTUNMAP leaves behind. */
static void empty_page(struct arena_page *p)
{
	drop_flag(p->attr, " lo");
	drop_flag(p->attr, " lf");
	if (p->attr[3] == 's')
		return;
	p->any_data = !strstr(p->attr, " 00:00 0 ");
	p->sum = zero_sum;
}

static void expect_move(const struct arena_state *before,
			struct arena_state *want, int src, int dst, int pages,
			bool keep_source)
{
	*want = *before;
	for (int i = 0; i < pages; i++) {
		if (!before->page[src + i].mapped)
			continue;
		want->page[dst + i] = before->page[src + i];
		if (keep_source)
			empty_page(&want->page[src + i]);
		else
			memset(&want->page[src + i], 0,
			       sizeof(want->page[src + i]));
	}
}

/* Let the counters of @want follow from its pages and those of @before. */
static void expect_counters(const struct arena_state *before,
			    struct arena_state *want)
{
	for (int sign = -1; sign <= 1; sign += 2) {
		const struct arena_state *s = sign < 0 ? before : want;

		for (int i = 0; i < ARENA_PAGES; i++) {
			const struct arena_page *p = &s->page[i];

			if (!p->mapped)
				continue;
			want->vm_size += sign;
			if (p->attr[1] == 'w' && p->attr[3] == 'p')
				want->vm_data += sign;
			if (strstr(p->attr, " lo"))
				want->vm_lck += sign;
		}
	}
}

bool moves(int src, int dst, int pages, int flags)
{
	static struct arena_state before, want, after;
	int err;

	if (!snapshot(&before))
		return false;
	err = move(src, dst, pages, flags);
	if (err) {
		ksft_print_msg("mremap: %s\n", strerror(err));
		return false;
	}
	if (!snapshot(&after))
		return false;

	expect_move(&before, &want, src, dst, pages, flags & MREMAP_DONTUNMAP);
	expect_counters(&before, &want);
	/* A move may merge mappings: where they begin is not looked at. */
	for (int i = 0; i < ARENA_PAGES; i++)
		want.page[i].first = after.page[i].first;
	return unchanged(&want, &after);
}

bool refused(int err, int src, int old_pages, int new_pages, int flags,
	     int dst)
{
	static struct arena_state before, after;
	void *ret;
	int got;

	if (!snapshot(&before))
		return false;
	ret = remap(src, old_pages, new_pages, flags, dst);
	got = ret == MAP_FAILED ? errno : 0;
	if (got != err)
		ksft_print_msg("mremap: expected '%s', got '%s'\n",
			       strerror(err), strerror(got));
	if (!snapshot(&after))
		return false;
	return unchanged(&before, &after) && got == err;
}

bool usable(int page, int pages)
{
	static struct arena_state s;
	char ends[2];

	if (!snapshot(&s))
		return false;
	for (int i = page; i < page + pages; i++) {
		if (!s.page[i].mapped || s.page[i].attr[1] != 'w')
			continue;
		memset(at(i), 0x55, psz);
		if (pread(mem_fd, ends, 1, (off_t)(uintptr_t)at(i)) != 1 ||
		    pread(mem_fd, ends + 1, 1,
			  (off_t)(uintptr_t)at(i + 1) - 1) != 1 ||
		    ends[0] != 0x55 || ends[1] != 0x55)
			return fail("written page", i);
	}
	return true;
}
