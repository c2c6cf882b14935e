/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * flame: time as a tree of frames, from the outermost on. Printed as folded stacks, for the tools
 * that read those, or as a flame graph in SVG that a browser opens without anything else.
 */
#ifndef RSTAT_REPLAY_OFFCPU_FLAME_H
#define RSTAT_REPLAY_OFFCPU_FLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct flame;

#define FLAME_ROOT  0
#define FLAME_KINDS 16

/* What a graph is about, and what its colours mean. */
struct flame_legend {
	const char *title, *subtitle;
	const char *kinds[FLAME_KINDS]; /* by kind: its name; NULL: not used */
	uint16_t hues[FLAME_KINDS]; /* by kind: 0-359 on the circle of colours, from 360 on grey */
};

int flame_new(struct flame **out, struct err *err);
void flame_free(struct flame *f); /* NULL is fine */

/*
 * The frame `name` above the frame `below`, which is FLAME_ROOT or what this returned. Any bytes;
 * they are escaped when printed. Out of memory: FLAME_ROOT, and printing fails.
 */
uint32_t flame_frame(struct flame *f, uint32_t below, const char *name);

/* Time that ends in a frame. kind < FLAME_KINDS: why it passed, which is shown as a colour. */
void flame_add(struct flame *f, uint32_t frame, unsigned kind, uint64_t ns);

/*
 * "outermost;...;innermost ns", sorted: a line per frame in which time ends. A ';' in a name is
 * ':', and names are escaped as in tables. Write errors are the caller's: ferror(out).
 */
int flame_folded(struct flame *f, FILE *out, struct err *err);

/* Frames narrower than 0.1 pixels are drawn together. */
int flame_svg(struct flame *f, const struct flame_legend *legend, FILE *out, struct err *err);

/* -- between flame.c and flame_svg.c -- */

#define FLAME_MIXED FLAME_KINDS /* kinds of several sorts */

struct flame_node {
	const char *name;
	uint64_t ns, self_ns; /* ns: with all that is above it */
	uint32_t below, name_id;
	uint32_t first, n; /* flame_finish(): what is above it, in the order of names */
	uint8_t kind, self_kind; /* FLAME_MIXED; FLAME_MIXED + 1: none yet */
};

/* All nodes, FLAME_ROOT first, and the order that `first` and `n` refer to. */
struct flame_tree {
	const struct flame_node *nodes;
	const uint32_t *order;
	uint32_t n;
};

/* Adds up and sorts. Returns 0 or -ENOMEM. */
int flame_finish(struct flame *f, struct flame_tree *out, struct err *err);

extern const char flame_style[], flame_script[]; /* flame_script.c */

#endif
