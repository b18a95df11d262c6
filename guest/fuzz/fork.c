// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is shared with other processes: a child that ends at once, one that
 * lingers, or the parent that waits while the child goes on in its place.
 */
#define _GNU_SOURCE

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "look.h"
#include "model.h"
#include "ops.h"

#define MOST_CHILDREN	3

enum life { EXITS, LINGERS, GOES_ON, NR_LIVES };

static pid_t children[MOST_CHILDREN];
static int generation;

void end_children(void)
{
	for (int i = 0; i < MOST_CHILDREN; i++) {
		if (!children[i])
			continue;
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
		children[i] = 0;
	}
}

static pid_t start_child(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void let_exit(void)
{
	pid_t pid = start_child();

	did("if (!fork()) _exit(0); wait(NULL);");
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void let_linger(int which)
{
	did("if (!fork()) for (;;) pause();");
	if (children[which]) {
		kill(children[which], SIGKILL);
		waitpid(children[which], NULL, 0);
	}
	children[which] = start_child();
	while (!children[which])
		pause();
}

/* The parent ends as the child does. Its children were never the child's. */
static void go_on_in_child(void)
{
	pid_t pid = start_child();
	int status;

	did("if (fork()) { wait(NULL); _exit(0); }");
	if (pid) {
		waitpid(pid, &status, 0);
		end_children();
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	for (int i = 0; i < MOST_CHILDREN; i++)
		children[i] = 0;
	generation++;
	live_as_child();
}

/* Huge pages of hugetlb are few: a child might not find one to write to. */
void do_fork(void)
{
	enum life life = pick(NR_LIVES);
	int which = pick(MOST_CHILDREN);

	if (arena == HUGETLB || !one_in(3))
		return;
	if (life == EXITS)
		let_exit();
	else if (life == LINGERS)
		let_linger(which);
	else if (generation < 4)
		go_on_in_child();
}
