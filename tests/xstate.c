// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: a host whose extended processor state has as many bytes as
 * XSTATE_SIZE says, and is as strict about that as Linux: PTRACE_GETREGSET tells
 * the size, if there is room for it, and PTRACE_SETREGSET takes nothing shorter.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

typedef long (*ptrace_t)(int request, ...);

static long get_state(ptrace_t next, int pid, struct iovec *state, size_t size)
{
	const size_t room = state->iov_len;
	long ret = next(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, state);

	if (ret)
		return ret;
	if (size > room)
		size = room;
	if (size > state->iov_len)
		memset((char *)state->iov_base + state->iov_len, 0,
		       size - state->iov_len);
	state->iov_len = size;
	return 0;
}

long ptrace(enum __ptrace_request request, ...)
{
	const ptrace_t next = (ptrace_t)dlsym(RTLD_NEXT, "ptrace");
	const char *size = getenv("XSTATE_SIZE");
	void *addr, *data;
	va_list args;
	int pid;

	va_start(args, request);
	pid = va_arg(args, int);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);

	if (size && addr == (void *)NT_X86_XSTATE) {
		struct iovec *state = data;

		if (request == PTRACE_GETREGSET)
			return get_state(next, pid, state,
					 strtoul(size, NULL, 10));
		if (request == PTRACE_SETREGSET &&
		    state->iov_len < strtoul(size, NULL, 10)) {
			errno = EFAULT;
			return -1;
		}
	}
	return next(request, pid, addr, data);
}
