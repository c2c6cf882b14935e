// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/units.h"
#include "format/event.h"
#include "record/features.h"

static bool progress_shown;

void show_note(const char *fmt, ...)
{
	va_list ap;

	show_progress_end();
	fputs("rstat: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void show_hooks(const struct meta_hook *hooks, size_t n, bool all)
{
	for (size_t i = 0; i < n; i++) {
		const struct meta_hook *h = &hooks[i];

		if (h->live && all)
			show_note("hook %s: live (%s)", h->name, h->alternative);
		else if (!h->live)
			show_note("hook %s is not live: %s%s%s", h->name, h->why,
				  *h->needed ? "; less exact: " : "", h->needed);
	}
}

void show_counters(const struct meta_counter *counters, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char names[COUNTERS_MAX * sizeof(counters->name)] = "";
		size_t j, used = 0;

		for (j = 0; j < i && strcmp(counters[j].why, counters[i].why); j++)
			;
		if (counters[i].live || j < i)
			continue;
		for (j = i; j < n && used < sizeof(names); j++)
			if (!counters[j].live && !strcmp(counters[j].why, counters[i].why))
				used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
							 used ? ", " : "", counters[j].name);
		show_note("not counted: %s: %s", names, counters[i].why);
	}
}

void show_features(uint32_t features)
{
	char text[64];

	features_text(features, text, sizeof(text));
	show_note("recorded: %s", text);
}

bool show_progress_wanted(void)
{
	return isatty(STDERR_FILENO);
}

void show_progress(const struct show_totals *t, uint64_t events_per_s)
{
	char time[UNITS_BUF], rate[UNITS_BUF], bytes[UNITS_BUF], lost[UNITS_BUF];

	/* ends in column 0, so that a command's own output starts on a fresh line */
	fprintf(stderr, "\r\033[Krecording %s  %s events/s  %s  %s lost\r",
		format_ns(t->duration_ns, time), format_count(events_per_s, rate),
		format_bytes(t->bytes, bytes), format_count(t->lost, lost));
	fflush(stderr);
	progress_shown = true;
}

void show_progress_end(void)
{
	if (!progress_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress_shown = false;
}

void show_summary(const struct show_totals *t, const char *where)
{
	char time[UNITS_BUF], events[UNITS_BUF], bytes[UNITS_BUF], lost[UNITS_BUF], cpu[UNITS_BUF],
		start[UNITS_BUF], name[ESCAPE_ROOM(512)];
	const double per_event = t->events ? (double)t->bytes / (double)t->events : 0;
	const char *missing = t->cut && !t->lost ? "an unknown number of events" : NULL;
	char share[32] = "";

	/* of a short recording its end is the most: no share of its time */
	if (t->duration_ns >= NSEC_PER_SEC)
		snprintf(share, sizeof(share), " (%.2f %% of one)",
			 100.0 * (double)t->cpu_ns / (double)t->duration_ns);
	escape_terminal(name, sizeof(name), where, strlen(where));
	if (t->stacks_lost) {
		show_note("%s of %s stacks could not be kept: the kernel's maps of them were full, "
			  "or too many wanted one place",
			  format_count(t->stacks_lost, lost), format_count(t->stacks, events));
	}
	show_note("%s: %s, %s events, %s (%.2f bytes/event), %s lost, own CPU %s%s, %s to start",
		  name, format_ns(t->duration_ns, time), format_count(t->events, events),
		  format_bytes(t->bytes, bytes), per_event,
		  missing ? missing : format_count(t->lost, lost), format_ns(t->cpu_ns, cpu), share,
		  format_ns(t->start_cpu_ns, start));
}
