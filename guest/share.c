// SPDX-License-Identifier: GPL-2.0-only
/*
 * share SECONDS: move page tables that two processes share.
 *
 * Both map a hugetlb file, where and in such a size that the kernel lets them
 * share its page tables. One moves its mapping, with a small one before it, from
 * place to place; the other one maps the file, writes and unmaps it, both as
 * often as they can. Each has to find what it has written last, and in the end
 * no huge page may be in use any more.
 *
 * Prints a line 'M moves, N mappings by the other process' and exits with 0. If
 * something is wrong, prints a line 'share: ...' that says what, and exits with
 * 1; if it cannot run, prints why, and exits with 2. Not for 6.12 without the
 * series, which hangs. Needs root, /proc and eight free huge pages of 2 MiB.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define HUGE_PAGE	(512 * PAGE)
#define SIZE		(512 * HUGE_PAGE)
#define NR_PAGES	4	/* of all those that are in use */
#define PLACE(n)	((char *)0x400000000000UL + 4 * (n) * SIZE)
#define RW		(PROT_READ | PROT_WRITE)

/* In each huge page */
enum word { OF_MOVER, OF_OTHER };

static int fd;
static unsigned long *maps;

/* At one of them nothing can be shared. */
static char * const places[] = { PLACE(1), PLACE(2), PLACE(3) + HUGE_PAGE };

#define wrong(format, ...) do { \
	printf("share: " format "\n", ##__VA_ARGS__); \
	exit(1); \
} while (0)

static long free_pages(void)
{
	static const char field[] = "HugePages_Free:";
	char text[4096] = "", *p;
	int f = open("/proc/meminfo", O_RDONLY);

	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		err(2, "/proc/meminfo");
	close(f);
	p = strstr(text, field);
	return p ? atol(p + strlen(field)) : 0;
}

static void map_file(char *addr)
{
	if (mmap(addr, SIZE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE |
		 MAP_NORESERVE, fd, 0) != addr)
		err(2, "mapping the file");
}

/* Nobody else writes to this word. */
static void write_next(char *addr, enum word w, unsigned long last)
{
	for (int i = 0; i < NR_PAGES; i++) {
		unsigned long *word = (unsigned long *)(addr + i * HUGE_PAGE);
		unsigned long got = __atomic_load_n(word + w, __ATOMIC_RELAXED);

		if (got != last)
			wrong("page %d, word %d: %lu, not %lu", i, w, got,
			      last);
		__atomic_store_n(word + w, last + 1, __ATOMIC_RELAXED);
	}
}

static void be_other(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		map_file(PLACE(0));
		write_next(PLACE(0), OF_OTHER, *maps);
		if (munmap(PLACE(0), SIZE))
			wrong("munmap: %s", strerror(errno));
		++*maps;
	}
}

/* Each place in turn after each other one */
static char *move_on(char *from, unsigned long n)
{
	static const int to[] = { 1, 0, 2, 1, 2, 0 };
	char *dest = places[to[n % 6]];

	if (dest == from)
		wrong("move %lu goes nowhere", n);
	if (mremap(from - PAGE, PAGE + SIZE, PAGE + SIZE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, dest - PAGE) != dest - PAGE)
		wrong("mremap: %s", strerror(errno));
	return dest;
}

static unsigned long move_until(time_t end, pid_t other)
{
	char *at = places[0], *page;
	unsigned long n;

	map_file(at);
	page = mmap(at - PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_FIXED_NOREPLACE, -1, 0);
	if (page != at - PAGE)
		err(2, "mmap");
	for (n = 0; time(NULL) < end; n++) {
		write_next(at, OF_MOVER, n);
		if (*page != (char)n)
			wrong("the page before it is lost");
		++*page;
		at = move_on(at, n);
		page = at - PAGE;
		if (waitpid(other, NULL, WNOHANG))
			wrong("the other process has ended");
	}
	munmap(page, PAGE + SIZE);
	return n;
}

int main(int argc, char **argv)
{
	long free_before = free_pages();
	unsigned long moves;
	pid_t other;
	int seconds = argc == 2 ? atoi(argv[1]) : 0;

	if (seconds <= 0)
		errx(2, "usage: share SECONDS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = memfd_create("shared", MFD_CLOEXEC | MFD_HUGETLB);
	if (fd < 0 || ftruncate(fd, SIZE) || free_before < 2 * NR_PAGES)
		errx(2, "no hugetlb, or too few huge pages");
	maps = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (maps == MAP_FAILED)
		err(2, "mmap");

	other = fork();
	if (other < 0)
		err(2, "fork");
	if (!other)
		be_other();
	moves = move_until(time(NULL) + seconds, other);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	close(fd);
	if (free_pages() != free_before)
		wrong("%ld of %ld huge pages are free", free_pages(),
		      free_before);
	printf("%lu moves, %lu mappings by the other process\n", moves, *maps);
	return 0;
}
