// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/offcpu/stacks.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/seed.h"
#include "replay/offcpu/reasons.h"

/* The name as it is in the source: without offset, module, or what a compiler appends. */
static size_t name_len(const char *name)
{
	return strcspn(name, "+. ");
}

/* The way into the scheduler, and from there to the recorder: in every stack. */
static bool is_inner(const char *name)
{
	static const char *const whole[] = {"__schedule", "schedule", "schedule_preempt_disabled"};
	static const char *const prefixes[] = {"bpf_",		"__bpf_",	"___bpf_",
					       "__traceiter_",	"trace_event_", "perf_trace_",
					       "trampoline_bpf"};
	size_t len = name_len(name);

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strlen(whole[i]) == len && !memcmp(whole[i], name, len))
			return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* How many bytes the inner frames take; not all of the stack. */
static uint32_t skip_inner(const char *frames, uint32_t len)
{
	uint32_t at = 0;

	while (at < len) {
		uint32_t next = at + (uint32_t)strlen(frames + at) + 1;

		if (next >= len || !is_inner(frames + at))
			break;
		at = next;
	}
	return at;
}

static bool grow_buckets(struct stacks *s)
{
	uint32_t n = s->nbuckets ? 2 * s->nbuckets : 256;
	uint32_t *buckets;

	if (s->n < s->nbuckets)
		return true;
	buckets = calloc(n, sizeof(*buckets));
	if (!buckets)
		return false;
	if (!s->nbuckets)
		s->seed = seed_new();
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t b = (uint32_t)s->list[i].hash & (n - 1);

		s->list[i].next = buckets[b];
		buckets[b] = i + 1;
	}
	free(s->buckets);
	s->buckets = buckets;
	s->nbuckets = n;
	return true;
}

static uint32_t intern(struct stacks *s, const char *frames, uint32_t len, bool kernel)
{
	enum wait_reason reason;
	struct stack *stack;
	uint32_t *head;
	uint64_t hash;

	if (!grow_buckets(s) || !ARRAY_ROOM(s->list, s->room, s->n))
		return STACK_NONE;
	hash = XXH3_64bits_withSeed(frames, len, s->seed);
	head = &s->buckets[(uint32_t)hash & (s->nbuckets - 1)];
	for (uint32_t i = *head; i; i = s->list[i - 1].next) {
		stack = &s->list[i - 1];
		if (stack->hash == hash && stack->len == len && !memcmp(stack->frames, frames, len))
			return i - 1;
	}
	stack = &s->list[s->n];
	*stack = (struct stack){.len = len, .next = *head, .hash = hash, .reason = WAIT_REASONS};
	stack->frames = malloc(len);
	if (!stack->frames)
		return STACK_NONE;
	memcpy(stack->frames, frames, len);
	if (kernel && reason_of_frames(frames, len, &reason))
		stack->reason = (uint8_t)reason;
	*head = s->n + 1;
	return s->n++;
}

static struct stack_id *find_id(const struct stacks *s, uint32_t tgid, uint32_t id)
{
	uint32_t i = seed_slot(s->seed, (uint64_t)tgid << 32 | id, s->ids_room);

	while (s->ids[i].id && (s->ids[i].id != id || s->ids[i].tgid != tgid))
		i = (i + 1) & (s->ids_room - 1);
	return &s->ids[i];
}

static bool grow_ids(struct stacks *s)
{
	struct stacks old = *s;

	if (s->nids < s->ids_room / 2)
		return true;
	s->ids_room = old.ids_room ? 2 * old.ids_room : 256;
	s->ids = calloc(s->ids_room, sizeof(*s->ids));
	if (!s->ids) {
		*s = old;
		return false;
	}
	for (uint32_t i = 0; i < old.ids_room; i++)
		if (old.ids[i].id)
			*find_id(s, old.ids[i].tgid, old.ids[i].id) = old.ids[i];
	free(old.ids);
	return true;
}

void stacks_define(struct stacks *s, const struct event *ev)
{
	const struct frames_info *info = ev->ext;
	struct stack_id *known;
	uint32_t skip, number;

	if (!info || !ev->value || !info->frames_len || info->frames[info->frames_len - 1])
		return;
	skip = skip_inner(info->frames, info->frames_len);
	number = intern(s, info->frames + skip, info->frames_len - skip, !ev->tid);
	if (number == STACK_NONE || !grow_ids(s)) {
		s->failed = true;
		return;
	}
	known = find_id(s, ev->tid, ev->value);
	s->nids += !known->id;
	*known = (struct stack_id){.tgid = ev->tid, .id = ev->value, .stack = number};
}

uint32_t stacks_find(const struct stacks *s, uint32_t tgid, uint32_t id)
{
	const struct stack_id *known;

	if (!id || !s->ids_room)
		return STACK_NONE;
	known = find_id(s, tgid, id);
	return known->id ? known->stack : STACK_NONE;
}

const char *stack_frame(const struct stack *stack, uint32_t *at)
{
	const char *name = stack->frames + *at;

	if (*at >= stack->len)
		return NULL;
	*at += (uint32_t)strlen(name) + 1;
	return *name ? name : "?";
}

void stacks_free(struct stacks *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		free(s->list[i].frames);
	free(s->list);
	free(s->buckets);
	free(s->ids);
	*s = (struct stacks){0};
}
