// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/offcpu/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "replay/syscalls.h"

static uint32_t bucket_of(const struct places *p, const struct place_key *key)
{
	return (uint32_t)XXH3_64bits(key, sizeof(*key)) & (p->nbuckets - 1);
}

static bool grow(struct places *p)
{
	uint32_t n = p->nbuckets ? 2 * p->nbuckets : 512;
	struct place *list;
	uint32_t *buckets;

	if (p->n < p->room)
		return true;
	list = reallocarray(p->list, n, sizeof(*list));
	if (!list)
		return false;
	p->list = list;
	p->room = n;
	buckets = reallocarray(p->buckets, n, sizeof(*buckets));
	if (!buckets)
		return false;
	memset(buckets, 0, n * sizeof(*buckets));
	p->buckets = buckets;
	p->nbuckets = n;
	for (uint32_t i = 0; i < p->n; i++) {
		uint32_t b = bucket_of(p, &p->list[i].key);

		p->list[i].next = buckets[b];
		buckets[b] = i + 1;
	}
	return true;
}

static struct place *find(const struct places *p, const struct place_key *key)
{
	uint32_t at = p->nbuckets ? p->buckets[bucket_of(p, key)] : 0;

	while (at && memcmp(&p->list[at - 1].key, key, sizeof(*key)) != 0)
		at = p->list[at - 1].next;
	return at ? &p->list[at - 1] : NULL;
}

int places_add(struct places *p, const struct place *more)
{
	struct place_key rest = {.subject = more->key.subject,
				 .reason = more->key.reason,
				 .kernel = STACK_NONE,
				 .user = STACK_NONE,
				 .leaf = LEAF_REST};
	const struct place_key *key = &more->key;
	struct place *at = find(p, key);
	uint32_t *head;

	if (!at && p->n >= PLACES_MAX) {
		key = &rest;
		at = find(p, key);
	}
	if (at) {
		at->ns += more->ns;
		at->count += more->count;
		at->max_ns = more->max_ns > at->max_ns ? more->max_ns : at->max_ns;
		return 0;
	}
	if (!grow(p))
		return -ENOMEM;
	head = &p->buckets[bucket_of(p, key)];
	p->list[p->n] = *more;
	p->list[p->n].key = *key;
	p->list[p->n].next = *head;
	*head = ++p->n;
	return 0;
}

void places_free(struct places *p)
{
	free(p->list);
	free(p->buckets);
	*p = (struct places){0};
}

static int32_t leaf_of(const struct interval *iv, const struct wait_verdict *verdict)
{
	bool kernel = iv->task->info.flags & TASKF_KTHREAD;

	switch (iv->state) {
	case TS_RUNNABLE: return LEAF_RUNQ;
	case TS_STOPPED: return LEAF_STOPPED;
	case TS_TRACED: return LEAF_TRACED;
	case TS_PARKED: return LEAF_PARKED;
	case TS_NEW: return LEAF_NEW;
	default: break;
	}
	if (kernel)
		return (verdict ? verdict->idle_work : iv->state != TS_DISK) ? LEAF_NO_WORK
									     : LEAF_KERNEL;
	if (iv->syscall >= 0)
		return iv->syscall;
	return iv->syscall == SYSCALL_NONE ? LEAF_NO_CALL : LEAF_UNKNOWN;
}

struct place_key place_of(const struct interval *iv, const struct wait_verdict *verdict,
			  const struct stacks *stacks, uint32_t subject)
{
	struct place_key key = {
		.subject = subject,
		.reason = verdict		     ? verdict->reason
			  : iv->state == TS_RUNNABLE ? PLACE_RUNQ
						     : WAIT_OTHER,
		.kernel = STACK_NONE,
		.user = STACK_NONE,
	};

	if (iv->kernel_stack)
		key.kernel = stacks_find(stacks, 0, iv->kernel_stack);
	if (iv->user_stack)
		key.user = stacks_find(stacks, iv->task->info.tgid, iv->user_stack);
	key.leaf = key.kernel == STACK_NONE ? leaf_of(iv, verdict) : LEAF_STACK;
	return key;
}

const char *leaf_name(int32_t leaf, const char *arch)
{
	static const char *const names[] = {
		[-LEAF_STACK] = "(stack)",
		[-LEAF_RUNQ] = "(run queue)",
		[-LEAF_NO_CALL] = "(no system call)",
		[-LEAF_UNKNOWN] = "(not known)",
		[-LEAF_NO_WORK] = "(no work)",
		[-LEAF_KERNEL] = "(kernel thread)",
		[-LEAF_STOPPED] = "(stopped)",
		[-LEAF_TRACED] = "(traced)",
		[-LEAF_PARKED] = "(parked)",
		[-LEAF_NEW] = "(forked)",
		[-LEAF_REST] = "(others)",
	};
	static _Thread_local char buf[32];
	const char *name;

	if (leaf < 0)
		return -leaf < (int32_t)(sizeof(names) / sizeof(names[0])) ? names[-leaf] : "?";
	name = syscall_name(arch, leaf);
	if (name)
		return name;
	snprintf(buf, sizeof(buf), "syscall %d", leaf);
	return buf;
}
