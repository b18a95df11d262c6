// SPDX-License-Identifier: GPL-2.0-only
/*
 * movers SECONDS: how often a second can a process, and can two that have been
 * forked, move a mapping? They share the pages and their anon_vma, so each may
 * have to wait for locks of the other. The mapping grows by a page with each
 * move, as one that realloc() moves.
 *
 * Prints four lines
 *
 *	MIB PROCESSES MOVES
 *
 * the size of the mapping, the number of processes and the moves of all of them
 * in a second, in each of which SECONDS are spent. Exits with 2 if a call fails.
 */
#define _GNU_SOURCE

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define MIB		(256 * PAGE)
#define MOST		2	/* processes */
#define GROWTH		64	/* in pages, before it is cut off again */
#define RW		(PROT_READ | PROT_WRITE)

/* Their entries have different places in a page table. */
static char * const places[] = {
	(char *)0x100000000000UL, (char *)0x200000003000UL,
};

static unsigned long *counts;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static unsigned long move_for(double seconds, size_t least)
{
	const double start = now();
	size_t size = least;
	unsigned long n = 0;

	while (now() - start < seconds) {
		char *to = places[(n + 1) % 2];

		if (mremap(places[n % 2], size, size + PAGE,
			   MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			err(2, "mremap");
		n++;
		size += PAGE;
		if (size == least + GROWTH * PAGE) {
			munmap(to + least, size - least);
			size = least;
		}
	}
	return n;
}

static unsigned long run(double seconds, size_t size, int processes)
{
	unsigned long sum = 0;
	int status, bad = 0;

	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(2, "fork");
		if (!pid) {
			counts[i] = move_for(seconds, size);
			_exit(0);
		}
	}
	for (int i = 0; i < processes; i++) {
		wait(&status);
		bad |= status;
		sum += counts[i];
	}
	if (bad)
		errx(2, "a process has failed");
	return sum;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1, 16 };
	const int seconds = argc == 2 ? atoi(argv[1]) : 0;

	if (seconds <= 0)
		errx(2, "usage: movers SECONDS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	counts = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		err(2, "mmap");
	for (int i = 0; i < 2; i++) {
		const size_t size = sizes[i] * MIB;

		if (mmap(places[0], size, RW, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED, -1, 0) != places[0])
			err(2, "mmap");
		madvise(places[0], size, MADV_NOHUGEPAGE);
		memset(places[0], 1, size);
		for (int n = 1; n <= MOST; n++)
			printf("%zu %d %.1f\n", sizes[i], n,
			       run(seconds, size, n) / (double)seconds);
		munmap(places[0], size);
	}
	return 0;
}
