/* SPDX-License-Identifier: GPL-2.0-only */
/* What ops.c needs of things.c */
#ifndef FUZZ_OPS_H
#define FUZZ_OPS_H

#include <stdbool.h>

void open_uffd(void);

/* Arm the pages with userfaultfd, or disarm them; false if that is not to be. */
bool set_armed(int page, int pages, bool arm);

/* A file in memory with something in it */
int create_file(int object);

/* Let the process have children, or be one of its own. */
void do_fork(void);

/* Move pages to other nodes. */
void do_migrate(void);

#endif
