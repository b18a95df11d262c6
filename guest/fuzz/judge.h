/* SPDX-License-Identifier: GPL-2.0-only */
/* What Documentation/contract.md says of a call of mremap() */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include <linux/types.h>
#include <stdbool.h>

/* How a call that succeeds changes the address space */
enum effect {
	NOTHING,
	MOVES,		/* to the destination, perhaps growing or shrinking */
	SHRINKS,
	GROWS,
	LEAVES,		/* moves to where the kernel likes */
};

struct call {
	unsigned long addr, old_len, new_len, new_addr;
	int flags;
	int home;	/* for what the kernel has placed, -1 if there is none */
	int nth;	/* allocation that is to fail, 0 for none */
	int limit;	/* RLIMIT_AS, _DATA or _MEMLOCK, -1 for none */
	int room;	/* the pages that this leaves */

	/* judge() fills in: pages, if the call gets as far as that */
	int src, dst, old, new;
	enum effect effect;
	__u64 may;	/* how it may end, see MAY() */
	bool several;	/* mappings, or holes, are in a move's source */
	bool unclear;	/* The contract leaves more than the error open. */

	/* How it ended */
	int error;
	unsigned long ret;
	bool fired;
};

/* The mappings must have been looked at. */
void judge(struct call *c);

/*
 * How 6.12 ends a call that is to fail, as in may, if that comes before any
 * effect; 0 if not
 */
__u64 base_result(const struct call *c);

/* May 6.12 do other things than judge() says, other errors apart? */
bool base_differs(const struct call *c);

/* Lengths in whole pages */
unsigned long page_align(unsigned long size);

#endif
