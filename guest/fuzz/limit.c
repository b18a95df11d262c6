// SPDX-License-Identifier: GPL-2.0-only
/* A limit of the process's mappings, for a call that may come up against it */
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"
#include "look.h"

static void set(int limit, rlim_t bytes)
{
	const struct rlimit values = { bytes, RLIM_INFINITY };

	must("setrlimit", !setrlimit(limit, &values));
}

void set_up_limits(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	set(RLIMIT_MEMLOCK, RLIM_INFINITY);
	must("capget", !syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	must("capset", !syscall(SYS_capset, &header, data));
}

static const char *what_counts(int limit)
{
	switch (limit) {
	case RLIMIT_AS:
		return "VmSize:";
	case RLIMIT_DATA:
		return "VmData:";
	default:
		return "VmLck:";
	}
}

void set_limit(int limit, int room)
{
	const char *name = what_counts(limit);

	if (limit < 0)
		return;
	did("limit(%d, \"%s %%ld\", %d);", limit, name, room);
	set(limit, (read_pages(name) + room) * PAGE_SIZE);
}

void lift_limit(int limit)
{
	if (limit < 0)
		return;
	did("setrlimit(%d, &(struct rlimit) { -1, -1 });", limit);
	set(limit, RLIM_INFINITY);
}
