// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"

const struct view_kind *const view_kinds[] = {
	&view_cpu,	 &view_latency, &view_waking, &view_slice,  &view_sleep,   &view_idle,
	&view_migration, &view_states,	&view_totals, &view_life,   &view_depth,   &view_io,
	&view_fs,	 &view_memory,	&view_net,    &view_offcpu, &view_machine, &view_schedstat,
	&view_counters,	 &view_irq,	NULL,
};

const struct view_kind *view_kind_find(const char *name, size_t len)
{
	for (size_t i = 0; view_kinds[i]; i++)
		if (strlen(view_kinds[i]->name) == len && !memcmp(view_kinds[i]->name, name, len))
			return view_kinds[i];
	return NULL;
}

bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ',')) {
		if (strcspn(s, ",") == len && !strncmp(s, word, len))
			return true;
	}
	return false;
}

bool view_hooked(const struct view_env *env, const char *feature)
{
	const struct meta *meta = env->meta;
	bool some = false;

	for (size_t i = 0; i < meta->nhooks; i++) {
		if (strcmp(meta->hooks[i].feature, feature))
			continue;
		if (meta->hooks[i].live)
			return true;
		some = true;
	}
	return !some;
}

bool view_idle_known(const struct view_env *env, const uint64_t ns[CS_OTHER + 1])
{
	if (!env->meta->filtered || ns[CS_IDLE])
		return true;
	if (meta_leaves_out_tasks(env->meta))
		return ns[CS_RUN] && !ns[CS_OTHER];
	return ns[CS_RUN] || !ns[CS_OTHER];
}

bool view_recorded(const struct view_env *env, const char *feature)
{
	const struct meta *meta = env->meta;

	return !meta->version[0] ||
	       (list_has(meta->features, feature) && view_hooked(env, feature));
}

bool view_can_be_by(const struct view_kind *kind, enum subject_by by)
{
	uint32_t bys = kind->bys ? kind->bys : BY_TASKS | 1u << BY_CPU;

	return !kind->by_subject || bys >> by & 1 || (kind->other && kind->other_by == by);
}

/* -- values -- */

void value_text(struct value *v, const char *text)
{
	if (!text)
		return;
	v->type = VT_TEXT;
	v->text = text;
	v->len = strlen(text);
}

void value_u(struct value *v, enum value_type type, uint64_t u)
{
	v->type = type;
	v->u = u;
}

void value_time(struct value *v, const struct view_env *env, uint64_t ns)
{
	v->type = VT_TIME;
	v->i = (int64_t)(ns - env->start_ns);
}

void value_rate(struct value *v, enum value_type type, const struct view_env *env, uint64_t n)
{
	uint64_t len = env->to_ns - env->from_ns;
	uint64_t scale = type == VT_MILLI ? 1000 * NSEC_PER_SEC : NSEC_PER_SEC;

	if (len)
		value_u(v, type, (uint64_t)(((unsigned __int128)n * scale + len / 2) / len));
}

void value_per_mib(struct value *v, uint64_t n, uint64_t bytes)
{
	if (bytes)
		value_u(v, VT_MILLI,
			(uint64_t)((((unsigned __int128)n * 1000 << 20) + bytes / 2) / bytes));
}

void value_share(struct value *v, uint64_t a, uint64_t b)
{
	if (b)
		value_u(v, VT_PERCENT, (uint64_t)(((unsigned __int128)a * 100000 + b / 2) / b));
}

/* Numbers in place of names; the text lives until the next row is asked, which is enough. */
static void number_text(struct value *v, uint64_t number)
{
	static _Thread_local char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, number);
	value_text(v, buf);
}

void value_user(struct value *v, const struct view_env *env, uint32_t uid)
{
	const char *name = engine_name(env->engine, NAME_USER, uid);

	if (name && *name)
		value_text(v, name);
	else
		number_text(v, uid);
}

void value_cgroup(struct value *v, const struct view_env *env, uint64_t id)
{
	const char *name = id ? engine_name(env->engine, NAME_CGROUP, id) : NULL;

	if (name && *name)
		value_text(v, name);
	else if (id)
		number_text(v, id);
}

void value_device(struct value *v, const struct view_env *env, uint32_t dev)
{
	static _Thread_local char buf[32];
	const char *name = engine_name(env->engine, NAME_DEVICE, dev);

	snprintf(buf, sizeof(buf), "%u:%u", dev >> 20, dev & 0xfffff);
	value_text(v, name && *name ? name : buf);
}

/* -- the fields that say what a row is about -- */

#define SUBJECT_FIELD(name)                                                                        \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		const struct view_row *r = row;                                                    \
		const struct subject *s = r->subject;                                              \
		set_##name(r, s, v);                                                               \
	}

static void set_pid(const struct view_row *r, const struct subject *s, struct value *v)
{
	(void)r;
	if (!s->folded && !s->unknown)
		value_u(v, VT_ID, s->pid);
}

static void set_tid(const struct view_row *r, const struct subject *s, struct value *v)
{
	(void)r;
	if (!s->folded && !s->unknown)
		value_u(v, VT_ID, s->tid);
}

static void set_comm(const struct view_row *r, const struct subject *s, struct value *v)
{
	static _Thread_local char buf[TASK_COMM_LEN + 64];

	if (s->unknown) {
		value_text(v, "?");
	} else if (s->folded) {
		snprintf(buf, sizeof(buf), "%s (gone)", s->comm);
		value_text(v, buf);
	} else if (r->depth && r->view->env->indent) {
		int depth = r->depth < 40 ? (int)r->depth : 40;

		snprintf(buf, sizeof(buf), "%*s%s", depth, "", s->comm);
		value_text(v, buf);
	} else {
		value_text(v, s->comm);
	}
}

static void set_user(const struct view_row *r, const struct subject *s, struct value *v)
{
	if (s->unknown)
		value_text(v, "?");
	else if (!s->folded)
		value_user(v, r->view->env, s->uid);
}

static void set_cgroup(const struct view_row *r, const struct subject *s, struct value *v)
{
	if (s->unknown)
		value_text(v, "?");
	else if (!s->folded)
		value_cgroup(v, r->view->env, s->cgroup_id);
}

static void set_tasks(const struct view_row *r, const struct subject *s, struct value *v)
{
	(void)r;
	value_u(v, VT_COUNT, s->tasks);
}

static void set_cpu(const struct view_row *r, const struct subject *s, struct value *v)
{
	(void)r;
	value_u(v, VT_ID, s->cpu);
}

static void set_gap(const struct view_row *r, const struct subject *s, struct value *v)
{
	(void)r;
	value_u(v, VT_NS, s->gap_ns);
}

SUBJECT_FIELD(pid)
SUBJECT_FIELD(tid)
SUBJECT_FIELD(comm)
SUBJECT_FIELD(user)
SUBJECT_FIELD(cgroup)
SUBJECT_FIELD(tasks)
SUBJECT_FIELD(cpu)
SUBJECT_FIELD(gap)

static void get_group(const void *row, struct value *v)
{
	value_text(v, ((const struct view_row *)row)->view->kind->name);
}

static const struct field group_field = {
	"group", "GROUP", VT_TEXT, 0, "The group of this row", get_group,
};

#define PID_HELP    "Process id (TGID)"
#define TID_HELP    "Thread id"
#define COMM_HELP   "Name of the process (of its leader) or thread"
#define USER_HELP   "User; the uid when the trace has no name"
#define CGROUP_HELP "Control group, path below the cgroup v2 root"
#define TASKS_HELP  "Threads that belonged to it"

static const struct field process_fields[] = {
	{"pid", "PID", VT_ID, FIELD_TABLE, PID_HELP, get_pid},
	{"comm", "COMM", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, COMM_HELP, get_comm},
	{"user", "USER", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC | FIELD_SPARE, USER_HELP, get_user},
	{"cgroup", "CGROUP", VT_TEXT, FIELD_ELASTIC, CGROUP_HELP, get_cgroup},
	{"tasks", "THREADS", VT_COUNT, 0, TASKS_HELP, get_tasks},
};
static const struct field thread_fields[] = {
	{"pid", "PID", VT_ID, FIELD_TABLE, PID_HELP, get_pid},
	{"tid", "TID", VT_ID, FIELD_TABLE, TID_HELP, get_tid},
	{"comm", "COMM", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, COMM_HELP, get_comm},
	{"user", "USER", VT_TEXT, FIELD_ELASTIC, USER_HELP, get_user},
	{"cgroup", "CGROUP", VT_TEXT, FIELD_ELASTIC, CGROUP_HELP, get_cgroup},
};
static const struct field comm_fields[] = {
	{"comm", "COMM", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "Name of the threads", get_comm},
	{"tasks", "THREADS", VT_COUNT, FIELD_TABLE, TASKS_HELP, get_tasks},
};
static const struct field cgroup_fields[] = {
	{"cgroup", "CGROUP", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, CGROUP_HELP, get_cgroup},
	{"tasks", "THREADS", VT_COUNT, FIELD_TABLE, TASKS_HELP, get_tasks},
};
static const struct field user_fields[] = {
	{"user", "USER", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, USER_HELP, get_user},
	{"tasks", "THREADS", VT_COUNT, FIELD_TABLE, TASKS_HELP, get_tasks},
};
static const struct field cpu_fields[] = {
	{"cpu", "CPU", VT_ID, FIELD_TABLE, "CPU", get_cpu},
};
static const struct field gap_field = {
	"gap_ns",
	"GAP",
	VT_NS,
	FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,
	"How much of its time is unknown, because events were lost",
	get_gap,
};

static const struct {
	const struct field *list;
	size_t n;
} identity[BY_COUNT] = {
	[BY_PROCESS] = {process_fields, sizeof(process_fields) / sizeof(process_fields[0])},
	[BY_THREAD] = {thread_fields, sizeof(thread_fields) / sizeof(thread_fields[0])},
	[BY_COMM] = {comm_fields, sizeof(comm_fields) / sizeof(comm_fields[0])},
	[BY_CGROUP] = {cgroup_fields, sizeof(cgroup_fields) / sizeof(cgroup_fields[0])},
	[BY_USER] = {user_fields, sizeof(user_fields) / sizeof(user_fields[0])},
	[BY_CPU] = {cpu_fields, sizeof(cpu_fields) / sizeof(cpu_fields[0])},
};

/* The fields from number `from` on are shown by default. */
static void show_fields(const struct fields *all, size_t from, struct fields *table,
			struct fields *machine)
{
	for (size_t i = from; i < all->n; i++) {
		if (all->list[i]->flags & FIELD_TABLE)
			table->list[table->n++] = all->list[i];
		if (!(all->list[i]->flags & FIELD_HIDDEN))
			machine->list[machine->n++] = all->list[i];
	}
}

void view_fields(const struct view *v, struct fields *all, struct fields *table,
		 struct fields *machine)
{
	const struct view_kind *kind = v->kind;

	*all = *table = *machine = (struct fields){0};
	fields_add(all, &group_field, 1);
	if (kind->by_subject) {
		enum subject_by by = v->subjects->by;

		fields_add(all, identity[by].list, identity[by].n);
	}
	fields_add(all, kind->fields, kind->nfields);
	if (kind->add_fields)
		kind->add_fields(v, all);
	if (kind->by_subject && !kind->no_gap)
		fields_add(all, &gap_field, 1);
	show_fields(all, 0, table, machine);
	for (size_t i = 0; i < sizeof(kind->more) / sizeof(kind->more[0]); i++) {
		const struct view_more *more = &kind->more[i];
		const size_t from = all->n;

		fields_add(all, more->list, more->n);
		if (more->n && view_recorded(v->env, more->feature))
			show_fields(all, from, table, machine);
	}
}

/* -- figures -- */

static uint64_t weigh(void *ctx, uint32_t id)
{
	struct view *v = ctx;
	const void *figures = id < v->room ? view_figures(v, id) : NULL;

	return figures && v->kind->weight ? v->kind->weight(figures) : 0;
}

static void fold(void *ctx, uint32_t to, uint32_t from)
{
	struct view *v = ctx;
	void *source, *target;

	if (from >= v->room)
		return;
	target = view_figures(v, to); /* may move the array */
	if (!target)
		return;
	source = view_figures(v, from);
	if (v->kind->fold(target, source))
		v->failed = true;
	if (v->kind->release)
		v->kind->release(source);
	memset(source, 0, v->kind->figures_size);
}

int view_grow(struct view *v, uint32_t subject)
{
	if (array_grow(&v->figures, &v->room, subject, v->kind->figures_size))
		return 0;
	v->failed = true;
	return -ENOMEM;
}

int view_new(struct view **out, const struct view_kind *kind, const struct view_env *env,
	     struct subjects *subjects, struct err *err)
{
	struct view *v = calloc(1, sizeof(*v));
	int rc = 0;

	if (!v)
		return err_set(err, -ENOMEM, "out of memory");
	v->sink = kind->sink;
	v->kind = kind;
	v->env = env;
	v->subjects = subjects;
	if (kind->start)
		rc = kind->start(v, err);
	if (rc) {
		view_free(v);
		return rc;
	}
	if (kind->fold)
		subjects_add_user(subjects, &(struct subject_user){v, weigh, fold});
	*out = v;
	return 0;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; v->kind->release && i < v->room; i++)
		v->kind->release(v->figures + i * v->kind->figures_size);
	if (v->kind->stop)
		v->kind->stop(v);
	free(v->figures);
	free(v);
}

void view_heading(FILE *f, const struct table_style *style, const char *text)
{
	fprintf(f, "%s%s%s\n", style->color ? "\033[1m" : "", text, style->color ? "\033[0m" : "");
}

/* -- rows -- */

struct view_row *view_add_row(struct view_rows *rows)
{
	if (!ARRAY_ROOM(rows->list, rows->room, rows->n))
		return NULL;
	rows->list[rows->n] = (struct view_row){0};
	return &rows->list[rows->n++];
}

static int rows_of_subjects(struct view *v, struct view_rows *rows)
{
	unsigned nsplit = v->kind->nsplit ? v->kind->nsplit : 1;

	/* the array must not move once rows point into it */
	if (v->subjects->n && !view_figures(v, v->subjects->n - 1))
		return -ENOMEM;
	for (uint32_t id = 0; id < v->subjects->n; id++) {
		const struct subject *subject = &v->subjects->list[id];
		const void *figures = view_figures(v, id);

		if (!subject->used)
			continue;
		for (unsigned split = 0; split < nsplit; split++) {
			struct view_row *row;

			if (v->kind->absent && v->kind->absent(v, figures, split))
				continue;
			row = view_add_row(rows);
			if (!row)
				return -ENOMEM;
			row->view = v;
			row->subject = subject;
			row->figures = figures;
			row->split = split;
		}
	}
	return 0;
}

int view_make_rows(struct view *v, struct view_rows *rows, struct err *err)
{
	int rc = 0;

	if (v->kind->feature && !view_recorded(v->env, v->kind->feature))
		return 0; /* not nothing: not known */
	rc = v->kind->rows ? v->kind->rows(v, rows) : rows_of_subjects(v, rows);
	if (rc || v->failed || v->subjects->failed)
		return err_set(err, -ENOMEM, "out of memory for the rows of %s", v->kind->name);
	return 0;
}
