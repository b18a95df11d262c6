// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let each allocation of an mremap() that grows and moves a mapping fail in
 * turn, and see what the failure leaves in Committed_AS. Prints
 *
 *	FAILURES LEAKED
 *
 * the number of calls that failed, and the sum of what they left, in kB. Needs
 * /proc, debugfs and a kernel with fault injection for slabs and pages.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FROM_SIZE	(8L << 20)
#define TO_SIZE		(32L << 20)

/* More allocations than one call makes */
#define MOST_FAILURES	100

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(2, "%s", path);
	close(fd);
}

static long committed_kb(void)
{
	static const char field[] = "Committed_AS:";
	char text[4096] = "", *p;
	int fd = open("/proc/meminfo", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		err(2, "/proc/meminfo");
	close(fd);
	p = strstr(text, field);
	if (!p)
		errx(2, "no %s", field);
	return atol(p + strlen(field));
}

/* A mapping with page tables, and no room to grow in place */
static char *make_mapping(char *reserve)
{
	char *p = mmap(reserve, FROM_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		err(2, "mmap");
	memset(p, 1, FROM_SIZE);
	return p;
}

/* Grow with the nth allocation failing; was there an nth one? */
static bool grow_failing(int nth, char *from, char **to)
{
	const char *path = "/proc/thread-self/fail-nth";
	char text[16];
	int fd = open(path, O_RDWR);

	snprintf(text, sizeof(text), "%d", nth);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(2, "%s", path);
	*to = mremap(from, FROM_SIZE, TO_SIZE, MREMAP_MAYMOVE);
	memset(text, 0, sizeof(text));
	if (pread(fd, text, sizeof(text) - 1, 0) < 0 || write(fd, "0", 1) < 0)
		err(2, "%s", path);
	close(fd);
	return !atoi(text);
}

int main(void)
{
	char *reserve, *from, *to;
	long before, leaked = 0;
	int failures = 0;

	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/failslab/verbose", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "0");

	reserve = mmap(NULL, 2 * FROM_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserve == MAP_FAILED)
		err(2, "mmap");
	from = make_mapping(reserve);

	for (int nth = 1; nth <= MOST_FAILURES; nth++) {
		before = committed_kb();
		if (!grow_failing(nth, from, &to))
			break;
		if (to == MAP_FAILED) {
			failures++;
			leaked += committed_kb() - before;
			continue;
		}
		munmap(to, TO_SIZE);
		from = make_mapping(reserve);
	}

	printf("%d %ld\n", failures, leaked);
	return 0;
}
