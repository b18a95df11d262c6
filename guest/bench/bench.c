// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench [PATTERN]...: what mremap() costs, for the cases whose names, or their
 * first fields, match one of the shell PATTERNs; for all cases without any.
 *
 * Prints a line for each case, its fields separated by tabs: the form of the
 * call, the kind of mapping, the number of mappings, the pages of 4096 bytes of
 * each, their alignment (enum alignment), their state, what is at the
 * destination, the way in which it is done (enum way), the instructions it
 * took, in user space and in the kernel, and the TLB flushes. The name of a case
 * is its first eight fields, joined by slashes, which '*' does not match. If the
 * form is "shape", there are six: after it the number of other mappings on each
 * side, the pages, alignment, state and destination.
 *
 * The numbers are the least of four rounds each, those of the middle one of nine
 * for a shape. If the kernel refuses the call with EFAULT, they are '-'. They are
 * instructions on a machine that counts these only (scripts/boot -i); elsewhere,
 * ticks of its time stamp counter.
 *
 * If anything else fails, or a page has not arrived where it should, prints
 * why and exits with 2. Needs /proc, a tmpfs on /tmp, 640 MiB of memory, and a
 * kernel with CONFIG_DEBUG_TLBFLUSH.
 */
#define _GNU_SOURCE

#include <err.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define ROUNDS		4
#define SHAPE_ROUNDS	9	/* nodes are freed late, among hundreds */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static char **patterns;

static const char * const form_names[] = {
	[MOVE] = "move", [MOVE_DONTUNMAP] = "dontunmap", [GROW] = "grow",
	[GROW_MOVE] = "grow-move", [SHRINK] = "shrink",
	[SHRINK_MOVE] = "shrink-move", [DUPLICATE] = "duplicate",
	[SHAPE] = "shape", [PROBE] = "probe",
};

static const char * const kind_names[] = {
	[ANON] = "anon", [THP] = "thp", [SHMEM] = "shmem",
	[FILE_PRIVATE] = "file-private", [FILE_SHARED] = "file-shared",
};

static const char * const alignment_names[] = {
	[APART] = "apart", [ALIKE] = "alike", [WHOLE] = "whole",
	[NEAR] = "near",
};

static const char * const way_names[] = {
	[ONE_CALL] = "one", [LOOP] = "loop", [READ_MAPS] = "maps",
};

static void name_case(char *name, size_t size, const struct layout *l,
		      enum way w)
{
	const char *form = form_names[l->form];
	const char *alignment = alignment_names[l->alignment];
	const char *state = l->faulted ? "faulted" : "untouched";
	const char *destination = l->occupied ? "occupied" : "empty";

	if (l->form == SHAPE)
		snprintf(name, size, "%s/%d/%d/%s/%s/%s", form, l->others,
			 l->pages, alignment, state, destination);
	else
		snprintf(name, size, "%s/%s/%d/%d/%s/%s/%s/%s", form,
			 kind_names[l->kind], l->mappings, l->pages, alignment,
			 state, destination, way_names[w]);
}

static bool is_wanted(const char *name)
{
	for (char **p = patterns; *p; p++) {
		if (!fnmatch(*p, name, FNM_PATHNAME | FNM_LEADING_DIR))
			return true;
	}
	return !*patterns;
}

static void print_case(char *name, const struct cost *c)
{
	for (char *p = name; *p; p++) {
		if (*p == '/')
			*p = '\t';
	}
	if (c)
		printf("%s\t%ld\t%ld\n", name, c->instructions, c->flushes);
	else
		printf("%s\t-\t-\n", name);
	fflush(stdout);
}

static void keep_least(struct cost *least, struct cost c)
{
	if (c.instructions < least->instructions)
		least->instructions = c.instructions;
	if (c.flushes < least->flushes)
		least->flushes = c.flushes;
}

static void unmap(char *at, size_t size)
{
	if (munmap(at, size))
		err(2, "munmap");
}

/* There and back: the mappings are made only once. */
static bool move_rounds(const struct layout *l, enum way w,
			struct cost *least)
{
	char *from = source_address(l), *to = destination_address(l);
	size_t size = source_size(l);
	bool moved = true;

	map_source(l, from);
	for (int i = 0; moved && i < ROUNDS; i++) {
		struct cost c;
		char *t = from;

		map_destination(l, to, size);
		start_counting();
		moved = move_mappings(l, w, from, to);
		c = stop_counting();
		if (!moved)
			break;
		check_contents(l, to, l->mappings * l->pages);
		keep_least(least, c);
		from = to;
		to = t;
	}
	unmap(from, size);
	unmap(to, size);
	return moved;
}

static int compare_costs(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->instructions > y->instructions) -
	       (x->instructions < y->instructions);
}

/*
 * All is made anew each time, so that the kernel's tree has the same nodes. Still
 * some round may find a batch of freed pages to take from, or have to make one:
 * one shape is compared with another kernel's, so take neither.
 */
static void form_rounds(const struct layout *l, struct cost *least)
{
	struct cost costs[SHAPE_ROUNDS];
	char *from = source_address(l), *to = destination_address(l);
	int after = pages_after(l);
	size_t size = after * PAGE_SIZE, margin = others_size(l);
	bool stays = l->form == GROW || l->form == SHRINK;
	int rounds = l->form == SHAPE ? SHAPE_ROUNDS : ROUNDS;

	for (int i = 0; i < rounds; i++) {
		map_others(l, from, to);
		map_source(l, from);
		map_destination(l, to, size);
		start_counting();
		remap_one(l, from, to);
		costs[i] = stop_counting();
		keep_least(least, costs[i]);
		check_contents(l, stays ? from : to,
			       after < l->pages ? after : l->pages);
		unmap(from - margin, 2 * (source_size(l) + margin));
		unmap(to - margin, size + 2 * margin);
	}
	if (l->form == SHAPE) {
		qsort(costs, rounds, sizeof(*costs), compare_costs);
		*least = costs[rounds / 2];
	}
}

static void probe_rounds(struct cost *least)
{
	for (int i = 0; i < ROUNDS; i++) {
		start_counting();
		probe();
		keep_least(least, stop_counting());
	}
}

static void run_case(const struct layout *l, enum way w)
{
	struct cost least = { .instructions = __LONG_MAX__,
			      .flushes = __LONG_MAX__ };
	bool done = true;
	char name[128];

	name_case(name, sizeof(name), l, w);
	if (!is_wanted(name))
		return;
	if (l->form == MOVE)
		done = move_rounds(l, w, &least);
	else if (l->form == PROBE)
		probe_rounds(&least);
	else
		form_rounds(l, &least);
	print_case(name, done ? &least : NULL);
}

/* Untouched and touched before */
static void run_states(struct layout l, enum way first, enum way last)
{
	for (int faulted = 0; faulted <= 1; faulted++) {
		l.faulted = faulted;
		for (enum way w = first; w <= last; w++)
			run_case(&l, w);
	}
}

static void run_moves(enum kind kind, int mappings, int pages,
		      enum alignment alignment, bool occupied)
{
	struct layout l = {
		.form = MOVE,
		.kind = kind,
		.mappings = mappings,
		.pages = pages,
		.alignment = alignment,
		.occupied = occupied,
	};

	run_states(l, ONE_CALL, READ_MAPS);
}

static void many_small(void)
{
	static const int number[] = { 1, 2, 16, 256, 4096, 30000 };

	for (size_t i = 0; i < ARRAY_SIZE(number); i++)
		run_moves(ANON, number[i], 1, APART, false);
	for (size_t i = 0; i < ARRAY_SIZE(number) - 1; i++)
		run_moves(ANON, number[i], 1, APART, true);
	run_moves(ANON, 256, 1, WHOLE, false);
	run_moves(ANON, 4096, 1, WHOLE, false);
}

static void larger(void)
{
	for (enum alignment a = APART; a <= WHOLE; a++) {
		run_moves(ANON, 16, 64, a, false);
		run_moves(ANON, 16, 512, a, false);
		run_moves(ANON, 1, 8192, a, false);
	}
	run_moves(THP, 16, 512, WHOLE, false);
}

static void other_kinds(void)
{
	for (enum kind kind = SHMEM; kind <= FILE_SHARED; kind++) {
		run_moves(kind, 1, 1, APART, false);
		run_moves(kind, 256, 1, APART, false);
	}
}

static void other_forms(void)
{
	static const int pages[] = { 2, 64 };

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		struct layout l = { .mappings = 1, .pages = pages[i] };

		run_states(l, ONE_CALL, ONE_CALL);
		for (l.form = MOVE_DONTUNMAP; l.form < DUPLICATE; l.form++)
			run_states(l, ONE_CALL, ONE_CALL);
		l.kind = SHMEM;
		for (l.form = MOVE_DONTUNMAP; l.form <= DUPLICATE; l.form++) {
			if (l.form != GROW && l.form != GROW_MOVE)
				run_states(l, ONE_CALL, ONE_CALL);
		}
	}
}

static void shape_states(struct layout l)
{
	for (int occupied = 0; occupied <= 1; occupied++) {
		l.occupied = occupied;
		run_states(l, ONE_CALL, ONE_CALL);
	}
}

/* What is around a mapping decides how the kernel's tree changes with a move. */
static void shapes(void)
{
	static const int others[] = { 0, 1, 2, 3, 4, 6, 8, 9, 12, 14, 16, 17,
				      18, 25, 32, 34, 40, 66, 298, 300 };
	static const int pages[] = { 1, 3, 64 };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(pages); j++) {
			struct layout l = { .form = SHAPE, .mappings = 1,
					    .pages = pages[j],
					    .others = others[i] };

			l.alignment = NEAR;
			shape_states(l);
			l.alignment = APART;
			shape_states(l);
		}
	}
}

static void probing(void)
{
	const struct layout l = { .form = PROBE, .mappings = 2, .pages = 1 };

	run_case(&l, ONE_CALL);
}

int main(int argc, char **argv)
{
	(void)argc;
	patterns = argv + 1;
	many_small();
	larger();
	other_kinds();
	other_forms();
	shapes();
	probing();
	return 0;
}
