// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

void synth_free(struct synth *s)
{
	for (size_t i = 0; i < s->next; i++)
		free(s->ext[i]);
	free(s->ext);
	free(s->ev);
	memset(s, 0, sizeof(*s));
}

struct event *synth_add(struct synth *s, struct event ev)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->ev = must(reallocarray(s->ev, s->cap, sizeof(*s->ev)));
	}
	s->ev[s->n] = ev;
	return &s->ev[s->n++];
}

void *synth_ext(struct synth *s, const void *data, size_t size)
{
	void *copy = must(malloc(size ? size : 1));

	if (size)
		memcpy(copy, data, size);
	if (s->next == s->ext_cap) {
		s->ext_cap = s->ext_cap ? 2 * s->ext_cap : 64;
		s->ext = must(reallocarray(s->ext, s->ext_cap, sizeof(*s->ext)));
	}
	s->ext[s->next++] = copy;
	return copy;
}

#define ADD(...) synth_add(s, (struct event){.ts = ts, __VA_ARGS__})

void ev_switch(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t raw,
	       uint32_t next)
{
	ADD(.kind = EV_SWITCH, .cpu = cpu, .tid = next, .peer = prev, .value = raw);
}

void ev_preempt(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t next)
{
	ADD(.kind = EV_SWITCH, .cpu = cpu, .tid = next, .peer = prev, .flags = EVF_PREEMPT);
}

void ev_yield(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t next)
{
	ADD(.kind = EV_SWITCH, .cpu = cpu, .tid = next, .peer = prev, .flags = EVF_YIELD);
}

struct event *ev_waking(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t waker, uint32_t tid)
{
	return ADD(.kind = EV_WAKING, .cpu = cpu, .tid = tid, .peer = waker);
}

struct event *ev_wakeup(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t waker, uint32_t tid,
			uint16_t target)
{
	return ADD(.kind = EV_WAKEUP, .cpu = cpu, .tid = tid, .peer = waker, .value = target);
}

void ev_wakeup_new(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t waker, uint32_t tid,
		   uint16_t target)
{
	ADD(.kind = EV_WAKEUP_NEW, .cpu = cpu, .tid = tid, .peer = waker, .value = target);
}

void ev_migrate(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint16_t from,
		uint16_t to)
{
	ADD(.kind = EV_MIGRATE, .cpu = cpu, .tid = tid, .value = to, .aux = from);
}

void ev_fork(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t parent, uint32_t ppid,
	     uint32_t tid, uint32_t tgid)
{
	struct task_info info = {.tid = tid, .tgid = tgid, .ppid = ppid, .start_ns = ts};

	strcpy(info.comm, "child");
	ADD(.kind = EV_FORK, .cpu = cpu, .tid = tid, .peer = parent,
	    .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_exec(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t before,
	     const char *comm)
{
	struct exec_info info = {.uid = 0, .filename = "/bin/x", .args = ""};

	strncpy(info.comm, comm, sizeof(info.comm) - 1);
	ADD(.kind = EV_EXEC, .cpu = cpu, .tid = tid, .peer = before,
	    .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_exit(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t code, bool last)
{
	ADD(.kind = EV_EXIT, .cpu = cpu, .tid = tid, .value = code,
	    .flags = last ? EVF_GROUP_DEAD : 0);
}

void ev_free(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid)
{
	ADD(.kind = EV_FREE, .cpu = cpu, .tid = tid);
}

void ev_reap(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t by, uint32_t tid)
{
	ADD(.kind = EV_REAP, .cpu = cpu, .tid = tid, .peer = by);
}

void ev_wait(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t pid)
{
	ADD(.kind = EV_WAIT, .cpu = cpu, .tid = tid, .value = pid);
}

void ev_rename(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, const char *comm)
{
	struct rename_info info = {{0}};

	strncpy(info.comm, comm, sizeof(info.comm) - 1);
	ADD(.kind = EV_RENAME, .cpu = cpu, .tid = tid, .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_cgroup(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint64_t id, bool group)
{
	struct cgroup_info info = {id};

	ADD(.kind = EV_CGROUP, .cpu = cpu, .tid = tid, .flags = group ? EVF_THREADGROUP : 0,
	    .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_block(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, int syscall, bool iowait)
{
	ADD(.kind = EV_BLOCK, .cpu = cpu, .tid = tid, .value = (uint32_t)syscall,
	    .flags = iowait ? EVF_IOWAIT : 0);
}

void ev_switch_in(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t raw,
		  uint32_t next, uint16_t aux, bool iowait)
{
	ADD(.kind = EV_SWITCH, .cpu = cpu, .tid = next, .peer = prev, .value = raw, .aux = aux,
	    .flags = iowait ? EVF_IOWAIT : 0);
}

void ev_stack(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t kernel,
	      uint32_t user)
{
	ADD(.kind = EV_STACK, .cpu = cpu, .tid = tid, .value = kernel, .peer = user);
}

void ev_gap(struct synth *s, uint64_t ts, uint16_t cpu, uint64_t end, uint64_t count)
{
	struct gap_info info = {.end_ns = end, .count = count, .reason = GAP_RING_FULL};

	ADD(.kind = EV_GAP, .cpu = cpu, .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_name(struct synth *s, uint64_t ts, uint8_t kind, uint64_t id, const char *name)
{
	struct name_info info = {id, kind, synth_ext(s, name, strlen(name) + 1)};

	ADD(.kind = EV_NAME, .cpu = CPU_NONE, .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_sample(struct synth *s, uint64_t ts, uint32_t metric, uint64_t value, uint8_t flags)
{
	const struct sample_info info = {value};

	synth_add(s, (struct event){.ts = ts,
				    .ext = synth_ext(s, &info, sizeof(info)),
				    .value = metric,
				    .cpu = CPU_NONE,
				    .kind = EV_SAMPLE,
				    .flags = flags});
}

void ev_counters(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid,
		 struct counters_info info)
{
	ADD(.kind = EV_COUNTERS, .cpu = cpu, .tid = tid, .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_irq(struct synth *s, uint64_t start, uint64_t end, uint16_t cpu, uint32_t tid,
	    uint32_t number, bool soft)
{
	const struct irq_info info = {start};

	synth_add(s, (struct event){.ts = end,
				    .ext = synth_ext(s, &info, sizeof(info)),
				    .tid = tid,
				    .value = number,
				    .cpu = cpu,
				    .kind = EV_IRQ,
				    .flags = soft ? EVF_IRQ_SOFT : 0});
}

void ev_task(struct synth *s, uint64_t ts, struct task_snapshot t)
{
	ADD(.kind = EV_TASK, .cpu = CPU_NONE, .tid = t.info.tid,
	    .ext = synth_ext(s, &t, sizeof(t)));
}

void ev_checkpoint(struct synth *s, const struct checkpoint *cp)
{
	struct checkpoint copy = *cp;
	struct name_info *names;
	uint64_t ts = cp->ts;

	copy.tasks = synth_ext(s, cp->tasks, cp->ntasks * sizeof(*cp->tasks));
	copy.cpus = synth_ext(s, cp->cpus, cp->ncpus * sizeof(*cp->cpus));
	copy.names = names = synth_ext(s, cp->names, cp->nnames * sizeof(*cp->names));
	for (uint32_t i = 0; i < cp->nnames; i++)
		names[i].name = synth_ext(s, names[i].name, strlen(names[i].name) + 1);
	copy.requests = synth_ext(s, cp->requests, cp->nrequests * sizeof(*cp->requests));
	copy.sockets = synth_ext(s, cp->sockets, cp->nsockets * sizeof(*cp->sockets));
	copy.accounts = synth_ext(s, cp->accounts, cp->naccounts * sizeof(*cp->accounts));
	ADD(.kind = EV_CHECKPOINT, .cpu = CPU_NONE, .ext = synth_ext(s, &copy, sizeof(copy)));
}

struct task_snapshot snap(uint32_t tid, uint32_t tgid, uint8_t run_state, uint32_t raw,
			  uint16_t cpu, uint64_t since)
{
	struct task_snapshot t = {
		.info = {.tid = tid, .tgid = tgid, .ppid = 1, .start_ns = tid},
		.state = raw,
		.cpu = cpu,
		.run_state = run_state,
		.syscall = SYSCALL_UNKNOWN,
		.since_ns = since,
	};

	snprintf(t.info.comm, sizeof(t.info.comm), "t%u", tid);
	return t;
}

void ev_start(struct synth *s, uint64_t ts, uint16_t ncpus, const struct task_snapshot *tasks,
	      uint32_t n)
{
	struct cpu_snapshot cpus[64];
	struct checkpoint cp = {
		.ts = ts, .tasks = tasks, .ntasks = n, .cpus = cpus, .ncpus = ncpus};

	for (uint16_t i = 0; i < ncpus; i++) {
		cpus[i] = (struct cpu_snapshot){.cpu = i, .since_ns = ts};
		for (uint32_t j = 0; j < n; j++)
			if (tasks[j].run_state == TS_RUN && tasks[j].cpu == i) {
				cpus[i].tid = tasks[j].info.tid;
				cpus[i].since_ns = tasks[j].since_ns;
			}
	}
	ev_checkpoint(s, &cp);
}

/* ---- out ---- */

static void put(struct log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct log *l, const char *fmt, ...)
{
	va_list ap;

	if (l->cap - l->len < 256) {
		l->cap = l->cap ? 2 * l->cap : 4096;
		l->text = must(realloc(l->text, l->cap));
	}
	va_start(ap, fmt);
	l->len += (size_t)vsnprintf(l->text + l->len, l->cap - l->len, fmt, ap);
	va_end(ap);
}

static void put_flags(struct log *l, unsigned flags)
{
	static const char *const names[] = {"open",   "inferred",  "before", "approx", "preempted",
					    "exit",   "clipped",   "gap",    "bound",  "iowait",
					    "by-irq", "by-unsure", "part"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & (1u << i))
			put(l, " %s", names[i]);
	put(l, "\n");
}

static void put_nonzero(struct log *l, const char *name, uint64_t v)
{
	if (v)
		put(l, " %s=%llu", name, (unsigned long long)v);
}

static void on_interval(struct sink *sink, const struct interval *iv)
{
	static const char *const reaps[] = {"", "exact", "wait", "free", "exec", "reuse"};
	struct log *l = (struct log *)sink;

	put(l, "%u %s", iv->task->info.tid, state_name(iv->state));
	if (iv->state == TS_RUNNABLE)
		put(l, ":%s", runnable_cause_name(iv->cause));
	put(l, " %llu-%llu", (unsigned long long)iv->start_ns, (unsigned long long)iv->end_ns);
	if (iv->from_ns != iv->start_ns || iv->to_ns != iv->end_ns)
		put(l, " (%llu-%llu)", (unsigned long long)iv->from_ns,
		    (unsigned long long)iv->to_ns);
	if (iv->state == TS_RUN || iv->state == TS_RUNNABLE || state_is_blocked(iv->state)) {
		if (iv->cpu != CPU_NONE)
			put(l, " cpu%u", iv->cpu);
	}
	if (iv->raw_state)
		put(l, " raw=0x%x", iv->raw_state);
	if (iv->syscall != SYSCALL_UNKNOWN)
		put(l, " sys=%d", iv->syscall);
	put_nonzero(l, "stack", iv->kernel_stack);
	put_nonzero(l, "user-stack", iv->user_stack);
	put_nonzero(l, "waker", iv->waker);
	put_nonzero(l, "waking", iv->waking_ns);
	put_nonzero(l, iv->state == TS_RUN ? "next" : "other", iv->other);
	if (iv->reap_method)
		put(l, " reap=%s", reaps[iv->reap_method]);
	put_flags(l, iv->flags);
	assert_true(iv->start_ns <= iv->from_ns && iv->from_ns <= iv->to_ns);
	assert_true(iv->to_ns <= iv->end_ns);
	assert_int_equal(iv->gap_ns, iv->state == TS_UNKNOWN ? iv->to_ns - iv->from_ns : 0);
}

static void on_cpu(struct sink *sink, const struct cpu_interval *iv)
{
	static const char *const names[] = {"", "run", "idle", "gap", "other"};
	struct log *l = (struct log *)sink;

	put(l, "cpu%u %s", iv->cpu, names[iv->state]);
	if (iv->task)
		put(l, ":%u", iv->task->info.tid);
	put(l, " %llu-%llu", (unsigned long long)iv->from_ns, (unsigned long long)iv->to_ns);
	put_flags(l, iv->flags);
}

static void on_depth(struct sink *sink, const struct depth_interval *d)
{
	put((struct log *)sink, "cpu%u depth %u %llu-%llu\n", d->cpu, d->depth,
	    (unsigned long long)d->from_ns, (unsigned long long)d->to_ns);
}

static void on_gone(struct sink *sink, const struct task *task)
{
	put((struct log *)sink, "gone %u\n", task->info.tid);
}

static void on_changed(struct sink *sink, const struct task *task, const struct task_info *before)
{
	put((struct log *)sink, "changed %u %s cgroup=%llu from %u %s\n", task->info.tid,
	    task->info.comm, (unsigned long long)task->info.cgroup_id, before->tid, before->comm);
}

struct sink *log_sink(struct log *l)
{
	put(l, "%s", "");
	l->sink = (struct sink){
		.interval = l->tasks ? on_interval : NULL,
		.other = true,
		.cpu_interval = l->cpus ? on_cpu : NULL,
		.depth = l->depth ? on_depth : NULL,
		.task_gone = l->life ? on_gone : NULL,
		.task_changed = l->life ? on_changed : NULL,
	};
	return &l->sink;
}

void log_free(struct log *l)
{
	free(l->text);
	memset(l, 0, sizeof(*l));
}

void expect_run(const struct synth *s, struct expect x)
{
	struct log l = {.tasks = !x.no_tasks, .cpus = x.cpus, .depth = x.depth, .life = x.life};
	struct engine *e;
	struct err err = {0};

	assert_int_equal(engine_new(&e, x.ncpus, x.from, x.to ? x.to : UINT64_MAX, &err), 0);
	log_sink(&l)->parts = x.parts;
	assert_int_equal(engine_add_sink(e, &l.sink, &err), 0);
	assert_int_equal(engine_apply(e, s->ev, s->n, &err), 0);
	assert_int_equal(engine_finish(e, x.end, &err), 0);
	assert_string_equal(l.text, x.want);
	if (x.counts)
		*x.counts = *engine_counts(e);
	engine_free(e);
	log_free(&l);
}
