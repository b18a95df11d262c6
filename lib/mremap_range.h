/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Move a range that holds many memory mappings: by one mremap() call where the
 * kernel can do it, else mapping by mapping.
 *
 * This file is meant to be copied into programs, in C11 or C++17; the licence is
 * a choice of two for that reason. It needs nothing but the C library, allocates
 * no memory, and may be used by several threads. Define _GNU_SOURCE before the
 * first #include.
 *
 *	if (mremap_range(source, size, dest, 0, NULL))
 *		perror("mremap_range");
 *
 * Addresses have to be page aligned. Sizes are in bytes and are rounded up to
 * whole pages. Source and destination must not overlap. The source has to begin
 * inside a mapping; it may cross others, and holes. What the destination holds
 * opposite a mapping is replaced, what it holds opposite a hole stays.
 *
 * Flags are 0, or MREMAP_DONTUNMAP (Linux 5.7): then the source's mappings stay,
 * empty. Private anonymous memory only, before Linux 5.13.
 *
 * What has moved if -1 is returned, and what to do about it:
 *
 *	errno	  what it means			  what has moved
 *	EINVAL	  wrong arguments		  nothing
 *	EFAULT	  the source begins in a hole	  nothing
 *	EFAULT	  (at once) a mapping moves alone nothing; mainline: result->moved
 *	EPERM	  a mapping is sealed		  result->moved
 *	ENOMEM	  memory, or vm.max_map_count	  at once: nothing; mainline, and
 *						  one by one: result->moved
 *	EAGAIN	  RLIMIT_MEMLOCK		  result->moved
 *	others	  a driver, a filter, /proc	  result->moved
 *
 * mremap_range() has then tried one by one where that could succeed. A program
 * goes on with two halves, or gives up; nothing is moved back. Opposite the mapping
 * that did not move, the destination may be gone.
 */
#ifndef MREMAP_RANGE_H
#define MREMAP_RANGE_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef MREMAP_FIXED
#error "define _GNU_SOURCE before the first #include"
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

/* 2: flags; result may be NULL; mremap_range() asks the probe itself */
#define MREMAP_RANGE_VERSION	2

/* It cannot be told how much has moved */
#define MREMAP_RANGE_UNKNOWN	SIZE_MAX

/* What a move has done, even if it failed */
struct mremap_range_result {
	/* Calls of mremap(), one that failed included */
	size_t calls;
	/*
	 * Bytes, counted from the start of the source. Every mapping below this
	 * has moved, every mapping above it is where it was.
	 */
	size_t moved;
};

/* What begins like this is for this file alone. C++ has casts of its own. */
#ifdef __cplusplus
#define MRR_NUMBER(type, value)		(static_cast < type > (value))
#define MRR_ADDRESS(type, value)	(reinterpret_cast < type > (value))
#else
#define MRR_NUMBER(type, value)		((type)(value))
#define MRR_ADDRESS(type, value)	((type)(value))
#endif

static inline size_t mrr_page_size(void)
{
	return MRR_NUMBER(size_t, sysconf(_SC_PAGESIZE));
}

/*
 * mremap_range_probe() - can this kernel move several mappings by one call?
 *
 * It tries: with two mappings of a page each that it makes, next to two pages
 * that it reserves for them. Nothing of that is touched, and nothing is left.
 * Each time takes four system calls; mremap_range_can() remembers the answer.
 *
 * Nothing else is disturbed, even if other threads map memory meanwhile. So the
 * two reserved pages are given back only where it is certain that they are
 * still ours: should memory run out in this very call, they stay reserved.
 *
 * Return: 1 if it can, 0 if it cannot, -1 with errno set if it could not be
 * tried (ENOMEM: memory, address space or the number of mappings is exhausted;
 * EAGAIN: more locked memory than allowed, after mlockall(); others: a filter
 * of system calls).
 */
static inline int mremap_range_probe(void)
{
	const size_t page = mrr_page_size();
	char *source, *dest;
	void *area;
	int error;

	area = mmap(NULL, 4 * page, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return -1;
	source = MRR_NUMBER(char *, area);
	dest = source + 2 * page;

	/* Now the source is two mappings, which cannot be merged */
	if (mprotect(source + page, page, PROT_READ)) {
		error = errno;
		munmap(source, 4 * page);
		errno = error;
		return -1;
	}
	if (mremap(source, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		   dest) != MAP_FAILED) {
		munmap(dest, 2 * page);
		return 1;
	}
	error = errno;

	/*
	 * With EFAULT the destination is gone, as these kernels unmap it first,
	 * and somebody else may be there by now.
	 */
	munmap(source, 2 * page);
	if (error == EFAULT)
		return 0;
	if (error != ENOMEM)
		munmap(dest, 2 * page);
	errno = error;
	return -1;
}

/*
 * mremap_range_can() - the probe's answer, which is remembered
 *
 * It is the same for as long as the kernel runs, in all threads and after fork().
 * If it could not be tried, that is not remembered.
 *
 * Return: as mremap_range_probe()
 */
static inline int mremap_range_can(void)
{
	static int answer = -1;
	int can = __atomic_load_n(&answer, __ATOMIC_RELAXED);

	if (can < 0) {
		can = mremap_range_probe();
		if (can >= 0)
			__atomic_store_n(&answer, can, __ATOMIC_RELAXED);
	}
	return can;
}

/* The addresses of mappings, read from /proc/self/maps piece by piece */
struct mrr_maps {
	int fd;
	size_t next, end;
	char buffer[4096];
};

/* Return a character, 0 at the end of the file, -1 with errno set on failure */
static inline int mrr_getc(struct mrr_maps *maps)
{
	ssize_t length;

	if (maps->next == maps->end) {
		length = read(maps->fd, maps->buffer, sizeof(maps->buffer));
		if (length <= 0)
			return length ? -1 : 0;
		maps->next = 0;
		maps->end = MRR_NUMBER(size_t, length);
	}
	return MRR_NUMBER(unsigned char, maps->buffer[maps->next++]);
}

/* Read a hexadecimal number; return the character after it, or as above */
static inline int mrr_get_address(struct mrr_maps *maps, uintptr_t *address)
{
	int c, digit;

	*address = 0;
	for (;;) {
		c = mrr_getc(maps);
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else
			return c;
		*address = *address << 4 | MRR_NUMBER(uintptr_t, digit);
	}
}

/*
 * Find the next mapping that ends above @from.
 * Return: 1 if there is one, 0 at the end, -1 with errno set on failure.
 */
static inline int mrr_next(struct mrr_maps *maps, uintptr_t from,
			   uintptr_t *start, uintptr_t *end)
{
	int c;

	do {
		c = mrr_get_address(maps, start);
		if (c > 0)
			c = mrr_get_address(maps, end);
		while (c > 0 && c != '\n')
			c = mrr_getc(maps);
		if (c <= 0)
			return c;
	} while (*end <= from);
	return 1;
}

/* Return: 0, or -1 with errno set */
static inline int mrr_open(struct mrr_maps *maps)
{
	maps->next = 0;
	maps->end = 0;
	maps->fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	return maps->fd < 0 ? -1 : 0;
}

/* For those who need errno afterwards */
static inline void mrr_close(struct mrr_maps *maps)
{
	int error = errno;

	close(maps->fd);
	errno = error;
}

/*
 * Round *size, and say what the kernel says of such parameters in one call.
 * Return: 0, or -1 with errno set to EINVAL.
 */
static inline int mrr_check(uintptr_t source, size_t *size, uintptr_t dest,
			    int flags)
{
	const size_t page = mrr_page_size();
	const size_t rounded = (*size + page - 1) & ~(page - 1);

	if (!*size || rounded < *size || (source | dest) & (page - 1) ||
	    source + rounded < source || dest + rounded < dest ||
	    (source < dest + rounded && dest < source + rounded) ||
	    flags & ~MREMAP_DONTUNMAP) {
		errno = EINVAL;
		return -1;
	}
	*size = rounded;
	return 0;
}

static inline void *mrr_call(uintptr_t source, size_t size, uintptr_t dest,
			     int flags)
{
	return mremap(MRR_ADDRESS(void *, source), size, size,
		      MREMAP_MAYMOVE | MREMAP_FIXED | flags,
		      MRR_ADDRESS(void *, dest));
}

/*
 * How much of the source a failed call has moved: all that lies below the first
 * mapping which is still there. (What MREMAP_DONTUNMAP has moved is there, too.)
 */
static inline size_t mrr_find_moved(uintptr_t source, size_t size, int flags)
{
	struct mrr_maps maps;
	uintptr_t start, end;
	size_t moved = size;
	int found;

	if (flags & MREMAP_DONTUNMAP || mrr_open(&maps))
		return MREMAP_RANGE_UNKNOWN;
	found = mrr_next(&maps, source, &start, &end);
	if (found < 0)
		moved = MREMAP_RANGE_UNKNOWN;
	else if (found && start <= source)
		moved = 0;
	else if (found && start < source + size)
		moved = start - source;
	mrr_close(&maps);
	return moved;
}

/*
 * mremap_range_at_once() - move a range by one call, or not at all
 *
 * For kernels that mremap_range_can() has found to be able to; others unmap
 * the destination, opposite holes, too, and then fail with EFAULT.
 *
 * Other threads see the move as one step. On 6.12 with the series a call that
 * fails has moved nothing. On mainline, since 6.17, it may have moved a part:
 * @result->moved tells, unless @flags has MREMAP_DONTUNMAP. @result may be NULL.
 *
 * Return: 0, or -1 with errno set by mremap(). EFAULT: the source does not
 * begin inside a mapping, or has one that moves only alone (userfaultfd).
 * ENOMEM: memory ran out, or there would be too many mappings meanwhile.
 */
static inline int mremap_range_at_once(void *source, size_t size, void *dest,
				       int flags,
				       struct mremap_range_result *result)
{
	const uintptr_t from = MRR_ADDRESS(uintptr_t, source);
	const uintptr_t to = MRR_ADDRESS(uintptr_t, dest);
	struct mremap_range_result unused;
	unsigned char resident;
	int error;

	if (!result)
		result = &unused;
	result->calls = 0;
	result->moved = 0;
	if (mrr_check(from, &size, to, flags))
		return -1;
	/* Afterwards it could not be told from a mapping that has moved */
	if (mincore(source, 1, &resident) && errno == ENOMEM) {
		errno = EFAULT;
		return -1;
	}

	result->calls = 1;
	if (mrr_call(from, size, to, flags) != MAP_FAILED) {
		result->moved = size;
		return 0;
	}
	error = errno;
	result->moved = mrr_find_moved(from, size, flags);
	errno = error;
	return -1;
}

/*
 * mremap_range_one_by_one() - move a range by one call for each mapping
 *
 * From the lowest to the highest, as /proc/self/maps lists them. What this
 * cannot promise: other threads see each step, must not touch the source, and
 * must not map or unmap anything in either range. It may fail half-way, with
 * all below @result->moved at the destination and all above still at the
 * source. Of the mapping in which it stopped nothing has moved, but what the
 * destination held opposite it may be gone. Nothing is moved back. @result may
 * be NULL.
 *
 * Return: 0, or -1 with errno set by mremap(), or by open() or read() of
 * /proc/self/maps. EFAULT: the source does not begin inside a mapping.
 */
static inline int
mremap_range_one_by_one(void *source, size_t size, void *dest, int flags,
			struct mremap_range_result *result)
{
	const uintptr_t from = MRR_ADDRESS(uintptr_t, source);
	const uintptr_t to = MRR_ADDRESS(uintptr_t, dest);
	struct mremap_range_result unused;
	struct mrr_maps maps;
	uintptr_t start, end;
	int found;

	if (!result)
		result = &unused;
	result->calls = 0;
	result->moved = 0;
	if (mrr_check(from, &size, to, flags) || mrr_open(&maps))
		return -1;
	while ((found = mrr_next(&maps, from, &start, &end)) > 0 &&
	       start < from + size) {
		if (start < from)
			start = from;
		if (end > from + size)
			end = from + size;
		if (start > from && !result->calls)
			break;
		result->calls++;
		if (mrr_call(start, end - start, to + (start - from), flags) ==
		    MAP_FAILED) {
			found = -1;
			break;
		}
		result->moved = end - from;
	}
	if (found >= 0 && !result->calls) {
		errno = EFAULT;
		found = -1;
	}
	mrr_close(&maps);
	if (found < 0)
		return -1;
	result->moved = size;
	return 0;
}

/*
 * mremap_range() - move a range by as few calls as possible
 *
 * By one call if mremap_range_can() says so. If that is refused because a mapping
 * of the range has to move alone (EFAULT), or because memory or the number of
 * mappings does not suffice for all of them at once (ENOMEM), and it is known that
 * nothing has moved, then one by one, with what that cannot promise: it may end
 * half-way. After other errors it would end at the same mapping, so it is not
 * tried. Who needs all or nothing calls mremap_range_at_once(). @result may be
 * NULL.
 *
 * Return: 0, or -1 with errno set as by the two functions above.
 */
static inline int mremap_range(void *source, size_t size, void *dest, int flags,
			       struct mremap_range_result *result)
{
	struct mremap_range_result unused;
	size_t calls = 0;
	int ret;

	if (!result)
		result = &unused;
	if (mremap_range_can() > 0) {
		ret = mremap_range_at_once(source, size, dest, flags, result);
		if (!ret || result->moved ||
		    (errno != EFAULT && errno != ENOMEM))
			return ret;
		calls = result->calls;
	}
	ret = mremap_range_one_by_one(source, size, dest, flags, result);
	result->calls += calls;
	return ret;
}

#endif /* MREMAP_RANGE_H */
