/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * subjects: what the rows of a report are about, by process, thread, comm, cgroup, user or CPU.
 * What nobody is known for has a subject of its own, so that sums stay exact.
 *
 * A task of the engine belongs to one subject at a time; the way from one to the other is one
 * array look-up. Whoever counts something per subject keeps an array indexed by the subject's
 * number. Processes and threads that are gone are kept up to a limit; beyond it the least of
 * them are folded into one subject per comm, so that sums stay exact and memory bounded.
 */
#ifndef RSTAT_REPLAY_SUBJECTS_H
#define RSTAT_REPLAY_SUBJECTS_H

#include "engine/engine.h"
#include "replay/focus.h"
#include "replay/select.h"

/* Of the last two the rows are a view's own; subjects only tell whose requests and traffic count. */
enum subject_by {
	BY_PROCESS,
	BY_THREAD,
	BY_COMM,
	BY_CGROUP,
	BY_USER,
	BY_CPU,
	BY_DEVICE,
	BY_CONNECTION,
	BY_COUNT
};

#define BY_TASKS ((1u << BY_CPU) - 1) /* a subject per task, a bit each */

extern const char *const subject_by_names[BY_COUNT];
int subject_by_parse(const char *text, enum subject_by *out, struct err *err);

#define SUBJECT_NONE   UINT32_MAX /* the task is not what the report is about */
#define SUBJECT_UNSEEN (UINT32_MAX - 1) /* not looked up yet */

#define SUBJECTS_KEEP 65536 /* gone processes or threads that keep a row of their own */

struct subject {
	uint32_t pid, tid, uid;
	uint32_t cpu; /* BY_CPU */
	uint32_t live; /* tasks that belong to it now */
	uint32_t tasks; /* that ever did */
	uint64_t cgroup_id;
	uint64_t gap_ns; /* how much of its tasks' time is unknown */
	char comm[TASK_COMM_LEN];
	bool used;
	bool kthread;
	bool folded; /* stands for many that are gone: `tasks` of them */
	bool unknown; /* stands for what no task is known for */
	uint32_t next; /* inside: chain of the hash */
};

/* Who keeps figures per subject. */
struct subject_user {
	void *ctx;
	uint64_t (*weight)(void *ctx, uint32_t id); /* worth keeping; of the first user only */
	void (*fold)(void *ctx, uint32_t to, uint32_t from); /* from's figures go to `to` */
};

struct subjects {
	struct sink sink; /* to be added to the engine after all who use the subjects */
	enum subject_by by;
	const struct engine *engine;
	struct select *select;
	const struct focus *focus; /* NULL: everybody */
	/*
	 * Set: these are all that the focus has, whatever `select` says of tasks and CPUs. Who the
	 * report is about is up to `asked`.
	 */
	struct subjects *asked;
	struct subject *list;
	uint32_t n, room;
	uint32_t *of_task; /* by task.id */
	uint32_t tasks_room;
	uint32_t fast_room; /* tasks_room, or 0 when the CPU decides too */
	uint32_t *of_cpu; /* BY_CPU: by CPU number */
	uint32_t *buckets;
	uint32_t nbuckets; /* power of two */
	uint64_t seed;
	uint32_t free_list; /* chain through next */
	uint32_t unknown; /* the subject of what nobody is known for; UINT32_MAX: none yet */
	uint32_t gone, keep;
	uint64_t folded; /* how many lost their own row */
	bool has_cpus; /* select leaves some CPUs out */
	bool finishing; /* the end of the trace, not of its tasks */
	bool failed; /* out of memory */
	struct subject_user users[32];
	uint32_t nusers;
};

int subjects_new(struct subjects **out, enum subject_by by, const struct engine *engine,
		 struct select *select, const struct focus *focus, struct err *err);
void subjects_free(struct subjects *s);
void subjects_add_user(struct subjects *s, const struct subject_user *user);

/* Inside: the slow way, for a task not seen before, or BY_CPU. */
uint32_t subjects_look_up(struct subjects *s, const struct task *task, uint32_t cpu);

/* The subject of `task`, SUBJECT_NONE: leave it out, SUBJECT_UNSEEN: look it up. */
static inline uint32_t subjects_known(const struct subjects *s, const struct task *task)
{
	return task->id < s->fast_room ? s->of_task[task->id] : SUBJECT_UNSEEN;
}

/* The subject of what `task` did on `cpu`; SUBJECT_NONE: leave it out. */
static inline uint32_t subjects_of(struct subjects *s, const struct task *task, uint32_t cpu)
{
	uint32_t id = subjects_known(s, task);

	if (__builtin_expect(id == SUBJECT_UNSEEN, 0))
		return subjects_look_up(s, task, cpu);
	return id;
}

/* The report is about what `task`, as it is now, did on `cpu`. */
static inline bool subjects_asked(struct subjects *s, const struct task *task, uint32_t cpu)
{
	return !s->asked || subjects_of(s->asked, task, cpu) != SUBJECT_NONE;
}

/* The subject of a CPU itself, BY_CPU only. */
uint32_t subjects_of_cpu(struct subjects *s, uint32_t cpu);

/*
 * The subject of what happened on `cpu` and no task is known for. SUBJECT_NONE when the report is
 * about some tasks only: nobody knows whether it was one of them.
 */
uint32_t subjects_unknown(struct subjects *s, uint32_t cpu);

/*
 * BY_CGROUP only: the subject of what is charged to a control group that need not be the one of
 * the task that did it (NULL: not known). The task must be one that the report is about, as if it
 * were in that group.
 */
uint32_t subjects_of_cgroup(struct subjects *s, uint64_t cgroup_id, const struct task *task);

#endif
