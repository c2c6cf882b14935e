// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_cpu: on-CPU time, and what kept it from more: waiting in the run queue, being blocked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/views/irq_nest.h"
#include "replay/views/rss.h"
#include "replay/view.h"

struct cpu_figures {
	uint64_t ns[TS_COUNT]; /* by enum task_state */
	uint64_t slices, nvcsw, nivcsw, migrations;
	uint64_t irq_ns; /* on the CPU, in interrupts */
	uint64_t cpus; /* that it ran on, a bit each; those beyond 62 are bit 63 */
	struct rss_gauge rss;
};

struct cpu_own {
	struct rss rss;
	struct irq_nest irqs;
};

static struct cpu_own *own(struct view *v)
{
	return v->own;
}

static struct rss_gauge *gauge(struct view *v, uint32_t subject)
{
	struct cpu_figures *f = view_figures(v, subject);

	return f ? &f->rss : NULL;
}

static int start(struct view *v, struct err *err)
{
	v->own = calloc(1, sizeof(struct cpu_own));
	if (!v->own)
		return err_set(err, -ENOMEM, "out of memory");
	own(v)->rss.gauge = gauge;
	if (!view_recorded(v->env, "fs") || v->subjects->by == BY_CPU) {
		v->sink.account = NULL;
		v->sink.task_gone = NULL;
	}
	if (!view_recorded(v->env, "irq"))
		v->sink.kinds &= ~(UINT64_C(1) << EV_IRQ);
	return 0;
}

static void stop(struct view *v)
{
	if (v->own) {
		rss_free(&own(v)->rss);
		irq_nest_free(&own(v)->irqs);
	}
	free(v->own);
}

static void on_account(struct sink *s, const struct account *a)
{
	struct view *v = (struct view *)s;
	uint32_t id = subjects_of(v->subjects, a->task, a->task->cpu);

	if (id != SUBJECT_NONE && rss_account(&own(v)->rss, v, id, a))
		v->failed = true;
}

static void on_gone(struct sink *s, const struct task *task)
{
	struct view *v = (struct view *)s;

	rss_gone(&own(v)->rss, v, task);
}

static inline void add(struct cpu_figures *f, enum task_state state, uint64_t ns, uint16_t cpu,
		       uint16_t flags)
{
	bool preempted = flags & IVF_PREEMPTED;

	f->ns[state] += ns;
	if (state != TS_RUN)
		return;
	f->slices += !(flags & IVF_PART);
	f->cpus |= UINT64_C(1) << (cpu < 63 ? cpu : 63);
	if (!(flags & (IVF_OPEN | IVF_CLIPPED_END))) {
		f->nivcsw += preempted;
		f->nvcsw += !preempted;
	}
}

/* Of a task that is seen for the first time, or left out. Apart, so that the usual case is short. */
static __attribute__((noinline)) void add_slowly(struct view *v, const struct task *task,
						 enum task_state state, uint64_t ns, uint16_t cpu,
						 uint16_t flags)
{
	uint32_t id = subjects_of(v->subjects, task, cpu);
	struct cpu_figures *f;

	if (id == SUBJECT_NONE)
		return;
	f = VIEW_FIGURES(v, id, struct cpu_figures);
	if (f)
		add(f, state, ns, cpu, flags);
}

static void on_stretch(struct sink *s, const struct task *task, enum task_state state, uint64_t ns,
		       uint16_t cpu, uint16_t flags)
{
	struct view *v = (struct view *)s;
	uint32_t id = subjects_known(v->subjects, task);

	if (__builtin_expect(id < v->room, 1))
		add((struct cpu_figures *)(void *)v->figures + id, state, ns, cpu, flags);
	else
		add_slowly(v, task, state, ns, cpu, flags);
}

/*
 * What soft interrupts do in the thread that is there for them is its own work: so the kernel
 * accounts it too.
 */
static bool is_interrupted(const struct event *ev, const struct task *task)
{
	return !(ev->flags & EVF_IRQ_SOFT) || !(task->info.flags & TASKF_KTHREAD) ||
	       strncmp(task->info.comm, "ksoftirqd/", strlen("ksoftirqd/")) != 0;
}

static void on_irq(struct view *v, const struct event *ev, const struct task *task)
{
	uint64_t self_ns;
	struct cpu_figures *f;
	uint32_t id;

	if (irq_nest_add(&own(v)->irqs, ev, v->env->from_ns, &self_ns)) {
		v->failed = true;
		return;
	}
	if (!task || !is_interrupted(ev, task))
		return;
	id = subjects_of(v->subjects, task, ev->cpu);
	f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	if (f)
		f->irq_ns += self_ns;
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	struct cpu_figures *f;
	uint32_t id;

	if (ev->kind == EV_IRQ) {
		on_irq(v, ev, task);
		return;
	}
	if (ev->kind != EV_MIGRATE || !task)
		return;
	id = subjects_of(v->subjects, task, ev->value);
	f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	if (f)
		f->migrations++;
}

static int fold(void *to, void *from)
{
	struct cpu_figures *a = to;
	const struct cpu_figures *b = from;

	for (unsigned i = 0; i < TS_COUNT; i++)
		a->ns[i] += b->ns[i];
	a->slices += b->slices;
	a->nvcsw += b->nvcsw;
	a->nivcsw += b->nivcsw;
	a->migrations += b->migrations;
	a->irq_ns += b->irq_ns;
	a->cpus |= b->cpus;
	rss_add(&a->rss, &b->rss);
	return 0;
}

static uint64_t weight(const void *figures)
{
	const struct cpu_figures *f = figures;

	return f->ns[TS_RUN] + f->ns[TS_RUNNABLE];
}

static bool empty(const struct view_row *row)
{
	const struct cpu_figures *f = row->figures;

	return !f->slices && !f->ns[TS_RUN] && !f->ns[TS_RUNNABLE] && !f->migrations;
}

#define GET(name, type)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		const struct cpu_figures *f = ((const struct view_row *)row)->figures;             \
		value_u(v, type, f->name);                                                         \
	}

GET(slices, VT_COUNT)
GET(nvcsw, VT_COUNT)
GET(nivcsw, VT_COUNT)
GET(migrations, VT_COUNT)

static uint64_t time_in(const void *row, uint32_t states)
{
	const struct cpu_figures *f = ((const struct view_row *)row)->figures;
	uint64_t sum = 0;

	for (unsigned i = 0; i < TS_COUNT; i++)
		if (states >> i & 1)
			sum += f->ns[i];
	return sum;
}

#define BLOCKED                                                                                    \
	(1u << TS_SLEEP | 1u << TS_DISK | 1u << TS_IDLE | 1u << TS_STOPPED | 1u << TS_TRACED |     \
	 1u << TS_PARKED | 1u << TS_NEW)

#define GET_TIME(name, states)                                                                     \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, VT_NS, time_in(row, states));                                           \
	}

GET_TIME(oncpu_ns, 1u << TS_RUN)
GET_TIME(runq_ns, 1u << TS_RUNNABLE)
GET_TIME(blocked_ns, BLOCKED)
GET_TIME(dstate_ns, 1u << TS_DISK)
GET_TIME(zombie_ns, 1u << TS_ZOMBIE | 1u << TS_LEADER_ZOMBIE)

static void get_oncpu_pct(const void *row, struct value *v)
{
	const struct view_row *r = row;
	const struct cpu_figures *f = r->figures;

	value_share(v, f->ns[TS_RUN], r->view->env->to_ns - r->view->env->from_ns);
}

static void get_machine_pct(const void *row, struct value *v)
{
	const struct view_row *r = row;
	const struct view_env *env = r->view->env;
	const struct cpu_figures *f = r->figures;

	value_share(v, f->ns[TS_RUN], (env->to_ns - env->from_ns) * env->ncpus);
}

/* As the kernel writes lists of CPUs: "0-2,5". */
static void get_cpus(const void *row, struct value *v)
{
	static _Thread_local char buf[200];
	const struct cpu_figures *f = ((const struct view_row *)row)->figures;
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned c = 0; c < 63; c++) {
		unsigned first = c;

		if (!(f->cpus >> c & 1))
			continue;
		while (c < 62 && f->cpus >> (c + 1) & 1)
			c++;
		len += (size_t)snprintf(buf + len, sizeof(buf) - len,
					first == c ? "%s%u" : "%s%u-%u", len ? "," : "", first, c);
	}
	if (f->cpus >> 63)
		snprintf(buf + len, sizeof(buf) - len, "%s63+", len ? "," : "");
	if (f->cpus)
		value_text(v, buf);
}

static void get_rss(const void *row, struct value *v)
{
	const struct cpu_figures *f = ((const struct view_row *)row)->figures;

	if (f->rss.seen)
		value_u(v, VT_BYTES, f->rss.now);
}

static void get_rss_peak(const void *row, struct value *v)
{
	const struct cpu_figures *f = ((const struct view_row *)row)->figures;

	if (f->rss.seen || f->rss.mark)
		value_u(v, VT_BYTES, f->rss.max > f->rss.mark ? f->rss.max : f->rss.mark);
}

/* Interrupts are told when they return: of one that was there before the slice, too much. */
static void get_oncpu_net(const void *row, struct value *v)
{
	const struct cpu_figures *f = ((const struct view_row *)row)->figures;
	const uint64_t ns = f->ns[TS_RUN];

	if (view_recorded(((const struct view_row *)row)->view->env, "irq"))
		value_u(v, VT_NS, ns > f->irq_ns ? ns - f->irq_ns : 0);
}

static const struct field fields[] = {
	{"oncpu_ns", "ON-CPU", VT_NS, FIELD_TABLE, "Time on a CPU", get_oncpu_ns},
	{"oncpu_pct", "%CPU", VT_PERCENT, FIELD_TABLE, "The same, in percent of one CPU",
	 get_oncpu_pct},
	{"machine_pct", "%ALL", VT_PERCENT, FIELD_TABLE, "The same, in percent of the machine",
	 get_machine_pct},
	{"runq_ns", "WAIT", VT_NS, FIELD_TABLE, "Time in a run queue, ready but not running",
	 get_runq_ns},
	{"blocked_ns", "BLOCKED", VT_NS, FIELD_TABLE, "Time asleep or blocked, D included",
	 get_blocked_ns},
	{"dstate_ns", "D", VT_NS, 0, "Of it, uninterruptible", get_dstate_ns},
	{"zombie_ns", "Z", VT_NS, 0, "Time dead and not yet reaped", get_zombie_ns},
	{"slices", "SLICES", VT_COUNT, FIELD_TABLE, "How often it was put on a CPU", get_slices},
	{"nvcsw", "VOL", VT_COUNT, FIELD_TABLE, "Voluntary switches: it blocked", get_nvcsw},
	{"nivcsw", "INVOL", VT_COUNT, FIELD_TABLE,
	 "Involuntary switches: still ready (preempted, or a yield)", get_nivcsw},
	{"migrations", "MIGR", VT_COUNT, FIELD_TABLE, "Moves to another CPU", get_migrations},
	{"cpus", "CPUS", VT_TEXT, FIELD_ELASTIC, "The CPUs that it ran on; 63+: and higher ones",
	 get_cpus},
};

static const struct field memory_fields[] = {
	{"rss_bytes", "RSS", VT_BYTES, 0,
	 "Resident memory when it was last told; a sum where a row has several processes", get_rss},
	{"rss_peak_bytes", "RSS PEAK", VT_BYTES, 0,
	 "The most of it that was seen, or that the kernel has noted for one of its processes",
	 get_rss_peak},
};

static const struct field net_fields[] = {
	{"oncpu_net_ns", "NET", VT_NS, 0,
	 "Time on a CPU without the interrupts that came meanwhile", get_oncpu_net},
};

const struct view_kind view_cpu = {
	.name = "cpu",
	.about = "time on a CPU, waiting for one, and blocked",
	.sort = "oncpu_ns,runq_ns,blocked_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct cpu_figures),
	.by_subject = true,
	.more = {{memory_fields, sizeof(memory_fields) / sizeof(memory_fields[0]), "fs"},
		 {net_fields, sizeof(net_fields) / sizeof(net_fields[0]), "irq"}},
	.sink = {.stretch = on_stretch,
		 .event = on_event,
		 .kinds = UINT64_C(1) << EV_MIGRATE | UINT64_C(1) << EV_IRQ,
		 .account = on_account,
		 .task_gone = on_gone},
	.start = start,
	.stop = stop,
	.empty = empty,
	.weight = weight,
	.fold = fold,
};
