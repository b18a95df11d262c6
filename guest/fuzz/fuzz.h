/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the fuzzer need of each other */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* What may come of a call to mremap(): errors, 0 is success */
#define MAY(error)	(1ULL << (error))

struct totals {
	long calls, several, refused, emulated, skipped;
	long failed, despite;	/* with an allocation failing */
	__u64 hash;
};

struct options {
	bool base;		/* the kernel is one without the series */
	bool mainline;		/* the kernel is no 6.12 */
	bool inject;		/* let allocations fail */
	bool tell;		/* each call */
	bool emit;		/* a program that does the same */
};

extern struct options options;
extern struct totals *totals;

/* rng.c: every step has a stream of numbers of its own. */
void seed_random(__u64 seed, int step);
__u64 next_random(void);

/* 0 to limit - 1 */
int pick(int limit);
bool one_in(int n);

/* A step of an avalanche, for hashes */
__u64 mix(__u64 hash, __u64 value);

/* log.c: what is done, as lines of C */
void did(const char *format, ...);
void forget_log(void);
void print_log(void);
void print_program(void);

/* Tell how kernel and model came to differ, and exit. */
void diverged(const char *when);
void check(bool good, const char *when);

/* A system call that may not fail has come to its end. */
void must(const char *what, bool good);

/* inject.c */
void set_up_injection(void);
void open_fail_nth(void);
void arm_failure(int nth);
bool disarm_failure(int nth);

/*
 * limit.c: leave room for so many pages; nothing is done for limit -1. The
 * fuzzer may otherwise lock as much as it likes, but not because it is root.
 */
void set_up_limits(void);
void set_limit(int limit, int room);
void lift_limit(int limit);

/* mem.c */
void open_mem(void);

/* ops.c: everything but mremap() */
void set_up_ops(void);
void start_ops(void);
void one_op(void);
void end_children(void);
void start_in_child(void);
void live_as_child(void);

/* pick_page() and pick_pages() suit the arena. */
int pick_page(void);
int pick_pages(int most);

/* calls.c: a call of mremap(), and a check of what came of it */
void one_call(void);
void check_all(const char *when);
void take_stock(void);

#endif
