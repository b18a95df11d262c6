/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program believes of a part of its address space, and its proof. */
#ifndef SOAK_MODEL_H
#define SOAK_MODEL_H

#include <linux/types.h>
#include <stdbool.h>

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define PAGE_SIZE	4096UL

/* The arena: pages 0 to 191, in segments that lie far from each other */
#define ARENA_PAGES	192

/* Pages of the two files, and the most that one mmap() maps */
#define FILE_PAGES	64
#define MOST_MAPPED	16

/* The first two are files; each other one is the memory of a shared mmap() */
#define SHARED_OBJECT	0
#define PRIVATE_OBJECT	1
#define NR_OBJECTS	(2 + ARENA_PAGES + 1)

enum kind { HOLE, ANON, SHARED_ANON, SHARED_FILE, PRIVATE_FILE, NR_KINDS };

struct page {
	enum kind kind;
	int prot;
	bool locked, dontdump, dontfork;
	int object, index;	/* the page of the object that backs it */
	__u64 stamp;		/* private: its own contents, 0 without any */
};

/* A page as /proc/self/maps shows it */
struct found {
	bool mapped;
	bool first;		/* of its mapping */
	char perms[5];
	unsigned long offset, inode;
};

extern struct page model[ARENA_PAGES];
extern struct found found[ARENA_PAGES];
extern int shared_file, private_file;
extern bool in_child;

/* Create the files, and find the arena empty. */
void model_init(void);

/* The same in a child that fork() has just returned in */
void model_init_child(void);

char *at(int page);

/* First page of the segment that the page lies in, and the one behind its last */
int segment_start(int page);
int segment_end(int page);

/* Which page of the arena holds the address, -1 if none does? */
int page_of(const void *addr);

bool is_shared(enum kind kind);
int free_object(void);

/* What munmap() and mremap() do, done in the model */
void model_unmap(int page, int pages);
void model_move(int src, int dst, int pages, bool keep_source);

/* Write to the page; false if it cannot be done */
bool write_page(int page, __u64 stamp);

/*
 * A shortage of memory has made a move fail: see in found how much of the
 * destination is unmapped, as far as that is allowed.
 */
void settle_failed_move(int src, int dst, int pages);

/* Read /proc/self/maps into found. */
void look(void);

/*
 * Does what was found agree with the model? All of them print what differs.
 * Pages that never were written are read only if @untouched; pages that allow
 * it are read as such, not in /proc/self/mem, if @directly.
 */
bool check_mappings(void);
bool check_flags(void);
bool check_counters(void);
bool check_contents(int page, int pages, bool untouched, bool directly);

/* Print the lines of /proc/self/maps that belong to the arena. */
void print_maps(void);

#endif
