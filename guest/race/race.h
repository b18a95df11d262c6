/* SPDX-License-Identifier: GPL-2.0-only */
/* What the threads of race share: the ranges that move, and their words */
#ifndef RACE_H
#define RACE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define PAGE		4096UL
#define PMD_PAGES	512

#define NR_WRITERS	3
#define MOST_TRACKED	96
#define MOST_PLACES	3

/* What a part of a range is mapped from */
enum backing {
	HOLE, GUARD, ANON, SHARED_FILE, PRIVATE_FILE, HUGETLB,
};

/* What may be done to a part, apart from moving it */
#define SCRATCH		0x01	/* contents may be dropped at any time */
#define TOGGLED		0x02	/* written only now and then allowed */
#define LOCKED		0x04	/* mlock()'d, and not, in turn */
#define TWINS		0x08	/* pages may be equal, for KSM to merge */
#define HUGE		0x10	/* huge pages wanted */

/* Neighbouring pages of a range that are mapped alike, or a hole in it */
struct part {
	int pages;
	enum backing backing;
	int prot;
	unsigned int flags;
	int step;		/* one page of so many is written and read */
	int fd;
};

/* A page that is written and read */
struct page {
	int index;		/* in the range */
	int id;			/* in all ranges */
	struct part *part;
	int place;		/* where it is; changed by the mover only */
	__u32 counts[NR_WRITERS];	/* changed by the writers only */
};

/*
 * A range of mappings and the places between which its mover moves it. The
 * sequence counts are odd while what they guard is going on.
 */
struct range {
	const char *name;
	struct part *parts;
	int nr_parts;
	int pages;
	char *places[MOST_PLACES];
	int nr_places;
	struct page tracked[MOST_TRACKED];
	int nr_tracked;
	bool whole_only;	/* as it holds a hugetlb page */
	unsigned int seq;	/* a page moves */
	unsigned int untidy;	/* it is in two places, or copied */
};

extern struct range *ranges[];
extern int nr_ranges;

/* Words of a page: who it is, the writers', and one for children only */
#define IDENTITY	NR_WRITERS
#define FOR_CHILDREN	(NR_WRITERS + 1)
#define NR_WORDS	(NR_WRITERS + 2)

/* What a decoy holds, and nothing that moves ever does */
#define DECOY		0xdec0dec0dec0dec0ULL

enum event {
	MOVES, PART_MOVES, DONTUNMAPS, WRITES, FAULTS, WINDOWS, SKIPPED,
	FORKS, CHILD_MOVES, MAPS, MAPS_CHECKED, MIGRATIONS, ADVICE, PROTECTS,
	LOCKS, PUNCHES, NR_EVENTS,
};

void count(enum event event, unsigned long n);

/* Choices; each thread has a sequence of its own */
void seed_choices(__u64 seed);
int pick(int limit);
bool one_in(int n);

/* Let others run, up to so many microseconds. */
void pause_up_to(int us);

/* Is it time to come to an end? */
bool is_over(void);

/* Tell what is wrong, and end. */
#define violation(format, ...) do { \
	dprintf(STDOUT_FILENO, "race: " format "\n", ##__VA_ARGS__); \
	_exit(1); \
} while (0)

/* space.c */
void map_ranges(void);
char *page_at(const struct range *r, int place, int index);
void map_decoys(struct range *r, int place);
void check_decoys(struct range *r, int place);
char *map_opposite_hole(struct range *r, int place);
void unmap_place(struct range *r, int place);
struct range *pick_range(void);
struct page *pick_page(struct range *r);
struct page *pick_page_with(struct range *r, unsigned int flags);
bool is_private(const struct page *page);

/* words.c: each returns false if the access faulted */
void handle_faults(void);
bool read_word(const char *page, int word, __u64 *value);
bool add_word(char *page, int word, __u64 old, __u64 new, __u64 *seen);
bool write_word(char *page, int word, __u64 value);

/* The value of a word that has been written so many times */
__u64 word_value(const struct page *page, int word, __u32 count);
bool same_word(__u64 a, __u64 b);

/* writers.c */
bool may_be_writing(int writer, const struct page *page, int place);
void *write_words(void *arg);
void check_words(void);

/* The other threads */
void *move_range(void *arg);
void *fork_children(void *arg);
void *read_maps(void *arg);
void *disturb(void *arg);
void find_features(void);

#endif
