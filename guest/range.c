// SPDX-License-Identifier: GPL-2.0-only
/*
 * range [0|1]: test lib/mremap_range.h, on a kernel that can move several
 * mappings by one call (1) or not (0). Without an argument, only print what the
 * probe says: 1, 0 or -1.
 *
 * One line for each case, "ok NAME" or "not ok NAME". Exit status: 0 if all are
 * ok. A stand-in for mremap() does what no kernel can be made to do on demand.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *watched_mremap(void *from, size_t from_size, size_t to_size,
			    int flags, void *to);
#define mremap watched_mremap
#include "../lib/mremap_range.h"
#undef mremap

#define PAGES		8
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define LETTERS		"ABC..FGH"	/* a hole of two pages */
#define MAPPINGS	6		/* no two of them merge */
#define MAPS_SIZE	65536
#define PIECES		64	/* of a source that needs many mappings at once */
#define MAP_LIMIT	"/proc/sys/vm/max_map_count"

static size_t page, size;
static char *source, *dest;
static struct mremap_range_result result;
static bool failed;

/* How the stand-in behaves */
static size_t calls;
static size_t failing_call;	/* 0: none */
static int failing_error;
static size_t part;		/* bytes moved before a failure */
static char *intruder;		/* what another thread might map right then */
static bool intrude;

static void die(const char *what)
{
	printf("not ok %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void expect(bool ok, const char *name)
{
	printf("%sok %s\n", ok ? "" : "not ", name);
	if (ok)
		return;
	failed = true;
	printf("# moved %zu of %zu bytes, %zu calls (counted: %zu), %s\n",
	       result.moved, size, result.calls, calls, strerror(errno));
}

static void *watched_mremap(void *from, size_t from_size, size_t to_size,
			    int flags, void *to)
{
	size_t at;
	void *ret;
	int error;

	if (++calls != failing_call) {
		ret = mremap(from, from_size, to_size, flags, to);
		error = errno;
		if (intrude)
			intruder = mmap(ret == MAP_FAILED ? to : from,
					from_size, RW,
					ANON | MAP_FIXED_NOREPLACE, -1, 0);
		errno = error;
		return ret;
	}
	for (at = 0; at < part; at += page) {
		if (mremap((char *)from + at, page, page, flags,
			   (char *)to + at) == MAP_FAILED)
			die("moving a part");
	}
	errno = failing_error;
	return MAP_FAILED;
}

static void fail_at(size_t call, int error, size_t bytes)
{
	calls = 0;
	failing_call = call;
	failing_error = error;
	part = bytes;
}

static char *map(char *addr, size_t length, int prot)
{
	char *ret = mmap(addr, length, prot, ANON | (addr ? MAP_FIXED : 0), -1,
			 0);

	if (ret == MAP_FAILED)
		die("mmap");
	return ret;
}

/* Pages of LETTERS at the source, every other one read-only; 'x' around */
static void set_up(void)
{
	size_t i;

	fail_at(0, 0, 0);
	map(source - page, size + 2 * page, RW);
	map(dest - page, size + 2 * page, RW);
	memset(source - page, 'x', size + 2 * page);
	memset(dest - page, 'x', size + 2 * page);
	for (i = 0; i < PAGES; i++) {
		if (LETTERS[i] == '.')
			munmap(source + i * page, page);
		else
			memset(source + i * page, LETTERS[i], page);
		if (i % 2)
			mprotect(source + i * page, page, PROT_READ);
	}
}

static bool is_mapped(const char *addr)
{
	unsigned char resident;

	return !mincore((void *)addr, 1, &resident);
}

static bool holds(const char *addr, char letter)
{
	return is_mapped(addr) && *addr == letter &&
	       !memcmp(addr, addr + 1, page - 1);
}

/*
 * Up to @moved all is at the destination, and the rest at the source. Where a
 * call failed, the destination may be gone.
 */
static bool is_moved_up_to(size_t moved)
{
	bool right = holds(source - page, 'x') && holds(source + size, 'x') &&
		     holds(dest - page, 'x') && holds(dest + size, 'x');
	size_t i;

	for (i = 0; i < PAGES; i++) {
		size_t at = i * page;
		bool hole = LETTERS[i] == '.';

		if (hole)
			right &= !is_mapped(source + at) &&
				 (at >= moved || holds(dest + at, 'x'));
		else if (at < moved)
			right &= !is_mapped(source + at) &&
				 holds(dest + at, LETTERS[i]);
		else
			right &= holds(source + at, LETTERS[i]) &&
				 (!is_mapped(dest + at) ||
				  holds(dest + at, 'x'));
	}
	return right;
}

static bool failed_with(int ret, int error)
{
	return ret == -1 && errno == error;
}

static bool counts(size_t nr_calls, size_t moved)
{
	return result.calls == nr_calls && calls == nr_calls &&
	       result.moved == moved;
}

static void test_move(int one_call)
{
	int ret;

	set_up();
	ret = mremap_range(source, size, dest, 0, &result);
	expect(!ret && counts(one_call ? 1 : MAPPINGS, size) &&
	       is_moved_up_to(size), "a range with a hole");

	set_up();
	ret = mremap_range(source, 2 * page - 1, dest, 0, &result);
	expect(!ret && counts(one_call ? 1 : 2, 2 * page) &&
	       is_moved_up_to(2 * page), "a size that is not whole pages");
}

/* All of a range without holes is at the destination, and empty at the source */
static void test_dontunmap(int one_call)
{
	const size_t length = 3 * page;
	bool right = true;
	size_t i;
	int ret;

	for (int once = 0; once <= one_call; once++) {
		set_up();
		ret = once ? mremap_range(source, length, dest, MREMAP_DONTUNMAP,
					  &result) :
		      mremap_range_one_by_one(source, length, dest,
					      MREMAP_DONTUNMAP, &result);
		for (i = 0; i < 3; i++)
			right &= holds(dest + i * page, LETTERS[i]) &&
				 holds(source + i * page, 0);
		expect(!ret && right && counts(once ? 1 : 3, length),
		       once ? "DONTUNMAP, at once" : "DONTUNMAP, one by one");
	}
	if (!one_call)
		return;
	set_up();
	fail_at(1, ENOMEM, 0);
	ret = mremap_range(source, length, dest, MREMAP_DONTUNMAP, &result);
	expect(failed_with(ret, ENOMEM) && counts(1, MREMAP_RANGE_UNKNOWN),
	       "DONTUNMAP, failed: unknown");
}

static void test_no_result(void)
{
	set_up();
	expect(!mremap_range(source, size, dest, 0, NULL) &&
	       is_moved_up_to(size), "a range, and no result wanted");
	set_up();
	fail_at(1, EPERM, 0);
	expect(failed_with(mremap_range(source, size, dest, 0, NULL), EPERM),
	       "a failure, and no result wanted");
}

/* The answer is asked for once, by whichever thread, and children know it. */
static void test_remembered(int wanted)
{
	int status;
	pid_t pid;

	fail_at(1, EPERM, 0);
	expect(failed_with(mremap_range_can(), EPERM), "no answer yet");
	fail_at(0, 0, 0);
	expect(mremap_range_can() == wanted && calls == 1, "the answer");
	expect(mremap_range_can() == wanted && calls == 1, "is remembered");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(mremap_range_can() == wanted && calls == 1);
	expect(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status), "in a child, too");
}

static void test_one_by_one(void)
{
	int ret;

	set_up();
	ret = mremap_range_one_by_one(source, size, dest, 0, &result);
	expect(!ret && counts(MAPPINGS, size) && is_moved_up_to(size),
	       "one by one");

	set_up();
	fail_at(3, ENOMEM, 0);
	ret = mremap_range_one_by_one(source, size, dest, 0, &result);
	expect(failed_with(ret, ENOMEM) && counts(3, 2 * page) &&
	       is_moved_up_to(2 * page), "one by one, stopped half-way");
}

/* Either way and on all kernels the same */
static void test_wrong_arguments(void)
{
	size_t huge = SIZE_MAX - page / 2;

	set_up();
	expect(failed_with(mremap_range(source, 0, dest, 0, &result),
			   EINVAL), "size 0");
	expect(failed_with(mremap_range(source, huge, dest, 0, &result),
			   EINVAL), "a size that cannot be rounded");
	expect(failed_with(mremap_range(source, SIZE_MAX / page * page, dest,
					0, &result), EINVAL),
	       "a size that wraps");
	expect(failed_with(mremap_range(source + 1, size, dest, 0,
					&result), EINVAL),
	       "an unaligned source");
	expect(failed_with(mremap_range(source, size, dest + 1, 0,
					&result), EINVAL),
	       "an unaligned destination");
	expect(failed_with(mremap_range(source, size, source + page, 0,
					&result), EINVAL), "an overlap");
	expect(failed_with(mremap_range(source + 3 * page, 4 * page, dest,
					0, &result), EFAULT),
	       "a hole at the start");
	expect(failed_with(mremap_range(source + 3 * page, 2 * page, dest,
					0, &result), EFAULT),
	       "nothing but a hole");
	expect(failed_with(mremap_range(source, size, dest, MREMAP_FIXED,
					&result), EINVAL), "an unknown flag");
	expect(!calls && !result.moved && is_moved_up_to(0),
	       "after these, nothing has changed");
}

/* What a kernel might do that leaves a failed move partly done */
static void test_partial(void)
{
	struct rlimit limit, none;
	int ret;

	set_up();
	fail_at(1, ENOMEM, 3 * page);
	ret = mremap_range_at_once(source, size, dest, 0, &result);
	expect(failed_with(ret, ENOMEM) && counts(1, 5 * page) &&
	       is_moved_up_to(3 * page), "a kernel that moves a part");

	set_up();
	fail_at(1, EFAULT, 3 * page);
	ret = mremap_range(source, size, dest, 0, &result);
	expect(failed_with(ret, EFAULT) && counts(1, 5 * page),
	       "which is not taken up one by one");
	set_up();
	fail_at(1, ENOMEM, 3 * page);
	ret = mremap_range(source, size, dest, 0, &result);
	expect(failed_with(ret, ENOMEM) && counts(1, 5 * page),
	       "nor if memory has run out");

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	set_up();
	fail_at(1, ENOMEM, 3 * page);
	ret = mremap_range_at_once(source, size, dest, 0, &result);
	expect(failed_with(ret, ENOMEM) && counts(1, MREMAP_RANGE_UNKNOWN),
	       "without /proc/self/maps: unknown");
	set_up();
	fail_at(1, ENOMEM, 0);
	ret = mremap_range(source, size, dest, 0, &result);
	expect(failed_with(ret, ENOMEM) && counts(1, MREMAP_RANGE_UNKNOWN) &&
	       is_moved_up_to(0), "which is not taken up, either");
	set_up();
	ret = mremap_range_one_by_one(source, size, dest, 0, &result);
	expect(failed_with(ret, EMFILE) && counts(0, 0) && is_moved_up_to(0),
	       "without /proc/self/maps: not one by one");
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* One call fails where others may not */
static void test_fallback(void)
{
	int ret;

	set_up();
	fail_at(1, ENOMEM, 0);
	ret = mremap_range(source, size, dest, 0, &result);
	expect(!ret && counts(1 + MAPPINGS, size) && is_moved_up_to(size),
	       "not enough memory for one call: one by one");

	set_up();
	fail_at(1, EPERM, 0);
	ret = mremap_range(source, size, dest, 0, &result);
	expect(failed_with(ret, EPERM) && counts(1, 0) && is_moved_up_to(0),
	       "another error: it stays at that");
}

/* Arm the page at @addr; return false if there is no userfaultfd */
static bool arm(char *addr)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (unsigned long)addr, page },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	return fd >= 0 && !ioctl(fd, UFFDIO_API, &api) &&
	       !ioctl(fd, UFFDIO_REGISTER, &reg);
}

/* A mapping that may move alone only. Its descriptor is left open. */
static void test_armed(void)
{
	int ret;

	set_up();
	if (!arm(source + 2 * page)) {
		puts("# no userfaultfd");
		return;
	}
	ret = mremap_range_at_once(source, size, dest, 0, &result);
	expect(failed_with(ret, EFAULT) && counts(1, 0) && is_moved_up_to(0),
	       "userfaultfd, at once: nothing has moved");
	calls = 0;
	ret = mremap_range(source, size, dest, 0, &result);
	expect(!ret && counts(1 + MAPPINGS, size) && is_moved_up_to(size),
	       "userfaultfd, else: one by one");
}

static void read_maps(char *text)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	ssize_t length = 0, ret;

	while ((ret = read(fd, text + length, MAPS_SIZE - 1 - length)) > 0)
		length += ret;
	if (fd < 0 || ret < 0)
		die("/proc/self/maps");
	text[length] = '\0';
	close(fd);
}

static void write_map_limit(const char *text)
{
	int fd = open(MAP_LIMIT, O_WRONLY);
	ssize_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != length)
		die(MAP_LIMIT);
	close(fd);
}

/* Allow a few mappings more than there are, and keep the old limit in @old */
static void limit_mappings(char *old, size_t old_size, const char *maps)
{
	int fd = open(MAP_LIMIT, O_RDONLY), count = 0;
	ssize_t length = read(fd, old, old_size - 1);
	char text[16];

	if (length <= 0)
		die(MAP_LIMIT);
	old[length] = '\0';
	close(fd);
	while ((maps = strchr(maps, '\n'))) {
		maps++;
		count++;
	}
	snprintf(text, sizeof(text), "%d", count + PIECES / 4);
	write_map_limit(text);
}

/*
 * All pieces at once would cut the destination in as many parts. One by one, each
 * that has arrived merges with the parts around it.
 */
static void test_many_pieces(int one_call)
{
	const size_t length = 2 * PIECES * page;
	static char before[MAPS_SIZE], after[MAPS_SIZE];
	char *from = map(NULL, 3 * length, PROT_NONE), *to = from + 2 * length;
	char limit[16];
	size_t i;
	int ret;

	fail_at(0, 0, 0);
	munmap(from, length);
	for (i = 0; i < PIECES; i++)
		map(from + 2 * i * page, page, RW);
	map(to, length, RW);

	read_maps(before);
	limit_mappings(limit, sizeof(limit), before);
	if (one_call) {
		ret = mremap_range_at_once(from, length, to, 0, &result);
		expect(failed_with(ret, ENOMEM) && counts(1, 0),
		       "too many mappings for one call");
		read_maps(after);
		expect(!strcmp(before, after), "it has changed none");
	}
	calls = 0;
	ret = mremap_range(from, length, to, 0, &result);
	write_map_limit(limit);
	expect(!ret && counts(PIECES + !!one_call, length),
	       "too many for one call: one by one");
	for (i = 0; i < PIECES; i++)
		ret |= is_mapped(from + 2 * i * page);
	for (i = 0; i < 2 * PIECES; i++)
		ret |= !is_mapped(to + i * page);
	expect(!ret, "all pieces have moved");
	munmap(from, 3 * length);
}

static void test_probe(int wanted)
{
	static char before[MAPS_SIZE], after[MAPS_SIZE];

	fail_at(0, 0, 0);
	read_maps(before);
	expect(mremap_range_probe() == wanted, "the probe's answer");
	read_maps(after);
	expect(calls == 1, "the probe has made one call");
	expect(!strcmp(before, after), "the probe leaves no mapping");

	/* In place of the source, or of a destination that the call unmapped */
	intrude = true;
	mremap_range_probe();
	intrude = false;
	expect(intruder != MAP_FAILED && is_mapped(intruder) &&
	       is_mapped(intruder + page), "the probe unmaps nobody else's");
	munmap(intruder, 2 * page);
	read_maps(after);
	expect(!strcmp(before, after), "and all of its own");

	fail_at(1, EPERM, 0);
	expect(failed_with(mremap_range_probe(), EPERM),
	       "a probe that is forbidden");
	read_maps(after);
	expect(!strcmp(before, after), "it leaves no mapping");

	fail_at(1, ENOMEM, 0);
	expect(failed_with(mremap_range_probe(), ENOMEM),
	       "a probe without memory");
}

int main(int argc, char **argv)
{
	int one_call;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc != 2) {
		printf("%d\n", mremap_range_probe());
		return EXIT_SUCCESS;
	}
	one_call = atoi(argv[1]);
	page = (size_t)sysconf(_SC_PAGESIZE);
	size = PAGES * page;
	source = map(NULL, 4 * size, PROT_NONE) + page;
	dest = source + 2 * size;

	test_probe(one_call);
	test_remembered(one_call);
	test_move(one_call);
	test_one_by_one();
	test_dontunmap(one_call);
	test_no_result();
	test_wrong_arguments();
	test_many_pieces(one_call);
	if (one_call) {
		test_partial();
		test_fallback();
		test_armed();
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
