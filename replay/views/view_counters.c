// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_counters: what slices counted. A slice counts as a whole where it ends, its time as well, so
 * that a rate is over the time in which was counted. A slice whose length is not known for sure
 * counts in sums only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "replay/view.h"

struct counter_figures {
	uint64_t value[COUNTERS_MAX];
	uint64_t enabled_ns, running_ns;
	uint64_t rated[COUNTERS_MAX]; /* of it, in oncpu_ns */
	uint64_t oncpu_ns; /* of the slices that ended and are known from their beginning, whole */
	uint64_t slices;
};

/* What was told last on a CPU: the switch that ends the slice comes next. */
struct told {
	uint64_t value[COUNTERS_MAX];
	uint32_t tid; /* 0: nothing */
};

/* Pairs of counters; COUNTERS_MAX: there is none. */
struct ipc {
	uint32_t instructions, cycles;
};

struct counters_own {
	struct told *told; /* by CPU */
	uint32_t n, nlive;
	bool shared; /* some are the hardware's, which may be multiplexed */
	bool hardware[COUNTERS_MAX];
	struct ipc all, user, kernel;
	struct field fields[2 * COUNTERS_MAX + 4];
	size_t nfields;
	char keys[COUNTERS_MAX][64], headers[COUNTERS_MAX][64];
	char why[COUNTERS_MAX * 150];
};

static const struct view *view_of(const void *row)
{
	return ((const struct view_row *)row)->view;
}

static const struct counters_own *own_of(const void *row)
{
	return view_of(row)->own;
}

static const struct counter_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

/* ---- from the engine ---- */

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	const struct counters_own *own = v->own;
	const struct counters_info *info = ev->ext;
	const uint32_t id = task ? subjects_of(v->subjects, task, ev->cpu)
				 : subjects_unknown(v->subjects, ev->cpu);
	struct counter_figures *f = id == SUBJECT_NONE ? NULL : view_figures(v, id);

	if (!f || !info)
		return;
	if (ev->cpu < v->env->cpu_limit) {
		memcpy(own->told[ev->cpu].value, info->value, sizeof(info->value));
		own->told[ev->cpu].tid = ev->tid;
	}
	for (uint32_t i = 0; i < own->n; i++)
		f->value[i] += info->value[i];
	f->enabled_ns += info->enabled_ns;
	f->running_ns += info->running_ns;
}

/* What began before the trace may have begun before anything was counted. */
static bool is_whole(const struct view *v, const struct interval *iv)
{
	return view_ended(iv) && !(iv->flags & IVF_GAP) && iv->start_ns >= v->env->start_ns;
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct view *v = (struct view *)s;
	const struct counters_own *own = v->own;
	const uint32_t id = subjects_of(v->subjects, iv->task, iv->cpu);
	struct told *told = iv->cpu < v->env->cpu_limit ? &own->told[iv->cpu] : NULL;
	const bool is_told = told && told->tid == iv->task->info.tid;
	struct counter_figures *f;

	if (is_told)
		told->tid = 0;
	if (id == SUBJECT_NONE || !is_whole(v, iv))
		return;
	f = VIEW_FIGURES(v, id, struct counter_figures);
	if (!f)
		return;
	f->oncpu_ns += iv->end_ns - iv->start_ns;
	f->slices++;
	for (uint32_t i = 0; is_told && i < own->n; i++)
		f->rated[i] += told->value[i];
}

static int fold(void *to, void *from)
{
	struct counter_figures *a = to;
	const struct counter_figures *b = from;

	for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
		a->value[i] += b->value[i];
		a->rated[i] += b->rated[i];
	}
	a->enabled_ns += b->enabled_ns;
	a->running_ns += b->running_ns;
	a->oncpu_ns += b->oncpu_ns;
	a->slices += b->slices;
	return 0;
}

static uint64_t weight(const void *figures)
{
	return ((const struct counter_figures *)figures)->oncpu_ns;
}

static bool empty(const struct view_row *row)
{
	const struct counter_figures *f = row->figures;

	for (uint32_t i = 0; i < COUNTERS_MAX; i++)
		if (f->value[i])
			return false;
	return !f->slices;
}

/* ---- values ---- */

/*
 * As much as if it had counted all the time. Those of the hardware count together, and what was
 * seen of a row stands for the rest of it; software is never multiplexed.
 */
static bool scaled(const struct view_row *row, uint32_t i, uint64_t value, uint64_t *out)
{
	const struct counter_figures *f = row->figures;

	*out = value;
	if (!own_of(row)->hardware[i] || f->running_ns == f->enabled_ns)
		return true;
	if (!f->running_ns)
		return false;
	*out = (uint64_t)(((unsigned __int128)value * f->enabled_ns + f->running_ns / 2) /
			  f->running_ns);
	return true;
}

static bool is_live(const struct view_row *row, uint32_t i)
{
	return row->view->env->meta->counters[i].live;
}

/* cpu-clock and task-clock count ns */
static bool counts_time(const char *name)
{
	return !strncmp(name, "cpu-clock", 9) || !strncmp(name, "task-clock", 10);
}

static void value_total(const struct view_row *row, uint32_t i, struct value *v)
{
	const struct counter_figures *f = row->figures;
	const struct view_env *env = row->view->env;
	uint64_t n;

	if (is_live(row, i) && scaled(row, i, f->value[i], &n))
		value_u(v, counts_time(env->meta->counters[i].name) ? VT_NS : VT_COUNT, n);
}

static void value_per_s(const struct view_row *row, uint32_t i, struct value *v)
{
	const struct counter_figures *f = row->figures;
	const struct view_env *env = row->view->env;
	const bool whole = env->width && counts_time(env->meta->counters[i].name);
	unsigned __int128 rate;
	uint64_t n;

	if (!is_live(row, i) || !f->oncpu_ns || !scaled(row, i, f->rated[i], &n))
		return;
	rate = (unsigned __int128)n * NSEC_PER_SEC * (whole ? 1 : 1000) + f->oncpu_ns / 2;
	rate /= f->oncpu_ns;
	value_u(v, whole ? VT_NS : VT_MILLI, rate > UINT64_MAX ? UINT64_MAX : (uint64_t)rate);
}

#define GETTERS(i)                                                                                 \
	static void get_total_##i(const void *row, struct value *v)                                \
	{                                                                                          \
		value_total(row, i, v);                                                            \
	}                                                                                          \
	static void get_per_s_##i(const void *row, struct value *v)                                \
	{                                                                                          \
		value_per_s(row, i, v);                                                            \
	}

GETTERS(0)
GETTERS(1)
GETTERS(2)
GETTERS(3)
GETTERS(4)
GETTERS(5)
GETTERS(6)
GETTERS(7)

static void (*const get_total[COUNTERS_MAX])(const void *row, struct value *v) = {
	get_total_0, get_total_1, get_total_2, get_total_3,
	get_total_4, get_total_5, get_total_6, get_total_7,
};
static void (*const get_per_s[COUNTERS_MAX])(const void *row, struct value *v) = {
	get_per_s_0, get_per_s_1, get_per_s_2, get_per_s_3,
	get_per_s_4, get_per_s_5, get_per_s_6, get_per_s_7,
};

static void value_ratio(struct value *v, uint64_t a, uint64_t b)
{
	if (b)
		value_u(v, VT_MILLI, (uint64_t)(((unsigned __int128)a * 1000 + b / 2) / b));
}

static bool has(const struct ipc *ipc)
{
	return ipc->instructions < COUNTERS_MAX && ipc->cycles < COUNTERS_MAX;
}

static void value_ipc(const void *row, const struct ipc *ipc, struct value *v)
{
	const uint64_t *value = figures_of(row)->value;

	if (has(ipc))
		value_ratio(v, value[ipc->instructions], value[ipc->cycles]);
}

/* From both halves when the whole was not counted. */
static void get_ipc(const void *row, struct value *v)
{
	const struct counters_own *own = own_of(row);
	const uint64_t *value = figures_of(row)->value;
	const struct ipc *u = &own->user, *k = &own->kernel;

	value_ipc(row, &own->all, v);
	if (!has(&own->all) && has(u) && has(k))
		value_ratio(v, value[u->instructions] + value[k->instructions],
			    value[u->cycles] + value[k->cycles]);
}

static void get_ipc_user(const void *row, struct value *v)
{
	value_ipc(row, &own_of(row)->user, v);
}

static void get_ipc_kernel(const void *row, struct value *v)
{
	value_ipc(row, &own_of(row)->kernel, v);
}

/* The table has it only where it can be less than 100. */
static void get_running(const void *row, struct value *v)
{
	if (view_of(row)->env->width && !own_of(row)->shared)
		return;
	value_share(v, figures_of(row)->running_ns, figures_of(row)->enabled_ns);
}

static void get_oncpu(const void *row, struct value *v)
{
	value_u(v, VT_NS, figures_of(row)->oncpu_ns);
}

static void get_slices(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->slices);
}

static const struct field fields[] = {
	{"oncpu_ns", "ON-CPU", VT_NS, FIELD_TABLE,
	 "Time on a CPU of the slices that ended in the window, each as a whole; without those that "
	 "touch a gap or began before the trace",
	 get_oncpu},
	{"slices", "SLICES", VT_COUNT, 0, "How many those are", get_slices},
};

static const struct field ipc_fields[] = {
	{"ipc", "IPC", VT_MILLI, FIELD_TABLE | FIELD_IF_SET, "Instructions per cycle", get_ipc},
	{"ipc_user", "IPC USER", VT_MILLI, FIELD_TABLE | FIELD_IF_SET, "The same in programs",
	 get_ipc_user},
	{"ipc_kernel", "IPC KERNEL", VT_MILLI, FIELD_TABLE | FIELD_IF_SET, "The same in the kernel",
	 get_ipc_kernel},
	{"running_pct", "%RUNNING", VT_PERCENT, FIELD_TABLE | FIELD_IF_SET,
	 "For how much of the time the hardware counted; less than 100: the figures are scaled",
	 get_running},
};
#define IPC_FIELDS (sizeof(ipc_fields) / sizeof(ipc_fields[0]))

/* ---- which there are ---- */

/* "cycles:u" is "cycles" with the modifier "u". */
static bool is_counter(const char *name, const char *event, const char *modifier)
{
	const size_t len = strlen(event);
	const char *behind = name + len;

	return !strncmp(name, event, len) &&
	       (*behind ? *behind == ':' && !strcmp(behind + 1, modifier) : !*modifier);
}

static bool is_hardware(const char *name)
{
	static const char *const software[] = {
		"page-faults",	  "minor-faults", "major-faults", "context-switches",
		"cpu-migrations", "cpu-clock",	  "task-clock",
	};
	const size_t len = strcspn(name, ":");

	for (size_t i = 0; i < sizeof(software) / sizeof(software[0]); i++)
		if (strlen(software[i]) == len && !strncmp(software[i], name, len))
			return false;
	return true;
}

static struct ipc find_ipc(const struct meta *meta, uint32_t n, const char *modifier)
{
	struct ipc ipc = {COUNTERS_MAX, COUNTERS_MAX};

	for (uint32_t i = 0; i < n; i++) {
		if (!meta->counters[i].live)
			continue;
		if (is_counter(meta->counters[i].name, "instructions", modifier))
			ipc.instructions = i;
		if (is_counter(meta->counters[i].name, "cycles", modifier))
			ipc.cycles = i;
	}
	return ipc;
}

/* "not counted: cycles, instructions: this machine has no such hardware counter; ..." */
static void say_why(struct counters_own *own, const struct meta *meta)
{
	size_t len = 0;

	for (uint32_t i = 0; i < own->n; i++) {
		const struct meta_counter *c = &meta->counters[i];
		uint32_t before = 0;

		while (before < i &&
		       (meta->counters[before].live || strcmp(meta->counters[before].why, c->why)))
			before++;
		if (c->live || before < i)
			continue;
		len += (size_t)snprintf(own->why + len, sizeof(own->why) - len, "%s",
					len ? "; " : "not counted: ");
		for (uint32_t k = i; k < own->n; k++)
			if (!meta->counters[k].live && !strcmp(meta->counters[k].why, c->why))
				len += (size_t)snprintf(own->why + len, sizeof(own->why) - len,
							"%s%s", k > i ? ", " : "",
							meta->counters[k].name);
		len += (size_t)snprintf(own->why + len, sizeof(own->why) - len, ": %s",
					c->why[0] ? c->why : "not available");
	}
}

static void upper(char *to, size_t size, const char *from)
{
	size_t i = 0;

	for (; from[i] && i + 1 < size; i++)
		to[i] = from[i] >= 'a' && from[i] <= 'z' ? (char)(from[i] - 'a' + 'A') : from[i];
	to[i] = '\0';
}

static void add_counter(struct counters_own *own, const struct meta *meta, uint32_t i)
{
	const struct meta_counter *c = &meta->counters[i];
	const unsigned shown = c->live ? FIELD_TABLE : 0;

	for (uint32_t k = 0; k < i; k++)
		if (!strcmp(meta->counters[k].name, c->name))
			return; /* named twice */
	upper(own->headers[i], sizeof(own->headers[i]), c->name);
	snprintf(own->keys[i], sizeof(own->keys[i]), "%s_per_s", c->name);
	own->fields[own->nfields++] = (struct field){c->name,
						     own->headers[i],
						     counts_time(c->name) ? VT_NS : VT_COUNT,
						     shown,
						     c->live ? "What the slices counted"
							     : "Could not be counted",
						     get_total[i]};
	own->fields[own->nfields++] = (struct field){own->keys[i],
						     "PER S",
						     VT_MILLI,
						     shown | FIELD_SPARE,
						     "The same per second of oncpu_ns",
						     get_per_s[i]};
}

static void get_none(const void *row, struct value *v)
{
	(void)row;
	(void)v;
}

/* For the list of keys, which is made without a trace. */
static const struct field any_fields[] = {
	{"<counter>", "<COUNTER>", VT_COUNT, FIELD_HIDDEN,
	 "For each counter by its name: what the slices counted", get_none},
	{"<counter>_per_s", "PER S", VT_MILLI, FIELD_HIDDEN, "The same per second of oncpu_ns",
	 get_none},
};

static int start(struct view *v, struct err *err)
{
	const struct meta *meta = v->env->meta;
	struct counters_own *own = calloc(1, sizeof(*own));

	v->own = own;
	if (own)
		own->told = calloc(v->env->cpu_limit ? v->env->cpu_limit : 1, sizeof(*own->told));
	if (!own || !own->told)
		return err_set(err, -ENOMEM, "out of memory");
	own->n = meta->ncounters < COUNTERS_MAX ? (uint32_t)meta->ncounters : COUNTERS_MAX;
	for (uint32_t i = 0; i < own->n; i++) {
		own->nlive += meta->counters[i].live;
		own->hardware[i] = is_hardware(meta->counters[i].name);
		own->shared |= own->hardware[i] && meta->counters[i].live;
		add_counter(own, meta, i);
	}
	for (size_t i = 0; i < IPC_FIELDS; i++)
		own->fields[own->nfields++] = ipc_fields[i];
	own->all = find_ipc(meta, own->n, "");
	own->user = find_ipc(meta, own->n, "u");
	own->kernel = find_ipc(meta, own->n, "k");
	say_why(own, meta);
	return 0;
}

static void stop(struct view *v)
{
	struct counters_own *own = v->own;

	if (own)
		free(own->told);
	free(own);
}

static void add_fields(const struct view *v, struct fields *all)
{
	const struct counters_own *own = v->own;

	if (!v->env->meta->version[0] && !own->n)
		fields_add(all, any_fields, sizeof(any_fields) / sizeof(any_fields[0]));
	fields_add(all, own->fields, own->nfields);
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	(void)figures;
	(void)split;
	return !((const struct counters_own *)v->own)->nlive;
}

static const char *why_none(const struct view *v)
{
	const struct counters_own *own = v->own;

	return !own->n ? "recorded without counters" : own->why[0] ? own->why : "none";
}

/* What has no column, and why. */
static int after(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct counters_own *own = v->own;

	(void)err;
	if (own->why[0])
		table_note(f, style, "(%s)", own->why);
	return 0;
}

const struct view_kind view_counters = {
	.name = "counters",
	.about = "what the slices counted, and how much in a second on a CPU",
	.sort = "oncpu_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.add_fields = add_fields,
	.figures_size = sizeof(struct counter_figures),
	.by_subject = true,
	.sink = {.interval = on_interval,
		 .states = 1u << TS_RUN,
		 .event = on_event,
		 .kinds = UINT64_C(1) << EV_COUNTERS},
	.start = start,
	.stop = stop,
	.empty = empty,
	.absent = absent,
	.weight = weight,
	.fold = fold,
	.why_none = why_none,
	.after = after,
};
