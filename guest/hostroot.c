// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostroot ENVIRONMENT COMMAND DIR...: run COMMAND by the host's /bin/sh in the
 * first DIR, with the host's files read-only and file systems of its own where
 * programs write; these hide no DIR. ENVIRONMENT is a file with the variables, as
 * env -0 writes them.
 */
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
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
static void show_dir(const char *dir)
{
	char path[PATH_MAX];

	if (strncmp(dir, "/tmp/", 5) && strncmp(dir, "/run/", 5))
		return;
	snprintf(path, sizeof(path), "%s", dir);
	make_path(path);
	mount_host(path, path);
}

/* Sockets can be connected to within the guest. */
static void start_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		perror("lo");
	close(fd);
}

static void make_devices(void)
{
	mount_own("devtmpfs", "/dev", NULL);
	mkdir("/dev/shm", 0755);
	mount_own("tmpfs", "/dev/shm", "mode=1777");
	mkdir("/dev/pts", 0755);
	mount_own("devpts", "/dev/pts", "ptmxmode=666");
	unlink("/dev/ptmx");
	symlink("pts/ptmx", "/dev/ptmx");
	symlink("/proc/self/fd", "/dev/fd");
	symlink("fd/0", "/dev/stdin");
	symlink("fd/1", "/dev/stdout");
	symlink("fd/2", "/dev/stderr");
}

static void set_environment(const char *file)
{
	static char text[1 << 20];
	FILE *f = fopen(file, "r");
	size_t size = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	for (char *p = text; p < text + size; p += strlen(p) + 1)
		putenv(p);
	setenv("HOME", "/tmp", 1);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 125;
	mkdir("/host", 0755);
	mount_host("/", "/host");
	if (chroot("/host") || chdir("/")) {
		perror("/host");
		return 125;
	}
	set_environment(argv[1]);
	mount_own("tmpfs", "/tmp", "mode=1777");
	mount_own("tmpfs", "/run", "mode=755");
	mount_own("proc", "/proc", NULL);
	mount_own("sysfs", "/sys", NULL);
	make_devices();
	for (int i = 3; i < argc; i++)
		show_dir(argv[i]);
	start_loopback();
	if (chdir(argv[3]))
		chdir("/");
	execl("/bin/sh", "sh", "-c", argv[2], NULL);
	perror("/bin/sh");
	return 125;
}
