/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc says about the process, and uname() about the kernel */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>

/* A line of /proc/self/maps, with the VmFlags but for the soft-dirty one */
struct mapping {
	unsigned long start, end, offset, inode;
	char perms[8], dev[16], name[64];
	char flags[96];
};

/* Read all of a file. False, with errno set, if that fails or it is too large. */
bool slurp(const char *path, char *buf, size_t size);

/* The number behind @name in a text like /proc/self/status, -1 if it is missing */
long field_kb(const char *text, const char *name);

/* False, and @m as it was, if this is no first line of a mapping. */
bool parse_mapping(const char *line, struct mapping *m);

/* Show @see each mapping of the process, the lowest first. False as for slurp(). */
bool walk_mappings(void (*see)(const struct mapping *m, void *arg), void *arg);

/* Is the kernel a Linux of @version, two numbers, as in "6.12"? */
bool kernel_is(const char *version);

#endif
