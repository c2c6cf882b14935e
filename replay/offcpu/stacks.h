/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * stacks: what the stack ids of a trace mean. Every distinct stack is kept once, whatever ids it
 * has had. The innermost frames that are in every stack (the recorder's own, __schedule) are left
 * out. Must be fed all events, also those before a window: an id is told once per segment.
 */
#ifndef RSTAT_REPLAY_OFFCPU_STACKS_H
#define RSTAT_REPLAY_OFFCPU_STACKS_H

#include "format/event.h"

#define STACK_NONE UINT32_MAX

struct stack {
	char *frames; /* the innermost first, NUL-separated; never empty */
	uint32_t len;
	uint32_t next; /* inside: chain of the hash */
	uint64_t hash;
	uint8_t reason; /* of a kernel stack: enum wait_reason, WAIT_REASONS: says nothing */
};

struct stack_id {
	uint32_t tgid, id; /* id 0: not used */
	uint32_t stack;
};

/* Zeroed is empty. */
struct stacks {
	struct stack *list;
	uint32_t n, room;
	uint32_t *buckets; /* number + 1 */
	uint32_t nbuckets; /* power of two */
	struct stack_id *ids; /* open addressing */
	uint32_t nids, ids_room; /* power of two */
	uint64_t seed;
	bool failed; /* out of memory */
};

void stacks_free(struct stacks *s);

/* Any event; only EV_FRAMES matters. */
void stacks_define(struct stacks *s, const struct event *ev);
static inline void stacks_event(struct stacks *s, const struct event *ev)
{
	if (__builtin_expect(ev->kind == EV_FRAMES, 0))
		stacks_define(s, ev);
}

/*
 * The number of a stack, the same for the same frames; STACK_NONE: not known.
 *
 * @tgid  of a user stack; 0: a kernel stack
 */
uint32_t stacks_find(const struct stacks *s, uint32_t tgid, uint32_t id);

/*
 * The next frame's name, from the innermost on; NULL after the last. *at starts as 0. "?" has no
 * name.
 */
const char *stack_frame(const struct stack *stack, uint32_t *at);

#endif
