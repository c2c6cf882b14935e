/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * view: one group of a report (cpu, latency, states, ...). It is a sink that keeps figures, mostly
 * one record per subject, and turns them into rows at the end. Everything that the user sees of it
 * (columns, keys, default order) comes from its struct view_kind.
 */
#ifndef RSTAT_REPLAY_VIEW_H
#define RSTAT_REPLAY_VIEW_H

#include "base/rows.h"
#include "engine/engine.h"
#include "format/meta.h"
#include "replay/offcpu/stacks.h"
#include "replay/subjects.h"

struct view;

/* What all views of a report share. */
struct view_env {
	const struct engine *engine;
	const struct meta *meta;
	const struct stacks *stacks;
	uint64_t start_ns; /* of the trace: times are told from here */
	uint64_t from_ns, to_ns; /* the window; to_ns is set before rows are made */
	uint32_t ncpus; /* that the host has, at least 1 */
	uint32_t cpu_limit; /* highest number + 1 */
	uint32_t states; /* bit per enum task_state: what `states` lists */
	uint32_t list_keep; /* entries that a list view keeps, the worst ones */
	bool split; /* a row per cause or state */
	bool tree; /* life as a tree */
	bool wakers; /* offcpu_stack: with who ended the waits */
	bool indent; /* names in the tree may be indented (table) */
	unsigned width; /* of the table, 0 in machine formats */
	size_t top; /* so many rows are asked for; 0: all */
};

/* One row to be. Views that list things of their own put them into `figures`. */
struct view_row {
	const struct view *view;
	const struct subject *subject; /* NULL in lists that are not by subject */
	const void *figures;
	uint32_t split; /* index of the cause, state or point, when there is one row for each */
	uint32_t depth; /* in a tree */
};

struct view_rows {
	struct view_row *list;
	size_t n;
	uint32_t room;
};

struct view_kind {
	const char *name; /* "latency", also the -g argument and each row's group */
	const char *about; /* for --help and over the table */
	const char *sort; /* default order */
	const struct field *fields;
	size_t nfields;
	size_t figures_size; /* of the record per subject; 0: none */
	unsigned nsplit; /* rows per subject; 0 is 1 */
	bool by_subject; /* rows are about the report's subjects */
	uint32_t
		bys; /* by_subject: a bit per enum subject_by that it can do; 0: BY_TASKS and CPU */
	/* Stands in when rows are by what is no subject: a device, a connection. */
	const struct view_kind *other;
	enum subject_by other_by; /* of `other`, and in `other` itself; 0 when there is none */
	const char *feature; /* of the recording, without which there is nothing to tell */
	/* Fields that need a feature of the recording that the others do not; NULL: no more. */
	struct view_more {
		const struct field *list;
		size_t n;
		const char *feature;
	} more[2];
	/* Fields that the trace decides about; kept by the view. Come after the others. */
	void (*add_fields)(const struct view *v, struct fields *all);
	bool no_gap; /* its rows are no sums of time: what is unknown of it is elsewhere */
	bool by_cpu_only; /* rows are about CPUs, whatever --by says */
	/* Callbacks of the engine; the sink's address is the view's. */
	struct sink sink;
	int (*start)(struct view *v, struct err *err);
	void (*stop)(struct view *v);
	/* Adds rows; NULL: one for each subject and split. */
	int (*rows)(struct view *v, struct view_rows *rows);
	/* Nothing to tell: left out of the table (never of machine formats). */
	bool (*empty)(const struct view_row *row);
	const char *dull; /* how those are that are left out for it; NULL: "with nothing here" */
	/* This subject and split has no row at all. */
	bool (*absent)(const struct view *v, const void *figures, unsigned split);
	uint64_t (*weight)(const void *figures);
	int (*fold)(void *to, void *from); /* `from` is cleared by the caller */
	void (*release)(void *figures);
	/* What the table says in place of rows; NULL: "not recorded" or "none". */
	const char *(*why_none)(const struct view *v);
	/* Lines of the table before and after the rows. */
	int (*before)(struct view *v, FILE *f, const struct table_style *style, struct err *err);
	int (*after)(struct view *v, FILE *f, const struct table_style *style, struct err *err);
};

struct view {
	struct sink sink; /* first: callbacks get the view by its address */
	const struct view_kind *kind;
	const struct view_env *env;
	struct subjects *subjects;
	uint8_t *figures; /* figures_size each, by subject */
	uint32_t room;
	bool failed; /* out of memory */
	void *own; /* what else the kind keeps */
};

int view_new(struct view **out, const struct view_kind *kind, const struct view_env *env,
	     struct subjects *subjects, struct err *err);
void view_free(struct view *v);

/* Every field of its rows, and those of the table (or of the machine formats) by default. */
void view_fields(const struct view *v, struct fields *all, struct fields *table,
		 struct fields *machine);

/* All rows, in no order. */
int view_make_rows(struct view *v, struct view_rows *rows, struct err *err);
struct view_row *view_add_row(struct view_rows *rows); /* zeroed; NULL: out of memory */

/* The small heading of a table inside a view's part of the report. */
void view_heading(FILE *f, const struct table_style *style, const char *text);

int view_grow(struct view *v, uint32_t subject);

/* The record of a subject, zeroed at first; NULL when out of memory. */
static inline void *view_figures(struct view *v, uint32_t subject)
{
	if (__builtin_expect(subject >= v->room, 0) && view_grow(v, subject))
		return NULL;
	return v->figures + (size_t)subject * v->kind->figures_size;
}

/* The same where the size is known: this is what happens for every interval. */
#define VIEW_FIGURES(v, subject, type)                                                             \
	(__builtin_expect((subject) >= (v)->room, 0) && view_grow(v, subject)                      \
		 ? (type *)NULL                                                                    \
		 : (type *)(void *)(v)->figures + (subject))

/* How much of an interval inside the window is known to be in its state. */
static inline uint64_t view_known_ns(const struct interval *iv)
{
	return iv->to_ns - iv->from_ns - iv->gap_ns; /* the whole of it, or nothing */
}

/* It ended inside the window: it may be in a distribution. */
static inline bool view_ended(const struct interval *iv)
{
	return !(iv->flags & (IVF_OPEN | IVF_CLIPPED_END));
}

/* Some hook of this feature was live; true too when the trace has none of it. */
bool view_hooked(const struct view_env *env, const char *feature);
/*
 * The recording had this feature ("io", "net", "fs"; "sched" always), and a live hook for it. True
 * too when the trace cannot tell any more.
 */
bool view_recorded(const struct view_env *env, const char *feature);
bool list_has(const char *list, const char *word); /* "a,b" has "a"? */
/*
 * Idle time is known of CPUs whose time by enum cpu_state this is. Filters by task leave out when a
 * CPU goes idle: that is as if it ran somebody else, CS_OTHER. With those by CPU alone it is only so
 * for CPUs that are left out.
 */
bool view_idle_known(const struct view_env *env, const uint64_t ns[CS_OTHER + 1]);

/* The grouping is one that this kind can do. */
bool view_can_be_by(const struct view_kind *kind, enum subject_by by);

/* -- for value functions -- */
void value_text(struct value *v, const char *text); /* NULL: none */
void value_u(struct value *v, enum value_type type, uint64_t u);
void value_time(struct value *v, const struct view_env *env, uint64_t ns);
/* n in a second of the window */
void value_rate(struct value *v, enum value_type type, const struct view_env *env, uint64_t n);
/* n for each MiB of bytes */
void value_per_mib(struct value *v, uint64_t n, uint64_t bytes);
/* a / b in 1/1000 % */
void value_share(struct value *v, uint64_t a, uint64_t b);
/* The name of a user; the number when the trace has none. */
void value_user(struct value *v, const struct view_env *env, uint32_t uid);
void value_cgroup(struct value *v, const struct view_env *env, uint64_t id);
/* The name of a block device; major:minor when the trace has none. */
void value_device(struct value *v, const struct view_env *env, uint32_t dev);

/* Every kind, in the order of the help; NULL ends it. */
extern const struct view_kind *const view_kinds[];
const struct view_kind *view_kind_find(const char *name, size_t len);

extern const struct view_kind view_cpu, view_latency, view_waking, view_slice, view_sleep,
	view_idle, view_migration, view_states, view_totals, view_life, view_depth, view_io,
	view_fs, view_memory, view_net, view_connections, view_offcpu, view_offcpu_stack,
	view_machine, view_schedstat, view_counters, view_irq;

#endif
