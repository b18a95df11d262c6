// SPDX-License-Identifier: GPL-2.0-only
/* See proc.h */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "proc.h"

bool slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	errno = EFBIG;
	while (done < size - 1) {
		n = read(fd, buf + done, size - 1 - done);
		if (n <= 0)
			break;
		done += n;
	}
	buf[done] = '\0';
	close(fd);
	return !n;
}

long field_kb(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? atol(p + strlen(name)) : -1;
}

bool parse_mapping(const char *line, struct mapping *m)
{
	struct mapping new = {};
	int n = 0;

	if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %n", &new.start, &new.end,
		   new.perms, &new.offset, new.dev, &new.inode, &n) != 6)
		return false;
	snprintf(new.name, sizeof(new.name), "%.*s",
		 (int)strcspn(line + n, "\n"), line + n);
	*m = new;
	return true;
}

/* Drop the soft-dirty flag, which a move always sets. */
static void parse_flags(char *line, struct mapping *m)
{
	size_t len = 0;
	char *save;

	for (char *f = strtok_r(line, " ", &save); f;
	     f = strtok_r(NULL, " ", &save))
		if (strcmp(f, "sd") && len < sizeof(m->flags))
			len += snprintf(m->flags + len, sizeof(m->flags) - len,
					" %s", f);
}

bool walk_mappings(void (*see)(const struct mapping *m, void *arg), void *arg)
{
	static char text[1 << 20];
	struct mapping m;
	char *line, *save;

	if (!slurp("/proc/self/smaps", text, sizeof(text)))
		return false;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "VmFlags:", 8)) {
			parse_flags(line + 8, &m);
			see(&m, arg);
		} else {
			parse_mapping(line, &m);
		}
	}
	return true;
}

bool kernel_is(const char *version)
{
	const size_t length = strlen(version);
	struct utsname name;

	return !uname(&name) && !strncmp(name.release, version, length) &&
	       name.release[length] == '.';
}
