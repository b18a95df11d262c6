/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzer believes of a part of its address space: the arena */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <linux/types.h>
#include <stdbool.h>

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define PAGE_SIZE	4096UL

/* Pages of a huge page */
#define HUGE		512

/* Pages of the largest arena, of each file, and of the largest mmap() */
#define MOST_PAGES	(6 * HUGE)
#define FILE_PAGES	2048
#define MOST_MAPPED	16

/* The first two are files; each other one is the memory of a shared mmap(). */
#define MEMFD		0
#define TMPFS		1
#define NR_FILES	2
#define NR_OBJECTS	256

/* Names that mappings may have: n1 to n3 */
#define NR_NAMES	3

enum kind {
	HOLE, ANON, SHARED_ANON, PRIVATE_FILE, SHARED_FILE, PRIVATE_HUGE,
	SHARED_HUGE, NR_KINDS
};

/* The traits of a page: each is a flag of its mapping in /proc/self/smaps. */
enum {
	LOCKED = 1 << 0,
	SEALED = 1 << 1,
	ARMED = 1 << 2,		/* with userfaultfd */
	DONTDUMP = 1 << 3,
	DONTFORK = 1 << 4,
	WIPEONFORK = 1 << 5,
	MERGEABLE = 1 << 6,
	HUGEPAGE = 1 << 7,
	NOHUGEPAGE = 1 << 8,
	SEQUENTIAL = 1 << 9,
	RANDOM = 1 << 10,
};

#define NR_TRAITS	11

struct page {
	__u8 kind, prot, name;
	__u16 traits;
	int object, index;	/* the page of the object that backs it */
	__u64 stamp;		/* private: its own contents, 0 without any */
};

struct object {
	unsigned long inode;	/* 0 if it is not known yet */
	int pages;
	__u64 stamp[FILE_PAGES];
};

enum arena { SMALL, LARGE, HUGETLB, NR_ARENAS };

extern struct page model[MOST_PAGES];
extern struct object objects[NR_OBJECTS];
extern enum arena arena;
extern int arena_pages;

/* Choose an arena: LARGE has room for huge pages, HUGETLB is made of them. */
void model_init(enum arena which);

char *at(int page);

/* Which page of the arena holds the address, -1 if none does? */
int page_of(unsigned long addr);

/* First page of the segment that the page lies in, and the one behind its last */
int segment_start(int page);
int segment_end(int page);

/* The pages from this one on, up to the end of its segment */
int limit_pages(int page, int pages);

bool is_shared(const struct page *p);
bool is_huge(const struct page *p);
bool is_mapped(const struct page *p);

/* Is it backed by something that may have a page where it is mapped? */
bool has_object(const struct page *p);
bool has_page(const struct page *p);

/* What is in the page */
__u64 contents(const struct page *p);
void set_contents(struct page *p, __u64 stamp);

/* An object that nothing maps, now of that size */
int new_object(int pages);

/* From here on, how many pages in a row are like that? */
int run_of(int page, int pages, bool (*like)(const struct page *p));
bool any_of(int page, int pages, __u16 traits);

/* Does the range begin or end inside a huge page? */
bool cuts_huge_page(int page, int pages);

/* What the calls do, done in the model */
void model_unmap(int page, int pages);
void model_move(int src, int dst, int pages, bool keep_source);
void model_extend(int page, int pages);
void model_duplicate(int src, int dst, int pages);
void model_fork(void);

/* Pages move to @away, which is not of the arena, and grow. */
void model_take(struct page *away, int src, int old, int new, bool keep_source);

#endif
