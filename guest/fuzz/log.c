// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an episode has done: each line is a statement of C, so that all of them
 * make a program that does the same without the fuzzer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "look.h"

/* Lines printed of what came before a difference */
#define MOST_LINES	24

static char lines[1 << 20];
static size_t used;

static const char head[] =
	"#define _GNU_SOURCE\n"
	"#include <fcntl.h>\n"
	"#include <linux/capability.h>\n"
	"#include <linux/userfaultfd.h>\n"
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#include <sys/ioctl.h>\n"
	"#include <sys/mman.h>\n"
	"#include <sys/prctl.h>\n"
	"#include <sys/resource.h>\n"
	"#include <sys/syscall.h>\n"
	"#include <sys/wait.h>\n"
	"#include <unistd.h>\n"
	"\n"
	"#define A(x) ((void *)(x##UL))\n"
	"\n"
	"static void limit(int resource, const char *counts, long room)\n"
	"{\n"
	"\tstruct rlimit limit = { 0, RLIM_INFINITY };\n"
	"\tFILE *f = fopen(\"/proc/self/status\", \"r\");\n"
	"\tchar line[128];\n"
	"\tlong kb = 0;\n"
	"\n"
	"\twhile (fgets(line, sizeof(line), f))\n"
	"\t\tsscanf(line, counts, &kb);\n"
	"\tfclose(f);\n"
	"\tlimit.rlim_cur = kb * 1024 + room * 4096;\n"
	"\tsetrlimit(resource, &limit);\n"
	"}\n"
	"\n"
	"/* The limit of locked memory is not for those who have this. */\n"
	"static void drop_ipc_lock(void)\n"
	"{\n"
	"\tstruct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };\n"
	"\tstruct __user_cap_data_struct data[2];\n"
	"\n"
	"\tsetrlimit(RLIMIT_MEMLOCK, &(struct rlimit) { -1, -1 });\n"
	"\tsyscall(SYS_capget, &h, data);\n"
	"\tdata[0].effective &= ~(1U << CAP_IPC_LOCK);\n"
	"\tsyscall(SYS_capset, &h, data);\n"
	"}\n"
	"\n"
	"int main(void)\n"
	"{\n"
	"\tint memfd = memfd_create(\"memfd\", 0);\n"
	"\tint tmpfs = open(\"/tmp\", O_RDWR | O_TMPFILE, 0600);\n"
	"\tint uffd = syscall(SYS_userfaultfd, O_NONBLOCK);\n"
	"\tstruct uffdio_api api = { .api = UFFD_API };\n"
	"\n"
	"\tdrop_ipc_lock();\n"
	"\tioctl(uffd, UFFDIO_API, &api);\n"
	"\tftruncate(memfd, 2048 * 4096);\n"
	"\tftruncate(tmpfs, 2048 * 4096);\n";

void did(const char *format, ...)
{
	va_list ap;

	if (used > sizeof(lines) - 1024)
		return;
	lines[used++] = '\t';
	va_start(ap, format);
	used += vsnprintf(lines + used, 512, format, ap);
	va_end(ap);
	lines[used++] = '\n';
	lines[used] = '\0';
}

void forget_log(void)
{
	used = 0;
}

void print_log(void)
{
	const char *from = lines + used;
	int n = 0;

	while (from > lines && n <= MOST_LINES)
		n += *--from == '\n';
	printf("The last that was done:\n%s", from == lines ? lines : from + 1);
}

void print_program(void)
{
	printf("%s%s", head, lines);
	/* scripts/fuzz looks for this end. */
	printf("\tsystem(\"cat /proc/$PPID/maps\");\n\treturn 0;\n} /* main */\n");
}

void diverged(const char *when)
{
	printf("fuzz: kernel and model differ %s\n", when);
	if (options.emit)
		print_program();
	else
		print_log();
	print_maps();
	fflush(stdout);
	_exit(1);
}

void check(bool good, const char *when)
{
	if (!good)
		diverged(when);
}

void must(const char *what, bool good)
{
	if (good)
		return;
	perror(what);
	diverged("at or after it");
}
