/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MREMAP_MULTI_UTIL_H
#define MREMAP_MULTI_UTIL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/proc.h"

/*
 * The arena: a stretch of address space that nothing but the test maps into,
 * spoken of in pages. It has two halves which are laid out alike, so that one
 * can be moved at once and its twin piece by piece.
 */
#define ARENA_TWIN	128
#define ARENA_PAGES	(2 * ARENA_TWIN)

struct arena_page {
	bool mapped;
	bool first;		/* a mapping begins here */
	bool any_data;		/* its contents are not compared */
	char attr[232];		/* protection, offset, name, VmFlags */
	__u64 sum;		/* of its contents */
};

struct arena_state {
	long vm_size;		/* the process's counters, in pages */
	long vm_data;
	long vm_lck;
	struct arena_page page[ARENA_PAGES];
};

extern size_t psz;

bool arena_init(void);
char *at(int page);

/*
 * Map a string, one character a page, from @page on. Equal neighbours are
 * mapped at once.
 *
 *	.	hole				w W	rw anonymous
 *	r R	r  anonymous			N	PROT_NONE anonymous
 *	s S	rw shared anonymous		m M	rw shared memfd
 *	p P	rw private memfd		e	r  private regular file
 *	L O	mlocked, mlocked on fault	x	r  shared regular file
 *	D K Z	DONTDUMP, DONTFORK, WIPEONFORK	A B	named
 *	X	sealed				U	armed with userfaultfd
 *
 * The mappings with a capital have been written to; all but O, those with a
 * lower-case letter have not been touched.
 */
bool layout(int page, const char *what);

bool snapshot(struct arena_state *s);
bool unchanged(const struct arena_state *before,
	       const struct arena_state *after);
bool twins_alike(const struct arena_state *s);
int count_mappings(const struct arena_state *s, int page, int pages);

/* mremap() in pages of the arena */
void *remap(int src, int old_pages, int new_pages, int flags, int dst);

/* As if by remap(): the return value is 0 or an errno. */
int move(int src, int dst, int pages, int flags);
int move_one_by_one(int src, int dst, int pages, int flags);

/* Move, and see that each page of the arena is what it must be now. */
bool moves(int src, int dst, int pages, int flags);

/* remap() fails with @err, and nothing in the arena changes. */
bool refused(int err, int src, int old_pages, int new_pages, int flags,
	     int dst);

/* Write to each writable page, and read it back. */
bool usable(int page, int pages);

/* Pages from @addr to the end of its mapping, 0 if there is none. */
int mapping_pages(const void *addr);
int total_mappings(void);

int uffd_open(__u64 features);
bool uffd_arm(int uffd, int page, int pages);
bool have_mseal(void);
bool have_anon_names(void);

/* Remove @flag, with its space, from the flags of @attr. */
void drop_flag(char *attr, const char *flag);

#endif
