// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* report_header: what a report says of the trace before its rows. */
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/timewindow.h"
#include "base/units.h"
#include "replay/report.h"

#define DAMAGE_LINES 5

/* Text of the trace for the terminal; one at a time. */
static const char *safe(const char *text)
{
	static _Thread_local char buf[1200];

	escape_terminal(buf, sizeof(buf), text, strlen(text));
	return buf;
}

/* "a,b" has "a"? */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ',')) {
		if (strcspn(s, ",") == len && !strncmp(s, word, len))
			return true;
	}
	return false;
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
	fprintf(f, "%s%-9s%s", r->opt->color ? "\033[2m" : "", text,
		r->opt->color ? "\033[0m" : "");
}

static void warn_label(const struct report *r, FILE *f, const char *text)
{
	fprintf(f, "%s%-9s%s", r->opt->color ? "\033[33m" : "", text,
		r->opt->color ? "\033[0m" : "");
}

static void print_host(const struct report *r, const struct report_input *in, FILE *f)
{
	const struct meta *meta = r->env.meta;
	char utc[40];

	label(r, f, "host");
	if (!meta->hostname[0]) {
		fputs("not known: the trace's first block is damaged\n", f);
		return;
	}
	fprintf(f, "%s, ", safe(meta->hostname));
	fprintf(f, "Linux %s ", safe(meta->kernel));
	fprintf(f, "%s, %u CPU%s", safe(meta->arch), r->env.ncpus, r->env.ncpus == 1 ? "" : "s");
	if (in->start_utc_ns) {
		format_utc(in->start_utc_ns, utc);
		utc[10] = ' ';
		fprintf(f, ", %.19s UTC", utc);
	}
	putc('\n', f);
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
	char n[UNITS_BUF], per_s[UNITS_BUF], lost[UNITS_BUF], gap[UNITS_BUF];

	label(r, f, "events");
	fprintf(f, "%s (%s/s), ", format_count(r->events, n), format_count(rate, per_s));
	if (!r->lost && !r->gaps) {
		fputs("none lost\n", f);
		return;
	}
	fprintf(f, "%s%s lost%s in %s gap%s; unknown: %s of CPU time\n",
		r->opt->color ? "\033[33m" : "", format_count(r->lost, lost),
		r->opt->color ? "\033[0m" : "", format_count(r->gaps, n), r->gaps == 1 ? "" : "s",
		format_ns(r->cpu_ns[CS_GAP], gap));
}

static unsigned permille(uint64_t part, uint64_t all)
{
	return all ? (unsigned)(((unsigned __int128)part * 1000 + all / 2) / all) : 0;
}

static void print_cpus(const struct report *r, FILE *f)
{
	static const struct {
		enum cpu_state state;
		const char *text;
		bool always;
	} parts[] = {
		{CS_RUN, "busy", true},
		{CS_IDLE, "idle", true},
		{CS_OTHER, "filtered out", false},
		{CS_GAP, "unknown", false},
	};
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
		fprintf(f, "%s%u.%u %% %s", first ? "" : ", ", share / 10, share % 10,
			parts[i].text);
		first = false;
	}
	putc('\n', f);
}

static void print_focus(const struct report *r, FILE *f)
{
	const struct meta *meta = r->env.meta;
	char n[UNITS_BUF];
	uint64_t others;

	if (meta->filtered) {
		label(r, f, "filter");
		fprintf(f, "recorded with %s; the rest is not in the trace\n", safe(meta->filters));
	}
	if (!meta->child_pid)
		return;
	label(r, f, r->focus ? "focus" : "command");
	fprintf(f, "%.300s (PID %u)", safe(meta->child_command), meta->child_pid);
	if (r->focus) {
		others = focus_processes(r->focus) - 1;
		if (others)
			fprintf(f, " and the %s process%s below it", format_count(others, n),
				others == 1 ? "" : "es");
		fputs("; --all: the machine", f);
	}
	putc('\n', f);
}

static void print_hooks(const struct report *r, FILE *f)
{
	const struct meta *meta = r->env.meta;
	for (size_t i = 0; i < meta->nhooks; i++) {
		const struct meta_hook *h = &meta->hooks[i];

		if (!hook_missing(r, h))
			continue;
		warn_label(r, f, "no hook");
		fprintf(f, "%s: ", safe(h->name));
		fprintf(f, "%s\n", h->why[0] ? safe(h->why) : "not live");
	}
}

static void print_damage(const struct report *r, const struct report_input *in, FILE *f)
{
	struct time_span span = {.start_ns = in->first_ns, .end_ns = UINT64_MAX};
	char buf[TIME_WINDOW_BUF];

	for (size_t i = 0; i < in->ndamages && i < DAMAGE_LINES; i++) {
		const struct trace_damage *d = &in->damages[i];
		struct time_window w = {d->from_ns, d->to_ns};

		if (w.from_ns < in->first_ns)
			w.from_ns = in->first_ns;
		if (w.to_ns < w.from_ns)
			w.to_ns = w.from_ns;
		warn_label(r, f, "damage");
		fprintf(f, "%s; missing: %s, ", safe(d->what), time_window_format(&w, &span, buf));
		if (d->cpu == CPU_NONE)
			fputs("all CPUs\n", f);
		else
			fprintf(f, "CPU %u\n", d->cpu);
	}
	if (in->ndamages > DAMAGE_LINES) {
		warn_label(r, f, "damage");
		fprintf(f, "and %zu places more; 'rstat check' lists them\n",
			in->ndamages - DAMAGE_LINES);
	} else if (!in->ndamages && !in->end) {
		warn_label(r, f, "damage");
		fputs("the end is missing: the recorder was killed, or the file is cut\n", f);
	}
}

void report_header_table(const struct report *r, const struct report_input *in, FILE *f)
{
	print_host(r, in, f);
	print_window(r, in, f);
	print_events(r, f);
	print_cpus(r, f);
	print_focus(r, f);
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

static void json_damage(const struct report_input *in, FILE *f)
{
	fputs(", \"damage\": [", f);
	for (size_t i = 0; i < in->ndamages; i++) {
		const struct trace_damage *d = &in->damages[i];

		fprintf(f,
			"%s{\"offset\": %" PRIu64 ", \"from_ns\": %" PRId64 ", \"to_ns\": %" PRId64
			", \"cpu\": ",
			i ? ", " : "", d->offset, relative(in, d->from_ns), relative(in, d->to_ns));
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
	json_damage(in, f);
	fprintf(f, "},\n\"window\": {\"from_ns\": %" PRId64 ", \"to_ns\": %" PRId64,
		relative(in, r->env.from_ns), relative(in, r->env.to_ns));
	json_utc(f, "from_utc", in, r->env.from_ns);
	json_utc(f, "to_utc", in, r->env.to_ns);
	fprintf(f,
		", \"duration_ns\": %" PRIu64 ", \"events\": %" PRIu64 ", \"lost\": %" PRIu64
		", \"gaps\": %" PRIu64 ", \"run_ns\": %" PRIu64 ", \"idle_ns\": %" PRIu64
		", \"other_ns\": %" PRIu64 ", \"gap_ns\": %" PRIu64 ", \"focus_pid\": ",
		r->env.to_ns - r->env.from_ns, r->events, r->lost, r->gaps, r->cpu_ns[CS_RUN],
		r->cpu_ns[CS_IDLE], r->cpu_ns[CS_OTHER], r->cpu_ns[CS_GAP]);
	fprintf(f, r->focus ? "%u},\n" : "null},\n", meta->child_pid);
}
