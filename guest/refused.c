// SPDX-License-Identifier: GPL-2.0-only
/*
 * refused SECONDS: moves that go back, while what moves is migrated.
 *
 * A process moves private huge pages of hugetlb together with the aio ring of its
 * parent, whose driver refuses: each time, the huge pages have arrived by then, and
 * have to go back. One thread does this as often as it can, another one migrates
 * them from node to node, and writes to them. An entry that a migration misses on
 * its way is one that the next access waits for, for ever.
 *
 * Prints a line 'N moves went back, M pages migrated' and exits with 0. If
 * something is wrong, prints a line 'refused: ...' that says what, and exits with 1;
 * if it cannot run, prints why, and exits with 2. Needs two nodes with huge pages of
 * 2 MiB.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define HUGE_PAGE	(512 * PAGE)
#define NR_PAGES	2
#define SIZE		(NR_PAGES * HUGE_PAGE)
#define RING		PAGE
#define SOURCE		((char *)0x400000000000UL)
#define DESTINATION	((char *)0x410000000000UL)
#define RW		(PROT_READ | PROT_WRITE)

/* How long the kernel may take for an access */
#define PATIENCE	10

static int done;
static unsigned long migrated;

#define wrong(format, ...) do { \
	printf("refused: " format "\n", ##__VA_ARGS__); \
	exit(1); \
} while (0)

static void give_up(int signal)
{
	static const char text[] = "refused: an access takes for ever\n";

	(void)signal;
	write(STDOUT_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

/* A ring behind the huge pages, which is not the child's */
static void set_up_ring(void)
{
	aio_context_t ring = 0;

	if (syscall(SYS_io_setup, 1, &ring))
		err(2, "io_setup");
	if (mremap((void *)ring, RING, RING, MREMAP_MAYMOVE | MREMAP_FIXED,
		   SOURCE + SIZE) != SOURCE + SIZE)
		err(2, "moving the ring");
}

static void *migrate(void *unused)
{
	void *pages[NR_PAGES];
	int nodes[NR_PAGES], status[NR_PAGES];

	for (unsigned long turn = 1; !__atomic_load_n(&done, __ATOMIC_RELAXED);
	     turn++) {
		for (int i = 0; i < NR_PAGES; i++) {
			unsigned long *word = (unsigned long *)
				(SOURCE + i * HUGE_PAGE);

			pages[i] = word;
			nodes[i] = (turn + i) % 2;
			alarm(PATIENCE);
			if (*word != turn - 1)
				wrong("page %d: %lu, not %lu", i, *word, turn - 1);
			*word = turn;
		}
		syscall(SYS_move_pages, 0, (unsigned long)NR_PAGES, pages,
			nodes, status, MPOL_MF_MOVE);
		for (int i = 0; i < NR_PAGES; i++)
			migrated += status[i] == nodes[i];
	}
	return unused;
}

static int move_until(time_t end)
{
	unsigned long moves = 0;
	pthread_t migrator;
	char *got;

	if (mmap(SOURCE, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
		 MAP_FIXED_NOREPLACE, -1, 0) != SOURCE)
		err(2, "huge pages");
	signal(SIGALRM, give_up);
	if (pthread_create(&migrator, NULL, migrate, NULL))
		errx(2, "no thread");
	while (time(NULL) < end) {
		got = mremap(SOURCE, SIZE + RING, SIZE + RING,
			     MREMAP_MAYMOVE | MREMAP_FIXED, DESTINATION);
		if (got != MAP_FAILED)
			wrong("the ring was moved");
		if (errno != EINVAL)
			wrong("mremap: %s", strerror(errno));
		moves++;
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	pthread_join(migrator, NULL);
	printf("%lu moves went back, %lu pages migrated\n", moves, migrated);
	return 0;
}

int main(int argc, char **argv)
{
	int seconds = argc == 2 ? atoi(argv[1]) : 0, status;
	pid_t mover;

	if (seconds <= 0)
		errx(2, "usage: refused SECONDS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up_ring();
	mover = fork();
	if (mover < 0)
		err(2, "fork");
	if (!mover)
		exit(move_until(time(NULL) + seconds));
	if (waitpid(mover, &status, 0) != mover || !WIFEXITED(status))
		wrong("the mover was killed");
	return WEXITSTATUS(status);
}
