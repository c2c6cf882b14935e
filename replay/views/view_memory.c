// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_memory: resident memory of processes over time. Machine formats have a row per change that
 * was told, oldest first; the table one per process with its extremes and a line of the window. A
 * process has one address space at a time, whichever of its threads tells of it; its figures go on
 * over an exec.
 */
#include <errno.h>
#include <stdlib.h>

#include "replay/views/rss_points.h"
#include "replay/view.h"

/*
 * A process that changes at every look (every 10 ms) has all of its points for 40 s; the line of a
 * table, and a plot, have far fewer columns.
 */
#define POINTS	   4096
#define POINTS_MIN 64 /* of each, when there are too many processes */
#define ALL_POINTS 64 /* for each entry of env->list_keep: 100 MB */

/*
 * The rest of the table takes LINE_OTHERS columns; for more, USER goes and COMM gives way, which
 * leaves LINE_LEAST.
 */
#define LINE_MIN    16
#define LINE_TINY   8
#define LINE_MAX    40
#define LINE_OTHERS 76
#define LINE_LEAST  68

#define NO_POINT UINT32_MAX /* a row about the whole of a process */

struct memory_figures {
	struct rss_points points;
	uint64_t first, min, max, now; /* told */
	uint64_t max_ns; /* when max was told, the first time */
	uint64_t peak, peak_ns; /* the most, told or noted by the kernel, and when that was told */
	uint64_t end_ns; /* of its last thread; 0: lives */
};

/* What all processes may take. */
struct memory_own {
	uint32_t limit; /* of points each */
	uint64_t points; /* that there are, at most */
};

static int start(struct view *v, struct err *err)
{
	struct memory_own *own = calloc(1, sizeof(*own));

	v->own = own;
	if (!own)
		return err_set(err, -ENOMEM, "out of memory");
	own->limit = POINTS;
	return 0;
}

static void stop(struct view *v)
{
	free(v->own);
}

static void count_points(struct view *v)
{
	struct memory_own *own = v->own;
	struct memory_figures *f = (void *)v->figures;

	own->points = 0;
	for (uint32_t i = 0; i < v->room; i++)
		own->points += f[i].points.n;
}

/* Many processes have fewer points each. */
static void hold_down(struct view *v)
{
	struct memory_own *own = v->own;
	const uint64_t most = (uint64_t)v->env->list_keep * ALL_POINTS;
	struct memory_figures *f = (void *)v->figures;

	if (own->points <= most || own->limit <= POINTS_MIN)
		return;
	count_points(v); /* some went with their processes */
	while (own->points > most && own->limit > POINTS_MIN) {
		own->limit /= 2;
		for (uint32_t i = 0; i < v->room; i++)
			rss_points_limit(&f[i].points, own->limit);
		count_points(v);
	}
}

static void on_account(struct sink *s, const struct account *a)
{
	struct view *v = (struct view *)s;
	struct memory_own *own = v->own;
	const uint64_t rss = a->delta.rss_bytes;
	uint64_t mark = a->delta.rss_peak_bytes;
	struct memory_figures *f;
	uint32_t id;
	bool changed;

	if (mark < rss)
		mark = rss;
	if (!mark) /* a kernel thread, or one that has given its memory back */
		return;
	id = subjects_of(v->subjects, a->task, a->task->cpu);
	f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	if (!f)
		return;
	changed = (rss && rss != f->now) || mark > f->peak;
	if (rss) {
		if (!f->now)
			f->first = f->min = rss;
		f->now = rss;
		if (rss < f->min)
			f->min = rss;
		if (rss > f->max) {
			f->max = rss;
			f->max_ns = a->to_ns;
		}
	}
	if (mark > f->peak) {
		f->peak = mark;
		f->peak_ns = a->to_ns;
	}
	if (!changed)
		return;
	own->points++;
	if (rss_points_add(&f->points, (struct rss_point){a->to_ns, rss, f->peak}, own->limit))
		v->failed = true;
	hold_down(v);
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	struct memory_figures *f;
	uint32_t id;

	if (ev->kind != EV_EXIT || !(ev->flags & EVF_GROUP_DEAD) || !task)
		return;
	id = subjects_of(v->subjects, task, task->cpu);
	f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	if (f)
		f->end_ns = ev->ts;
}

static void release(void *figures)
{
	rss_points_free(&((struct memory_figures *)figures)->points);
}

/* Of many that are gone only the extremes are left. */
static int fold(void *to, void *from)
{
	struct memory_figures *a = to;
	const struct memory_figures *b = from;

	if (b->now && (!a->max || b->min < a->min))
		a->min = b->min;
	if (b->max > a->max) {
		a->max = b->max;
		a->max_ns = b->max_ns;
	}
	if (b->peak > a->peak)
		a->peak = b->peak;
	return 0;
}

static uint64_t weight(const void *figures)
{
	return ((const struct memory_figures *)figures)->peak;
}

/* ---- rows ---- */

static int add_row(struct view *v, struct view_rows *rows, uint32_t id, uint32_t point)
{
	struct view_row *row = view_add_row(rows);

	if (!row)
		return -ENOMEM;
	row->view = v;
	row->subject = &v->subjects->list[id];
	row->figures = view_figures(v, id);
	row->split = point;
	return 0;
}

/*
 * The last may be one more than there are points: what the kernel noted after them. One that
 * stands for many has no points.
 */
static int add_points(struct view *v, struct view_rows *rows, uint32_t id)
{
	const struct memory_figures *f = view_figures(v, id);
	const struct rss_points *points = &f->points;
	uint32_t n = points->n;

	if (!n)
		return add_row(v, rows, id, NO_POINT);
	n += f->peak > points->list[n - 1].peak_bytes;
	for (uint32_t i = 0; i < n; i++)
		if (add_row(v, rows, id, i))
			return -ENOMEM;
	return 0;
}

static int make_rows(struct view *v, struct view_rows *rows)
{
	/* the array must not move once rows point into it */
	if (v->subjects->n && !view_figures(v, v->subjects->n - 1))
		return -ENOMEM;
	for (uint32_t id = 0; id < v->subjects->n; id++) {
		const struct memory_figures *f = view_figures(v, id);
		int rc = 0;

		if (!v->subjects->list[id].used || !f->peak)
			continue;
		rc = v->env->width ? add_row(v, rows, id, NO_POINT) : add_points(v, rows, id);
		if (rc)
			return rc;
	}
	return 0;
}

static const struct memory_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

/* NULL: the row is about all of them, or comes after them. */
static const struct rss_point *point_of(const void *row)
{
	const struct view_row *r = row;
	const struct rss_points *points = &figures_of(row)->points;

	return r->split < points->n ? &points->list[r->split] : NULL;
}

static void get_at(const void *row, struct value *v)
{
	const struct view_row *r = row;
	const struct rss_point *p = point_of(row);

	if (p)
		value_time(v, r->view->env, p->at_ns);
	else if (r->split != NO_POINT)
		value_time(v, r->view->env, figures_of(row)->peak_ns);
}

static void value_told(struct value *v, uint64_t bytes)
{
	if (bytes)
		value_u(v, VT_BYTES, bytes);
}

static void get_rss(const void *row, struct value *v)
{
	const struct rss_point *p = point_of(row);

	if (p)
		value_told(v, p->rss_bytes);
	else if (((const struct view_row *)row)->split == NO_POINT)
		value_told(v, figures_of(row)->now);
}

static void get_peak(const void *row, struct value *v)
{
	const struct rss_point *p = point_of(row);

	value_told(v, p ? p->peak_bytes : figures_of(row)->peak);
}

static void get_step(const void *row, struct value *v)
{
	value_u(v, VT_NS, figures_of(row)->points.step_ns);
}

#define GET(name)                                                                                  \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_told(v, figures_of(row)->name);                                              \
	}

GET(first)
GET(min)
GET(max)

static void get_max_at(const void *row, struct value *v)
{
	if (figures_of(row)->max)
		value_time(v, ((const struct view_row *)row)->view->env, figures_of(row)->max_ns);
}

static uint32_t line_columns(unsigned width)
{
	if (width >= LINE_OTHERS + LINE_MIN)
		return width < LINE_OTHERS + LINE_MAX ? width - LINE_OTHERS : LINE_MAX;
	if (!width || width >= LINE_LEAST + LINE_MIN)
		return LINE_MIN;
	return width > LINE_LEAST + LINE_TINY ? width - LINE_LEAST : LINE_TINY;
}

/* From nothing to the row's own maximum; blank where nothing is known, or it does not live. */
static void get_line(const void *row, struct value *v)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static _Thread_local char buf[LINE_MAX * sizeof("█")];
	const struct memory_figures *f = figures_of(row);
	const struct view_env *env = ((const struct view_row *)row)->view->env;
	const uint32_t n = line_columns(env->width);
	uint64_t columns[LINE_MAX];
	size_t len = 0, used = 0;

	if (!f->max || !f->points.n)
		return;
	rss_points_columns(&f->points, env->from_ns, env->to_ns, f->end_ns ? f->end_ns : env->to_ns,
			   columns, n);
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t level =
			(uint64_t)(((unsigned __int128)columns[i] * 8 + f->max - 1) / f->max);

		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s", blocks[level]);
		if (level)
			used = len;
	}
	buf[used] = '\0';
	value_text(v, buf);
}

#define TABLE_ONLY (FIELD_TABLE | FIELD_HIDDEN)

static const struct field fields[] = {
	{"at_ns", "AT", VT_TIME, 0, "Machine formats, a row per change: when it was told", get_at},
	{"rss_first_bytes", "FIRST", VT_BYTES, TABLE_ONLY,
	 "Resident memory of the process when it was first told in the window", get_first},
	{"rss_min_bytes", "MIN", VT_BYTES, TABLE_ONLY, "The least that was told", get_min},
	{"rss_max_bytes", "MAX", VT_BYTES, TABLE_ONLY, "The most that was told", get_max},
	{"rss_max_at_ns", "MAX AT", VT_TIME, TABLE_ONLY, "When that was told, the first time",
	 get_max_at},
	{"rss_bytes", "LAST", VT_BYTES, FIELD_TABLE,
	 "Resident memory at at_ns; in the table when it was last told", get_rss},
	{"rss_peak_bytes", "PEAK", VT_BYTES, FIELD_TABLE,
	 "The most of it up to then: told, or noted by the kernel, which may be from before the "
	 "window",
	 get_peak},
	{"step_ns", "STEP", VT_NS, 0,
	 "0: a row for every change that was told; else of each such stretch the least, the most "
	 "and the last",
	 get_step},
	{"rss_line", "OVER THE WINDOW", VT_TEXT, TABLE_ONLY,
	 "What it was over the window, from nothing to its own maximum", get_line},
};

const struct view_kind view_memory = {
	.name = "memory",
	.about = "resident memory of processes over time",
	.sort = "at_ns:asc,rss_max_bytes,rss_peak_bytes",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct memory_figures),
	.by_subject = true,
	.bys = 1u << BY_PROCESS,
	.feature = "fs",
	.sink = {.account = on_account, .event = on_event, .kinds = UINT64_C(1) << EV_EXIT},
	.start = start,
	.stop = stop,
	.rows = make_rows,
	.weight = weight,
	.fold = fold,
	.release = release,
};
