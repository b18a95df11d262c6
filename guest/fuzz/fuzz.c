// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz [-bciv] [-n CALLS] [-o STEPS]... SEED: call mremap() at random, and hold
 * what the address space is after each call to a model that follows
 * Documentation/contract.md.
 *
 * Between the calls, mappings of all kinds come and go and change, pages are
 * written, and children share them. All is done in episodes of 256 steps, each
 * in a process of its own. SEED, a number, determines the first; the next ones
 * have the seeds that follow, until CALLS calls are made (one episode without
 * -n). An episode's output is one line
 *
 *	episode SEED: N calls, HASH
 *
 * where HASH stands for the results of all calls and the mappings after each:
 * two kernels that do the same print the same. On one without the series (-b),
 * a move of several mappings is replaced by a call for each, and calls that are
 * known to fail in another way than with the series are left out.
 *
 *	-b	the kernel is one without the series; if it is no 6.12, it moves several
 *		mappings one after the other, and calls that are to fail are left out
 *	-i	let an allocation fail in three of four moves; then only the sum
 *		is printed
 *	-n	how many calls at least
 *	-o	do only these steps of one episode, 0 to 255: 0-12,15,20-30. May be
 *		repeated, each is a try by itself: "try K: N calls, HASH", or
 *		"try K: failed"
 *	-c	print what an episode does as a C program
 *	-v	print a line for each call as well, and the mappings after it
 *
 * The last line is the sum. Where kernel and model differ, the difference, what
 * was done last and the mappings of the arena are printed, and the exit status
 * is 1. If the fuzzer cannot run, it prints why, and exits with 2.
 *
 * Needs root, /proc and /tmp; -i needs debugfs and a kernel with fault injection
 * for slabs and pages. Swaps to /dev/ram0 if there is one.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/proc.h"
#include "fuzz.h"
#include "look.h"
#include "model.h"

#define STEPS		256
#define MOST_TRIES	200

struct options options;
struct totals *totals;

static const char *tries[MOST_TRIES];
static int nr_tries;
static bool skipped[STEPS];
static bool has_hugetlb;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	printf("%s at page %d\n", strsignal(sig),
	       page_of((unsigned long)info->si_addr));
	diverged("at or after");
}

static void catch_faults(void)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_RESETHAND,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static void select_steps(const char *list)
{
	int first, last, n;

	memset(skipped, !!list, sizeof(skipped));
	for (; list && *list; list += n, list += *list == ',') {
		n = 0;
		if (sscanf(list, "%d%n-%d%n", &first, &n, &last, &n) < 2)
			last = first;
		if (!n || first < 0 || last < first || last >= STEPS)
			errx(2, "bad steps: %s", list);
		memset(skipped + first, false, last - first + 1);
	}
}

/* Huge pages get an episode of four, if there are any. */
static enum arena arena_for(__u64 seed)
{
	if (!has_hugetlb || seed % 4 != 3)
		return SMALL;
	return seed % 8 == 7 ? HUGETLB : LARGE;
}

/* The first steps fill the arena. */
static void step(__u64 seed, int n)
{
	seed_random(seed, n);
	if (n >= 24 && !one_in(4))
		one_call();
	else
		one_op();
}

void live_as_child(void)
{
	model_fork();
	take_stock();
	start_in_child();
	if (options.inject)
		open_fail_nth();
	check_all("after fork()");
}

static void live(__u64 seed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	catch_faults();
	model_init(arena_for(seed));
	start_ops();
	take_stock();
	if (options.inject)
		open_fail_nth();
	for (int n = 0; n < STEPS; n++)
		if (!skipped[n])
			step(seed, n);
	check_all("at the end");
	end_children();
	if (options.emit)
		print_program();
	fflush(stdout);
	_exit(0);
}

static bool episode(__u64 seed)
{
	long committed_before = committed();
	int status;
	pid_t pid;

	fflush(stdout);
	totals->hash = 0;
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (!pid)
		live(seed);
	if (waitpid(pid, &status, 0) != pid)
		err(2, "waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		exit(2);
	if (!status && committed() != committed_before) {
		printf("Committed_AS: %ld kB before, %ld kB after\n",
		       committed_before, committed());
		status = 1;
	}
	return !status;
}

static int try_steps(__u64 seed)
{
	int bad = 0;

	for (int i = 0; i < nr_tries; i++) {
		long calls = totals->calls;

		select_steps(tries[i]);
		if (episode(seed)) {
			printf("try %d: %ld calls, %016llx\n", i,
			       totals->calls - calls, totals->hash);
		} else {
			printf("try %d: failed\n", i);
			bad = 1;
		}
	}
	return bad;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void sum_up(long episodes, double seconds)
{
	printf("%ld calls in %ld episodes, %.1f s: %ld moves of several, ",
	       totals->calls, episodes, seconds, totals->several);
	printf("%ld refused, %ld emulated, %ld left out, ", totals->refused,
	       totals->emulated, totals->skipped);
	printf("%ld failed by injection, %ld succeeded despite it\n",
	       totals->failed, totals->despite);
}

static int fuzz(__u64 seed, long most)
{
	double start = now();
	long episodes = 0;

	do {
		long calls = totals->calls;

		if (!episode(seed)) {
			printf("episode %llu: failed\n", seed);
			return 1;
		}
		if (!options.inject)
			printf("episode %llu: %ld calls, %016llx\n", seed,
			       totals->calls - calls, totals->hash);
		seed++;
		episodes++;
	} while (totals->calls < most);
	sum_up(episodes, now() - start);
	return 0;
}

/* Addresses that the kernel chooses must be the same each time. */
static void fix_addresses(char **argv)
{
	if (personality(0xffffffff) & ADDR_NO_RANDOMIZE)
		return;
	personality(ADDR_NO_RANDOMIZE);
	execv("/proc/self/exe", argv);
	err(2, "exec");
}

/* It counts in VmSize, and is not to grow any more. */
static void grow_stack(void)
{
	char space[1 << 18];

	explicit_bzero(space, sizeof(space));
}

static void find_huge_pages(void)
{
	void *p = mmap(NULL, HUGE * PAGE_SIZE, PROT_READ, MAP_PRIVATE |
		       MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	has_hugetlb = p != MAP_FAILED;
	if (has_hugetlb)
		munmap(p, HUGE * PAGE_SIZE);
}

static __u64 count_of(const char *text)
{
	char *end;
	__u64 n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end)
		errx(2, "'%s' is no count", text);
	return n;
}

static long parse_options(int argc, char **argv)
{
	long calls = 0;
	int option;

	options.mainline = !kernel_is("6.12");
	while ((option = getopt(argc, argv, "bcivn:o:")) != -1) {
		switch (option) {
		case 'b':
			options.base = true;
			break;
		case 'c':
			options.emit = true;
			break;
		case 'i':
			options.inject = true;
			break;
		case 'v':
			options.tell = true;
			break;
		case 'n':
			calls = count_of(optarg);
			break;
		case 'o':
			if (nr_tries == MOST_TRIES)
				errx(2, "too many tries");
			tries[nr_tries++] = optarg;
			break;
		default:
			exit(2);
		}
	}
	return calls;
}

int main(int argc, char **argv)
{
	static char buf[1 << 16];
	long calls;

	fix_addresses(argv);
	calls = parse_options(argc, argv);
	if (optind != argc - 1)
		errx(2, "usage: fuzz [-bciv] [-n CALLS] [-o STEPS]... SEED");
	setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	totals = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		err(2, "mmap");
	grow_stack();
	set_up_limits();
	set_up_ops();
	find_huge_pages();
	if (options.inject)
		set_up_injection();
	if (nr_tries)
		return try_steps(count_of(argv[optind]));
	return fuzz(count_of(argv[optind]), calls);
}
