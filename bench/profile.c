// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU that counts which function executes how many instructions
 * between the guest's calls of profile_begin() and profile_end(). It counts
 * what is executed, block by block; nothing is sampled, and the guest is not
 * slowed down in its own time. For machines with one processor.
 *
 * Arguments, all of them needed:
 *
 *	begin=ADDRESS end=ADDRESS	of these two functions, in hexadecimal
 *	map=FILE			System.map of the guest's kernel
 *	phases=FILE			lines "PHASE FUNCTION"
 *	out=FILE			for the result
 *
 * A function belongs to the phase that PHASES gives it, or else to that of its
 * caller; so what, say, the page allocator does counts for those who call it.
 *
 * Each call of profile_end() adds lines "RUN PHASE FUNCTION CALLS INSTRUCTIONS"
 * to the result; runs are counted from 1. User space is one function, "user".
 * What is wrong with an argument is said on the standard error, and QEMU stops.
 */
#include <err.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-plugin.h"

#define MOST_PHASES	16
#define MOST_FRAMES	256
#define NAME_SIZE	128
#define USER_END	0x8000000000000000ULL
#define MOST_FUNCTIONS	262144
#define MOST_LISTED	1024

struct function {
	__u64 address;
	char name[NAME_SIZE];
	int phase;			/* -1: that of the caller */
	long calls[MOST_PHASES];
	long instructions[MOST_PHASES];
};

/* A block of instructions, as QEMU translates them */
struct block {
	struct function *function;
	__u64 address, next;		/* of it, and of what follows it */
	size_t size;
};

struct frame {
	__u64 return_address;
	int phase;
};

__attribute__((visibility("default"))) int qemu_plugin_version =
	PLUGIN_VERSION;

/* What the file of phases says */
struct listed {
	char function[NAME_SIZE];
	int phase;
};

static struct listed listed[MOST_LISTED];
static size_t nr_listed;
static struct function *functions, user = { .name = "user", .phase = -1 };
static size_t nr_functions;
static char phases[MOST_PHASES][NAME_SIZE] = { "call" };
static int nr_phases = 1;
static __u64 begin_address, end_address;
static FILE *out;

static bool counting;
static int run, phase;
static struct frame frames[MOST_FRAMES];
static int depth;
static const struct block *last;

static void start(void)
{
	for (size_t i = 0; i < nr_functions; i++) {
		struct function *f = &functions[i];

		memset(f->calls, 0, sizeof(f->calls));
		memset(f->instructions, 0, sizeof(f->instructions));
	}
	memset(user.instructions, 0, sizeof(user.instructions));
	counting = true;
	depth = 0;
	phase = 0;
	run++;
}

static void print_function(const struct function *f)
{
	for (int i = 0; i < nr_phases; i++) {
		if (f->instructions[i])
			fprintf(out, "%d %s %s %ld %ld\n", run, phases[i],
				f->name, f->calls[i], f->instructions[i]);
	}
}

static void stop(void)
{
	for (size_t i = 0; i < nr_functions; i++)
		print_function(&functions[i]);
	print_function(&user);
	fflush(out);
	counting = false;
}

/*
 * Follow calls and returns by where execution goes, as the instructions cannot
 * be looked at: what enters a function at its first instruction was called, or
 * jumped to as a tail call. In the latter case nothing returns to behind the
 * jump, and its frame goes with the next one.
 */
static void follow(const struct block *b)
{
	struct function *f = b->function;

	if (f == &user) {
		depth = 0;
		phase = 0;
		return;
	}
	if (last->next == b->address)
		return;
	for (int i = depth; i-- > 0; ) {
		if (frames[i].return_address == b->address) {
			phase = frames[i].phase;
			depth = i;
			return;
		}
	}
	if (f->address != b->address || f == last->function)
		return;
	if (depth < MOST_FRAMES)
		frames[depth++] = (struct frame) { last->next, phase };
	if (f->phase >= 0)
		phase = f->phase;
	f->calls[phase]++;
}

static void execute(unsigned int cpu, void *data)
{
	const struct block *b = data;

	(void)cpu;
	if (b->address == begin_address) {
		start();
	} else if (b->address == end_address && counting) {
		stop();
	} else if (counting) {
		follow(b);
		b->function->instructions[phase] += b->size;
	}
	last = b;
}

static struct function *find_function(__u64 address)
{
	size_t low = 0, high = nr_functions;

	if (address < USER_END || !nr_functions ||
	    address < functions[0].address)
		return &user;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (functions[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return &functions[low];
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = malloc(sizeof(*b));
	struct qemu_plugin_insn *insn;

	(void)id;
	if (!b)
		abort();
	b->address = qemu_plugin_tb_vaddr(tb);
	b->size = qemu_plugin_tb_n_insns(tb);
	b->function = find_function(b->address);
	insn = qemu_plugin_tb_get_insn(tb, b->size - 1);
	b->next = qemu_plugin_insn_vaddr(insn) + qemu_plugin_insn_size(insn);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, execute,
					     QEMU_PLUGIN_CB_NO_REGS, b);
}

static FILE *open_file(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (!f)
		err(1, "%s", path);
	return f;
}

static int phase_number(const char *name)
{
	for (int i = 0; i < nr_phases; i++) {
		if (!strcmp(phases[i], name))
			return i;
	}
	if (nr_phases == MOST_PHASES)
		errx(1, "one phase too many: %s", name);
	snprintf(phases[nr_phases], NAME_SIZE, "%s", name);
	return nr_phases++;
}

static void read_phases(const char *path)
{
	FILE *f = open_file(path, "r");
	char line[2 * NAME_SIZE], name[NAME_SIZE];
	struct listed *l = listed;

	while (fgets(line, sizeof(line), f)) {
		if (strchr("#\n", *line))
			continue;
		if (l == listed + MOST_LISTED ||
		    sscanf(line, "%127s %127s", name, l->function) != 2)
			errx(1, "%s: bad line: %s", path, line);
		l++->phase = phase_number(name);
	}
	nr_listed = l - listed;
	fclose(f);
}

static int phase_of(const char *function)
{
	for (size_t i = 0; i < nr_listed; i++) {
		if (!strcmp(listed[i].function, function))
			return listed[i].phase;
	}
	return -1;
}

/* Of several names for one address, the first, or that which has a phase */
static void add_function(__u64 address, const char *name)
{
	struct function *f = &functions[nr_functions];
	int p = phase_of(name);

	if (nr_functions && f[-1].address == address) {
		if (p < 0)
			return;
		f--;
	} else {
		nr_functions++;
	}
	f->address = address;
	f->phase = p;
	snprintf(f->name, NAME_SIZE, "%s", name);
}

static void read_map(const char *path)
{
	FILE *f = open_file(path, "r");
	char line[1024], name[NAME_SIZE], type;
	__u64 address;

	functions = calloc(MOST_FUNCTIONS, sizeof(*functions));
	if (!functions)
		abort();
	while (nr_functions < MOST_FUNCTIONS && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %127s", &address, &type,
			   name) == 3 &&
		    strchr("tTwW", type) && address >= USER_END)
			add_function(address, name);
	}
	if (!nr_functions)
		errx(1, "not a System.map: %s", path);
	fclose(f);
}

/* The value of the argument NAME=VALUE */
static const char *find_argument(const char *name, int argc, char **argv)
{
	size_t length = strlen(name);

	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			return argv[i] + length + 1;
	}
	errx(1, "the plugin lacks the argument %s", name);
}

__attribute__((visibility("default")))
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
			int argc, char **argv)
{
	(void)info;
	begin_address = strtoull(find_argument("begin", argc, argv), NULL, 16);
	end_address = strtoull(find_argument("end", argc, argv), NULL, 16);
	read_phases(find_argument("phases", argc, argv));
	read_map(find_argument("map", argc, argv));
	out = open_file(find_argument("out", argc, argv), "w");
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
