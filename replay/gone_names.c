// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/gone_names.h"

#include <string.h>

static void copy_comm(char to[TASK_COMM_LEN], const char *from)
{
	memset(to, 0, TASK_COMM_LEN);
	memcpy(to, from, strnlen(from, TASK_COMM_LEN - 1));
}

static void on_gone(struct sink *s, const struct task *task)
{
	struct gone_names *g = (struct gone_names *)s;
	uint32_t i = task->info.tid % GONE_NAMES;

	g->list[i].tid = task->info.tid;
	copy_comm(g->list[i].comm, task->info.comm);
}

void gone_names_init(struct gone_names *g)
{
	memset(g, 0, sizeof(*g));
	g->sink.task_gone = on_gone;
}

static void name_of(const struct gone_names *g, const struct task *task, uint32_t tid,
		    char comm[TASK_COMM_LEN])
{
	memset(comm, 0, TASK_COMM_LEN);
	if (task)
		copy_comm(comm, task->info.comm);
	else if (tid && g->list[tid % GONE_NAMES].tid == tid)
		copy_comm(comm, g->list[tid % GONE_NAMES].comm);
}

void gone_names_waker(const struct gone_names *g, const struct engine *e, const struct interval *iv,
		      char comm[TASK_COMM_LEN])
{
	name_of(g, engine_waker(e, iv), iv->waker, comm);
}

void gone_names_comm(const struct gone_names *g, const struct engine *e, uint32_t tid,
		     char comm[TASK_COMM_LEN])
{
	name_of(g, tid && tid != TID_OTHER ? engine_task(e, tid) : NULL, tid, comm);
}
