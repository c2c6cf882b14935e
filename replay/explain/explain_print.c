// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/explain_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/timewindow.h"
#include "base/units.h"
#include "replay/explain/explain_text.h"
#include "replay/explain/timeline_maker.h"
#include "replay/syscalls.h"
#include "replay/views/view_states.h"

#define LABEL  9 /* columns of a line's name in the header */
#define TREE   27 /* columns before the tree */
#define INDENT 2

static const char *dim(const struct explained *e)
{
	return e->opt->color ? "\033[2m" : "";
}

static const char *bold(const struct explained *e)
{
	return e->opt->color ? "\033[1m" : "";
}

static const char *off(const struct explained *e)
{
	return e->opt->color ? "\033[0m" : "";
}

/* Goes on below itself, at blanks. */
static void print_wrapped(const struct explained *e, FILE *f, const char *text, unsigned indent)
{
	size_t room = e->opt->width > indent + 30 ? e->opt->width - indent : 30;
	bool first = true;

	while (strlen(text) > room) {
		size_t len = room;

		while (len && text[len] != ' ')
			len--;
		if (!len)
			len = strcspn(text, " ");
		fprintf(f, "%.*s\n%*s", (int)len, text, (int)indent + 2 * INDENT, "");
		text += len;
		text += strspn(text, " ");
		if (first)
			room -= 2 * INDENT;
		first = false;
	}
	fprintf(f, "%s\n", text);
}

static void label(const struct explained *e, FILE *f, const char *text)
{
	fprintf(f, "%s%-*s%s", dim(e), LABEL, text, off(e));
}

/* -- the header -- */

static uint64_t window_end(const struct explained *e, const struct report_input *in)
{
	return e->to_ns < in->last_ns ? e->to_ns : in->last_ns;
}

static void print_window(const struct explained *e, const struct report_input *in, FILE *f)
{
	struct time_window w = {e->from_ns, window_end(e, in)};
	struct time_span span = {in->first_ns, in->last_ns, in->start_utc_ns};
	char buf[TIME_WINDOW_BUF], len[UNITS_BUF];

	label(e, f, "window");
	if (in->windowed)
		fprintf(f, "%s, ", time_window_format(&w, &span, buf));
	else
		fputs("all of it, ", f);
	fprintf(f, "%s\n", format_ns(w.to_ns - w.from_ns, len));
}

static void print_lost(const struct explained *e, FILE *f)
{
	char lost[UNITS_BUF], gaps[UNITS_BUF], n[UNITS_BUF];

	if (e->gaps) {
		label(e, f, "lost");
		fprintf(f, "%s event%s in %s gap%s",
			e->lost ? format_count(e->lost, lost) : "an unknown number of",
			e->lost == 1 ? "" : "s", format_count(e->gaps, gaps),
			e->gaps == 1 ? "" : "s");
		if (e->unsure)
			fprintf(f, "; %s wait%s of unknown length left out",
				format_count(e->unsure, n), e->unsure == 1 ? "" : "s");
		putc('\n', f);
	}
	if (e->missed) {
		label(e, f, "missing");
		fprintf(f, "%u wait%s could not be found again and %s left out\n", e->missed,
			e->missed == 1 ? "" : "s", e->missed == 1 ? "is" : "are");
	}
	if (e->meta->filtered) {
		char safe[ESCAPE_ROOM(sizeof(e->meta->filters))], text[sizeof(safe) + 40];

		escape_terminal(safe, sizeof(safe), e->meta->filters, strlen(e->meta->filters));
		snprintf(text, sizeof(text), "only this was recorded: %s", safe);
		label(e, f, "filter");
		print_wrapped(e, f, text, LABEL);
	}
	if (e->timeline && e->timeline->full) {
		label(e, f, "limit");
		fprintf(f, "more than %s stretches in these waits: what came later is not told\n",
			format_count(e->opt->limit ? e->opt->limit : TIMELINE_LIMIT, n));
	}
}

static void print_which(const struct explained *e, FILE *f)
{
	char all[UNITS_BUF], sum[UNITS_BUF], n[UNITS_BUF];

	if (!e->opt->worst)
		return;
	label(e, f, "waits");
	if (!e->seen) {
		fputs("none\n", f);
		return;
	}
	format_count(e->nwaits, n);
	if (e->nwaits == e->seen)
		fprintf(f, "%s", n);
	else
		fprintf(f, "the %s%slongest of %s", e->nwaits > 1 ? n : "",
			e->nwaits > 1 ? " " : "", format_count(e->seen, all));
	fprintf(f, " (%s in all)\n", format_ns(e->seen_ns, sum));
}

/* Some wait was ended by an interrupt, and only the recorder could have told which. */
static bool wants_irq(const struct explained *e)
{
	if (meta_has_feature(e->meta, "irq"))
		return false;
	for (size_t i = 0; i < e->chain.n; i++) {
		const struct step *s = &e->chain.steps[i];

		if (s->what == STEP_BLOCKED &&
		    (s->cause == CAUSE_INTERRUPT || s->cause == CAUSE_TIME_OR_SIGNAL))
			return true;
	}
	return false;
}

static void print_header(const struct explained *e, const struct report_input *in, FILE *f)
{
	print_window(e, in, f);
	if (e->focused) {
		label(e, f, "focus");
		fprintf(f, "PID %u and the processes below it (--all: the machine)\n",
			e->meta->child_pid);
	}
	print_which(e, f);
	print_lost(e, f);
	if (wants_irq(e)) {
		label(e, f, "hint");
		fputs("'rstat record --with irq' finds out more about interrupts\n", f);
	}
}

/* -- the tree -- */

static void print_step(const struct explained *e, const struct step *s, FILE *f)
{
	struct value start = {.type = VT_TIME, .i = (int64_t)(s->start_ns - e->start_ns)};
	char text[EXPLAIN_TEXT], time[VALUE_BUF], took[UNITS_BUF];
	unsigned indent = TREE + INDENT * s->depth;

	fprintf(f, "%s%14s%s  %9s  %*s", dim(e), value_format(&start, time), off(e),
		format_ns(s->dur_ns, took), (int)(INDENT * s->depth), "");
	if (!s->depth)
		fputs(bold(e), f);
	print_wrapped(e, f, explain_sentence(e, s, text, sizeof(text)), indent);
	if (!s->depth)
		fputs(off(e), f);
}

/* What the steps right below a root add up to. */
static void print_sum(const struct explained *e, size_t from, size_t to, FILE *f)
{
	const struct step *steps = e->chain.steps;
	char sum[UNITS_BUF];
	uint64_t ns = 0;
	size_t n = 0;

	for (size_t i = from + 1; i < to; i++) {
		if (steps[i].depth != 1)
			continue;
		ns += steps[i].dur_ns;
		n++;
	}
	if (n > 1)
		fprintf(f, "%s%14s= %9s  the %zu steps below it together%s\n", dim(e), "",
			format_ns(ns, sum), n, off(e));
}

static size_t root_end(const struct explained *e, size_t i)
{
	return i + 1 < e->nroots ? e->roots[i + 1] : e->chain.n;
}

static void print_trees(const struct explained *e, FILE *f)
{
	for (size_t i = 0; i < e->nroots; i++) {
		fprintf(f, "\n%s%14s  %9s%s\n", dim(e), "START", "TIME", off(e));
		for (size_t k = e->roots[i]; k < root_end(e, i); k++)
			print_step(e, &e->chain.steps[k], f);
		print_sum(e, e->roots[i], root_end(e, i), f);
	}
}

/* -- rows -- */

struct row {
	const struct explained *e;
	const struct step *s;
	size_t wait;
};

static const struct actor *actor_of(const struct row *r, uint32_t who)
{
	return who <= WHO_TASKS ? &r->e->timeline->actors[who] : NULL;
}

static void get_group(const void *row, struct value *v)
{
	(void)row;
	value_text(v, "explain");
}

static void get_wait(const void *row, struct value *v)
{
	value_u(v, VT_ID, ((const struct row *)row)->wait);
}

static void get_depth(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, ((const struct row *)row)->s->depth);
}

static void get_what(const void *row, struct value *v)
{
	value_text(v, explain_what(((const struct row *)row)->s));
}

static void get_pid(const void *row, struct value *v)
{
	const struct actor *a = actor_of(row, ((const struct row *)row)->s->who);

	if (a && a->tgid)
		value_u(v, VT_ID, a->tgid);
}

static void get_tid(const void *row, struct value *v)
{
	const struct actor *a = actor_of(row, ((const struct row *)row)->s->who);

	if (a)
		value_u(v, VT_ID, a->tid);
}

static void get_comm(const void *row, struct value *v)
{
	const struct actor *a = actor_of(row, ((const struct row *)row)->s->who);

	if (a && a->comm[0])
		value_text(v, a->comm);
}

static void get_start(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VT_TIME;
	v->i = (int64_t)(r->s->start_ns - r->e->start_ns);
}

static void get_dur(const void *row, struct value *v)
{
	value_u(v, VT_NS, ((const struct row *)row)->s->dur_ns);
}

static void get_count(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, ((const struct row *)row)->s->count);
}

static void get_by(const void *row, struct value *v)
{
	static _Thread_local char buf[EXPLAIN_TEXT];
	const struct row *r = row;

	value_text(v, explain_by(r->e, r->s, buf, sizeof(buf)));
}

static void get_by_tid(const void *row, struct value *v)
{
	const struct actor *a = actor_of(row, ((const struct row *)row)->s->by);

	if (a)
		value_u(v, VT_ID, a->tid);
}

static void get_state(const void *row, struct value *v)
{
	const struct step *s = ((const struct row *)row)->s;

	if (s->what == STEP_BLOCKED)
		value_text(v, states_letter((enum task_state)s->state));
}

static void get_syscall(const void *row, struct value *v)
{
	const struct row *r = row;

	if (r->s->what == STEP_BLOCKED)
		value_text(v, syscall_name(r->e->meta->arch, r->s->syscall));
}

static void get_cpu(const void *row, struct value *v)
{
	const struct step *s = ((const struct row *)row)->s;

	if (s->cpu != CPU_NONE)
		value_u(v, VT_ID, s->cpu);
}

static const struct field fields[] = {
	{"group", "GROUP", VT_TEXT, 0, "explain", get_group},
	{"wait", "WAIT", VT_ID, 0, "Which of the waits, from 1 on", get_wait},
	{"depth", "DEPTH", VT_COUNT, 0, "0: the wait", get_depth},
	{"what", "WHAT", VT_TEXT, 0, "What the time went into", get_what},
	{"pid", "PID", VT_ID, 0, "Process of the thread", get_pid},
	{"tid", "TID", VT_ID, 0, "Whose time it is", get_tid},
	{"comm", "COMM", VT_TEXT, 0, "Its name", get_comm},
	{"start_ns", "START", VT_TIME, 0, "When the first part began", get_start},
	{"dur_ns", "TIME", VT_NS, 0, "All parts together", get_dur},
	{"count", "PARTS", VT_COUNT, 0, "How many", get_count},
	{"by", "BY", VT_TEXT, 0, "Who or what held it up", get_by},
	{"by_tid", "BY TID", VT_ID, 0, "... when that is a thread", get_by_tid},
	{"state", "STATE", VT_TEXT, 0, "Blocked: S, D, ...", get_state},
	{"syscall", "SYSCALL", VT_TEXT, 0, "Blocked: in this one", get_syscall},
	{"cpu", "CPU", VT_ID, 0, "Whose run queue", get_cpu},
};

static void print_rows(const struct explained *e, FILE *f)
{
	enum rows_format format = e->opt->format;
	struct fields fs = {0};
	bool first = true;

	fields_add(&fs, fields, sizeof(fields) / sizeof(fields[0]));
	if (format == ROWS_CSV)
		rows_csv_header(f, &fs);
	for (size_t i = 0; i < e->nroots; i++) {
		for (size_t k = e->roots[i]; k < root_end(e, i); k++) {
			struct row row = {e, &e->chain.steps[k], i + 1};

			if (format == ROWS_CSV) {
				rows_csv(f, &fs, &fs, &row);
				continue;
			}
			if (format == ROWS_JSON)
				fputs(first ? "\n" : ",\n", f);
			rows_json(f, &fs, &row);
			if (format == ROWS_NDJSON)
				putc('\n', f);
			first = false;
		}
	}
}

static void print_json_head(const struct explained *e, const struct report_input *in, FILE *f)
{
	uint64_t to = window_end(e, in);
	char utc[40] = "";

	fputs("{\"schema\": \"" EXPLAIN_SCHEMA "\",\n\"trace\": {\"host\": ", f);
	json_text(f, e->meta->hostname, strlen(e->meta->hostname));
	fputs(", \"kernel\": ", f);
	json_text(f, e->meta->kernel, strlen(e->meta->kernel));
	if (in->start_utc_ns)
		format_utc(in->start_utc_ns, utc);
	fprintf(f, ", \"start_utc\": %s%s%s", utc[0] ? "\"" : "", utc[0] ? utc : "null",
		utc[0] ? "\"" : "");
	fprintf(f, ", \"duration_ns\": %" PRIu64 ", \"complete\": %s, \"filters\": ",
		in->last_ns - in->first_ns, in->complete ? "true" : "false");
	json_text(f, e->meta->filters, strlen(e->meta->filters));
	fprintf(f,
		"},\n\"window\": {\"from_ns\": %" PRIu64 ", \"to_ns\": %" PRIu64
		", \"duration_ns\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"gaps\": %" PRIu64 "},\n",
		e->from_ns - in->first_ns, to - in->first_ns, to - e->from_ns, e->lost, e->gaps);
	fprintf(f,
		"\"waits\": {\"seen\": %" PRIu64 ", \"seen_ns\": %" PRIu64 ", \"unsure\": %" PRIu64
		", \"complete\": %s},\n\"rows\": [",
		e->seen, e->seen_ns, e->unsure,
		e->timeline && e->timeline->full ? "false" : "true");
}

void explain_print(const struct explained *e, const struct report_input *in, FILE *f)
{
	if (e->opt->format == ROWS_TABLE) {
		print_header(e, in, f);
		print_trees(e, f);
		return;
	}
	if (e->opt->format == ROWS_JSON)
		print_json_head(e, in, f);
	print_rows(e, f);
	if (e->opt->format == ROWS_JSON)
		fputs("\n]}\n", f);
}
