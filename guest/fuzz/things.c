// SPDX-License-Identifier: GPL-2.0-only
/* What the operations use: files, swap space, nodes, userfaultfd */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"
#include "model.h"
#include "ops.h"

#define MPOL_MF_MOVE	2
#define NR_NODES	2

/* Only the first pages of a file have contents from the start. */
#define FILLED_PAGES	16

static int uffd = -1;

void open_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	if (uffd >= 0)
		close(uffd);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		err(2, "userfaultfd");
}

bool set_armed(int page, int pages, bool arm)
{
	struct uffdio_register reg = {
		.range = { (unsigned long)at(page), pages * PAGE_SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	did("ioctl(uffd, %s, &(struct uffdio_register){ { %#lx, %d * 4096UL }, 1 });",
	    arm ? "UFFDIO_REGISTER" : "UFFDIO_UNREGISTER", (long)at(page),
	    pages);
	if (arm)
		return !ioctl(uffd, UFFDIO_REGISTER, &reg);
	return !ioctl(uffd, UFFDIO_UNREGISTER, &reg.range);
}

int create_file(int object)
{
	int fd = object == MEMFD ? memfd_create("memfd", MFD_CLOEXEC) :
		 open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, FILE_PAGES * PAGE_SIZE))
		err(2, "file %d", object);
	memset(&objects[object], 0, sizeof(objects[object]));
	objects[object].pages = FILE_PAGES;
	for (int i = 0; i < FILLED_PAGES; i++) {
		__u64 *stamp = &objects[object].stamp[i];

		*stamp = 0xf11e0000 + 0x1000 * object + i;
		if (pwrite(fd, stamp, 8, i * PAGE_SIZE) != 8)
			err(2, "writing a file");
	}
	return fd;
}

void do_migrate(void)
{
	static void *addrs[HUGE];
	static int nodes[HUGE], status[HUGE];
	int page = pick_page(), node = pick(NR_NODES), n;

	n = run_of(page, HUGE, is_mapped);
	for (int i = 0; i < n; i++) {
		addrs[i] = at(page + i);
		nodes[i] = node;
	}
	if (n)
		syscall(SYS_move_pages, 0, n, addrs, nodes, status,
			MPOL_MF_MOVE);
}

/* Make the first RAM disk what mkswap would: version 1, one page less. */
void set_up_ops(void)
{
	static char header[4096];
	__u32 *info = (__u32 *)(header + 1024);
	off_t size;
	int fd = open("/dev/ram0", O_RDWR);

	if (fd < 0)
		return;
	size = lseek(fd, 0, SEEK_END);
	info[0] = 1;
	info[1] = size / PAGE_SIZE - 1;
	memcpy(header + sizeof(header) - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, header, sizeof(header), 0) != sizeof(header))
		err(2, "/dev/ram0");
	close(fd);
	if (swapon("/dev/ram0", 0) && errno != EBUSY)
		err(2, "swapon");
}
