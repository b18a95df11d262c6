/* SPDX-License-Identifier: GPL-2.0-only */
/* What the moves of soak, and what it does between them, need of each other */
#ifndef SOAK_H
#define SOAK_H

#include <linux/types.h>
#include <stdbool.h>

void seed_random(__u64 seed);

/* 0 to limit - 1 */
int pick(int limit);

bool one_in(int n);

/* The pages from this one on, up to the end of its segment */
int limit_pages(int page, int pages);

/* Remember what was done, for the case that it turns out wrong. */
void note(const char *what, int page, int pages, int value);

/* Tell how kernel and model came to differ, and exit. */
void diverged(const char *when);

void check(bool good, const char *when);

/* A call that may not fail has come to its end. */
void must(const char *what, int error);

void open_fail_nth(void);

/* Do what comes between the moves, and one of them, and check. */
void one_move(void);

void do_something(void);
void end_children(void);

#endif
