// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/view_dist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/views/dist_values.h"

/* -- what is measured -- */

static bool measure_latency(const struct interval *iv, struct dist_measure *m)
{
	if (iv->state != TS_RUNNABLE)
		return false;
	m->start_ns = iv->start_ns;
	m->other = iv->other;
	m->split = iv->cause < RC_COUNT ? iv->cause : RC_NONE;
	return true;
}

static bool measure_waking(const struct interval *iv, struct dist_measure *m)
{
	if (iv->state != TS_RUNNABLE || !iv->waking_ns)
		return false;
	m->start_ns = iv->waking_ns < iv->end_ns ? iv->waking_ns : iv->end_ns;
	m->other = iv->other;
	m->split = 0;
	return true;
}

enum slice_split { SLICE_VOLUNTARY, SLICE_PREEMPTED };

static bool measure_slice(const struct interval *iv, struct dist_measure *m)
{
	if (iv->state != TS_RUN)
		return false;
	m->start_ns = iv->start_ns;
	m->other = iv->other;
	m->split = iv->flags & IVF_PREEMPTED ? SLICE_PREEMPTED : SLICE_VOLUNTARY;
	return true;
}

static const enum task_state sleep_states[] = {TS_DISK,	   TS_SLEEP,  TS_IDLE,
					       TS_STOPPED, TS_TRACED, TS_PARKED};

static bool measure_sleep(const struct interval *iv, struct dist_measure *m)
{
	for (unsigned i = 0; i < sizeof(sleep_states) / sizeof(sleep_states[0]); i++) {
		if (iv->state != sleep_states[i])
			continue;
		m->start_ns = iv->start_ns;
		m->other = iv->waker;
		m->split = i;
		return true;
	}
	return false;
}

/* -- the sink -- */

static void set_worst(struct dist_worst *w, const struct view *v, const struct interval *iv,
		      const struct dist_measure *m)
{
	const struct task *other;

	*w = (struct dist_worst){
		.length_ns = iv->end_ns - m->start_ns,
		.start_ns = m->start_ns,
		.end_ns = iv->end_ns,
		.tid = iv->task->info.tid,
		.pid = iv->task->info.tgid,
		.other = m->other,
		.cpu = iv->cpu,
		.split = (uint8_t)m->split,
	};
	memcpy(w->comm, iv->task->info.comm, TASK_COMM_LEN - 1);
	other = state_is_blocked(iv->state) ? engine_waker(v->env->engine, iv)
					    : engine_task_lately(v->env->engine, m->other);
	if (other)
		memcpy(w->other_comm, other->info.comm, TASK_COMM_LEN - 1);
}

/* Keeps the machine's worst, longest first. */
static void note_worst(struct view *v, const struct interval *iv, const struct dist_measure *m)
{
	struct dist_own *own = v->own;
	uint64_t length = iv->end_ns - m->start_ns;
	size_t at = own->nworst;

	if (at == DIST_WORST && length <= own->worst[DIST_WORST - 1].length_ns)
		return;
	if (at == DIST_WORST)
		at--;
	else
		own->nworst++;
	for (; at && own->worst[at - 1].length_ns < length; at--)
		own->worst[at] = own->worst[at - 1];
	set_worst(&own->worst[at], v, iv, m);
}

/* Most subjects have few of the causes or states: figures come when they are needed. */
static struct dist_figures *figures_for(struct view *v, struct dist_record *record, unsigned split)
{
	if (!record->by[split]) {
		record->by[split] = calloc(1, sizeof(*record->by[split]));
		if (!record->by[split])
			v->failed = true;
	}
	return record->by[split];
}

/* Not when a gap touches it, nor when it began at a time that nobody told. */
static bool length_known(const struct view *v, const struct interval *iv)
{
	if (iv->gap_ns || (iv->flags & (IVF_GAP | IVF_INFERRED)))
		return false;
	return !(iv->flags & IVF_SINCE_APPROX) || iv->start_ns < v->env->start_ns;
}

static unsigned band_of(uint64_t ns)
{
	static const uint64_t below[DIST_BANDS - 1] = {10000, 100000, 1000000, 10000000, 100000000};
	unsigned i = 0;

	while (i < DIST_BANDS - 1 && ns >= below[i])
		i++;
	return i;
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct view *v = (struct view *)s;
	struct dist_own *own = v->own;
	struct dist_measure m;
	struct dist_record *record;
	struct dist_figures *f;
	uint64_t length;
	uint32_t id;

	if (!own->measure(iv, &m) || !view_ended(iv))
		return;
	id = subjects_of(v->subjects, iv->task, iv->cpu);
	record = id == SUBJECT_NONE ? NULL : VIEW_FIGURES(v, id, struct dist_record);
	if (!record)
		return;
	f = figures_for(v, record, v->env->split ? m.split : 0);
	if (!f)
		return;
	if (!length_known(v, iv)) {
		f->left_out++;
		return;
	}
	length = iv->end_ns - m.start_ns;
	if (!f->dist.count || length > f->dist.max)
		set_worst(&f->worst, v, iv, &m);
	if (dist_add(&f->dist, length, iv->end_ns))
		v->failed = true;
	f->bands[band_of(length)]++;
	note_worst(v, iv, &m);
}

static int start(struct view *v, bool (*measure)(const struct interval *, struct dist_measure *),
		 uint32_t states, struct err *err)
{
	struct dist_own *own = calloc(1, sizeof(*own));

	if (!own)
		return err_set(err, -ENOMEM, "out of memory");
	own->measure = measure;
	v->own = own;
	v->sink.states = states;
	return 0;
}

static int start_latency(struct view *v, struct err *err)
{
	v->sink.other = true;
	return start(v, measure_latency, 1u << TS_RUNNABLE, err);
}

static int start_waking(struct view *v, struct err *err)
{
	v->sink.other = true;
	return start(v, measure_waking, 1u << TS_RUNNABLE, err);
}

static int start_slice(struct view *v, struct err *err)
{
	return start(v, measure_slice, 1u << TS_RUN, err);
}

static int start_sleep(struct view *v, struct err *err)
{
	uint32_t states = 0;

	for (unsigned i = 0; i < sizeof(sleep_states) / sizeof(sleep_states[0]); i++)
		states |= 1u << sleep_states[i];
	return start(v, measure_sleep, states, err);
}

static void stop(struct view *v)
{
	free(v->own);
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	(void)v;
	return !((const struct dist_record *)figures)->by[split];
}

static uint64_t weight(const void *figures)
{
	const struct dist_record *r = figures;
	uint64_t worst = 0;

	for (unsigned i = 0; i < DIST_SPLITS; i++)
		if (r->by[i] && r->by[i]->dist.max > worst)
			worst = r->by[i]->dist.max;
	return worst;
}

int dist_add_figures(struct dist_figures *a, const struct dist_figures *b)
{
	if (b->dist.count && b->dist.max > a->dist.max)
		a->worst = b->worst;
	for (unsigned i = 0; i < DIST_BANDS; i++)
		a->bands[i] += b->bands[i];
	a->left_out += b->left_out;
	return dist_merge(&a->dist, &b->dist);
}

static int fold(void *to, void *from)
{
	struct dist_record *a = to, *b = from;
	int rc = 0;

	for (unsigned i = 0; i < DIST_SPLITS; i++) {
		if (!b->by[i])
			continue;
		if (a->by[i]) {
			rc |= dist_add_figures(a->by[i], b->by[i]);
		} else {
			a->by[i] = b->by[i];
			b->by[i] = NULL;
		}
	}
	return rc;
}

static void release(void *figures)
{
	struct dist_record *r = figures;

	for (unsigned i = 0; i < DIST_SPLITS; i++) {
		if (r->by[i])
			dist_free(&r->by[i]->dist);
		free(r->by[i]);
	}
}

/* -- fields -- */

static const struct dist_figures *figures_of(const void *row)
{
	const struct view_row *r = row;

	return ((const struct dist_record *)r->figures)->by[r->split];
}

static const struct dist *dist_of(const void *row)
{
	return &figures_of(row)->dist;
}

DIST_GETTERS(dist_of)

static void get_total(const void *row, struct value *v)
{
	value_u(v, VT_NS, dist_of(row)->sum);
}

static void get_max_cpu(const void *row, struct value *v)
{
	const struct dist_figures *f = figures_of(row);

	if (f->dist.count && f->worst.cpu != CPU_NONE)
		value_u(v, VT_ID, f->worst.cpu);
}

static void get_max_tid(const void *row, struct value *v)
{
	if (figures_of(row)->dist.count)
		value_u(v, VT_ID, figures_of(row)->worst.tid);
}

static void get_max_other(const void *row, struct value *v)
{
	const struct dist_figures *f = figures_of(row);

	if (f->dist.count && f->worst.other && f->worst.other != TID_OTHER)
		value_u(v, VT_ID, f->worst.other);
}

static void get_max_other_comm(const void *row, struct value *v)
{
	const struct dist_figures *f = figures_of(row);

	if (f->dist.count && f->worst.other_comm[0])
		value_text(v, f->worst.other_comm);
}

#define BAND(name, i)                                                                              \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, VT_COUNT, figures_of(row)->bands[i]);                                   \
	}

BAND(below_10us, 0)
BAND(below_100us, 1)
BAND(below_1ms, 2)
BAND(below_10ms, 3)
BAND(below_100ms, 4)
BAND(longer, 5)

static void get_left_out(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->left_out);
}

static void get_cause(const void *row, struct value *v)
{
	const struct view_row *r = row;

	if (r->view->env->split)
		value_text(v, runnable_cause_name((enum runnable_cause)r->split));
}

static void get_end(const void *row, struct value *v)
{
	const struct view_row *r = row;

	if (r->view->env->split)
		value_text(v, r->split == SLICE_PREEMPTED ? "preempted" : "voluntary");
}

static uint64_t count_of(const struct dist_figures *f)
{
	return f ? f->dist.count : 0;
}

static void get_preempted_pct(const void *row, struct value *v)
{
	const struct view_row *r = row;
	const struct dist_record *rec = r->figures;
	uint64_t preempted = count_of(rec->by[SLICE_PREEMPTED]);

	if (r->view->env->split)
		value_share(v, preempted, preempted + count_of(rec->by[SLICE_VOLUNTARY]));
}

static void get_state(const void *row, struct value *v)
{
	static _Thread_local char letter[2];
	const struct view_row *r = row;

	if (!r->view->env->split)
		return;
	letter[0] = state_letter(sleep_states[r->split]);
	value_text(v, letter);
}

#define COUNT_FIELD                                                                                \
	{                                                                                          \
		"count", "COUNT", VT_COUNT, FIELD_TABLE, "How many", get_count                     \
	}
#define DIST_FIELDS                                                                                  \
	{"total_ns", "TOTAL", VT_NS, 0, "Sum of all of them, each at full length", get_total},       \
		{"mean_ns", "MEAN", VT_NS, FIELD_TABLE | FIELD_WAIT, "Mean", get_mean},              \
		{"p50_ns", "P50", VT_NS, FIELD_TABLE | FIELD_WAIT, "Median", get_p50},               \
		{"p90_ns", "P90", VT_NS, FIELD_WAIT, "90 % are not longer", get_p90},                \
		{"p99_ns", "P99", VT_NS, FIELD_TABLE | FIELD_WAIT, "99 % are not longer", get_p99},  \
		{"p999_ns", "P99.9", VT_NS, FIELD_WAIT, "99.9 % are not longer", get_p999},          \
		{"max_ns", "MAX", VT_NS, FIELD_TABLE | FIELD_WAIT, "The longest", get_max},          \
		{"max_at_ns", "MAX AT", VT_TIME, FIELD_TABLE, "When the longest ended", get_max_at}, \
		{"max_cpu", "MAX CPU", VT_ID, 0, "On which CPU", get_max_cpu},                       \
	{                                                                                            \
		"max_tid", "MAX TID", VT_ID, 0, "Of which thread", get_max_tid                       \
	}
#define BAND_FIELDS                                                                                \
	{"below_10us", "<10us", VT_COUNT, 0, "How many were shorter than 10 us", get_below_10us},  \
		{"below_100us", "<100us", VT_COUNT, 0, "From there to 100 us", get_below_100us},   \
		{"below_1ms", "<1ms", VT_COUNT, 0, "From there to 1 ms", get_below_1ms},           \
		{"below_10ms", "<10ms", VT_COUNT, 0, "From there to 10 ms", get_below_10ms},       \
		{"below_100ms", "<100ms", VT_COUNT, 0, "From there to 100 ms", get_below_100ms},   \
	{                                                                                          \
		"longer", ">100ms", VT_COUNT, 0, "Longer", get_longer                              \
	}
#define LEFT_OUT_FIELD                                                                             \
	{                                                                                          \
		"left_out", "LEFT", VT_COUNT, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,              \
			"How many more touch a gap, or began unseen: their length is not known",   \
			get_left_out                                                               \
	}
#define RAN_FIELDS                                                                                 \
	{"max_ran_tid", "RAN TID", VT_ID, 0, "Who ran on that CPU for the longest part of it",     \
	 get_max_other},                                                                           \
	{                                                                                          \
		"max_ran_comm", "RAN INSTEAD", VT_TEXT, FIELD_ELASTIC, "Its name",                 \
			get_max_other_comm                                                         \
	}

static const struct field latency_fields[] = {
	{"cause", "CAUSE", VT_TEXT, FIELD_TABLE,
	 "Why it had to wait: wakeup, fork, preempted, yield; inferred: not seen", get_cause},
	COUNT_FIELD,
	DIST_FIELDS,
	BAND_FIELDS,
	RAN_FIELDS,
	LEFT_OUT_FIELD,
};

static const struct field waking_fields[] = {
	COUNT_FIELD, DIST_FIELDS, BAND_FIELDS, RAN_FIELDS, LEFT_OUT_FIELD,
};

static const struct field slice_fields[] = {
	{"cause", "ENDED", VT_TEXT, FIELD_TABLE,
	 "How it ended: voluntary (it blocked), preempted (still ready)", get_end},
	COUNT_FIELD,
	{"preempted_pct", "PRE%", VT_PERCENT, FIELD_TABLE | FIELD_SPARE,
	 "How many of the row's slices, of either end, were preempted", get_preempted_pct},
	DIST_FIELDS,
	BAND_FIELDS,
	LEFT_OUT_FIELD,
};

static const struct field sleep_fields[] = {
	{"state", "STATE", VT_TEXT, FIELD_TABLE,
	 "S interruptible, D uninterruptible, I idle kernel thread, T stopped, t traced, P parked",
	 get_state},
	COUNT_FIELD,
	DIST_FIELDS,
	BAND_FIELDS,
	{"max_waker_tid", "WAKER", VT_ID, 0, "Who ended the longest", get_max_other},
	{"max_waker_comm", "WOKEN BY", VT_TEXT, FIELD_ELASTIC, "Its name", get_max_other_comm},
	LEFT_OUT_FIELD,
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define COMMON                                                                                     \
	.figures_size = sizeof(struct dist_record), .by_subject = true,                            \
	.sink = {.interval = on_interval}, .stop = stop, .absent = absent, .weight = weight,       \
	.before = dist_print_all, .fold = fold, .release = release

const struct view_kind view_latency = {
	.name = "latency",
	.about = "from ready (woken, forked, preempted, yielded) to running",
	.sort = "max_ns,p99_ns",
	.fields = latency_fields,
	.nfields = COUNT_OF(latency_fields),
	.nsplit = RC_COUNT,
	.start = start_latency,
	.after = dist_print_worst,
	COMMON,
};

const struct view_kind view_waking = {
	.name = "waking",
	.about = "from sched_waking, the moment somebody decides to wake it, to running",
	.sort = "max_ns,p99_ns",
	.fields = waking_fields,
	.nfields = COUNT_OF(waking_fields),
	.start = start_waking,
	.after = dist_print_worst,
	COMMON,
};

const struct view_kind view_slice = {
	.name = "slice",
	.about = "how long it runs at a time, and how that ends",
	.sort = "max_ns,count",
	.fields = slice_fields,
	.nfields = COUNT_OF(slice_fields),
	.nsplit = 2,
	.start = start_slice,
	COMMON,
};

const struct view_kind view_sleep = {
	.name = "sleep",
	.about = "how long it is blocked at a time, by state",
	.sort = "state,max_ns",
	.fields = sleep_fields,
	.nfields = COUNT_OF(sleep_fields),
	.nsplit = COUNT_OF(sleep_states),
	.start = start_sleep,
	COMMON,
};
