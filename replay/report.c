// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/report.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "replay/report_sections.h"
#include "replay/views/view_life.h"
#include "replay/views/view_states.h"

#define LIST_KEEP 65536 /* entries that a list of states keeps: the longest */

static int refuse_group(const char *name, size_t len, struct err *err)
{
	char all[400] = "";
	size_t used = 0;

	for (size_t i = 0; view_kinds[i] && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
					 !i		     ? ""
					 : view_kinds[i + 1] ? ", "
							     : " or ",
					 view_kinds[i]->name);
	return err_set(err, -EINVAL, "'%.*s' is not a group: %s", (int)(len < 60 ? len : 60), name,
		       all);
}

int report_add_groups(struct report_options *opt, const char *text, struct err *err)
{
	for (const char *s = text;;) {
		const char *end = strchrnul(s, ',');
		size_t len = (size_t)(end - s), i = 0;
		const struct view_kind *kind = view_kind_find(s, len);

		if (!kind)
			return refuse_group(s, len, err);
		while (i < opt->nkinds && opt->kinds[i] != kind)
			i++;
		if (i == opt->nkinds && i < REPORT_VIEWS)
			opt->kinds[opt->nkinds++] = kind;
		if (!*end)
			return 0;
		s = end + 1;
	}
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct report *r = (struct report *)((char *)s - offsetof(struct report, cpus));

	r->cpu_ns[iv->state] += iv->to_ns - iv->from_ns;
}

/*
 * A task that is asked for is in the trace also when the group has nothing to tell of it: a process
 * without IO is no mistake, one that was not there is.
 */
static void on_task_interval(struct sink *s, const struct interval *iv)
{
	struct report *r = (struct report *)((char *)s - offsetof(struct report, cpus));

	subjects_of(r->subjects, iv->task, iv->cpu);
}

static int add_view(struct report *r, const struct view_kind *kind, struct err *err)
{
	bool own = kind == &view_life && r->lives;
	struct view *v;
	int rc;

	if (kind->other && kind->other_by == r->opt->by)
		kind = kind->other;
	rc = view_new(&v, kind, &r->env, own ? r->lives : r->subjects, err);
	if (rc)
		return rc;
	r->views[r->nviews++] = v;
	return engine_add_sink(r->engine, &v->sink, err);
}

/* In the table a list of states comes with its sums, which come first. */
static int add_views(struct report *r, struct err *err)
{
	struct report_options *opt = r->opt;
	bool totals = false;
	int rc = 0;

	for (size_t i = 0; i < opt->nkinds; i++)
		totals |= opt->kinds[i] == &view_totals;
	for (size_t i = 0; i < opt->nkinds && !rc; i++) {
		if (opt->kinds[i] == &view_states && opt->format == ROWS_TABLE && !totals)
			rc = add_view(r, &view_totals, err);
		if (!rc && !opt->flame)
			rc = add_view(r, opt->kinds[i], err);
		if (!rc && opt->kinds[i] == &view_offcpu && (opt->stack || opt->flame))
			rc = add_view(r, &view_offcpu_stack, err);
	}
	return rc;
}

/* Before a trace is read: -F and -s must name what there is. */
static int check_fields(const struct report *r, struct err *err)
{
	struct fields all[REPORT_VIEWS + 1], table, machine;
	const struct report_options *opt = r->opt;
	int rc = 0;

	for (size_t i = 0; i < r->nviews; i++)
		view_fields(r->views[i], &all[i], &table, &machine);
	if (opt->fields && strcmp(opt->fields, "help") != 0) {
		rc = fields_check(all, r->nviews, opt->fields, "field", err);
		if (!rc)
			rc = fields_choose(&table, &all[0], &machine, opt->fields, err);
	}
	if (!rc && opt->sort)
		rc = fields_check(all, r->nviews, opt->sort, "sort key", err);
	return rc;
}

static int set_up(struct report *r, uint32_t cpu_limit, struct err *err)
{
	struct report_options *opt = r->opt;
	const struct meta *meta = r->env.meta;
	bool life = false;
	int rc;

	rc = engine_new(&r->engine, cpu_limit, r->env.from_ns, r->env.to_ns, err);
	if (rc)
		return rc;
	r->env.engine = r->engine;
	if (meta->filtered)
		engine_filtered(r->engine);
	if (meta->child_pid && !opt->all && !select_names_tasks(&opt->select))
		rc = focus_new(&r->focus, meta->child_pid, err);
	if (!rc)
		rc = subjects_new(&r->subjects, opt->by, r->engine, &opt->select, r->focus, err);
	for (size_t i = 0; i < opt->nkinds; i++)
		life |= opt->kinds[i] == &view_life;
	if (!rc && life && opt->by != BY_PROCESS && opt->by != BY_THREAD)
		rc = subjects_new(&r->lives, BY_PROCESS, r->engine, &opt->select, r->focus, err);
	if (!rc)
		rc = add_views(r, err);
	if (!rc)
		rc = check_fields(r, err);
	r->cpus.cpu_interval = on_cpu_interval;
	if (select_names_tasks(&opt->select))
		r->cpus.interval = on_task_interval;
	if (!rc)
		rc = engine_add_sink(r->engine, &r->cpus, err);
	bands_init(&r->bands, r->env.from_ns, r->env.to_ns);
	if (!rc && opt->html)
		rc = engine_add_sink(r->engine, &r->bands.sink, err);
	if (!rc)
		rc = engine_add_sink(r->engine, &r->names.sink, err);
	if (!rc)
		rc = engine_add_sink(r->engine, &r->subjects->sink, err);
	if (!rc && r->lives)
		rc = engine_add_sink(r->engine, &r->lives->sink, err);
	return rc;
}

static void add_word(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

/* Options of offcpu alone. */
static int check_offcpu(const struct report_options *opt, struct err *err)
{
	bool some = false, others = false;

	for (size_t i = 0; i < opt->nkinds; i++) {
		some |= opt->kinds[i] == &view_offcpu;
		others |= opt->kinds[i] != &view_offcpu;
	}
	if (opt->stack && !some)
		return err_set(err, -EINVAL, "--stack is of the group offcpu: -g offcpu");
	if (opt->flame && others)
		return err_set(err, -EINVAL,
			       "only the group offcpu has stacks to be folded or drawn: -g offcpu");
	if (opt->wakers && !opt->flame)
		return err_set(err, -EINVAL, "--wakers needs --format folded or svg");
	return 0;
}

/* A page has room for what most people look at, as far as --by and -C leave it. */
static void add_page_groups(struct report_options *opt)
{
	static const struct view_kind *const kinds[] = {
		&view_cpu, &view_latency, &view_offcpu, &view_states, &view_io,
		&view_fs,  &view_net,	  &view_memory, &view_life,   &view_machine,
	};
	const bool cpus = select_has_cpus(&opt->select);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (view_can_be_by(kinds[i], opt->by) &&
		    (!cpus || view_can_be_by(kinds[i], BY_CPU)))
			opt->kinds[opt->nkinds++] = kinds[i];
}

int report_check(struct report_options *opt, struct err *err)
{
	bool cpus = select_has_cpus(&opt->select);
	char can[200] = "";

	if (!opt->nkinds && opt->html)
		add_page_groups(opt);
	if (!opt->nkinds)
		opt->kinds[opt->nkinds++] = opt->flame || opt->stack   ? &view_offcpu
					    : opt->by == BY_DEVICE     ? &view_io
					    : opt->by == BY_CONNECTION ? &view_net
								       : &view_cpu;
	for (size_t i = 0; i < opt->nkinds; i++) {
		const struct view_kind *kind = opt->kinds[i];

		if (cpus && !view_can_be_by(kind, BY_CPU))
			return err_set(err, -EINVAL, "-C: what %s tells of is not of one CPU",
				       kind->name);
		if (view_can_be_by(kind, opt->by))
			continue;
		for (unsigned by = 0; by < BY_COUNT; by++)
			if (view_can_be_by(kind, (enum subject_by)by))
				add_word(can, sizeof(can), subject_by_names[by]);
		return err_set(err, -EINVAL, "%s cannot be by %s; it can be by %s", kind->name,
			       subject_by_names[opt->by], can);
	}
	return check_offcpu(opt, err);
}

/* A CPU that the user names must be one of the trace's. */
static int check_cpus(const struct report_options *opt, uint32_t cpu_limit, struct err *err)
{
	for (size_t w = 0; w < opt->select.cpus.nwords; w++) {
		uint64_t bits = opt->select.cpus.words[w];
		size_t cpu = 64 * w + (bits ? (size_t)__builtin_ctzll(bits) : 0);

		while (bits && cpu < cpu_limit) {
			bits &= bits - 1;
			cpu = 64 * w + (bits ? (size_t)__builtin_ctzll(bits) : 0);
		}
		if (bits)
			return err_set(err, -EINVAL, "there is no CPU %zu in the trace (0-%u)", cpu,
				       cpu_limit - 1);
	}
	return 0;
}

int report_new(struct report **out, struct report_options *opt, const struct meta *meta,
	       uint64_t start_ns, uint64_t from_ns, uint64_t to_ns, uint32_t cpu_limit,
	       struct err *err)
{
	struct report *r;
	int rc = check_cpus(opt, cpu_limit, err);

	if (!rc)
		rc = report_check(opt, err);
	if (rc)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(err, -ENOMEM, "out of memory");
	r->opt = opt;
	if (!opt->width)
		opt->width = REPORT_WIDTH;
	gone_names_init(&r->names);
	r->env = (struct view_env){
		.names = &r->names,
		.meta = meta,
		.stacks = &r->stacks,
		.start_ns = start_ns,
		.from_ns = from_ns,
		.to_ns = to_ns,
		.ncpus = meta->ncpus ? (uint32_t)meta->ncpus : cpu_limit,
		.cpu_limit = cpu_limit,
		.states = opt->states ? opt->states : STATES_DEFAULT,
		.list_keep = LIST_KEEP,
		.top = opt->top,
		.split = !opt->no_split,
		.tree = opt->tree,
		.wakers = opt->wakers,
		.indent = opt->tree && opt->format == ROWS_TABLE,
		.width = opt->format == ROWS_TABLE ? opt->width : 0,
	};
	rc = set_up(r, cpu_limit, err);
	if (rc) {
		report_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nviews; i++)
		view_free(r->views[i]);
	subjects_free(r->subjects);
	subjects_free(r->lives);
	focus_free(r->focus);
	stacks_free(&r->stacks);
	engine_free(r->engine);
	free(r);
}

bool report_has_focus(const struct report *r)
{
	return r->focus != NULL;
}

void report_before_window(struct report *r, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n && r->focus; i++)
		focus_event(r->focus, &events[i]);
}

static void count_gap(struct report *r, const struct event *ev)
{
	const struct gap_info *gap = ev->ext;

	if (!gap || gap->end_ns < r->env.from_ns || ev->ts >= r->env.to_ns)
		return;
	r->lost += gap->count;
	r->gaps++;
}

static int apply_run(struct report *r, const struct event *events, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct event *ev = &events[i];

		r->events += ev->ts >= r->env.from_ns;
		stacks_event(&r->stacks, ev);
		if (__builtin_expect(ev->kind == EV_CHECKPOINT || ev->kind == EV_GAP, 0)) {
			r->events -= ev->ts >= r->env.from_ns;
			if (ev->kind == EV_GAP)
				count_gap(r, ev);
		}
		if (r->focus)
			focus_event(r->focus, ev);
	}
	return engine_apply(r->engine, events, n, err);
}

/* Nearly always: all of them lie in the window, and none says anything to the report itself. */
static bool are_plain(const struct report *r, const struct event *events, size_t n)
{
	uint64_t kinds = UINT64_C(1) << EV_CHECKPOINT | UINT64_C(1) << EV_GAP |
			 UINT64_C(1) << EV_FRAMES;
	const uint64_t from = r->env.from_ns, length = r->env.to_ns - from;
	uint64_t seen = 0;
	bool outside = false;

	if (r->focus)
		kinds |= UINT64_C(1) << EV_FORK;
	for (size_t i = 0; i < n; i++) {
		outside |= events[i].ts - from >= length;
		seen |= UINT64_C(1) << (events[i].kind & 63);
	}
	return !outside && !(seen & kinds);
}

/*
 * What comes after the window has no say in it: a name that a task takes later, a zombie that is
 * reaped later. So a window reports what a trace that was cut there does.
 */
int report_apply(struct report *r, const struct event *events, size_t n, struct err *err)
{
	size_t at = 0, end;
	int rc = 0;

	if (are_plain(r, events, n)) {
		r->events += n;
		return engine_apply(r->engine, events, n, err);
	}
	while (!rc && at < n) {
		bool before = events[at].ts < r->env.from_ns;
		uint64_t until = before ? r->env.from_ns : r->env.to_ns;

		for (end = at; end < n && events[end].ts < until; end++)
			;
		if (end > at)
			rc = apply_run(r, &events[at], end - at, err);
		if (before)
			r->unseen_before = engine_counts(r->engine)->contradictions;
		for (at = end; at < n && events[at].ts >= r->env.to_ns; at++)
			;
	}
	return rc;
}

int report_finish(struct report *r, uint64_t now_ns, struct err *err)
{
	int rc;

	if (r->env.to_ns > now_ns)
		r->env.to_ns = now_ns;
	if (r->env.to_ns < r->env.from_ns)
		r->env.to_ns = r->env.from_ns;
	r->subjects->finishing = true;
	if (r->lives)
		r->lives->finishing = true;
	rc = engine_finish(r->engine, r->env.to_ns, err);
	r->finished = true;
	if (!rc && r->stacks.failed)
		rc = err_set(err, -ENOMEM, "out of memory for %u stacks", r->stacks.n);
	return rc ? rc : select_check(&r->opt->select, err);
}

/* -- printing -- */

static void section_free(struct section *s)
{
	free(s->rows.list);
	free(s->order);
}

static int choose_fields(const struct report *r, struct section *s, struct err *err)
{
	const struct report_options *opt = r->opt;
	struct fields table = {0}, machine = {0};
	const struct fields *standard = opt->format == ROWS_TABLE ? &table : &machine;

	view_fields(s->view, &s->all, &table, &machine);
	if (opt->fields)
		return fields_choose(&s->shown, &s->all, standard, opt->fields, err);
	s->shown = *standard;
	return 0;
}

static int make_section(const struct report *r, struct view *v, struct section *s, struct err *err)
{
	const struct report_options *opt = r->opt;
	bool tree = opt->tree && v->kind == &view_life;
	bool table = opt->format == ROWS_TABLE;
	int rc;

	*s = (struct section){.view = v};
	rc = choose_fields(r, s, err);
	if (!rc)
		rc = view_make_rows(v, &s->rows, err);
	if (!rc && tree)
		rc = life_tree(&s->rows, opt->zero || !table);
	if (rc)
		return rc;
	s->order = malloc((s->rows.n + 1) * sizeof(*s->order));
	if (!s->order)
		return err_set(err, -ENOMEM, "out of memory for %zu rows", s->rows.n);
	for (size_t i = 0; i < s->rows.n; i++) {
		const struct view_row *row = &s->rows.list[i];

		if (table && !opt->zero && !tree && v->kind->empty && v->kind->empty(row))
			s->dull++;
		else
			s->order[s->n++] = row;
	}
	if (!tree || opt->sort) {
		rc = rows_sort(s->order, s->n, &s->all, v->kind->sort, err);
		if (!rc && opt->sort)
			rc = rows_sort(s->order, s->n, &s->all, opt->sort, err);
	}
	if (opt->top && s->n > opt->top) {
		s->cut = s->n - opt->top;
		s->n = opt->top;
	}
	return rc;
}

static const char *what_rows(const struct view *v, size_t n)
{
	static const char *const one[BY_COUNT] = {
		"process", "thread", "comm", "cgroup", "user", "CPU", "device", "connection",
	};
	static const char *const many[BY_COUNT] = {
		"processes", "threads", "comms",   "cgroups",
		"users",     "CPUs",	"devices", "connections",
	};

	if ((!v->kind->by_subject && !v->kind->other_by) || v->kind->nsplit)
		return n == 1 ? "row" : "rows";
	return n == 1 ? one[v->subjects->by] : many[v->subjects->by];
}

void section_remarks(const struct section *s, FILE *f, const struct table_style *style)
{
	const struct view *v = s->view;
	char n[UNITS_BUF], kept[UNITS_BUF];

	if (!s->n && !s->dull && v->kind->why_none)
		table_note(f, style, "(%s)", v->kind->why_none(v));
	else if (!s->n && v->kind->feature && !view_recorded(v->env, v->kind->feature))
		table_note(f, style, "(not recorded)");
	else if (!s->n)
		table_note(f, style, "(none)");
	if (s->cut)
		table_note(f, style, "%s more %s; -n 0 shows all", format_count(s->cut, n),
			   what_rows(v, s->cut));
	if (s->dull)
		table_note(f, style, "%s %s %s; --zero shows them", format_count(s->dull, n),
			   what_rows(v, s->dull),
			   v->kind->dull ? v->kind->dull : "with nothing here");
	if (v->kind->by_subject && v->subjects->folded)
		table_note(f, style,
			   "%s that are gone are summed up in the rows (gone): the %s largest are "
			   "kept",
			   format_count(v->subjects->folded, n),
			   format_count(v->subjects->keep, kept));
}

static int print_table(const struct report *r, struct section *s, FILE *f, struct err *err)
{
	struct table_style style = {
		.color = r->opt->color,
		.width = r->opt->width,
	};
	const struct view *v = s->view;
	int rc;

	fprintf(f, "\n%s%s", style.color ? "\033[1m" : "", v->kind->name);
	if (v->kind->by_subject || v->kind->other_by)
		fprintf(f, " by %s", subject_by_names[v->subjects->by]);
	fprintf(f, "%s: %s\n", style.color ? "\033[0m" : "", v->kind->about);
	rc = v->kind->before && s->n ? v->kind->before(s->view, f, &style, err) : 0;
	if (!rc && s->n)
		rc = rows_table(f, &style, &s->shown, s->order, s->n, err);
	if (rc)
		return rc;
	section_remarks(s, f, &style);
	return v->kind->after && s->n ? v->kind->after(s->view, f, &style, err) : 0;
}

static void print_csv(const struct fields *columns, const struct section *s, FILE *f)
{
	for (size_t i = 0; i < s->n; i++)
		rows_csv(f, columns, &s->shown, s->order[i]);
}

/* Columns of all views: one table, whatever the groups. */
static void csv_columns(const struct section *sections, size_t n, struct fields *columns)
{
	*columns = (struct fields){0};
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sections[i].shown.n; k++) {
			const struct field *field = sections[i].shown.list[k];

			if (columns->n < FIELDS_MAX &&
			    !fields_find(columns, field->key, strlen(field->key)))
				columns->list[columns->n++] = field;
		}
	}
}

static int print_sections(const struct report *r, struct section *sections, FILE *f,
			  struct err *err)
{
	enum rows_format format = r->opt->format;
	struct fields columns;
	bool first = true;
	int rc = 0;

	if (format == ROWS_CSV) {
		csv_columns(sections, r->nviews, &columns);
		rows_csv_header(f, &columns);
	}
	for (size_t i = 0; i < r->nviews && !rc; i++) {
		struct section *s = &sections[i];

		if (format == ROWS_TABLE)
			rc = print_table(r, s, f, err);
		if (format == ROWS_CSV)
			print_csv(&columns, s, f);
		for (size_t k = 0; k < s->n && (format == ROWS_JSON || format == ROWS_NDJSON);
		     k++) {
			if (format == ROWS_JSON)
				fputs(first ? "\n" : ",\n", f);
			rows_json(f, &s->shown, s->order[k]);
			if (format == ROWS_NDJSON)
				putc('\n', f);
			first = false;
		}
	}
	return rc;
}

int report_print(struct report *r, const struct report_input *in, FILE *f, struct err *err)
{
	struct section sections[REPORT_VIEWS + 1] = {0};
	int rc = 0;

	if (r->opt->flame)
		return offcpu_print_flame(r->views[0], r->opt->flame, in->name, f, err);
	for (size_t i = 0; i < r->nviews && !rc; i++)
		rc = make_section(r, r->views[i], &sections[i], err);
	if (!rc && r->opt->html) {
		rc = report_page(r, in, sections, f, err);
	} else if (!rc) {
		if (r->opt->format == ROWS_TABLE)
			report_header_table(r, in, f);
		if (r->opt->format == ROWS_JSON) {
			report_header_json(r, in, f);
			fputs("\"rows\": [", f);
		}
		rc = print_sections(r, sections, f, err);
		if (r->opt->format == ROWS_JSON)
			fputs("\n]}\n", f);
	}
	for (size_t i = 0; i < r->nviews; i++)
		section_free(&sections[i]);
	return rc;
}

int report_print_fields(const struct report *r, FILE *f, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < r->nviews; i++) {
		struct fields all, table, machine;
		int width = 16;

		view_fields(r->views[i], &all, &table, &machine);
		for (size_t k = 0; k < all.n; k++)
			if ((int)strlen(all.list[k]->key) > width)
				width = (int)strlen(all.list[k]->key);
		fprintf(f, "%s%s: %s\n", i ? "\n" : "", r->views[i]->kind->name,
			r->views[i]->kind->about);
		for (size_t k = 0; k < all.n; k++) {
			const struct field *field = all.list[k];
			bool shown = fields_find(&table, field->key, strlen(field->key));

			fprintf(f, "  %c %-*s %-11s %s\n", shown ? '*' : ' ', width, field->key,
				field->header, field->help);
		}
	}
	fputs("\n* in the table by default. -F a,b,c chooses, -F +a,-b changes the default.\n", f);
	return 0;
}
