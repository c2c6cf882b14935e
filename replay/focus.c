// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/focus.h"

#include <errno.h>
#include <stdlib.h>

#include "format/checkpoint.h"

/* PIDs end at PID_MAX_LIMIT, 2^22 (include/linux/threads.h): a bit for each. */
#define PIDS (1u << 22)

struct focus {
	uint32_t root;
	uint64_t processes;
	uint64_t counted_ns; /* forks up to here are counted: they may be told twice */
	uint64_t in[PIDS / 64];
};

int focus_new(struct focus **out, uint32_t root, struct err *err)
{
	struct focus *f = calloc(1, sizeof(*f));

	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	f->root = root;
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

/* A new process is in when its parent is; a reused PID of one that was in may come out. */
static bool put(struct focus *f, const struct task_info *info)
{
	bool was = focus_has(f, info->tgid), in = focus_has(f, info->ppid);
	uint64_t bit = UINT64_C(1) << info->tgid % 64;

	if (info->tgid >= PIDS || info->tgid == f->root)
		return false;
	if (in)
		f->in[info->tgid / 64] |= bit;
	else
		f->in[info->tgid / 64] &= ~bit;
	return in != was;
}

/* In a checkpoint children may come before their parents: again until nothing changes. */
static void from_checkpoint(struct focus *f, const struct checkpoint *ck)
{
	bool changed;

	do {
		changed = false;
		for (uint32_t i = 0; i < ck->ntasks; i++) {
			const struct task_info *info = &ck->tasks[i].info;

			if (info->tid != info->tgid || focus_has(f, info->tgid) ||
			    !focus_has(f, info->ppid) || !put(f, info))
				continue;
			f->processes++;
			changed = true;
		}
	} while (changed);
}

void focus_event(struct focus *f, const struct event *ev)
{
	const struct task_info *info = ev->ext;

	if (ev->kind == EV_CHECKPOINT && ev->ext)
		from_checkpoint(f, ev->ext);
	if (ev->kind != EV_FORK || !info || info->tid != info->tgid)
		return;
	put(f, info);
	if (focus_has(f, info->tgid) && info->tgid != f->root && ev->ts > f->counted_ns) {
		f->processes++;
		f->counted_ns = ev->ts;
	}
}
