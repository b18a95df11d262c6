/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of the arena, and whether that is what the model says */
#ifndef FUZZ_LOOK_H
#define FUZZ_LOOK_H

#include "model.h"

/* A page as /proc/self/maps shows it */
struct found {
	bool mapped;
	bool first;		/* of its mapping */
	__u8 name;
	char perms[5];
	unsigned long offset, inode;
};

extern struct found found[MOST_PAGES];

/* Have other calls than mremap() been made since? */
extern bool found_is_old;

/* Where the mapping ends that the page belongs to */
int mapping_end(int page);

/* Open what look() and the checks read, again so after fork(). */
void open_state(void);

/* Read /proc/self/maps into found. */
void look(void);

/*
 * Does what was found agree with the model? All of them print what differs.
 * Pages that never were written are read only if @untouched.
 */
bool check_mappings(void);
bool check_traits(void);
bool check_size(void);
bool check_locked(void);
bool check_contents(int page, int pages, bool untouched);

/* The VmFlags of all mappings, as check_traits() has read them */
__u64 hash_of_flags(void);

/* An entry of /proc/self/status, in pages */
long read_pages(const char *name);

/* Committed_AS in kB */
long committed(void);

/* Write to a page, false if that cannot be done. */
bool write_page(int page, __u64 stamp);

/* Print the lines of /proc/self/maps that belong to the arena. */
void print_maps(void);

#endif
