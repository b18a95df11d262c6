/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of bench need of each other */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

#define PAGE_SIZE	4096UL
#define TABLE_SIZE	(512 * PAGE_SIZE)

enum kind { ANON, THP, SHMEM, FILE_PRIVATE, FILE_SHARED };

/* How source and destination lie to their page tables */
enum alignment {
	APART,			/* each entry has another place in its table */
	ALIKE,			/* the same place, but not the first */
	WHOLE,			/* the first: tables may move as a whole */
	NEAR,			/* both in one table, a hole of a page between */
};

enum form {
	MOVE, MOVE_DONTUNMAP,
	GROW, GROW_MOVE, SHRINK, SHRINK_MOVE, DUPLICATE,
	SHAPE,			/* a move of one, among others */
	PROBE,			/* for moves of several, of two pages of its own */
};

enum way {
	ONE_CALL,		/* one call for all mappings */
	LOOP,			/* a call for each, the layout being known */
	READ_MAPS,		/* the same as /proc/self/maps is read */
};

struct layout {
	enum form form;
	enum kind kind;
	int mappings;
	int pages;		/* of each mapping, before the call */
	enum alignment alignment;
	bool faulted;
	bool occupied;		/* something is at the destination */
	int others;		/* mappings on each side of the two */
};

struct cost {
	long instructions;
	long flushes;		/* of TLB entries or of the whole TLB */
};

/* layout.c: the mappings that a case starts from */
size_t source_size(const struct layout *l);
void map_source(const struct layout *l, char *at);
void map_destination(const struct layout *l, char *at, size_t size);
size_t others_size(const struct layout *l);
void map_others(const struct layout *l, char *from, char *to);
void check_contents(const struct layout *l, char *at, int pages);
char *source_address(const struct layout *l);
char *destination_address(const struct layout *l);

/* count.c: what happened meanwhile */
void start_counting(void);
struct cost stop_counting(void);

/* mark.c: where the profile begins and ends */
void profile_begin(void);
void profile_end(void);

/* move.c: the calls that are measured. False: refused with EFAULT */
bool move_mappings(const struct layout *l, enum way w, char *from, char *to);
void remap_one(const struct layout *l, char *from, char *to);
int pages_after(const struct layout *l);
void probe(void);

#endif
