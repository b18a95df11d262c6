// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting. Where the machine counts instructions (scripts/boot -i), so does
 * its time stamp counter. The kernel counts TLB flushes.
 */
#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

static struct cost before;

static long value_of(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	if (!p)
		errx(2, "/proc/vmstat has no%s (CONFIG_DEBUG_TLBFLUSH)", name);
	return atol(p + strlen(name));
}

/* The processor's own flushes: bench runs on a machine that has but one. */
static long read_flushes(void)
{
	static char text[16384] = "\n";
	static int fd = -1;
	ssize_t size;

	if (fd < 0)
		fd = open("/proc/vmstat", O_RDONLY);
	size = pread(fd, text + 1, sizeof(text) - 2, 0);
	if (size <= 0)
		err(2, "/proc/vmstat");
	text[1 + size] = '\0';
	return value_of(text, "\nnr_tlb_local_flush_all ") +
	       value_of(text, "\nnr_tlb_local_flush_one ");
}

/*
 * Let what was freed under RCU go, so that each round finds the same state. It
 * takes no time: a machine that counts instructions skips those it has not got.
 */
static void settle(void)
{
	usleep(100000);
}

void start_counting(void)
{
	settle();
	before.flushes = read_flushes();
	profile_begin();
	before.instructions = __rdtsc();
}

struct cost stop_counting(void)
{
	struct cost c = { .instructions = __rdtsc() - before.instructions };

	profile_end();
	c.flushes = read_flushes() - before.flushes;
	return c;
}
