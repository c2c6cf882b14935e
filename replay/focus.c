// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/focus.h"

#include <errno.h>
#include <stdlib.h>

#include "format/checkpoint.h"

/* PIDs end at PID_MAX_LIMIT, 2^22 (include/linux/threads.h): a bit for each. */
#define PIDS	(1u << 22)
#define VISITED (1u << 31)

struct focus {
	uint32_t root;
	bool told; /* checkpoints say who is in */
	uint64_t processes;
	uint64_t counted_ns; /* forks up to here are counted: they may be told twice */
	uint64_t in[PIDS / 64];
	/* Of the checkpoint that is read, with VISITED; 0: not in it. Memory only where PIDs are. */
	uint32_t parent[PIDS];
};

int focus_new(struct focus **out, uint32_t root, bool told, struct err *err)
{
	struct focus *f = calloc(1, sizeof(*f));

	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	f->root = root;
	f->told = told;
	f->processes = 1;
	if (root < PIDS)
		f->in[root / 64] |= UINT64_C(1) << root % 64;
	*out = f;
	return 0;
}

void focus_free(struct focus *f)
{
	free(f);
}

bool focus_has(const struct focus *f, uint32_t tgid)
{
	return tgid < PIDS && (f->in[tgid / 64] >> tgid % 64 & 1);
}

uint64_t focus_processes(const struct focus *f)
{
	return f->processes;
}

static void put(struct focus *f, uint32_t tgid, bool in)
{
	uint64_t bit = UINT64_C(1) << tgid % 64;

	if (tgid >= PIDS)
		return;
	if (in)
		f->in[tgid / 64] |= bit;
	else
		f->in[tgid / 64] &= ~bit;
}

/*
 * A new process is in when its parent is, or who has forked it; a reused PID of one that was in
 * may come out, also as a thread's.
 */
static void on_fork(struct focus *f, const struct event *ev, const struct task_info *info)
{
	const bool in = focus_has(f, info->ppid) || focus_has(f, ev->peer);

	if (info->tid != info->tgid) {
		put(f, info->tid, false);
		return;
	}
	if (info->tgid != f->root || f->told)
		put(f, info->tgid, in);
	if (in && info->tgid != f->root && ev->ts > f->counted_ns) {
		f->processes++;
		f->counted_ns = ev->ts;
	}
}

static bool is_process(const struct task_info *info)
{
	return info->tid == info->tgid && info->tgid < PIDS;
}

/* The parent of one that the checkpoint has and that is not in; NULL: it is neither. */
static uint32_t *parent_of(struct focus *f, uint32_t tgid)
{
	if (tgid >= PIDS || focus_has(f, tgid) || !f->parent[tgid])
		return NULL;
	return &f->parent[tgid];
}

/*
 * From a process up to one that is in, then all on the way are; or to one that was visited and is
 * not in, or to the end: then none is. So every process is passed twice at most, however they are
 * ordered.
 */
static void climb(struct focus *f, uint32_t tgid)
{
	uint32_t top = tgid, *next;

	while ((next = parent_of(f, top)) && !(*next & VISITED)) {
		*next |= VISITED;
		top = *next & ~VISITED;
	}
	if (!focus_has(f, top))
		return;
	while (tgid != top) {
		put(f, tgid, true);
		f->processes++;
		tgid = f->parent[tgid] & ~VISITED;
	}
}

/* Who is told of late: its fork was lost, or it has just come into what a filter wants. */
static void on_word(struct focus *f, const struct task_info *info)
{
	if (info->tid != info->tgid || focus_has(f, info->tgid) || !focus_has(f, info->ppid))
		return;
	put(f, info->tgid, true);
	f->processes++;
}

static void take_told(struct focus *f, const struct checkpoint *ck)
{
	for (uint32_t i = 0; i < ck->ntasks; i++) {
		const uint32_t tgid = ck->tasks[i].info.tgid;
		const bool in = ck->tasks[i].flags & SNAPF_TREE;

		if (!is_process(&ck->tasks[i].info))
			continue;
		f->processes += in && !focus_has(f, tgid);
		put(f, tgid, in);
	}
}

/* In a checkpoint children may come before their parents. */
static void climb_all(struct focus *f, const struct checkpoint *ck)
{
	for (uint32_t i = 0; i < ck->ntasks; i++)
		if (is_process(&ck->tasks[i].info))
			f->parent[ck->tasks[i].info.tgid] = ck->tasks[i].info.ppid & ~VISITED;
	for (uint32_t i = 0; i < ck->ntasks; i++)
		if (is_process(&ck->tasks[i].info))
			climb(f, ck->tasks[i].info.tgid);
	for (uint32_t i = 0; i < ck->ntasks; i++)
		if (is_process(&ck->tasks[i].info))
			f->parent[ck->tasks[i].info.tgid] = 0;
}

void focus_event(struct focus *f, const struct event *ev)
{
	if (!ev->ext)
		return;
	if (ev->kind == EV_FORK)
		on_fork(f, ev, ev->ext);
	else if (ev->kind == EV_TASK)
		on_word(f, &((const struct task_snapshot *)ev->ext)->info);
	else if (ev->kind == EV_CHECKPOINT && f->told)
		take_told(f, ev->ext);
	else if (ev->kind == EV_CHECKPOINT)
		climb_all(f, ev->ext);
}
