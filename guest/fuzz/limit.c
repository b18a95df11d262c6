// SPDX-License-Identifier: GPL-2.0-only
/* A limit of the process's mappings, for a call that may come up against it */
#include <stdbool.h>
#include <sys/resource.h>

#include "fuzz.h"
#include "look.h"

static void set(int limit, rlim_t bytes)
{
	const struct rlimit values = { bytes, RLIM_INFINITY };

	must("setrlimit", !setrlimit(limit, &values));
}

void set_limit(int limit, int room)
{
	const bool data = limit == RLIMIT_DATA;

	if (limit < 0)
		return;
	did("limit(%d, \"%s: %%ld\", %d);", limit, data ? "VmData" : "VmSize",
	    room);
	set(limit, (limited_pages(data) + room) * PAGE_SIZE);
}

void lift_limit(int limit)
{
	if (limit < 0)
		return;
	did("setrlimit(%d, &(struct rlimit) { -1, -1 });", limit);
	set(limit, RLIM_INFINITY);
}
