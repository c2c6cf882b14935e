// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/info.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/escape.h"
#include "base/units.h"

#define LABEL "%-12s "

/*
 * Text of the trace is the recorded machine's (or whoever made the file): none of it is trusted.
 * Four buffers in turn, so that one printf() can have several.
 */
static const char *safe(const char *value)
{
	static char bufs[4][4 * 1024 + 1];
	static unsigned turn;
	char *buf = bufs[turn++ % 4];

	escape_terminal(buf, sizeof(bufs[0]), value, strlen(value));
	return buf;
}

static size_t distinct(const struct meta *m, size_t offset)
{
	size_t n = 0;

	for (size_t i = 0; i < m->ncpus; i++) {
		int32_t id = *(const int32_t *)((const char *)&m->cpus[i] + offset);
		size_t j = 0;

		while (j < i && *(const int32_t *)((const char *)&m->cpus[j] + offset) != id)
			j++;
		n += j == i && id >= 0;
	}
	return n;
}

static void print_part(const char *name, size_t n)
{
	if (n)
		printf(", %zu %s%s", n, name, n == 1 ? "" : "s");
}

/*
 * Core ids are numbered within their package, so cores are counted as pairs; the other ids are
 * unique on a host.
 */
static size_t count_cores(const struct meta *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->ncpus; i++) {
		size_t j = 0;

		while (j < i && (m->cpus[j].core != m->cpus[i].core ||
				 m->cpus[j].package != m->cpus[i].package))
			j++;
		n += j == i && m->cpus[i].core >= 0;
	}
	return n;
}

static void print_host(const struct info *info)
{
	const struct meta *m = info->meta;

	printf(LABEL "%s, Linux %s %s", "host", safe(m->hostname), safe(m->kernel), safe(m->arch));
	printf("%s%s\n", m->os[0] ? ", " : "", safe(m->os));
	printf(LABEL "%zu", "CPUs", m->ncpus);
	print_part("core", count_cores(m));
	print_part("L3 cache", distinct(m, offsetof(struct meta_cpu, l3)));
	print_part("package", distinct(m, offsetof(struct meta_cpu, package)));
	print_part("NUMA node", distinct(m, offsetof(struct meta_cpu, node)));
	putchar('\n');
}

static void print_child(const struct info *info)
{
	const struct meta_end *end = info->end;

	if (!info->meta->child_pid)
		return;
	printf(LABEL "%s (PID %" PRIu32 ")", "child", safe(info->meta->child_command),
	       info->meta->child_pid);
	if (end && end->child_exited && WIFSIGNALED(end->child_status))
		printf(", ended by signal %d", WTERMSIG(end->child_status));
	else if (end && end->child_exited)
		printf(", exit code %d", WEXITSTATUS(end->child_status));
	putchar('\n');
}

static void print_counters(const struct meta *m)
{
	const char *sep = "";

	if (!m->ncounters)
		return;
	printf(LABEL, "counters");
	for (size_t i = 0; i < m->ncounters; i++) {
		const struct meta_counter *c = &m->counters[i];

		printf("%s%s", sep, safe(c->name));
		if (!c->live)
			printf(" (not counted: %s)", safe(c->why));
		sep = ", ";
	}
	putchar('\n');
}

static void print_stacks(const struct info *info)
{
	const struct meta *m = info->meta;
	char taken[UNITS_BUF], lost[UNITS_BUF];

	if (!m->stacks[0])
		return;
	printf(LABEL "%s%s%s", "stacks", safe(m->stacks), m->user_stacks ? ", user stacks" : "",
	       m->kernel_symbols ? "" : ", without names of the kernel's functions");
	if (info->end)
		printf(", %s taken, %s lost", format_count(info->end->stacks, taken),
		       format_count(info->end->stacks_lost, lost));
	putchar('\n');
}

/* What the other clocks of the host said at the start. */
static void print_clocks(const struct meta *m)
{
	const uint64_t boot = m->start_ns + (uint64_t)m->boottime_offset_ns;

	if (!m->start_ns)
		return;
	printf(LABEL "monotonic %" PRIu64 ".%09" PRIu64 " s, since boot %" PRIu64 ".%09" PRIu64
		     " s\n",
	       "clocks", m->start_ns / NSEC_PER_SEC, m->start_ns % NSEC_PER_SEC,
	       boot / NSEC_PER_SEC, boot % NSEC_PER_SEC);
}

static void print_recording(const struct info *info)
{
	const struct meta *m = info->meta;
	char buf[UNITS_BUF], utc[40];

	printf(LABEL "%s\n", "command", safe(m->command_line));
	print_child(info);
	if (m->filtered)
		printf(LABEL "%s\n", "filters", safe(m->filters));
	if (m->features[0])
		printf(LABEL "%s\n", "features", safe(m->features));
	print_stacks(info);
	print_counters(m);
	printf(LABEL "%s\n", "start", m->start_utc_ns ? format_utc(m->start_utc_ns, utc) : "?");
	print_clocks(m);
	printf(LABEL "%s", "duration", format_ns(info->duration_ns, buf));
	if (info->end && info->end->stopped_by[0])
		printf(", ended by: %s", safe(info->end->stopped_by));
	putchar('\n');
}

static void print_kinds(const struct info *info)
{
	char buf[UNITS_BUF];

	for (int kind = 1; kind < EV_KIND_END; kind++)
		if (info->by_kind[kind])
			printf("  %-12s %15s  %5.1f %%\n", event_kind_name((enum event_kind)kind),
			       format_count(info->by_kind[kind], buf),
			       100.0 * (double)info->by_kind[kind] / (double)info->events);
}

static void print_events(const struct info *info)
{
	char buf[UNITS_BUF], per[UNITS_BUF];
	uint64_t tenths;

	printf(LABEL "%s", "events", format_count(info->events, buf));
	if (info->duration_ns)
		printf(", %s/s", format_count((uint64_t)((unsigned __int128)info->events *
							 NSEC_PER_SEC / info->duration_ns),
					      per));
	putchar('\n');
	print_kinds(info);
	printf(LABEL "%s", "lost", format_count(info->lost, buf));
	if (info->gaps)
		printf(" known, in %s gaps", format_count(info->gaps, per));
	putchar('\n');
	for (uint32_t cpu = 0; cpu < info->ncpus; cpu++)
		if (info->lost_by_cpu[cpu])
			printf("  CPU %-8u %15s\n", cpu, format_count(info->lost_by_cpu[cpu], buf));
	if (info->bytes) {
		printf(LABEL "%s", "size", format_bytes(info->bytes, buf));
		tenths = info->events ? (info->bytes * 10 + info->events / 2) / info->events : 0;
		if (info->events)
			printf(", %" PRIu64 ".%" PRIu64 " bytes per event", tenths / 10,
			       tenths % 10);
		putchar('\n');
	}
	printf(LABEL "%" PRIu64 "\n", "segments", info->segments);
}

static void print_hooks(const struct info *info)
{
	printf("hooks\n");
	for (size_t i = 0; i < info->meta->nhooks; i++) {
		const struct meta_hook *h = &info->meta->hooks[i];

		if (h->live) {
			printf("  %-24s %s\n", safe(h->name), safe(h->alternative));
			continue;
		}
		printf("  %-24s not live", safe(h->name));
		if (h->why[0])
			printf(": %s", safe(h->why));
		if (h->needed[0])
			printf(" (for %s)", safe(h->needed));
		putchar('\n');
	}
	if (info->meta->reap[0])
		printf(LABEL "%s\n", "reap by",
		       !strcmp(info->meta->reap, "hook")   ? "hook: exact"
		       : !strcmp(info->meta->reap, "wait") ? "wait: inferred from wait4 and waitid"
		       : !strcmp(info->meta->reap, "free") ? "free: some ms after it happened"
							   : "?");
}

static void print_recorder(const struct info *info)
{
	const struct meta_end *end = info->end;
	char cpu[UNITS_BUF], rss[UNITS_BUF], ring[UNITS_BUF], ns[UNITS_BUF], n[UNITS_BUF];

	printf(LABEL "rstat %s, rings of %s per CPU", "recorder", safe(info->meta->version),
	       format_bytes(info->meta->ring_bytes, ring));
	if (!end) {
		printf("; what it cost was in the end of the trace, which is missing\n");
		return;
	}
	/* of a short recording the start is the most: no share of its time */
	printf(", %s CPU", format_ns(end->cpu_ns, cpu));
	if (info->duration_ns >= UINT64_C(1000000000))
		printf(" (%.2f %% of one)",
		       100.0 * (double)end->cpu_ns / (double)info->duration_ns);
	printf(", %s of memory\n", format_bytes(end->max_rss_bytes, rss));
	for (size_t i = 0; i < end->nprograms; i++) {
		const struct meta_program *p = &end->programs[i];
		const char *sep = "";

		if (!p->runs && !p->events && !p->missed)
			continue;
		printf("  %-24s ", safe(p->name));
		if (p->runs) { /* 0 without the privilege to measure them */
			printf("%s per run", format_ns(info_program_mean_ns(p), ns));
			sep = ", ";
		}
		if (p->events) {
			printf("%s%s events", sep, format_count(p->events, n));
			sep = ", ";
		}
		if (p->missed)
			printf("%s%s runs missed", sep, format_count(p->missed, n));
		putchar('\n');
	}
}

void info_print_text(const struct info *info)
{
	uint16_t major, minor;

	trace_version(info->reader->trace, &major, &minor);
	printf(LABEL "%s, rstat trace %u.%u, ", "trace", safe(info->reader->name), major, minor);
	if (info->complete)
		printf("complete\n");
	else if (!info->end)
		printf("cut or not finished; see rstat check\n");
	else
		printf("damaged in %zu place%s; see rstat check\n", info->ndamages,
		       info->ndamages == 1 ? "" : "s");
	print_host(info);
	print_recording(info);
	print_events(info);
	print_hooks(info);
	print_recorder(info);
}
