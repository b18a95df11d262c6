// SPDX-License-Identifier: GPL-2.0-only
/* See look.h: mappings and counters. */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "look.h"
#include "model.h"

/* Differences printed of one check */
#define MOST_PRINTED	8

struct found found[MOST_PAGES];
bool found_is_old;

static int maps_fd, smaps_fd, statm_fd, status_fd;
static long base_size, base_data, base_locked;
static __u64 flags_hash;
static char text[1 << 20];

int mapping_end(int page)
{
	const int end = segment_end(page);

	do {
		page++;
	} while (page < end && found[page].mapped && !found[page].first);
	return page;
}

/* A file that is read at once */
static void sip(int fd)
{
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		err(2, "reading /proc");
	text[n] = '\0';
}

static void slurp(int fd)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, text + done, sizeof(text) - 1 - done, done);
		if (n < 0)
			err(2, "reading /proc");
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

static char *parse_range(char *line, unsigned long *start, unsigned long *end)
{
	char *p;

	*start = strtoul(line, &p, 16);
	*end = strtoul(p + 1, &p, 16);
	return p + 1;
}

/* The number of the name in [anon:n1] or [anon_shmem:n1], 0 for other texts */
static int name_of(const char *p)
{
	const char *end = strstr(p, "[anon");
	int name = 0;

	if (end)
		sscanf(end + strcspn(end, ":"), ":n%d", &name);
	return name;
}

/* False behind the arena */
static bool record(char *line)
{
	struct found f = { .mapped = true, .first = true };
	unsigned long start, end;
	char *p;
	int page;

	p = parse_range(line, &start, &end);
	page = page_of(start);
	if (page < 0)
		return start < (unsigned long)at(arena_pages - 1);
	memcpy(f.perms, p, 4);
	f.offset = strtoul(p + 5, &p, 16);
	f.inode = strtoul(strchr(p + 1, ' '), &p, 10);
	f.name = name_of(p);
	for (; start < end && page < arena_pages; start += PAGE_SIZE) {
		found[page++] = f;
		f.first = false;
		if (f.inode)
			f.offset += PAGE_SIZE;
	}
	return true;
}

/* The kernel hands out whole lines, a few dozen at once. */
void look(void)
{
	bool more = true;
	char *next, *line;
	off_t done = 0;
	ssize_t n;

	memset(found, 0, arena_pages * sizeof(found[0]));
	while (more) {
		n = pread(maps_fd, text, sizeof(text) - 1, done);
		if (n <= 0)
			err(2, "reading /proc/self/maps");
		text[n] = '\0';
		done += n;
		for (next = text; more && (line = next_line(&next));)
			more = record(line);
	}
}

static void expect(const struct page *p, struct found *want)
{
	memset(want, 0, sizeof(*want));
	want->mapped = is_mapped(p);
	if (!want->mapped)
		return;
	want->name = p->name;
	want->perms[0] = p->prot & PROT_READ ? 'r' : '-';
	want->perms[1] = p->prot & PROT_WRITE ? 'w' : '-';
	want->perms[2] = p->prot & PROT_EXEC ? 'x' : '-';
	want->perms[3] = is_shared(p) ? 's' : 'p';
	if (!has_object(p))
		return;
	want->offset = p->index * PAGE_SIZE;
	want->inode = objects[p->object].inode;
}

static void describe(const struct found *f, char *buf, size_t size)
{
	if (f->mapped)
		snprintf(buf, size, "%s offset %#lx inode %lu name %d",
			 f->perms, f->offset, f->inode, f->name);
	else
		snprintf(buf, size, "nothing");
}

static bool check_mapping(int page)
{
	const struct page *p = &model[page];
	const struct found *f = &found[page];
	char wanted[80], got[80];
	struct found want;

	if (f->mapped && has_object(p) && !objects[p->object].inode)
		objects[p->object].inode = f->inode;
	expect(p, &want);
	if (want.mapped == f->mapped && want.offset == f->offset &&
	    want.inode == f->inode && want.name == f->name &&
	    !memcmp(want.perms, f->perms, 4))
		return true;
	describe(&want, wanted, sizeof(wanted));
	describe(f, got, sizeof(got));
	printf("page %d: expected %s, found %s\n", page, wanted, got);
	return false;
}

bool check_mappings(void)
{
	int wrong = 0;

	for (int i = 0; i < arena_pages && wrong < MOST_PRINTED; i++)
		wrong += !check_mapping(i);
	return !wrong;
}

static bool check_trait(int page, const char *flags, int trait)
{
	static const char * const names[NR_TRAITS] = {
		" lo", " sl", " um", " dd", " dc", " wf", " mg", " hg", " nh",
		" sr", " rr",
	};
	bool want = model[page].traits & 1 << trait;

	if (!!strstr(flags, names[trait]) == want)
		return true;
	printf("page %d: flag%s %s\n", page, names[trait],
	       want ? "missing" : "unexpected");
	return false;
}

static bool check_traits_of(unsigned long start, unsigned long end,
			    const char *flags)
{
	int page = page_of(start);
	__u16 known = page < 0 ? 0 : ~model[page].traits;
	bool good = true;

	if (page < 0)
		return true;
	for (const char *p = flags; *p; p++)
		flags_hash = mix(flags_hash, *p);
	for (; start < end && good; page++, start += PAGE_SIZE) {
		if (known == model[page].traits)
			continue;
		known = model[page].traits;
		for (int i = 0; i < NR_TRAITS; i++)
			good &= check_trait(page, flags, i);
	}
	return good;
}

bool check_traits(void)
{
	unsigned long start = 0, end = 0;
	char *next = text, *line;
	int wrong = 0;

	flags_hash = 0;
	slurp(smaps_fd);
	while ((line = next_line(&next))) {
		if (*line < 'A' || *line > 'Z')
			parse_range(line, &start, &end);
		else if (!strncmp(line, "VmFlags:", 8))
			wrong += !check_traits_of(start, end, line);
	}
	return !wrong;
}

__u64 hash_of_flags(void)
{
	return flags_hash;
}

static long field(const char *name)
{
	const char *p = strstr(text, name);

	if (!p)
		errx(2, "no %s", name);
	return atol(p + strlen(name));
}

static void read_size(long *size, long *data)
{
	sip(statm_fd);
	if (sscanf(text, "%ld %*d %*d %*d %*d %ld", size, data) != 2)
		errx(2, "/proc/self/statm: %s", text);
}

long read_pages(const char *name)
{
	sip(status_fd);
	return field(name) * 1024 / (long)PAGE_SIZE;
}

static void count_model(long *size, long *data, long *locked)
{
	*size = *data = *locked = 0;
	for (int i = 0; i < arena_pages; i++) {
		const struct page *p = &model[i];

		*size += is_mapped(p);
		*data += p->prot & PROT_WRITE && !is_shared(p);
		*locked += !!(p->traits & LOCKED);
	}
}

static bool check_counter(const char *name, long want, long got)
{
	if (want != got)
		printf("%s: expected %ld pages, found %ld\n", name, want, got);
	return want == got;
}

bool check_size(void)
{
	long size, data, locked, got_size, got_data;

	read_size(&got_size, &got_data);
	count_model(&size, &data, &locked);
	return check_counter("VmSize", base_size + size, got_size) &
	       check_counter("VmData", base_data + data, got_data);
}

bool check_locked(void)
{
	long size, data, locked;

	count_model(&size, &data, &locked);
	return check_counter("VmLck", base_locked + locked, read_pages("VmLck:"));
}

long committed(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	sip(fd);
	return field("Committed_AS:");
}

static int reopen(int old, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(2, "%s", path);
	if (old)
		close(old);
	return fd;
}

void open_state(void)
{
	long size, data, locked;

	maps_fd = reopen(maps_fd, "/proc/self/maps");
	smaps_fd = reopen(smaps_fd, "/proc/self/smaps");
	statm_fd = reopen(statm_fd, "/proc/self/statm");
	status_fd = reopen(status_fd, "/proc/self/status");
	open_mem();
	count_model(&size, &data, &locked);
	read_size(&base_size, &base_data);
	base_size -= size;
	base_data -= data;
	base_locked = read_pages("VmLck:") - locked;
}

void print_maps(void)
{
	unsigned long start, end;
	char *next = text, *line;

	slurp(maps_fd);
	while ((line = next_line(&next))) {
		parse_range(line, &start, &end);
		if (page_of(start) >= 0)
			printf("%4d-%-4d %s\n", page_of(start),
			       page_of(end - PAGE_SIZE), line);
	}
}
