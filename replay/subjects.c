// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/seed.h"

#define NIL	      UINT32_MAX
#define FIRST_BUCKETS 1024
#define CPUS	      CPU_NONE /* the numbers there can be */

const char *const subject_by_names[BY_COUNT] = {"process", "thread", "comm",   "cgroup",
						"user",	   "cpu",    "device", "connection"};

int subject_by_parse(const char *text, enum subject_by *out, struct err *err)
{
	for (unsigned i = 0; i < BY_COUNT; i++) {
		if (!strcmp(text, subject_by_names[i])) {
			*out = (enum subject_by)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL,
		       "'%.100s' is not a grouping: process, thread, comm, cgroup, user, cpu, "
		       "device or connection",
		       text);
}

/* Every task belongs to a subject; otherwise it is only known whether it is wanted. */
static bool per_task(const struct subjects *s)
{
	return BY_TASKS >> s->by & 1;
}

/* What makes two tasks one subject; zeroed where it does not matter, for it is hashed whole. */
enum special { SPECIAL_NONE, SPECIAL_FOLDED, SPECIAL_UNKNOWN };

struct key {
	uint64_t number;
	char comm[TASK_COMM_LEN];
	uint32_t special; /* enum special */
	uint32_t zero;
};

static void set_comm(char to[TASK_COMM_LEN], const char *from)
{
	memset(to, 0, TASK_COMM_LEN);
	memcpy(to, from, strnlen(from, TASK_COMM_LEN - 1));
}

static struct key key_of_task(const struct subjects *s, const struct task_info *info)
{
	struct key key = {0};

	switch (s->by) {
	case BY_PROCESS: key.number = info->tgid ? info->tgid : info->tid; break;
	case BY_THREAD: key.number = info->tid; break;
	case BY_CGROUP: key.number = info->cgroup_id; break;
	case BY_USER: key.number = info->uid; break;
	case BY_COMM: set_comm(key.comm, info->comm); break;
	default: break;
	}
	return key;
}

static struct key key_of(const struct subjects *s, const struct subject *subj)
{
	struct task_info info = {
		.tid = subj->tid,
		.tgid = subj->pid,
		.uid = subj->uid,
		.cgroup_id = subj->cgroup_id,
	};
	struct key key;

	set_comm(info.comm, subj->comm);
	key = key_of_task(s, &info);
	if (subj->unknown)
		return (struct key){.special = SPECIAL_UNKNOWN};
	if (subj->folded) {
		key = (struct key){.special = SPECIAL_FOLDED};
		set_comm(key.comm, subj->comm);
	}
	return key;
}

static uint32_t *bucket(struct subjects *s, const struct key *key)
{
	return &s->buckets[XXH3_64bits_withSeed(key, sizeof(*key), s->seed) & (s->nbuckets - 1)];
}

static uint32_t find(struct subjects *s, const struct key *key)
{
	for (uint32_t id = *bucket(s, key); id != NIL; id = s->list[id].next) {
		struct key other = key_of(s, &s->list[id]);

		if (!memcmp(key, &other, sizeof(other)))
			return id;
	}
	return NIL;
}

static void link_subject(struct subjects *s, uint32_t id)
{
	struct key key = key_of(s, &s->list[id]);
	uint32_t *head = bucket(s, &key);

	s->list[id].next = *head;
	*head = id;
}

static void unlink_subject(struct subjects *s, uint32_t id)
{
	struct key key = key_of(s, &s->list[id]);
	uint32_t *at = bucket(s, &key);

	while (*at != NIL && *at != id)
		at = &s->list[*at].next;
	if (*at == id)
		*at = s->list[id].next;
	s->list[id].next = NIL;
}

/* A gone process or thread is in no chain: its number may be another's by now. CPUs never are. */
static bool is_linked(const struct subjects *s, const struct subject *subj)
{
	if (!per_task(s))
		return false;
	return subj->folded || subj->unknown || subj->live ||
	       (s->by != BY_PROCESS && s->by != BY_THREAD);
}

static int grow_buckets(struct subjects *s)
{
	uint32_t n = s->nbuckets * 2;
	uint32_t *buckets = realloc(s->buckets, n * sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	s->buckets = buckets;
	s->nbuckets = n;
	memset(buckets, 0xff, n * sizeof(*buckets));
	for (uint32_t id = 0; id < s->n; id++)
		if (s->list[id].used && is_linked(s, &s->list[id]))
			link_subject(s, id);
	return 0;
}

/* A new subject, not in the hash yet. */
static uint32_t new_subject(struct subjects *s)
{
	uint32_t id = s->free_list;

	if (s->n >= s->nbuckets && grow_buckets(s))
		return NIL;
	if (id != NIL) {
		s->free_list = s->list[id].next;
	} else {
		if (!ARRAY_ROOM(s->list, s->room, s->n))
			return NIL;
		id = s->n++;
	}
	s->list[id] = (struct subject){.used = true, .next = NIL};
	return id;
}

static void describe(struct subject *subj, const struct task_info *info)
{
	subj->pid = info->tgid ? info->tgid : info->tid; /* 0: nothing ever described it */
	subj->tid = info->tid;
	subj->uid = info->uid;
	subj->cgroup_id = info->cgroup_id;
	subj->kthread = info->flags & TASKF_KTHREAD;
	set_comm(subj->comm, info->comm);
}

/* A process is described by its leader, whatever thread is seen first. */
static const struct task_info *describing(const struct subjects *s, const struct task *task)
{
	const struct task *leader;

	if (s->by != BY_PROCESS || task->info.tid == task->info.tgid)
		return &task->info;
	leader = engine_task(s->engine, task->info.tgid);
	return leader && leader->info.tgid == task->info.tgid ? &leader->info : &task->info;
}

static uint32_t join(struct subjects *s, const struct task *task)
{
	struct key key = key_of_task(s, &task->info);
	uint32_t id = find(s, &key);

	if (id == NIL) {
		id = new_subject(s);
		if (id == NIL) {
			s->failed = true;
			return SUBJECT_NONE;
		}
		describe(&s->list[id], describing(s, task));
		link_subject(s, id);
	}
	s->list[id].live++;
	s->list[id].tasks++;
	return id;
}

static int reserve_task(struct subjects *s, uint32_t task_id)
{
	uint32_t before = s->tasks_room;

	if (!ARRAY_ROOM(s->of_task, s->tasks_room, task_id))
		return -ENOMEM;
	for (uint32_t i = before; i < s->tasks_room; i++)
		s->of_task[i] = SUBJECT_UNSEEN;
	s->fast_room = s->has_cpus || s->by == BY_CPU ? 0 : s->tasks_room;
	return 0;
}

static bool wanted(struct subjects *s, const struct task_info *info)
{
	bool in = s->asked || select_task(s->select, info, s->engine);

	return in && (!s->focus || focus_has(s->focus, info->tgid));
}

uint32_t subjects_of_cpu(struct subjects *s, uint32_t cpu)
{
	uint32_t id;

	if (cpu >= CPUS || (s->has_cpus && !select_cpu(s->select, cpu)))
		return SUBJECT_NONE;
	id = s->of_cpu[cpu];
	if (id != NIL)
		return id;
	id = new_subject(s);
	if (id == NIL) {
		s->failed = true;
		return SUBJECT_NONE;
	}
	s->list[id].cpu = cpu;
	s->of_cpu[cpu] = id;
	return id;
}

/*
 * A process lives as long as its leader, who may be told of after a thread that has ended: without
 * it, its other threads would be another process.
 */
static void join_leader(struct subjects *s, const struct task *task)
{
	const struct task *leader;

	if (s->by != BY_PROCESS || s->has_cpus || s->finishing || task->info.tid == task->info.tgid)
		return;
	leader = engine_task(s->engine, task->info.tgid);
	if (!leader || leader->info.tgid != task->info.tgid)
		return;
	if (reserve_task(s, leader->id))
		s->failed = true;
	else if (s->of_task[leader->id] == SUBJECT_UNSEEN)
		s->of_task[leader->id] = wanted(s, &leader->info) ? join(s, leader) : SUBJECT_NONE;
}

uint32_t subjects_look_up(struct subjects *s, const struct task *task, uint32_t cpu)
{
	uint32_t id;

	if (reserve_task(s, task->id)) {
		s->failed = true;
		return SUBJECT_NONE;
	}
	if (s->has_cpus && !select_cpu(s->select, cpu))
		return SUBJECT_NONE; /* it gets a row when it does something there */
	id = s->of_task[task->id];
	if (id == SUBJECT_UNSEEN) {
		if (!wanted(s, &task->info))
			id = SUBJECT_NONE;
		else
			id = per_task(s) ? join(s, task) : 0;
		s->of_task[task->id] = id;
		if (id != SUBJECT_NONE)
			join_leader(s, task);
	}
	return id != SUBJECT_NONE && s->by == BY_CPU ? subjects_of_cpu(s, cpu) : id;
}

uint32_t subjects_unknown(struct subjects *s, uint32_t cpu)
{
	if (s->focus || select_names_tasks(s->select) || s->select->kthreads == KTHREADS_ONLY)
		return SUBJECT_NONE;
	if (s->by == BY_CPU)
		return subjects_of_cpu(s, cpu);
	if (s->has_cpus && !select_cpu(s->select, cpu))
		return SUBJECT_NONE;
	if (!per_task(s))
		return 0;
	if (s->unknown == NIL) {
		uint32_t id = new_subject(s);

		if (id == NIL) {
			s->failed = true;
			return SUBJECT_NONE;
		}
		s->list[id].unknown = true;
		link_subject(s, id);
		s->unknown = id;
	}
	return s->unknown;
}

uint32_t subjects_of_cgroup(struct subjects *s, uint64_t cgroup_id, const struct task *task)
{
	struct task_info info = {0};
	struct key key;
	uint32_t id;

	if (!cgroup_id)
		return SUBJECT_NONE;
	if (task)
		info = task->info;
	info.cgroup_id = cgroup_id;
	if (!wanted(s, &info))
		return SUBJECT_NONE;
	key = key_of_task(s, &info);
	id = find(s, &key);
	if (id != NIL)
		return id;
	id = new_subject(s);
	if (id == NIL) {
		s->failed = true;
		return SUBJECT_NONE;
	}
	s->list[id].cgroup_id = cgroup_id;
	link_subject(s, id);
	return id;
}

/* -- those that are gone -- */

struct candidate {
	uint64_t weight;
	uint32_t id;
};

static int compare_weight(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* The subject that stands for all gone ones of this name. */
static uint32_t folded_subject(struct subjects *s, const char *comm)
{
	struct key key = {.special = SPECIAL_FOLDED};
	uint32_t id;

	set_comm(key.comm, comm);
	id = find(s, &key);
	if (id != NIL)
		return id;
	id = new_subject(s);
	if (id == NIL)
		return NIL;
	memcpy(s->list[id].comm, key.comm, sizeof(key.comm));
	s->list[id].folded = true;
	link_subject(s, id);
	return id;
}

static void fold_one(struct subjects *s, uint32_t id)
{
	uint32_t to = folded_subject(s, s->list[id].comm);

	if (to == NIL) {
		s->failed = true;
		return;
	}
	for (uint32_t u = 0; u < s->nusers; u++)
		s->users[u].fold(s->users[u].ctx, to, id);
	s->list[to].tasks += s->list[id].tasks;
	s->list[to].gap_ns += s->list[id].gap_ns;
	s->list[id] = (struct subject){.next = s->free_list};
	s->free_list = id;
	s->folded++;
	s->gone--;
}

/* Folds the least of the gone until `keep` are left. */
static void fold_least(struct subjects *s)
{
	struct candidate *list = malloc(s->gone * sizeof(*list));
	uint32_t n = 0;

	if (!list) {
		s->failed = true;
		return;
	}
	for (uint32_t id = 0; id < s->n && n < s->gone; id++) {
		const struct subject *subj = &s->list[id];

		if (!subj->used || subj->live || subj->folded || subj->unknown)
			continue;
		list[n].id = id;
		list[n++].weight = s->nusers ? s->users[0].weight(s->users[0].ctx, id) : 0;
	}
	qsort(list, n, sizeof(*list), compare_weight);
	for (uint32_t i = 0; i < n && s->gone > s->keep; i++)
		fold_one(s, list[i].id);
	free(list);
}

static void leave(struct subjects *s, uint32_t id)
{
	struct subject *subj = &s->list[id];

	if (subj->live == 1 && (s->by == BY_PROCESS || s->by == BY_THREAD) && !s->finishing) {
		unlink_subject(s, id);
		s->gone++;
	}
	subj->live--;
	if (s->gone > s->keep + s->keep / 4 + 16)
		fold_least(s);
}

static void on_gone(struct sink *sink, const struct task *task)
{
	struct subjects *s = (struct subjects *)sink;
	uint32_t id;

	if (task->id >= s->tasks_room)
		return;
	id = s->of_task[task->id];
	s->of_task[task->id] = SUBJECT_UNSEEN;
	if (id < SUBJECT_UNSEEN && per_task(s))
		leave(s, id);
}

static void on_changed(struct sink *sink, const struct task *task, const struct task_info *before)
{
	struct subjects *s = (struct subjects *)sink;
	struct key old = key_of_task(s, before), new = key_of_task(s, &task->info);
	uint32_t id = task->id < s->tasks_room ? s->of_task[task->id] : SUBJECT_UNSEEN;
	bool same = !memcmp(&old, &new, sizeof(old)), in;

	if (id == SUBJECT_UNSEEN)
		return;
	in = wanted(s, &task->info);
	if (!per_task(s)) {
		s->of_task[task->id] = in ? 0 : SUBJECT_NONE;
		return;
	}
	if (!in || id == SUBJECT_NONE || (!same && s->by != BY_THREAD)) {
		if (id != SUBJECT_NONE)
			leave(s, id);
		s->of_task[task->id] = in ? join(s, task) : SUBJECT_NONE;
		return;
	}
	if (s->by == BY_THREAD) { /* an exec by a non-leader changes even the TID */
		unlink_subject(s, id);
		describe(&s->list[id], &task->info);
		link_subject(s, id);
	} else if (s->by == BY_PROCESS && task->info.tid == task->info.tgid) {
		describe(&s->list[id], &task->info);
	}
}

static void on_interval(struct sink *sink, const struct interval *iv)
{
	struct subjects *s = (struct subjects *)sink;
	uint64_t gap = iv->to_ns - iv->from_ns;
	uint32_t id;

	if (!gap || !per_task(s))
		return;
	id = subjects_of(s, iv->task, iv->cpu);
	if (id != SUBJECT_NONE)
		s->list[id].gap_ns += gap;
}

static void on_cpu_interval(struct sink *sink, const struct cpu_interval *iv)
{
	struct subjects *s = (struct subjects *)sink;
	uint32_t id;

	if (s->by != BY_CPU || iv->state != CS_GAP)
		return;
	id = subjects_of_cpu(s, iv->cpu);
	if (id != SUBJECT_NONE)
		s->list[id].gap_ns += iv->to_ns - iv->from_ns;
}

int subjects_new(struct subjects **out, enum subject_by by, const struct engine *engine,
		 struct select *select, const struct focus *focus, struct err *err)
{
	struct subjects *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->sink = (struct sink){
		.interval = on_interval,
		.states = 1u << TS_UNKNOWN,
		.cpu_interval = by == BY_CPU ? on_cpu_interval : NULL,
		.task_gone = on_gone,
		.task_changed = on_changed,
	};
	s->by = by;
	s->engine = engine;
	s->select = select;
	s->focus = focus;
	s->has_cpus = select_has_cpus(select);
	s->keep = SUBJECTS_KEEP;
	s->free_list = NIL;
	s->unknown = NIL;
	s->nbuckets = FIRST_BUCKETS;
	s->seed = seed_new();
	s->buckets = malloc(FIRST_BUCKETS * sizeof(*s->buckets));
	if (!s->buckets) {
		free(s);
		return err_set(err, -ENOMEM, "out of memory");
	}
	memset(s->buckets, 0xff, FIRST_BUCKETS * sizeof(*s->buckets));
	if (by == BY_CPU) {
		s->of_cpu = malloc(CPUS * sizeof(*s->of_cpu));
		if (!s->of_cpu) {
			subjects_free(s);
			return err_set(err, -ENOMEM, "out of memory");
		}
		memset(s->of_cpu, 0xff, CPUS * sizeof(*s->of_cpu));
	}
	*out = s;
	return 0;
}

void subjects_free(struct subjects *s)
{
	if (!s)
		return;
	free(s->list);
	free(s->of_task);
	free(s->buckets);
	free(s->of_cpu);
	free(s);
}

void subjects_add_user(struct subjects *s, const struct subject_user *user)
{
	if (s->nusers < sizeof(s->users) / sizeof(s->users[0]))
		s->users[s->nusers++] = *user;
}
