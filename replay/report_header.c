// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* report_header: what a report says of the trace before its rows. */
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/timewindow.h"
#include "base/units.h"
#include "replay/report.h"

#define DAMAGE_LINES 5
#define LABEL	     9 /* columns of a line's name */

/* Text of the trace for the terminal; one at a time. */
static const char *safe(const char *text)
{
	static _Thread_local char buf[1200];

	escape_terminal(buf, sizeof(buf), text, strlen(text));
	return buf;
}

/* Some view of this report would have used the hook. */
static bool hook_matters(const struct report *r, const struct meta_hook *h)
{
	for (size_t i = 0; i < r->nviews; i++)
		if (list_has(h->needed, r->views[i]->kind->name))
			return true;
	return false;
}

/* A hook that has another live alternative under the same name is not missing. */
static bool hook_missing(const struct report *r, const struct meta_hook *h)
{
	const struct meta *meta = r->env.meta;

	if (h->live || !hook_matters(r, h))
		return false;
	for (size_t i = 0; i < meta->nhooks; i++)
		if (meta->hooks[i].live && !strcmp(meta->hooks[i].name, h->name))
			return false;
	return true;
}

static void label(const struct report *r, FILE *f, const char *text)
{
	fprintf(f, "%s%-*s%s", r->opt->color ? "\033[2m" : "", LABEL, text,
		r->opt->color ? "\033[0m" : "");
}

static void warn_label(const struct report *r, FILE *f, const char *text)
{
	fprintf(f, "%s%-*s%s", r->opt->color ? "\033[33m" : "", LABEL, text,
		r->opt->color ? "\033[0m" : "");
}

/*
 * A line of the header that may be long: goes on below itself, at blanks. `text` is the trace's or
 * ours, but safe for a terminal.
 */
static void print_wrapped(const struct report *r, FILE *f, const char *text)
{
	size_t room = r->opt->width > 2 * LABEL ? r->opt->width - LABEL : REPORT_WIDTH - LABEL;

	text_wrap(f, text, LABEL, (unsigned)room);
}

static void print_host(const struct report *r, const struct report_input *in, FILE *f)
{
	const struct meta *meta = r->env.meta;
	char text[1200], utc[40];
	int len;

	label(r, f, "host");
	if (!meta->hostname[0]) {
		fputs("not known: the trace's first block is damaged\n", f);
		return;
	}
	snprintf(text, sizeof(text), "%s, Linux %s %s, %u CPU%s", meta->hostname, meta->kernel,
		 meta->arch, r->env.ncpus, r->env.ncpus == 1 ? "" : "s");
	len = snprintf(text, sizeof(text), "%s", safe(text));
	if (in->start_utc_ns && (size_t)len < sizeof(text)) {
		format_utc(in->start_utc_ns, utc);
		utc[10] = ' ';
		snprintf(text + len, sizeof(text) - (size_t)len, ", %.19s UTC", utc);
	}
	print_wrapped(r, f, text);
}

static void print_window(const struct report *r, const struct report_input *in, FILE *f)
{
	struct time_window w = {r->env.from_ns, r->env.to_ns};
	struct time_span span = {in->first_ns, in->last_ns, in->start_utc_ns};
	char buf[TIME_WINDOW_BUF], len[UNITS_BUF];

	label(r, f, "window");
	if (in->windowed)
		fprintf(f, "%s, ", time_window_format(&w, &span, buf));
	else
		fputs("all of it, ", f);
	fprintf(f, "%s\n", format_ns(w.to_ns - w.from_ns, len));
}

static void print_events(const struct report *r, FILE *f)
{
	uint64_t len = r->env.to_ns - r->env.from_ns;
	uint64_t rate = len ? (uint64_t)((unsigned __int128)r->events * NSEC_PER_SEC / len) : 0;
	uint64_t unseen = engine_counts(r->engine)->contradictions - r->unseen_before;
	char n[UNITS_BUF], per_s[UNITS_BUF], lost[UNITS_BUF], gap[UNITS_BUF];

	label(r, f, "events");
	fprintf(f, "%s (%s/s), ", format_count(r->events, n), format_count(rate, per_s));
	if (!r->lost && !r->gaps) {
		fputs("none lost", f);
		if (unseen)
			fprintf(f, "; %s switch%s that the kernel did not show",
				format_count(unseen, n), unseen == 1 ? "" : "es");
		putc('\n', f);
		return;
	}
	/* where the trace was cut, or blocks are missing, nobody counted */
	fprintf(f, "%s%s lost%s in %s gap%s; unknown: %s of CPU time\n",
		r->opt->color ? "\033[33m" : "",
		r->lost ? format_count(r->lost, lost) : "an unknown number of events",
		r->opt->color ? "\033[0m" : "", format_count(r->gaps, n), r->gaps == 1 ? "" : "s",
		format_ns(r->cpu_ns[CS_GAP], gap));
}

static unsigned permille(uint64_t part, uint64_t all)
{
	return all ? (unsigned)(((unsigned __int128)part * 1000 + all / 2) / all) : 0;
}

const char *report_other(const struct report *r)
{
	return view_idle_known(&r->env, r->cpu_ns) ? "filtered out" : "idle or filtered out";
}

static void print_cpus(const struct report *r, FILE *f)
{
	const struct {
		enum cpu_state state;
		const char *text;
		bool always;
	} parts[] = {
		{CS_RUN, "busy", true},
		{CS_IDLE, "idle", true},
		{CS_OTHER, report_other(r), false},
		{CS_GAP, "unknown", false},
	};
	const bool idle_known = view_idle_known(&r->env, r->cpu_ns);
	uint64_t all = 0;
	bool first = true;

	for (unsigned i = 0; i <= CS_OTHER; i++)
		all += r->cpu_ns[i];
	if (!all)
		return;
	label(r, f, "CPUs");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		unsigned share = permille(r->cpu_ns[parts[i].state], all);

		if (!parts[i].always && !r->cpu_ns[parts[i].state])
			continue;
		if (!idle_known && parts[i].state == CS_IDLE)
			continue;
		fprintf(f, "%s%u.%u %% %s", first ? "" : ", ", share / 10, share % 10,
			parts[i].text);
		first = false;
	}
	putc('\n', f);
}

/* Text of any length into what is left of a line. */
static void print_cut(const struct report *r, FILE *f, const char *text, size_t used)
{
	size_t room = r->opt->width > used + 20 ? r->opt->width - used : 20;
	size_t len = strlen(text);

	if (len <= room) {
		fprintf(f, "%s\n", text);
		return;
	}
	len = room - 3;
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80) /* not inside a character */
		len--;
	fprintf(f, "%.*s...\n", (int)len, text);
}

static void print_focus(const struct report *r, FILE *f)
{
	const struct meta *meta = r->env.meta;
	char text[160], n[UNITS_BUF];
	/* a window that begins from a checkpoint does not know of those that had ended before */
	const bool all = !meta->tree || r->env.from_ns <= r->env.start_ns;
	uint64_t others = r->focus && all ? focus_processes(r->focus) - 1 : 0;

	if (meta->filtered) {
		label(r, f, "filter");
		fputs("only this was recorded: ", f);
		print_cut(r, f, safe(meta->filters), LABEL + 24);
	}
	if (!meta->child_pid)
		return;
	label(r, f, r->focus ? "focus" : "command");
	if (others)
		snprintf(text, sizeof(text),
			 "PID %u and the %s process%s below it (--all: the machine): ",
			 meta->child_pid, format_count(others, n), others == 1 ? "" : "es");
	else
		snprintf(text, sizeof(text), "PID %u%s%s: ", meta->child_pid,
			 r->focus && !all ? " and the processes below it" : "",
			 r->focus ? " (--all: the machine)" : "");
	fputs(text, f);
	print_cut(r, f, safe(meta->child_command), LABEL + strlen(text));
}

/* What the recording left out, told to or for want of hooks, and a group of this report needs. */
static void print_features(const struct report *r, FILE *f)
{
	for (size_t i = 0; i < r->nviews; i++) {
		const struct view_kind *kind = r->views[i]->kind;

		if (!kind->feature || view_recorded(&r->env, kind->feature))
			continue;
		warn_label(r, f, "no data");
		if (view_hooked(&r->env, kind->feature))
			fprintf(f, "-g %s: recorded without %s (record --with %s)\n", kind->name,
				kind->feature, kind->feature);
		else
			fprintf(f, "-g %s: nothing that it needs could be recorded\n", kind->name);
	}
}

static void print_hooks(const struct report *r, FILE *f)
{
	const struct meta *meta = r->env.meta;
	char name[64 * 4], text[1024];

	for (size_t i = 0; i < meta->nhooks; i++) {
		const struct meta_hook *h = &meta->hooks[i];

		if (!hook_missing(r, h))
			continue;
		warn_label(r, f, "no hook");
		escape_terminal(name, sizeof(name), h->name, strlen(h->name));
		snprintf(text, sizeof(text), "%s: %.700s", name,
			 h->why[0] ? safe(h->why) : "not live");
		print_wrapped(r, f, text);
	}
}

static void damage_text(const struct report_input *in, const struct trace_damage *d, char *text,
			size_t size)
{
	struct time_span span = {.start_ns = in->first_ns, .end_ns = UINT64_MAX};
	struct time_window w = {d->from_ns, d->to_ns};
	char buf[TIME_WINDOW_BUF], cpu[24] = "all CPUs";
	int len = snprintf(text, size, "%.500s", safe(d->what));

	if (w.from_ns < in->first_ns)
		w.from_ns = in->first_ns;
	if (w.to_ns <= w.from_ns || (size_t)len >= size)
		return;
	if (d->cpu != CPU_NONE)
		snprintf(cpu, sizeof(cpu), "CPU %u", d->cpu);
	snprintf(text + len, size - (size_t)len, "; missing: %s, %s",
		 time_window_format(&w, &span, buf), cpu);
}

static void print_damage(const struct report *r, const struct report_input *in, FILE *f)
{
	char text[800];

	for (size_t i = 0; i < in->ndamages && i < DAMAGE_LINES; i++) {
		warn_label(r, f, "damage");
		damage_text(in, &in->damages[i], text, sizeof(text));
		print_wrapped(r, f, text);
	}
	if (in->ndamages > DAMAGE_LINES) {
		warn_label(r, f, "damage");
		fprintf(f, "and %zu places more; 'rstat check' lists them\n",
			in->ndamages - DAMAGE_LINES);
	}
}

void report_header_table(const struct report *r, const struct report_input *in, FILE *f)
{
	print_host(r, in, f);
	print_window(r, in, f);
	print_events(r, f);
	print_cpus(r, f);
	print_focus(r, f);
	print_features(r, f);
	print_hooks(r, f);
	print_damage(r, in, f);
}

/* -- JSON -- */

static void json_key_text(FILE *f, const char *key, const char *text)
{
	fprintf(f, ", \"%s\": ", key);
	json_text(f, text, strlen(text));
}

static int64_t relative(const struct report_input *in, uint64_t ns)
{
	return (int64_t)(ns - in->first_ns);
}

static void json_utc(FILE *f, const char *key, const struct report_input *in, uint64_t ns)
{
	char utc[40];

	if (in->start_utc_ns)
		json_key_text(f, key, format_utc(in->start_utc_ns + (ns - in->first_ns), utc));
	else
		fprintf(f, ", \"%s\": null", key);
}

/* Damage that cost no events is nowhere in time. */
static void json_damage_time(const struct report_input *in, const struct trace_damage *d, FILE *f)
{
	if (d->to_ns)
		fprintf(f, "\"from_ns\": %" PRId64 ", \"to_ns\": %" PRId64,
			relative(in, d->from_ns), relative(in, d->to_ns));
	else
		fputs("\"from_ns\": null, \"to_ns\": null", f);
}

static void json_damage(const struct report_input *in, FILE *f)
{
	fputs(", \"damage\": [", f);
	for (size_t i = 0; i < in->ndamages; i++) {
		const struct trace_damage *d = &in->damages[i];

		fprintf(f, "%s{\"offset\": %" PRIu64 ", ", i ? ", " : "", d->offset);
		json_damage_time(in, d, f);
		fputs(", \"cpu\": ", f);
		if (d->cpu == CPU_NONE)
			fputs("null", f);
		else
			fprintf(f, "%u", d->cpu);
		fprintf(f, ", \"events\": %" PRIu64, d->events);
		json_key_text(f, "what", d->what);
		putc('}', f);
	}
	putc(']', f);
}

static void json_hooks(const struct report *r, FILE *f)
{
	const struct meta *meta = r->env.meta;
	bool first = true;

	fputs(", \"hooks_missing\": [", f);
	for (size_t i = 0; i < meta->nhooks; i++) {
		if (!hook_missing(r, &meta->hooks[i]))
			continue;
		fputs(first ? "{\"name\": " : ", {\"name\": ", f);
		json_text(f, meta->hooks[i].name, strlen(meta->hooks[i].name));
		json_key_text(f, "why", meta->hooks[i].why);
		putc('}', f);
		first = false;
	}
	putc(']', f);
}

/* Several groups may need one feature. */
static bool said_before(const struct report *r, size_t n, const char *feature)
{
	for (size_t i = 0; i < n; i++) {
		const char *other = r->views[i]->kind->feature;

		if (other && !strcmp(other, feature))
			return true;
	}
	return false;
}

/* Said only when there is something to say: reports of older traces stay as they were. */
static void json_features(const struct report *r, FILE *f)
{
	bool some = false;

	for (size_t i = 0; i < r->nviews; i++) {
		const struct view_kind *kind = r->views[i]->kind;

		if (!kind->feature || view_recorded(&r->env, kind->feature) ||
		    said_before(r, i, kind->feature))
			continue;
		fprintf(f, "%s\"%s\"", some ? ", " : ", \"not_recorded\": [", kind->feature);
		some = true;
	}
	if (some)
		putc(']', f);
}

/* Those that were asked for, when the report is about them; why some of them have no figures. */
static void json_counters(const struct report *r, FILE *f)
{
	const struct meta *meta = r->env.meta;
	bool wanted = false;

	for (size_t i = 0; i < r->nviews; i++)
		wanted |= r->views[i]->kind == &view_counters;
	if (!wanted)
		return;
	fputs(", \"counters\": [", f);
	for (size_t i = 0; i < meta->ncounters; i++) {
		const struct meta_counter *c = &meta->counters[i];

		fputs(i ? ", {\"name\": " : "{\"name\": ", f);
		json_text(f, c->name, strlen(c->name));
		fprintf(f, ", \"live\": %s", c->live ? "true" : "false");
		if (!c->live)
			json_key_text(f, "why", c->why);
		putc('}', f);
	}
	putc(']', f);
}

void report_header_json(const struct report *r, const struct report_input *in, FILE *f)
{
	const struct meta *meta = r->env.meta;

	fputs("{\"schema\": \"" REPORT_SCHEMA "\",\n\"trace\": {\"host\": ", f);
	json_text(f, meta->hostname, strlen(meta->hostname));
	json_key_text(f, "kernel", meta->kernel);
	json_key_text(f, "arch", meta->arch);
	fprintf(f, ", \"cpus\": %u", r->env.ncpus);
	json_utc(f, "start_utc", in, in->first_ns);
	fprintf(f, ", \"duration_ns\": %" PRIu64 ", \"complete\": %s", in->last_ns - in->first_ns,
		in->complete ? "true" : "false");
	json_key_text(f, "rstat", meta->version);
	json_key_text(f, "filters", meta->filters);
	json_key_text(f, "command", meta->child_command);
	fprintf(f, ", \"command_pid\": ");
	fprintf(f, meta->child_pid ? "%u" : "null", meta->child_pid);
	json_hooks(r, f);
	json_features(r, f);
	json_counters(r, f);
	json_damage(in, f);
	fprintf(f, "},\n\"window\": {\"from_ns\": %" PRId64 ", \"to_ns\": %" PRId64,
		relative(in, r->env.from_ns), relative(in, r->env.to_ns));
	json_utc(f, "from_utc", in, r->env.from_ns);
	json_utc(f, "to_utc", in, r->env.to_ns);
	fprintf(f,
		", \"duration_ns\": %" PRIu64 ", \"events\": %" PRIu64 ", \"lost\": %" PRIu64
		", \"gaps\": %" PRIu64 ", \"run_ns\": %" PRIu64 ", \"idle_ns\": ",
		r->env.to_ns - r->env.from_ns, r->events, r->lost, r->gaps, r->cpu_ns[CS_RUN]);
	if (view_idle_known(&r->env, r->cpu_ns))
		fprintf(f, "%" PRIu64, r->cpu_ns[CS_IDLE]);
	else
		fputs("null", f);
	fprintf(f, ", \"other_ns\": %" PRIu64 ", \"gap_ns\": %" PRIu64 ", \"focus_pid\": ",
		r->cpu_ns[CS_OTHER], r->cpu_ns[CS_GAP]);
	fprintf(f, r->focus ? "%u},\n" : "null},\n", meta->child_pid);
}
