// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of pages that may not be there: an access faults or has taken place, and
 * it is known which. A word is changed by a compare-and-swap only: it does not
 * take place either if the address holds something else by now.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "race.h"

/* Words of a page lie in different cache lines. */
#define WORD_DISTANCE	512

static __thread sigjmp_buf fault;
static __thread bool guarded;

/* A fault between these two calls is no surprise. */
static void guard(void)
{
	__atomic_store_n(&guarded, true, __ATOMIC_SEQ_CST);
}

static void unguard(void)
{
	__atomic_store_n(&guarded, false, __ATOMIC_SEQ_CST);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (__atomic_load_n(&guarded, __ATOMIC_SEQ_CST))
		siglongjmp(fault, 1);
	violation("%s at %p, where none was expected", strsignal(sig),
		  info->si_addr);
}

void handle_faults(void)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static __u64 *word_of(const char *page, int word)
{
	return (__u64 *)(page + word * WORD_DISTANCE);
}

bool read_word(const char *page, int word, __u64 *value)
{
	if (sigsetjmp(fault, 0)) {
		unguard();
		count(FAULTS, 1);
		return false;
	}
	guard();
	*value = __atomic_load_n(word_of(page, word), __ATOMIC_SEQ_CST);
	unguard();
	return true;
}

/* It has been done if *seen is the old value afterwards. */
bool add_word(char *page, int word, __u64 old, __u64 new, __u64 *seen)
{
	if (sigsetjmp(fault, 0)) {
		unguard();
		count(FAULTS, 1);
		return false;
	}
	*seen = old;
	guard();
	__atomic_compare_exchange_n(word_of(page, word), seen, new, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	unguard();
	return true;
}

bool write_word(char *page, int word, __u64 value)
{
	if (sigsetjmp(fault, 0)) {
		unguard();
		count(FAULTS, 1);
		return false;
	}
	guard();
	__atomic_store_n(word_of(page, word), value, __ATOMIC_SEQ_CST);
	unguard();
	return true;
}

/*
 * Twins have one identity, and count to one only: they are equal as long as
 * all their words have been written equally often, modulo 2.
 */
__u64 word_value(const struct page *page, int word, __u32 count)
{
	const bool twin = page->part->flags & TWINS;
	const __u64 id = twin ? 0xfff : page->id;

	return (0xace00000 | id << 8 | word) << 32 | (twin ? count & 1 : count);
}

/* Written by the same one, to the same page? */
bool same_word(__u64 a, __u64 b)
{
	return a >> 32 == b >> 32;
}
