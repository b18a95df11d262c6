// SPDX-License-Identifier: GPL-2.0-only
/* See look.h: what the pages contain. */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "look.h"
#include "model.h"

static int mem_fd;
static bool only_in_mem;

/*
 * User-mode Linux up to 6.12 at least lets a process see what it had at an
 * address before, if a call frees the page table there and makes a new one.
 */
static bool is_user_mode_linux(void)
{
	static char text[4096];
	int fd = open("/proc/cpuinfo", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		err(2, "/proc/cpuinfo");
	close(fd);
	return strstr(text, "User Mode Linux");
}

void open_mem(void)
{
	if (mem_fd)
		close(mem_fd);
	else
		only_in_mem = is_user_mode_linux();
	mem_fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (mem_fd < 0)
		err(2, "/proc/self/mem");
}

bool write_page(int page, __u64 stamp)
{
	char *to = at(page);

	did("*(volatile unsigned long *)%#lx = %#llx;", (long)to, stamp);
	if (!only_in_mem)
		__atomic_store_n((__u64 *)to, stamp, __ATOMIC_RELAXED);
	else if (pwrite(mem_fd, &stamp, sizeof(stamp), (off_t)to) !=
		 sizeof(stamp))
		return false;
	set_contents(&model[page], stamp);
	return true;
}

static bool check_stamp(int page, __u64 got)
{
	__u64 want = contents(&model[page]);

	if (got != want)
		printf("page %d: expected contents %#llx, found %#llx\n", page,
		       want, got);
	return got == want;
}

static bool check_in_mem(int page, int pages)
{
	static __u64 buf[HUGE * PAGE_SIZE / 8];
	ssize_t size = pages * PAGE_SIZE;
	bool good = true;

	if (pread(mem_fd, buf, size, (off_t)at(page)) != size) {
		printf("page %d and %d more: not readable\n", page, pages - 1);
		return false;
	}
	for (int i = 0; i < pages; i++)
		good &= check_stamp(page + i, buf[i * PAGE_SIZE / 8]);
	return good;
}

static __u64 read_now(int page)
{
	return __atomic_load_n((__u64 *)at(page), __ATOMIC_RELAXED);
}

/* Nobody answers the faults on an armed page that has no contents yet. */
static bool can_check(const struct page *p)
{
	return has_page(p) && (p->stamp || !(p->traits & ARMED));
}

static bool must_check(const struct page *p)
{
	return can_check(p) && contents(p);
}

bool check_contents(int page, int pages, bool untouched)
{
	bool (*which)(const struct page *p) = untouched ? can_check :
							  must_check;
	const int end = page + pages;
	bool good = true;
	int n;

	for (; page < end; page += n) {
		n = 1;
		if (!which(&model[page]))
			continue;
		if (!only_in_mem && model[page].prot & PROT_READ) {
			good &= check_stamp(page, read_now(page));
			continue;
		}
		n = run_of(page, end - page < HUGE ? end - page : HUGE, which);
		good &= check_in_mem(page, n);
	}
	return good;
}
