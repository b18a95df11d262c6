// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gc [CYCLES]: the skeleton of a collector that evacuates its heap as a whole, by
 * MREMAP_DONTUNMAP: the old space stays mapped, empty, and is the next one's
 * destination. Threads write to the heap all the while, but for the moment of the
 * move. Built by: gcc gc.c -O2 -pthread -o gc
 *
 * Exit status: 0 if every word that was written is there, 1 if not, or if a call
 * failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/mremap_range.h"

#define WRITERS		3
#define PAGES		24	/* data and code take turns: each is a mapping */

static size_t page;
static char *heap;		/* moves while the lock is held for writing */
static pthread_rwlock_t safepoint = PTHREAD_RWLOCK_INITIALIZER;
static unsigned long written[WRITERS];
static int over;

/* Each writer has a word of its own in each page */
static unsigned long *word(size_t i, size_t writer)
{
	return (unsigned long *)(void *)(heap + i * page) + writer;
}

static void *write_words(void *arg)
{
	const size_t writer = (size_t)((unsigned long *)arg - written);

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		pthread_rwlock_rdlock(&safepoint);
		for (size_t i = 0; i < PAGES; i++)
			++*word(i, writer);
		pthread_rwlock_unlock(&safepoint);
		written[writer] += PAGES;
		usleep(100);
	}
	return NULL;
}

static char *new_space(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	void *p = mmap(NULL, PAGES * page, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	for (size_t i = 0; i < PAGES; i += 2)
		if (mprotect((char *)p + i * page, page, rw | PROT_EXEC))
			err(1, "mprotect");
	return (char *)p;
}

/* Returns the number of calls that it took */
static size_t evacuate(char **to)
{
	struct mremap_range_result result;
	char *from;

	pthread_rwlock_wrlock(&safepoint);
	from = heap;
	if (mremap_range(from, PAGES * page, *to, MREMAP_DONTUNMAP, &result))
		err(1, "moving the heap");
	heap = *to;
	*to = from;
	pthread_rwlock_unlock(&safepoint);
	return result.calls;
}

int main(int argc, char **argv)
{
	const int cycles = argc > 1 ? atoi(argv[1]) : 100;
	unsigned long sum = 0, wanted = 0;
	pthread_t threads[WRITERS];
	size_t calls = 0;
	char *to;

	page = (size_t)sysconf(_SC_PAGESIZE);
	heap = new_space();
	to = new_space();
	for (size_t i = 0; i < WRITERS; i++)
		if (pthread_create(&threads[i], NULL, write_words, &written[i]))
			errx(1, "no thread");
	for (int i = 0; i < cycles; i++) {
		calls += evacuate(&to);
		usleep(1000);
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		wanted += written[i];
		for (size_t p = 0; p < PAGES; p++)
			sum += *word(p, i);
	}
	printf("collections: %d, calls: %zu; words: %s\n", cycles, calls,
	       sum == wanted ? "all there" : "lost");
	return sum != wanted;
}
