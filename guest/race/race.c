// SPDX-License-Identifier: GPL-2.0-only
/*
 * race SECONDS SEED: move ranges of many mappings with one mremap() each, while
 * threads write and read their pages, fork, advise, protect, lock, migrate,
 * swap out and truncate them, and read /proc/self/maps.
 *
 * What is checked: each write that took place is found, once and in its page;
 * none takes place through the old address of a page that has moved; a child
 * finds every page at one place; /proc/self/maps never shows a range half moved.
 * SEED determines what each thread does, but not how the threads meet.
 *
 * Prints a line 'skipped: WHAT' for what the kernel has not got, and one line of
 * numbers at the end:
 *
 *	M moves (P of parts, D with DONTUNMAP), W writes, ...
 *
 * and exits with 0. If something is wrong, it prints a line 'race: ...' that says
 * what, and exits with 1. If it cannot run, it prints why, and exits with 2.
 *
 * Needs root, /proc and /sys, and up to 256 MiB; uses /dev/ram0 for swap.
 */
#define _GNU_SOURCE

#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "race.h"

#define NR_DISTURBERS	2
#define MOST_THREADS	32

static __u64 seed;
static bool over;
static __thread __u64 state;
static unsigned long *counts;	/* children count, too */
static pthread_t threads[MOST_THREADS];
static int nr_threads;

void count(enum event event, unsigned long n)
{
	__atomic_fetch_add(&counts[event], n, __ATOMIC_RELAXED);
}

/* xorshift64*, after a start that differs for each of the sequences */
void seed_choices(__u64 sequence)
{
	state = (seed * 1000003 + sequence + 1) * 0x9e3779b97f4a7c15ULL;
	state = state ?: 1;
	for (int i = 0; i < 8; i++)
		pick(2);
}

int pick(int limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL >> 33) % limit;
}

bool one_in(int n)
{
	return !pick(n);
}

void pause_up_to(int us)
{
	struct timespec t = { .tv_nsec = us ? pick(us) * 1000 : 0 };

	/* A sleep may take much longer than it should. */
	if (t.tv_nsec < 5000 || one_in(2))
		sched_yield();
	else
		nanosleep(&t, NULL);
}

bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

static void start_one(void *(*run)(void *arg), long arg)
{
	if (pthread_create(&threads[nr_threads++], NULL, run, (void *)arg))
		errx(2, "no more threads");
}

static void start_all(void)
{
	for (long i = 0; i < NR_WRITERS; i++)
		start_one(write_words, i);
	for (long i = 0; i < nr_ranges; i++)
		start_one(move_range, i);
	for (long i = 0; i < NR_DISTURBERS; i++)
		start_one(disturb, i);
	start_one(fork_children, 0);
	start_one(read_maps, 0);
}

static void print_counts(void)
{
	printf("%lu moves (%lu of parts, %lu with DONTUNMAP, %lu by children), ",
	       counts[MOVES] + counts[PART_MOVES] + counts[CHILD_MOVES],
	       counts[PART_MOVES], counts[DONTUNMAPS], counts[CHILD_MOVES]);
	printf("%lu windows watched, %lu words skipped, ", counts[WINDOWS],
	       counts[SKIPPED]);
	printf("%lu writes, %lu faults survived, %lu forks, ", counts[WRITES],
	       counts[FAULTS], counts[FORKS]);
	printf("%lu maps read, %lu ranges in them checked, ", counts[MAPS],
	       counts[MAPS_CHECKED]);
	printf("%lu pages migrated, %lu madvise, %lu mprotect, %lu mlock, ",
	       counts[MIGRATIONS], counts[ADVICE], counts[PROTECTS],
	       counts[LOCKS]);
	printf("%lu truncations\n", counts[PUNCHES]);
}

static unsigned long parse(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > 86400)
		errx(2, "not a number up to 86400: '%s'", text);
	return value;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: race SECONDS SEED");
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = parse(argv[2]);
	counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		err(2, "mmap");
	handle_faults();
	find_features();
	map_ranges();
	start_all();
	sleep(parse(argv[1]));
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	check_words();
	print_counts();
	return 0;
}
