// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers that a seed and the number of a step determine */
#include "fuzz.h"

static __u64 state;

/* The finalizer of splitmix64 */
__u64 mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) + 0x9e3779b97f4a7c15ULL;
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ULL;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebULL;
	return hash ^ hash >> 31;
}

void seed_random(__u64 seed, int step)
{
	state = mix(mix(0, seed), step);
}

__u64 next_random(void)
{
	return state = mix(state, 0);
}

int pick(int limit)
{
	return (next_random() >> 32) % limit;
}

bool one_in(int n)
{
	return !pick(n);
}
