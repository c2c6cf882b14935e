// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_migration: moves between CPUs, how far and how often per second. */
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "replay/dist.h"
#include "replay/view.h"

struct migration_figures {
	uint64_t count, placed, balanced, cross_l3, cross_die, cross_node;
	struct dist per_second; /* of the whole seconds of the window that had any */
	uint64_t second; /* the current one, from the start of the window */
	uint64_t in_second;
};

/* What topology says of each CPU, by number. */
struct migration_own {
	struct meta_cpu *cpus;
	uint32_t n;
	struct migration_figures all; /* of all tasks that are reported */
};

static int start(struct view *v, struct err *err)
{
	const struct meta *meta = v->env->meta;
	struct migration_own *own = calloc(1, sizeof(*own));

	if (own) {
		own->n = v->env->cpu_limit;
		own->cpus = calloc(own->n ? own->n : 1, sizeof(*own->cpus));
	}
	v->own = own;
	if (!own || !own->cpus)
		return err_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < own->n; i++)
		own->cpus[i] = (struct meta_cpu){(uint16_t)i, -1, -1, -1, -1, -1};
	for (size_t i = 0; i < meta->ncpus; i++)
		if (meta->cpus[i].cpu < own->n)
			own->cpus[meta->cpus[i].cpu] = meta->cpus[i];
	return 0;
}

static void stop(struct view *v)
{
	struct migration_own *own = v->own;

	if (own) {
		dist_free(&own->all.per_second);
		free(own->cpus);
	}
	free(own);
}

static bool differ(int32_t a, int32_t b)
{
	return a >= 0 && b >= 0 && a != b;
}

static int close_second(struct migration_figures *f)
{
	int rc = f->in_second ? dist_add(&f->per_second, f->in_second, 0) : 0;

	f->in_second = 0;
	return rc;
}

static int count_move(struct migration_figures *f, const struct event *ev, uint64_t second,
		      const struct meta_cpu *from, const struct meta_cpu *to)
{
	int rc = 0;

	f->count++;
	f->placed += (ev->flags & EVF_PLACED) != 0;
	f->balanced += !(ev->flags & EVF_PLACED);
	if (from && to) {
		bool package = differ(from->package, to->package);

		f->cross_l3 += package || differ(from->l3, to->l3);
		f->cross_die += package || differ(from->die, to->die);
		f->cross_node += differ(from->node, to->node);
	}
	if (second != f->second)
		rc = close_second(f);
	f->second = second;
	f->in_second++;
	return rc;
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	struct migration_own *own = v->own;
	const struct meta_cpu *from = ev->aux < own->n ? &own->cpus[ev->aux] : NULL;
	const struct meta_cpu *to = ev->value < own->n ? &own->cpus[ev->value] : NULL;
	uint64_t second = (ev->ts - v->env->from_ns) / NSEC_PER_SEC;
	struct migration_figures *f;
	uint32_t id;

	if (ev->kind != EV_MIGRATE || !task)
		return;
	id = subjects_of(v->subjects, task, ev->value);
	f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	if (f &&
	    (count_move(f, ev, second, from, to) || count_move(&own->all, ev, second, from, to)))
		v->failed = true;
}

static uint64_t weight(const void *figures)
{
	return ((const struct migration_figures *)figures)->count;
}

/* Seconds of two subjects overlap; their sum is not known any more, so each counts by itself. */
static int fold(void *to, void *from)
{
	struct migration_figures *a = to, *b = from;
	int rc = close_second(b);

	a->count += b->count;
	a->placed += b->placed;
	a->balanced += b->balanced;
	a->cross_l3 += b->cross_l3;
	a->cross_die += b->cross_die;
	a->cross_node += b->cross_node;
	return rc ? rc : dist_merge(&a->per_second, &b->per_second);
}

static void release(void *figures)
{
	dist_free(&((struct migration_figures *)figures)->per_second);
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	(void)v;
	(void)split;
	return !((const struct migration_figures *)figures)->count;
}

static const struct migration_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

#define GET(name)                                                                                  \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, VT_COUNT, figures_of(row)->name);                                       \
	}

GET(count)
GET(placed)
GET(balanced)
GET(cross_l3)
GET(cross_die)
GET(cross_node)

/*
 * Over the whole seconds of the window, those without a migration included. A window of less than
 * a second has one, scaled.
 */
static void set_per_second(const void *row, struct value *v, uint32_t ppm)
{
	const struct view_env *env = ((const struct view_row *)row)->view->env;
	const struct migration_figures *f = figures_of(row);
	uint64_t len = env->to_ns - env->from_ns, seconds = len / NSEC_PER_SEC, rank, none, some;
	bool open = f->in_second && f->second < seconds;

	if (!seconds) {
		if (len)
			value_u(v, VT_COUNT, f->count * NSEC_PER_SEC / len);
		return;
	}
	/* the second that is open still is not in the distribution */
	some = f->per_second.count + open;
	none = some < seconds ? seconds - some : 0;
	rank = (seconds * ppm + 999999) / 1000000;
	if (rank <= none) {
		value_u(v, VT_COUNT, 0);
		return;
	}
	rank -= none;
	if (!open) {
		value_u(v, VT_COUNT, dist_rank(&f->per_second, rank));
		return;
	}
	/* the open one takes its place in the order */
	if (rank <= f->per_second.count && dist_rank(&f->per_second, rank) < f->in_second)
		value_u(v, VT_COUNT, dist_rank(&f->per_second, rank));
	else if (rank == 1 || dist_rank(&f->per_second, rank - 1) <= f->in_second)
		value_u(v, VT_COUNT, f->in_second);
	else
		value_u(v, VT_COUNT, dist_rank(&f->per_second, rank - 1));
}

static void get_per_s_p50(const void *row, struct value *v)
{
	set_per_second(row, v, 500000);
}

static void get_per_s_p99(const void *row, struct value *v)
{
	set_per_second(row, v, 990000);
}

static const struct field fields[] = {
	{"count", "COUNT", VT_COUNT, FIELD_TABLE, "Moves to another CPU", get_count},
	{"per_s_p50", "P50/s", VT_COUNT, FIELD_TABLE,
	 "Moves in a second, the median of the window's seconds", get_per_s_p50},
	{"per_s_p99", "P99/s", VT_COUNT, FIELD_TABLE, "Not exceeded in 99 % of the seconds",
	 get_per_s_p99},
	{"placed", "PLACED", VT_COUNT, FIELD_TABLE, "Put elsewhere when woken", get_placed},
	{"balanced", "BALANCED", VT_COUNT, FIELD_TABLE, "Pulled or pushed by the load balancer",
	 get_balanced},
	{"cross_l3", "CROSS-L3", VT_COUNT, FIELD_TABLE, "To another L3 cache", get_cross_l3},
	{"cross_die", "CROSS-DIE", VT_COUNT, FIELD_TABLE, "To another die", get_cross_die},
	{"cross_node", "CROSS-NODE", VT_COUNT, FIELD_TABLE, "To another NUMA node", get_cross_node},
};

/* All tasks together, above the table. */
static int before(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct migration_own *own = v->own;
	const struct view_row row = {.view = v, .figures = &own->all};
	const void *rows[] = {&row};
	struct fields fs = {0};
	int rc;

	fields_add(&fs, fields, sizeof(fields) / sizeof(fields[0]));
	view_heading(f, style, "all together");
	rc = rows_table(f, style, &fs, rows, 1, err);
	if (!rc)
		putc('\n', f);
	return rc;
}

const struct view_kind view_migration = {
	.name = "migration",
	.about = "moves between CPUs: how many, how often, how far",
	.sort = "count",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct migration_figures),
	.by_subject = true,
	.sink = {.event = on_event, .kinds = 1u << EV_MIGRATE},
	.start = start,
	.stop = stop,
	.absent = absent,
	.before = before,
	.weight = weight,
	.fold = fold,
	.release = release,
};
