// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "engine/engine.h"

#define FIRST_TID   100
#define START_TASKS 10
#define MAX_TASKS   400

enum where { ASLEEP, QUEUED, ON_CPU, GONE };

struct machine {
	struct event_list *out;
	uint64_t seed, ts;
	enum where where[MAX_TASKS];
	uint16_t cpu[MAX_TASKS];
	int ntasks;
	int current[SCHEDULE_CPUS]; /* task, -1 idle */
	/* a CPU that loses events */
	int lossy;
	int lossy_left;
	uint64_t lost, lost_first, lost_last;
};

static uint32_t pick(struct machine *m, uint32_t n)
{
	return (uint32_t)(random_next(&m->seed) % n);
}

static uint32_t tid_of(int task)
{
	return task < 0 ? 0 : (uint32_t)(FIRST_TID + task);
}

static struct task_info info_of(int task)
{
	struct task_info info = {.tid = tid_of(task), .ppid = 1, .uid = 1000, .cgroup_id = 7};

	/* pairs of threads */
	info.tgid = tid_of(task & ~1);
	info.start_ns = SCHEDULE_START / 2 + (uint64_t)task;
	snprintf(info.comm, sizeof(info.comm), "task%d", task);
	return info;
}

/* A source delivers a gap when it begins. */
static void add_in_order(struct event_list *l, const struct event *ev)
{
	struct event last;
	size_t at;

	list_add(l, ev);
	at = l->n - 1;
	last = l->list[at];
	for (; at && l->list[at - 1].ts > last.ts; at--)
		l->list[at] = l->list[at - 1];
	l->list[at] = last;
}

static void end_loss(struct machine *m)
{
	struct gap_info gap = {.end_ns = m->lost_last, .count = m->lost, .reason = GAP_RING_FULL};
	struct event ev = {
		.ts = m->lost_first, .cpu = (uint16_t)m->lossy, .kind = EV_GAP, .ext = &gap};

	if (m->lost)
		add_in_order(m->out, &ev);
	m->lossy = -1;
	m->lost = 0;
}

static void emit(struct machine *m, struct event ev)
{
	ev.ts = m->ts;
	if (ev.cpu != m->lossy) {
		list_add(m->out, &ev);
		return;
	}
	if (!m->lost++)
		m->lost_first = ev.ts;
	m->lost_last = ev.ts;
}

static int find(struct machine *m, enum where where, int cpu)
{
	int start = (int)pick(m, (uint32_t)m->ntasks);

	for (int i = 0; i < m->ntasks; i++) {
		int task = (start + i) % m->ntasks;

		if (m->where[task] == where && (cpu < 0 || m->cpu[task] == cpu))
			return task;
	}
	return -1;
}

/* state: with event.aux in the upper half */
static void switch_to(struct machine *m, uint16_t cpu, int next, uint32_t state, uint8_t flags)
{
	int prev = m->current[cpu];

	if (prev == next)
		return;
	emit(m, (struct event){.kind = EV_SWITCH,
			       .cpu = cpu,
			       .tid = tid_of(next),
			       .peer = tid_of(prev),
			       .value = state & UINT16_MAX,
			       .aux = (uint16_t)(state >> 16),
			       .flags = flags});
	if (next >= 0) {
		m->where[next] = ON_CPU;
		m->cpu[next] = cpu;
	}
	m->current[cpu] = next;
}

/* The current task stops, in one way or another, and the next one runs. */
static void reschedule(struct machine *m, uint16_t cpu)
{
	int prev = m->current[cpu], next = find(m, QUEUED, cpu);
	uint32_t dice = pick(m, 10);

	if (prev < 0) {
		switch_to(m, cpu, next, 0, 0);
	} else if (dice < 3 && next >= 0) {
		m->where[prev] = QUEUED;
		switch_to(m, cpu, next, 0, dice ? EVF_PREEMPT : 0);
	} else if (dice < 4 && prev >= START_TASKS) {
		emit(m, (struct event){.kind = EV_EXIT, .cpu = cpu, .tid = tid_of(prev)});
		m->ts += 500;
		m->where[prev] = GONE;
		switch_to(m, cpu, next, 0x80, 0);
	} else {
		if (dice < 6)
			emit(m, (struct event){.kind = EV_BLOCK,
					       .cpu = cpu,
					       .tid = tid_of(prev),
					       .value = dice,
					       .flags = dice == 5 ? EVF_IOWAIT : 0});
		m->where[prev] = ASLEEP;
		switch_to(m, cpu, next, dice < 6 ? 2 : 1 | pick(m, 3) << 20,
			  dice == 9 ? EVF_IOWAIT : 0);
	}
}

static void wake(struct machine *m, uint16_t cpu)
{
	int task = find(m, ASLEEP, -1);
	uint16_t target = (uint16_t)pick(m, SCHEDULE_CPUS);
	struct event ev = {.kind = EV_WAKING, .cpu = cpu, .tid = tid_of(task)};

	if (task < 0)
		return;
	ev.peer = tid_of(m->current[cpu]);
	ev.value = m->cpu[task];
	emit(m, ev);
	m->ts += 300;
	if (target != m->cpu[task])
		emit(m, (struct event){.kind = EV_MIGRATE,
				       .cpu = cpu,
				       .tid = tid_of(task),
				       .value = target,
				       .aux = m->cpu[task],
				       .flags = EVF_PLACED});
	ev.kind = EV_WAKEUP;
	ev.value = target;
	ev.aux = 1;
	emit(m, ev);
	m->where[task] = QUEUED;
	m->cpu[task] = target;
}

static void fork_one(struct machine *m, uint16_t cpu)
{
	int parent = m->current[cpu], child = m->ntasks;
	struct task_info info = info_of(child);
	struct event ev = {.kind = EV_FORK, .cpu = cpu, .tid = tid_of(child), .ext = &info};

	if (parent < 0 || child == MAX_TASKS)
		return;
	ev.peer = tid_of(parent);
	emit(m, ev);
	m->ts += 200;
	ev = (struct event){.kind = EV_WAKEUP_NEW, .cpu = cpu, .tid = ev.tid, .peer = ev.peer};
	ev.value = cpu;
	emit(m, ev);
	m->where[child] = QUEUED;
	m->cpu[child] = cpu;
	m->ntasks++;
}

void schedule_events(struct event_list *l, uint64_t seed, size_t n, size_t gaps)
{
	struct machine m = {.out = l, .seed = seed, .ts = SCHEDULE_START, .lossy = -1};

	m.ntasks = START_TASKS;
	for (int i = 0; i < START_TASKS; i++)
		m.cpu[i] = (uint16_t)(i % SCHEDULE_CPUS);
	for (int i = 0; i < SCHEDULE_CPUS; i++)
		m.current[i] = -1;
	for (size_t i = 0; i < n; i++) {
		uint16_t cpu = (uint16_t)pick(&m, SCHEDULE_CPUS);

		m.ts += 1 + pick(&m, 20000);
		if (gaps && i % gaps == gaps - 1) {
			m.lossy = cpu;
			m.lossy_left = 1 + (int)pick(&m, 40);
		}
		if (pick(&m, 30) == 0)
			fork_one(&m, cpu);
		else if (pick(&m, 2))
			wake(&m, cpu);
		else
			reschedule(&m, cpu);
		if (m.lossy >= 0 && --m.lossy_left <= 0)
			end_loss(&m);
	}
	end_loss(&m);
}

const struct checkpoint *schedule_checkpoint(void)
{
	static struct task_snapshot tasks[START_TASKS];
	static struct cpu_snapshot cpus[SCHEDULE_CPUS];
	static const struct name_info name = {.id = 7, .kind = NAME_CGROUP, .name = "/slice"};
	static const struct checkpoint ck = {.ts = SCHEDULE_START,
					     .tasks = tasks,
					     .ntasks = START_TASKS,
					     .cpus = cpus,
					     .ncpus = SCHEDULE_CPUS,
					     .names = &name,
					     .nnames = 1};

	for (int i = 0; i < START_TASKS; i++)
		tasks[i] = (struct task_snapshot){.info = info_of(i),
						  .state = 1,
						  .cpu = (uint16_t)(i % SCHEDULE_CPUS),
						  .run_state = TS_SLEEP,
						  .syscall = SYSCALL_UNKNOWN,
						  .since_ns = SCHEDULE_START - 1000};
	for (int i = 0; i < SCHEDULE_CPUS; i++)
		cpus[i] = (struct cpu_snapshot){.cpu = (uint16_t)i, .since_ns = SCHEDULE_START};
	return &ck;
}

int schedule_trace(const struct event_list *l, size_t segment)
{
	struct trace_writer_options opt = {.block_events = 64};
	struct meta_end end = {.end_ns = l->list[l->n - 1].ts + 50000};
	int fd = memory_file(NULL, 0);
	struct event first = {.kind = EV_CHECKPOINT, .cpu = CPU_NONE, .ts = SCHEDULE_START};
	struct trace_writer *w;
	struct checkpoint ck;
	struct engine *e;
	struct meta meta;
	struct err err;

	first.ext = schedule_checkpoint();
	simple_meta(&meta, SCHEDULE_CPUS, SCHEDULE_START);
	meta.start_utc_ns = UINT64_C(1700000000) * SCHEDULE_START;
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(engine_new(&e, SCHEDULE_CPUS, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, &first, 1, &err), 0);
	assert_int_equal(trace_write_checkpoint(w, first.ext, &err), 0);
	for (size_t i = 0; i < l->n; i++) {
		if (segment && i && i % segment == 0) {
			assert_int_equal(engine_checkpoint(e, l->list[i].ts, &ck, &err), 0);
			assert_int_equal(trace_write_checkpoint(w, &ck, &err), 0);
		}
		assert_int_equal(engine_apply(e, &l->list[i], 1, &err), 0);
		assert_int_equal(trace_write_event(w, &l->list[i], &err), 0);
	}
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	engine_free(e);
	meta_free(&meta);
	return fd;
}
