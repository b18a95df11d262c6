// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model that soak holds the kernel to: an entry for each page of the arena,
 * which says what is mapped there and what it contains.
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

/* Differences printed of one check */
#define MOST_PRINTED	8

/*
 * Page tables come and go with what the segments hold, as each has some of its
 * own: the first lies around a multiple of 1 GiB, the second around one of
 * 2 MiB. All are below the 512 GiB that user-mode Linux may be limited to.
 */
static const struct segment {
	int first, end;
	unsigned long addr;
} segments[] = {
	{ 0, 96, 0x1040000000UL - 48 * PAGE_SIZE },
	{ 96, 160, 0x1100200000UL - 32 * PAGE_SIZE },
	{ 160, ARENA_PAGES, 0x1200000000UL },
};

struct object {
	unsigned long inode;	/* 0 if it is not known yet */
	__u64 stamp[FILE_PAGES];
};

struct counters {
	long size, data, locked;
};

struct page model[ARENA_PAGES];
struct found found[ARENA_PAGES];
int shared_file, private_file;
bool in_child;

static struct object objects[NR_OBJECTS];
static struct counters base;
static bool only_in_mem;
static int maps_fd, smaps_fd, statm_fd, status_fd, mem_fd;
static char text[1 << 20];

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

int segment_start(int page)
{
	return segment_of(page)->first;
}

int segment_end(int page)
{
	return segment_of(page)->end;
}

int page_of(const void *addr)
{
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		const struct segment *s = &segments[i];
		unsigned long page = ((unsigned long)addr - s->addr) /
				     PAGE_SIZE;

		if (page < (unsigned long)(s->end - s->first))
			return s->first + page;
	}
	return -1;
}

bool is_shared(enum kind kind)
{
	return kind == SHARED_ANON || kind == SHARED_FILE;
}

static bool has_object(const struct page *p)
{
	return p->kind != HOLE && p->kind != ANON;
}

int free_object(void)
{
	bool used[NR_OBJECTS] = { [SHARED_OBJECT] = true,
				  [PRIVATE_OBJECT] = true };
	int object = 0;

	for (int i = 0; i < ARENA_PAGES; i++)
		if (has_object(&model[i]))
			used[model[i].object] = true;
	while (used[object])
		object++;
	memset(&objects[object], 0, sizeof(objects[object]));
	return object;
}

/* What is in the page */
static __u64 contents(const struct page *p)
{
	if (p->stamp)
		return p->stamp;
	return has_object(p) ? objects[p->object].stamp[p->index] : 0;
}

void model_unmap(int page, int pages)
{
	memset(&model[page], 0, pages * sizeof(model[0]));
}

static bool write_stamp(char *to, __u64 stamp)
{
	off_t offset = (unsigned long)to;

	if (only_in_mem)
		return pwrite(mem_fd, &stamp, sizeof(stamp), offset) ==
		       sizeof(stamp);
	__atomic_store_n((__u64 *)to, stamp, __ATOMIC_RELAXED);
	return true;
}

bool write_page(int page, __u64 stamp)
{
	struct page *p = &model[page];
	char *to = at(page);

	if (!write_stamp(to, stamp) ||
	    !write_stamp(to + PAGE_SIZE - sizeof(stamp), stamp))
		return false;
	if (is_shared(p->kind))
		objects[p->object].stamp[p->index] = stamp;
	else
		p->stamp = stamp;
	return true;
}

void model_move(int src, int dst, int pages, bool keep_source)
{
	for (int i = 0; i < pages; i++) {
		struct page *p = &model[src + i];

		if (p->kind == HOLE)
			continue;
		model[dst + i] = *p;
		p->locked = false;
		p->stamp = 0;
		if (!keep_source)
			model_unmap(src + i, 1);
	}
}

void settle_failed_move(int src, int dst, int pages)
{
	for (int i = 0; i < pages; i++)
		if (model[src + i].kind != HOLE && !found[dst + i].mapped)
			model_unmap(dst + i, 1);
}

static void slurp(int fd)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, text + done, sizeof(text) - 1 - done, done);
		if (n < 0)
			err(2, "reading /proc/self");
		done += n;
	} while (n);
	text[done] = '\0';
}

/* Where the line of text at *next ends is made the end of a string. */
static char *next_line(char **next)
{
	char *line = *next, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*next = end + 1;
	return line;
}

static char *parse_range(char *line, char **start, char **end)
{
	char *p;

	*start = (char *)strtoul(line, &p, 16);
	*end = (char *)strtoul(p + 1, &p, 16);
	return p + 1;
}

static void record(char *line)
{
	struct found f = { .mapped = true, .first = true };
	char *start, *end, *p;
	int page;

	p = parse_range(line, &start, &end);
	page = page_of(start);
	if (page < 0)
		return;
	memcpy(f.perms, p, 4);
	f.offset = strtoul(p + 5, &p, 16);
	f.inode = strtoul(strchr(p + 1, ' '), NULL, 10);
	for (; start < end && page < ARENA_PAGES; start += PAGE_SIZE) {
		found[page++] = f;
		f.first = false;
		if (f.inode)
			f.offset += PAGE_SIZE;
	}
}

void look(void)
{
	char *next = text, *line;

	memset(found, 0, sizeof(found));
	slurp(maps_fd);
	while ((line = next_line(&next)))
		record(line);
}

static void expect(const struct page *p, struct found *want)
{
	struct object *object = &objects[p->object];

	memset(want, 0, sizeof(*want));
	want->mapped = p->kind != HOLE;
	if (!want->mapped)
		return;
	want->perms[0] = p->prot & PROT_READ ? 'r' : '-';
	want->perms[1] = p->prot & PROT_WRITE ? 'w' : '-';
	want->perms[2] = p->prot & PROT_EXEC ? 'x' : '-';
	want->perms[3] = is_shared(p->kind) ? 's' : 'p';
	if (!has_object(p))
		return;
	want->offset = p->index * PAGE_SIZE;
	want->inode = object->inode;
}

static void describe(const struct found *f, char *buf, size_t size)
{
	if (f->mapped)
		snprintf(buf, size, "%s offset %#lx inode %lu", f->perms,
			 f->offset, f->inode);
	else
		snprintf(buf, size, "nothing");
}

static bool check_mapping(int page)
{
	const struct page *p = &model[page];
	const struct found *f = &found[page];
	char wanted[64], got[64];
	struct found want;

	if (f->mapped && has_object(p) && !objects[p->object].inode)
		objects[p->object].inode = f->inode;
	expect(p, &want);
	if (want.mapped == f->mapped && want.offset == f->offset &&
	    want.inode == f->inode && !memcmp(want.perms, f->perms, 4))
		return true;
	describe(&want, wanted, sizeof(wanted));
	describe(f, got, sizeof(got));
	printf("page %d: expected %s, found %s\n", page, wanted, got);
	return false;
}

bool check_mappings(void)
{
	int wrong = 0;

	for (int i = 0; i < ARENA_PAGES && wrong < MOST_PRINTED; i++)
		wrong += !check_mapping(i);
	return !wrong;
}

static bool check_flag(int page, const char *flags, const char *name, bool want)
{
	if (!!strstr(flags, name) == want)
		return true;
	printf("page %d: flag%s %s\n", page, name,
	       want ? "missing" : "unexpected");
	return false;
}

static bool check_flags_of(char *start, char *end, const char *flags)
{
	int page = page_of(start);
	bool good = true;

	for (; page >= 0 && start < end && good; page++, start += PAGE_SIZE) {
		const struct page *p = &model[page];

		good = check_flag(page, flags, " lo", p->locked) &&
		       check_flag(page, flags, " dd", p->dontdump) &&
		       check_flag(page, flags, " dc", p->dontfork);
	}
	return good;
}

bool check_flags(void)
{
	char *next = text, *line, *start = NULL, *end = NULL;
	int wrong = 0;

	slurp(smaps_fd);
	while ((line = next_line(&next))) {
		if (*line < 'A' || *line > 'Z')
			parse_range(line, &start, &end);
		else if (!strncmp(line, "VmFlags:", 8))
			wrong += !check_flags_of(start, end, line);
	}
	return !wrong;
}

static void read_counters(struct counters *c)
{
	static const char field[] = "VmLck:";
	char *p;

	slurp(statm_fd);
	if (sscanf(text, "%ld %*d %*d %*d %*d %ld", &c->size, &c->data) != 2)
		errx(2, "/proc/self/statm: %s", text);
	slurp(status_fd);
	p = strstr(text, field);
	if (!p)
		errx(2, "no %s", field);
	c->locked = atol(p + strlen(field)) * 1024 / (long)PAGE_SIZE;
}

static void count_model(struct counters *c)
{
	memset(c, 0, sizeof(*c));
	for (int i = 0; i < ARENA_PAGES; i++) {
		const struct page *p = &model[i];

		c->size += p->kind != HOLE;
		c->data += p->prot & PROT_WRITE && !is_shared(p->kind);
		c->locked += p->locked;
	}
}

static bool check_counter(const char *name, long want, long got)
{
	if (want != got)
		printf("%s: expected %ld pages, found %ld\n", name, want, got);
	return want == got;
}

bool check_counters(void)
{
	struct counters want, got;

	read_counters(&got);
	count_model(&want);
	return check_counter("VmSize", base.size + want.size, got.size) &
	       check_counter("VmData", base.data + want.data, got.data) &
	       check_counter("VmLck", base.locked + want.locked, got.locked);
}

static bool check_stamps(int page, const __u64 *first, const __u64 *last)
{
	__u64 want = contents(&model[page]);
	__u64 start = __atomic_load_n(first, __ATOMIC_RELAXED);
	__u64 end = __atomic_load_n(last, __ATOMIC_RELAXED);

	if (start == want && end == want)
		return true;
	printf("page %d: expected contents %#llx, found %#llx and %#llx\n", page,
	       want, start, end);
	return false;
}

static bool check_page(int page, const char *data)
{
	return check_stamps(page, (const void *)data,
			    (const void *)(data + PAGE_SIZE - 8));
}

static bool check_in_mem(int page, int pages)
{
	static __u64 buf[ARENA_PAGES * PAGE_SIZE / 8];
	ssize_t size = pages * PAGE_SIZE;
	bool good = true;

	if (pread(mem_fd, buf, size, (off_t)at(page)) != size) {
		printf("page %d and %d more: not readable\n", page, pages - 1);
		return false;
	}
	for (int i = 0; i < pages; i++)
		good &= check_page(page + i, (char *)buf + i * PAGE_SIZE);
	return good;
}

/* Others may write to shared memory: a child does not know what is in it. */
static bool must_check(const struct page *p, bool untouched)
{
	if (p->kind == HOLE || (in_child && is_shared(p->kind)))
		return false;
	return untouched || p->stamp || is_shared(p->kind);
}

bool check_contents(int page, int pages, bool untouched, bool directly)
{
	const int end = page + pages;
	int segment = segment_end(page);
	bool good = true;
	int n;

	for (; page < end; page += n) {
		n = 1;
		if (!must_check(&model[page], untouched))
			continue;
		if (directly && !only_in_mem && model[page].prot & PROT_READ) {
			good &= check_page(page, at(page));
			continue;
		}
		if (page >= segment)
			segment = segment_end(page);
		while (page + n < end && page + n < segment &&
		       must_check(&model[page + n], untouched))
			n++;
		good &= check_in_mem(page, n);
	}
	return good;
}

void print_maps(void)
{
	char *next = text, *line, *start, *end;

	slurp(maps_fd);
	while ((line = next_line(&next))) {
		parse_range(line, &start, &end);
		if (page_of(start) < 0)
			continue;
		printf("%3d-%-3d %s\n", page_of(start),
		       page_of(end - PAGE_SIZE), line);
	}
}

static int open_own(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

static void open_state(void)
{
	maps_fd = open_own("/proc/self/maps");
	smaps_fd = open_own("/proc/self/smaps");
	statm_fd = open_own("/proc/self/statm");
	status_fd = open_own("/proc/self/status");
	mem_fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (mem_fd < 0)
		err(2, "/proc/self/mem");
}

static void close_state(void)
{
	close(maps_fd);
	close(smaps_fd);
	close(statm_fd);
	close(status_fd);
	close(mem_fd);
}

/*
 * User-mode Linux up to 6.12 at least lets a process see what it had at an
 * address before, if a call frees the page table there and makes a new one.
 */
static bool is_user_mode_linux(void)
{
	int fd = open_own("/proc/cpuinfo");

	slurp(fd);
	close(fd);
	return strstr(text, "User Mode Linux");
}

static int create_file(const char *name, struct object *object)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	struct stat st;

	if (fd < 0 || ftruncate(fd, FILE_PAGES * PAGE_SIZE) || fstat(fd, &st))
		err(2, "file %s", name);
	object->inode = st.st_ino;
	return fd;
}

/* Give the private file contents of its own, which never change. */
static void fill_private_file(struct object *object)
{
	for (unsigned long i = 0; i < FILE_PAGES; i++) {
		__u64 *stamp = &object->stamp[i];
		off_t offset = i * PAGE_SIZE;

		*stamp = 0x00f11e0000000000UL + i;
		if (pwrite(private_file, stamp, 8, offset) != 8 ||
		    pwrite(private_file, stamp, 8, offset + PAGE_SIZE - 8) != 8)
			err(2, "writing a file");
	}
}

static void find_base(void)
{
	struct counters c;

	read_counters(&base);
	count_model(&c);
	base.size -= c.size;
	base.data -= c.data;
	base.locked -= c.locked;
}

void model_init(void)
{
	only_in_mem = is_user_mode_linux();
	shared_file = create_file("shared", &objects[SHARED_OBJECT]);
	private_file = create_file("private", &objects[PRIVATE_OBJECT]);
	fill_private_file(&objects[PRIVATE_OBJECT]);
	open_state();
	find_base();
	look();
	if (!check_mappings())
		errx(2, "the arena is not empty");
}

void model_init_child(void)
{
	in_child = true;
	close_state();
	open_state();
	for (int i = 0; i < ARENA_PAGES; i++) {
		if (model[i].dontfork)
			model_unmap(i, 1);
		model[i].locked = false;
	}
	find_base();
}
