// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * /proc/schedstat, versions 15, 16 and 17, as Documentation/scheduler/sched-stats.rst has them:
 *
 *   15  domainN mask, then 8 counters each for idle, busy, newly idle, then 12
 *   16  the same with busy before idle
 *   17  domainN name mask; 11 counters each, as the imbalance is told by its kind
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "record/sources.h"

#define VERSION_MIN 15u
#define VERSION_MAX 17u
/* More than this is no machine that there is: fields would be made for all of them. */
#define PLACES_MAX 65536u

/* Times are nanoseconds since CFS (v2.6.23), whatever the document said until 6.14. */
static const char *const cpu_fields[] = {
	"yld_count",  "array_exp",	"sched_count",	"sched_goidle", "ttwu_count",
	"ttwu_local", "rq_cpu_time_ns", "run_delay_ns", "pcount",
};
#define CPU_FIELDS (sizeof(cpu_fields) / sizeof(cpu_fields[0]))

static const char *const balance_15[] = {
	"lb_count",  "lb_balanced",   "lb_failed",  "lb_imbalance",
	"lb_gained", "lb_hot_gained", "lb_nobusyq", "lb_nobusyg",
};
static const char *const balance_17[] = {
	"lb_count",	     "lb_balanced",	  "lb_failed",		 "lb_imbalance_load",
	"lb_imbalance_util", "lb_imbalance_task", "lb_imbalance_misfit", "lb_gained",
	"lb_hot_gained",     "lb_nobusyq",	  "lb_nobusyg",
};
static const char *const domain_rest[] = {
	"alb_count",	"alb_failed",	    "alb_pushed",	"sbe_count",
	"sbe_balanced", "sbe_pushed",	    "sbf_count",	"sbf_balanced",
	"sbf_pushed",	"ttwu_wake_remote", "ttwu_move_affine", "ttwu_move_balance",
};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const idle_first[] = {"idle", "busy", "newidle"};
static const char *const busy_first[] = {"busy", "idle", "newidle"};

/* A CPU (domain -1), or one of its domains. */
struct place {
	uint32_t cpu;
	int32_t domain;
	uint32_t first, n; /* its metrics */
};

struct schedstat_source {
	uint32_t version, version_metric, timestamp;
	struct place *places;
	uint32_t n, room, next; /* next: where the line to come is expected */
};

static bool names_of_cpu(struct samples *s, struct place *p)
{
	for (size_t i = 0; i < CPU_FIELDS; i++)
		if (samples_metric(s, "schedstat.cpu%u.%s", p->cpu, cpu_fields[i]) == METRIC_NONE)
			return false;
	return true;
}

static bool names_of_domain(struct samples *s, uint32_t version, struct place *p, const char *name)
{
	const char *const *balance = version >= 17 ? balance_17 : balance_15;
	const size_t n = version >= 17 ? COUNT(balance_17) : COUNT(balance_15);
	const char *const *when = version >= 16 ? busy_first : idle_first;

#define NAME(fmt, ...)                                                                             \
	samples_metric(s, "schedstat.cpu%u.domain%d." fmt, p->cpu, p->domain, __VA_ARGS__)
	/* the name is one by being there */
	if (*name && NAME("name.%.32s", name) == METRIC_NONE)
		return false;
	for (size_t w = 0; w < 3; w++)
		for (size_t i = 0; i < n; i++)
			if (NAME("%s_%s", when[w], balance[i]) == METRIC_NONE)
				return false;
	for (size_t i = 0; i < COUNT(domain_rest); i++)
		if (NAME("%s", domain_rest[i]) == METRIC_NONE)
			return false;
#undef NAME
	return true;
}

static struct place *new_place(struct samples *s, struct schedstat_source *p, uint32_t cpu,
			       int32_t domain, const char *name)
{
	struct place *place;

	if (p->n == PLACES_MAX)
		return NULL;
	if (!ARRAY_ROOM(p->places, p->room, p->n))
		return NULL;
	place = &p->places[p->n];
	*place = (struct place){.cpu = cpu, .domain = domain, .first = samples_next(s)};
	if (domain < 0 ? !names_of_cpu(s, place) : !names_of_domain(s, p->version, place, name))
		return NULL;
	place->n = samples_next(s) - place->first;
	p->n++;
	return place;
}

/* Lines come in the same order each time, until a CPU goes or comes. */
static struct place *find_place(struct samples *s, struct schedstat_source *p, uint32_t cpu,
				int32_t domain, const char *name)
{
	for (uint32_t k = 0; k < p->n; k++) {
		const uint32_t i = (p->next + k) % p->n;

		if (p->places[i].cpu == cpu && p->places[i].domain == domain) {
			p->next = i + 1;
			return &p->places[i];
		}
	}
	p->next = 0;
	return new_place(s, p, cpu, domain, name);
}

static void set_all(struct samples *s, const struct place *place, bool named, char *text)
{
	uint64_t value;

	if (named)
		samples_set(s, place->first, 1);
	for (uint32_t i = named; i < place->n && samples_number(&text, &value); i++)
		samples_set(s, place->first + i, value);
}

/* "0 MC 0003 1 2 3": the number, from version 17 on the name, the CPUs, the counters. */
static void parse_domain(struct samples *s, struct schedstat_source *p, uint32_t cpu, char *text)
{
	const char *name = "";
	struct place *place;
	uint64_t domain;

	if (!samples_number(&text, &domain) || domain > 255)
		return;
	text += strspn(text, " ");
	if (p->version >= 17) {
		name = strsep(&text, " ");
		if (!text || !*name)
			return;
	}
	if (!strsep(&text, " ") || !text)
		return;
	place = find_place(s, p, cpu, (int32_t)domain, name);
	if (place)
		set_all(s, place, *name != '\0', text);
}

static void parse_schedstat(struct samples *s, struct source *source, char *text)
{
	struct schedstat_source *p = source->own;
	uint64_t n = 0, cpu = UINT64_MAX;
	char *line;

	samples_set(s, p->version_metric, p->version);
	while ((line = samples_line(&text))) {
		if (samples_skip(&line, "timestamp")) {
			if (samples_number(&line, &n))
				samples_set(s, p->timestamp, n);
		} else if (!strncmp(line, "cpu", 3)) {
			const struct place *place;

			line += 3;
			if (!samples_number(&line, &cpu) || cpu >= samples_cpu_limit(s)) {
				cpu = UINT64_MAX;
				continue;
			}
			place = find_place(s, p, (uint32_t)cpu, -1, "");
			if (place)
				set_all(s, place, false, line);
		} else if (!strncmp(line, "domain", 6) && cpu != UINT64_MAX) {
			parse_domain(s, p, (uint32_t)cpu, line + 6);
		}
	}
}

/* 0: there is no such file, or it does not say. */
static uint32_t read_version(struct samples *s)
{
	char path[4096];
	unsigned version = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/schedstat", samples_root(s));
	f = fopen(path, "re");
	if (f && fscanf(f, "version %u", &version) != 1)
		version = 0;
	if (f)
		fclose(f);
	return version;
}

static void release(void *own)
{
	struct schedstat_source *p = own;

	free(p->places);
	free(p);
}

int sources_schedstat(struct samples *s)
{
	struct schedstat_source *p = calloc(1, sizeof(*p));
	char lack[64];
	int ret = p ? samples_keep(s, p, release) : -ENOMEM;

	if (ret)
		return ret;
	p->version = read_version(s);
	if (p->version < VERSION_MIN || p->version > VERSION_MAX) {
		snprintf(lack, sizeof(lack), "schedstat");
		if (p->version)
			snprintf(lack, sizeof(lack), "schedstat (version %u is not known)",
				 p->version);
		samples_lack(s, lack);
		return 0;
	}
	p->version_metric = samples_metric(s, "schedstat.version");
	p->timestamp = samples_metric(s, "schedstat.timestamp");
	if (p->version_metric == METRIC_NONE || p->timestamp == METRIC_NONE)
		return -ENOMEM;
	ret = samples_open(s, "/proc/schedstat",
			   (struct source){.rare = true, .parse = parse_schedstat, .own = p});
	if (ret && ret != -ENOMEM)
		samples_lack(s, "schedstat");
	return ret == -ENOMEM ? ret : 0;
}
