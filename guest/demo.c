// SPDX-License-Identifier: GPL-2.0-only
/*
 * Show one mremap() call moving a range that holds many mappings.
 *
 * Two areas are laid out: the source with one mapping of each kind, and the
 * destination with pages in the way. They are drawn as /proc/self/smaps tells
 * them, moved by one call, drawn again, and compared page by page.
 *
 * With the argument "sealed", one of the mappings is sealed before.
 *
 * The last line is "result: moved" or "result: refused" (the kernel cannot do
 * it, and the source is as it was); if one is sealed, "result: untouched" or
 * "result: half done"; all with exit status 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define PAGE_SIZE	4096UL

#ifndef __NR_mseal
#define __NR_mseal	462
#endif

/* Far from all other mappings, below the 512 GiB that UML may be limited to */
#define SOURCE_AREA	0x1000000000UL
#define DEST_AREA	0x2000000000UL
#define AREA_PAGES	19

/* The range to move, within its area: it cuts the first and last mapping */
#define FIRST_PAGE	1
#define RANGE_PAGES	17
#define END_PAGE	(FIRST_PAGE + RANGE_PAGES)
#define RANGE_SIZE	(RANGE_PAGES * PAGE_SIZE)
#define SOURCE		(SOURCE_AREA + FIRST_PAGE * PAGE_SIZE)
#define DEST		(DEST_AREA + FIRST_PAGE * PAGE_SIZE)

/* In the source: that which is locked */
#define SEALED_PAGE	13UL
#define NR_SEALED	2UL

#define RULE		"-----------------------------------------------------"

/* A mapping to create */
struct piece {
	unsigned int page, nr;
	int prot;
	int flags;
	bool locked;
	const char *name;
	char tag;		/* letter that fills the first page */
};

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static const struct piece source_pieces[] = {
	{ .page = 0,  .nr = 3, .prot = RW, .flags = ANON, .tag = 'A' },
	{ .page = 3,  .nr = 2, .prot = PROT_READ, .flags = ANON, .tag = 'D' },
	{ .page = 5,  .nr = 2, .prot = RW, .flags = MAP_PRIVATE, .tag = 'F' },
	{ .page = 7,  .nr = 2, .prot = RW, .flags = MAP_SHARED, .tag = 'H' },
	/* a hole of two pages */
	{ .page = 11, .nr = 1, .prot = PROT_NONE, .flags = ANON },
	{ .page = 12, .nr = 2, .prot = RW, .flags = MAP_SHARED | MAP_ANONYMOUS,
	  .tag = 'J' },
	{ .page = 14, .nr = 2, .prot = RW, .flags = ANON, .locked = true,
	  .tag = 'L' },
	{ .page = 16, .nr = 3, .prot = RW, .flags = ANON, .name = "heap of demo",
	  .tag = 'N' },
};

static const struct piece dest_pieces[] = {
	{ .page = 4,  .nr = 1, .prot = RW, .flags = ANON,
	  .name = "in the way", .tag = 'x' },
	{ .page = 9, .nr = 1, .prot = RW, .flags = ANON,
	  .name = "opposite the hole", .tag = 'y' },
};

/* What one page of an area was found to be; kind is empty for a hole */
struct page {
	bool first;		/* of its mapping */
	bool locked;
	char perms[5];
	char kind[32];
	long file_page;		/* -1 without a file */
	char tag;		/* letter that fills it, '-' not readable */
};

struct state {
	struct page source[AREA_PAGES];
	struct page dest[AREA_PAGES];
};

static void fail(const char *what, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "error: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void fail_errno(const char *what)
{
	fail(what, strerror(errno));
}

static int create_file(void)
{
	int fd = memfd_create("demo", MFD_CLOEXEC);

	if (fd < 0)
		fail_errno("memfd_create");
	if (ftruncate(fd, AREA_PAGES * PAGE_SIZE))
		fail_errno("ftruncate");
	return fd;
}

/* Pages of the file are mapped at the offset that they have in the area */
static void create_piece(unsigned long area, const struct piece *p, int file)
{
	size_t offset = p->page * PAGE_SIZE, size = p->nr * PAGE_SIZE;
	int fd = p->flags & MAP_ANONYMOUS ? -1 : file;
	unsigned int i;
	char *addr;

	addr = mmap((void *)(area + offset), size, RW,
		    p->flags | MAP_FIXED_NOREPLACE, fd, fd < 0 ? 0 : offset);
	if (addr == MAP_FAILED)
		fail_errno("mmap");
	for (i = 0; p->tag && i < p->nr; i++)
		memset(addr + i * PAGE_SIZE, p->tag + i, PAGE_SIZE);
	if (p->prot != RW && mprotect(addr, size, p->prot))
		fail_errno("mprotect");
	if (p->locked && mlock(addr, size))
		fail_errno("mlock");
	if (p->name && prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, size,
			     p->name))
		fail_errno("naming anonymous memory");
}

static void create_areas(void)
{
	int file = create_file();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(source_pieces); i++)
		create_piece(SOURCE_AREA, &source_pieces[i], file);
	for (i = 0; i < ARRAY_SIZE(dest_pieces); i++)
		create_piece(DEST_AREA, &dest_pieces[i], file);
	close(file);
}

static char tag_of(const char *addr)
{
	/* All bytes are the same if each is the same as the next one */
	return memcmp(addr, addr + 1, PAGE_SIZE - 1) ? '?' : *addr;
}

/* What it is that is mapped, from the text after the inode */
static void name_kind(struct page *page, const char *path)
{
	const char *share = page->perms[3] == 's' ? "shared" : "private";
	size_t size = sizeof(page->kind);

	if (!strncmp(path, "[anon:", 6))
		snprintf(page->kind, size, "\"%.*s\"",
			 (int)strcspn(path + 6, "]"), path + 6);
	else if (!strncmp(path, "/dev/zero", 9))
		snprintf(page->kind, size, "anonymous, shared");
	else if (*path)
		snprintf(page->kind, size, "file, %s", share);
	else if (!strncmp(page->perms, "---", 3))
		snprintf(page->kind, size, "guard");
	else
		snprintf(page->kind, size, "anonymous");
}

/* Note the part of a mapping that lies in an area */
static void place_mapping(struct page *pages, unsigned long addr,
			  const struct mapping *map)
{
	int i;

	for (i = 0; i < AREA_PAGES; i++, addr += PAGE_SIZE) {
		struct page *page = &pages[i];

		if (addr < map->start || addr >= map->end)
			continue;
		memcpy(page->perms, map->perms, 4);
		name_kind(page, map->name);
		page->first = addr == map->start;
		page->locked = strstr(map->flags, " lo");
		page->file_page = -1;
		if (map->inode)
			page->file_page = (map->offset + addr - map->start) /
					  PAGE_SIZE;
		page->tag = page->perms[0] == 'r' ? tag_of((char *)addr) : '-';
	}
}

static void see_mapping(const struct mapping *map, void *arg)
{
	struct state *state = arg;

	place_mapping(state->source, SOURCE_AREA, map);
	place_mapping(state->dest, DEST_AREA, map);
}

static void read_state(struct state *state)
{
	memset(state, 0, sizeof(*state));
	if (!walk_mappings(see_mapping, state))
		fail_errno("/proc/self/smaps");
}

static bool is_mapped(const struct page *page)
{
	return page->kind[0];
}

static bool in_range(int i)
{
	return i >= FIRST_PAGE && i < END_PAGE;
}

/* Index after the last page of the mapping or hole that starts at i */
static int end_of(const struct page *pages, int i)
{
	bool mapped = is_mapped(&pages[i]);
	int j;

	for (j = i + 1; j < AREA_PAGES; j++) {
		if (pages[j].first || is_mapped(&pages[j]) != mapped)
			break;
		if (!mapped && in_range(j) != in_range(i))
			break;
	}
	return j;
}

static void draw_mapping(const struct page *pages, int i, int end)
{
	const struct page *page = &pages[i];
	char kind[64], tags[AREA_PAGES + 3];
	int j, len = 0;

	snprintf(kind, sizeof(kind), "%s%s", page->kind,
		 page->locked ? ", locked" : "");
	if (page->file_page >= 0)
		snprintf(kind, sizeof(kind), "%s, page %ld", page->kind,
			 page->file_page);
	for (j = i; j < end; j++) {
		if (j > i && in_range(j) != in_range(j - 1))
			tags[len++] = '|';
		tags[len++] = pages[j].tag;
	}
	tags[len] = '\0';
	printf("| %4d %4d  %-5s  %-25s  %-7s|\n", i - FIRST_PAGE, end - i,
	       page->perms, kind, tags);
}

static void draw_area(const char *title, unsigned long range,
		      const struct page *pages)
{
	int i, end;

	printf("%s, 0x%lx\n+" RULE "+\n", title, range);
	printf("| page size  perms  %-25s  %-7s|\n", "kind", "holds");
	for (i = 0; i < AREA_PAGES; i = end) {
		end = end_of(pages, i);
		if (is_mapped(&pages[i]))
			draw_mapping(pages, i, end);
		else if (in_range(i))
			printf("| %4d %4d  %-41s|\n", i - FIRST_PAGE, end - i,
			       ".....  (nothing mapped)");
	}
	puts("+" RULE "+");
}

static void draw(const char *when, const struct state *state)
{
	printf("\n%s\n", when);
	draw_area("Source", SOURCE, state->source);
	draw_area("Destination", DEST, state->dest);
}

/* Mappings in the range: a loop needs one call for each of them */
static int count_mappings(const struct page *pages)
{
	int i, nr = 0;

	for (i = FIRST_PAGE; i < END_PAGE; i = end_of(pages, i))
		nr += is_mapped(&pages[i]);
	return nr;
}

/* Return the error of the call, or 0 and the time that it took */
static int move(double *usec)
{
	struct timespec begin, end;
	int error = 0;
	void *ret;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ret = mremap((void *)SOURCE, RANGE_SIZE, RANGE_SIZE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, (void *)DEST);
	if (ret == MAP_FAILED)
		error = errno;
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (!error && ret != (void *)DEST)
		fail("mremap", "returned another address than asked for");
	*usec = (end.tv_sec - begin.tv_sec) * 1e6 +
		(end.tv_nsec - begin.tv_nsec) / 1e3;
	return error;
}

/* The same but for where mappings begin: they may be split or merged */
static bool same_mapping(const struct page *a, const struct page *b)
{
	return a->locked == b->locked && a->file_page == b->file_page &&
	       !strcmp(a->perms, b->perms) && !strcmp(a->kind, b->kind);
}

static bool check_area(const char *title, const struct page *want,
		       const struct page *found)
{
	int i, readable = 0, same = 0, placed = 0;

	for (i = 0; i < AREA_PAGES; i++) {
		placed += same_mapping(&want[i], &found[i]);
		if (want[i].perms[0] != 'r')
			continue;
		readable++;
		same += want[i].tag == found[i].tag;
	}
	printf("%-11s contents: %2d of %2d pages as before,\n", title,
	       same, readable);
	printf("%12splace, perms, kind, lock: %d of %d right\n", "", placed,
	       AREA_PAGES);
	return same == readable && placed == AREA_PAGES;
}

/* Move in the record what the call should have moved in memory */
static void expect_move(struct state *state)
{
	int i;

	for (i = FIRST_PAGE; i < END_PAGE; i++) {
		if (is_mapped(&state->source[i]))
			state->dest[i] = state->source[i];
		memset(&state->source[i], 0, sizeof(state->source[i]));
	}
}

static void print_title(void)
{
	struct utsname uts;

	if (uname(&uts))
		fail_errno("uname");
	printf("Linux %s\n", uts.release);
}

/* After a refusal that should have changed nothing: is it so? */
static bool is_untouched(const struct state *want, const struct state *found)
{
	bool source_ok = check_area("Source", want->source, found->source);

	return check_area("Destination", want->dest, found->dest) && source_ok;
}

static void print_call(int error, double usec, int nr_mappings)
{
	printf("\nmremap(source, %d * PAGE_SIZE, %d * PAGE_SIZE,\n"
	       "       MREMAP_MAYMOVE | MREMAP_FIXED, destination)\n",
	       RANGE_PAGES, RANGE_PAGES);
	if (error == EPERM)
		printf("  = EPERM\n"
		       "as the mapping that begins at page %lu is sealed\n",
		       SEALED_PAGE);
	else if (error)
		printf("  = EFAULT\n"
		       "So it takes %d calls, after reading /proc/self/maps\n",
		       nr_mappings);
	else
		printf("  = moved in %.1f us\n"
		       "One by one: %d calls, after reading /proc/self/maps\n",
		       usec, nr_mappings);
}

/*
 * An unmodified kernel unmaps the destination before it refuses, so only the
 * source is required to be as it was.
 */
static bool check(struct state *want, const struct state *found, bool moved)
{
	bool source_ok, dest_ok;

	if (moved)
		expect_move(want);
	source_ok = check_area("Source", want->source, found->source);
	dest_ok = check_area("Destination", want->dest, found->dest);
	return source_ok && (dest_ok || !moved);
}

int main(int argc, char **argv)
{
	const bool sealed = argc > 1 && !strcmp(argv[1], "sealed");
	struct state before, after;
	double usec;
	int error;
	bool ok;

	print_title();
	create_areas();
	if (sealed && syscall(__NR_mseal, SOURCE + SEALED_PAGE * PAGE_SIZE,
			      NR_SEALED * PAGE_SIZE, 0))
		fail_errno("mseal");
	read_state(&before);
	draw("BEFORE (one letter a page, | where the range cuts)", &before);

	error = move(&usec);
	read_state(&after);
	if (error && error != (sealed ? EPERM : EFAULT))
		fail("mremap", strerror(error));
	print_call(error, usec, count_mappings(before.source));

	draw("AFTER", &after);
	if (sealed && error) {
		printf("\nresult: %s\n", is_untouched(&before, &after) ?
		       "untouched" : "half done");
		return EXIT_SUCCESS;
	}
	ok = check(&before, &after, !error);
	printf("\nresult: %s\n", !ok ? "wrong" : error ? "refused" : "moved");
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
