// SPDX-License-Identifier: GPL-2.0-only
/* Fault injection: the nth allocation of a system call fails. */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static int fail_nth_fd = -1;

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		errx(2, "no fault injection: %s: %s", path, strerror(errno));
	close(fd);
}

void open_fail_nth(void)
{
	static const char path[] = "/proc/thread-self/fail-nth";

	if (fail_nth_fd >= 0)
		close(fail_nth_fd);
	fail_nth_fd = open(path, O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0)
		errx(2, "no fault injection: %s: %s", path, strerror(errno));
}

void set_up_injection(void)
{
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/failslab/verbose", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "0");
}

void arm_failure(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (nth && pwrite(fail_nth_fd, text, len, 0) != len)
		err(2, "writing fail-nth");
}

/* Has the allocation failed? */
bool disarm_failure(int nth)
{
	char text[16] = "";

	if (!nth)
		return false;
	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) < 0 ||
	    pwrite(fail_nth_fd, "0", 1, 0) != 1)
		err(2, "reading fail-nth");
	return !atoi(text);
}
