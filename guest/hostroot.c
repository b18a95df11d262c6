// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostroot DIR COMMAND: run COMMAND by the host's /bin/sh in DIR, with the
 * host's files read-only and file systems of its own where programs write.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void mount_host(const char *path, const char *at)
{
	if (mount("none", at, "hostfs", MS_RDONLY, path)) {
		perror(at);
		exit(125);
	}
}

static void mount_own(const char *type, const char *at, const char *options)
{
	if (mount(type, at, type, 0, options)) {
		perror(at);
		exit(125);
	}
}

static void make_path(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	mkdir(path, 0755);
}

/* A directory that an own file system hides is brought back, read-only. */
static void enter(const char *dir)
{
	char path[PATH_MAX];

	if (!strncmp(dir, "/tmp/", 5) || !strncmp(dir, "/run/", 5)) {
		snprintf(path, sizeof(path), "%s", dir);
		make_path(path);
		mount_host(path, path);
	}
	if (chdir(dir))
		chdir("/");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 125;
	mkdir("/host", 0755);
	mount_host("/", "/host");
	if (chroot("/host") || chdir("/")) {
		perror("/host");
		return 125;
	}
	mount_own("tmpfs", "/tmp", "mode=1777");
	mount_own("tmpfs", "/run", "mode=755");
	mount_own("proc", "/proc", NULL);
	mount_own("sysfs", "/sys", NULL);
	mount_own("devtmpfs", "/dev", NULL);
	mkdir("/dev/shm", 0755);
	mount_own("tmpfs", "/dev/shm", "mode=1777");
	setenv("HOME", "/tmp", 1);
	enter(argv[1]);
	execl("/bin/sh", "sh", "-c", argv[2], NULL);
	perror("/bin/sh");
	return 125;
}
