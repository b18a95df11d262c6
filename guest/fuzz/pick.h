/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of mremap(), chosen at random */
#ifndef FUZZ_PICK_H
#define FUZZ_PICK_H

#include "judge.h"

/* The mappings must have been looked at. */
void pick_call(struct call *c);

#endif
