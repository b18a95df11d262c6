// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a guest: mounts the kernel's file systems, runs one program,
 * reports on the console how it ended, and has the kernel look for leaks of
 * memory if it can.
 *
 * The program's arguments come from /job, each ended by a NUL. Its output goes
 * to the terminal that the kernel's command line names with output=, apart from
 * the kernel's messages; both lines pass bytes unchanged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define DEFAULT_PATH	"/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
#define JOB_SIZE	(64 * 1024)
#define JOB_ARGS	256

static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "init: %s: %s\n", what, strerror(errno));
}

/* Small kernels have not got all of them. */
static void mount_at(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) && errno != ENODEV && errno != ENOENT)
		fail(dir);
}

static void mount_all(void)
{
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/dev/shm");
	mount_at("hugetlbfs", "/dev/hugepages");
}

static int open_raw(const char *path)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (!tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static int read_job(char **argv)
{
	static char job[JOB_SIZE];
	int fd = open("/job", O_RDONLY);
	ssize_t size = read(fd, job, sizeof(job) - 1);
	int n = 0;

	if (size <= 0)
		return -1;
	for (char *p = job; p < job + size && n < JOB_ARGS; p += strlen(p) + 1)
		argv[n++] = p;
	argv[n] = NULL;
	close(fd);
	return 0;
}

static void run(char **argv, int output)
{
	int input = open("/dev/null", O_RDONLY);

	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close(input);
	close(output);
	setsid();
	execv(argv[0], argv);
	fail(argv[0]);
	_exit(127);
}

/* Reaps every orphan too, until the program itself has ended. */
static int wait_for(pid_t program)
{
	int status;
	pid_t pid;

	do {
		pid = wait(&status);
	} while (pid != program && (pid > 0 || errno == EINTR));
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* Copy what a file says to the console. */
static void show(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t size;

	while ((size = read(fd, text, sizeof(text))) > 0)
		write(STDERR_FILENO, text, size);
	close(fd);
}

/*
 * Let the kernel look for memory that nothing points to any more. It takes two
 * looks to tell what has changed meanwhile, and believes in no leak until it is
 * five seconds old.
 */
static void find_leaks(void)
{
	int fd = open(KMEMLEAK, O_WRONLY);

	if (fd < 0)
		return;
	write(fd, "scan", 4);
	sleep(5);
	if (write(fd, "scan", 4) < 0)
		fail(KMEMLEAK);
	close(fd);
	show(KMEMLEAK);
}

int main(void)
{
	static char *argv[JOB_ARGS + 1];
	const char *terminal = getenv("output") ?: "/dev/console";
	int console, output;
	pid_t pid;

	mount_all();
	console = open_raw("/dev/console");
	dup2(console, STDERR_FILENO);
	output = open_raw(terminal);
	if (output < 0) {
		fail(terminal);
	} else if (read_job(argv)) {
		fail("/job");
	} else {
		setenv("PATH", DEFAULT_PATH, 1);
		pid = fork();
		if (!pid)
			run(argv, output);
		dprintf(STDERR_FILENO, "init: exit %d\n", wait_for(pid));
		tcdrain(output);
		find_leaks();
	}
	tcdrain(STDERR_FILENO);
	/* The host tells the machine not to start again. */
	reboot(RB_AUTOBOOT);
	return 1;
}
