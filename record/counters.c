// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/events.h"
#include "bpf/rstat.skel.h"

struct counter_events {
	size_t n;
	unsigned ncpus;
	unsigned live; /* a bit per counter */
	unsigned clock; /* whose times are those of all */
	int *fds; /* cpu * RING_COUNTERS + i; -1 none */
};

#define HARDWARE(name, event)                                                                      \
	{                                                                                          \
		name, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##event                                    \
	}
#define SOFTWARE(name, event)                                                                      \
	{                                                                                          \
		name, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##event                                    \
	}
static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} table[] = {
	HARDWARE("cycles", CPU_CYCLES),
	HARDWARE("instructions", INSTRUCTIONS),
	HARDWARE("cache-references", CACHE_REFERENCES),
	HARDWARE("cache-misses", CACHE_MISSES),
	HARDWARE("branches", BRANCH_INSTRUCTIONS),
	HARDWARE("branch-misses", BRANCH_MISSES),
	SOFTWARE("page-faults", PAGE_FAULTS),
	SOFTWARE("minor-faults", PAGE_FAULTS_MIN),
	SOFTWARE("major-faults", PAGE_FAULTS_MAJ),
	SOFTWARE("context-switches", CONTEXT_SWITCHES),
	SOFTWARE("cpu-migrations", CPU_MIGRATIONS),
	SOFTWARE("cpu-clock", CPU_CLOCK),
	SOFTWARE("task-clock", TASK_CLOCK),
};
#define COUNTERS (sizeof(table) / sizeof(table[0]))

static int refuse(const char *name, size_t len, struct err *err)
{
	char all[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNTERS && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s, ", table[i].name);
	return err_set(err, -EINVAL,
		       "'%.*s' is no counter; there is: %sand rNNNN (raw); :u or :k behind it "
		       "counts in programs or in the kernel only",
		       len < 64 ? (int)len : 64, name, all);
}

/* "r00c0" */
static bool parse_raw(const char *name, size_t len, uint64_t *config)
{
	if (len < 2 || len > 17 || name[0] != 'r' ||
	    strspn(name + 1, "0123456789abcdefABCDEF") < len - 1)
		return false;
	*config = strtoull(name + 1, NULL, 16);
	return true;
}

static bool parse_modifiers(const char *from, size_t len, struct counter *c)
{
	if (!len)
		return false;
	for (; len; from++, len--) {
		if (*from == 'u')
			c->user = true;
		else if (*from == 'k')
			c->kernel = true;
		else
			return false;
	}
	return true;
}

static bool parse_one(const char *name, size_t len, struct counter *c)
{
	const char *colon = memchr(name, ':', len);
	const size_t bare = colon ? (size_t)(colon - name) : len;

	*c = (struct counter){.type = PERF_TYPE_RAW};
	if (len >= sizeof(c->name) || (colon && !parse_modifiers(colon + 1, len - bare - 1, c)))
		return false;
	memcpy(c->name, name, len);
	for (size_t i = 0; i < COUNTERS; i++)
		if (strlen(table[i].name) == bare && !memcmp(table[i].name, name, bare)) {
			c->type = table[i].type;
			c->config = table[i].config;
			return true;
		}
	return parse_raw(name, bare, &c->config);
}

int counters_parse(struct counters *counters, const char *list, struct err *err)
{
	for (;;) {
		const size_t len = strcspn(list, ",");
		struct counter c;

		if (!parse_one(list, len, &c))
			return refuse(list, len, err);
		if (counters->n == COUNTERS_MAX)
			return err_set(err, -E2BIG, "'%s' is one too many: at most %u", c.name,
				       COUNTERS_MAX);
		counters->counter[counters->n++] = c;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

static bool is_hardware(const struct counter *c)
{
	return c->type != PERF_TYPE_SOFTWARE;
}

/* Returns a file, or a negative errno. group: of the CPU's first hardware counter, -1 none. */
static int open_one(const struct counter *c, unsigned cpu, int group)
{
	struct perf_event_attr attr = {
		.type = c->type,
		.size = sizeof(attr),
		.config = c->config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.exclude_user = c->kernel && !c->user,
		.exclude_kernel = c->user && !c->kernel,
		.exclude_hv = c->user && !c->kernel,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, (int)cpu, group, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static void say_why(struct meta_counter *meta, const struct counter *c, int error)
{
	const char *why = strerror(-error);

	if (is_hardware(c) && (error == -ENOENT || error == -EOPNOTSUPP || error == -ENXIO))
		why = c->type == PERF_TYPE_RAW ? "this machine has no hardware counters"
					       : "this machine has no such hardware counter";
	else if (is_hardware(c) && (error == -EINVAL || error == -ENOSPC))
		why = "the CPUs have no such counter, or not so many at a time";
	else if (error == -EACCES || error == -EPERM)
		why = "not permitted (CAP_PERFMON)";
	snprintf(meta->why, sizeof(meta->why), "%s", why);
}

/* On every CPU that is there. Returns whether it counts anywhere. */
static bool open_on_cpus(struct counter_events *e, size_t i, const struct counter *c, size_t leader,
			 struct meta_counter *meta)
{
	bool live = false;

	for (unsigned cpu = 0; cpu < e->ncpus; cpu++) {
		int *at = &e->fds[cpu * RING_COUNTERS];
		int fd = open_one(c, cpu, is_hardware(c) && leader < i ? at[leader] : -1);

		at[i] = fd < 0 ? -1 : fd;
		live |= fd >= 0;
		if (fd < 0 && fd != -ENODEV) /* a CPU that is off */
			say_why(meta, c, fd);
	}
	if (live)
		meta->why[0] = '\0';
	return meta->live = live;
}

int counter_events_open(struct counter_events **out, const struct counters *counters,
			unsigned ncpus, struct meta_counter *meta, struct err *err)
{
	struct counter_events *e = calloc(1, sizeof(*e));
	const size_t slots = (size_t)ncpus * RING_COUNTERS;
	size_t leader = COUNTERS_MAX;

	*out = e;
	if (e)
		e->fds = malloc(slots * sizeof(*e->fds));
	if (!e || !e->fds)
		return err_set(err, -ENOMEM, "cannot open the counters: out of memory");
	memset(e->fds, 0xff, slots * sizeof(*e->fds));
	e->n = counters->n;
	e->ncpus = ncpus;
	e->clock = COUNTERS_MAX;
	for (size_t i = 0; i < counters->n; i++) {
		const struct counter *c = &counters->counter[i];

		meta[i] = (struct meta_counter){};
		strcpy(meta[i].name, c->name);
		if (!open_on_cpus(e, i, c, leader, &meta[i]))
			continue;
		e->live |= 1u << i;
		/*
		 * Those of the hardware are one group: they count at the same times, and so their
		 * ratios hold, also when the hardware is shared. Software counts all the time.
		 */
		if (is_hardware(c) && leader == COUNTERS_MAX)
			e->clock = (unsigned)(leader = i);
		else if (e->clock == COUNTERS_MAX)
			e->clock = (unsigned)i;
	}
	return 0;
}

void counter_events_close(struct counter_events *e)
{
	if (!e)
		return;
	for (size_t i = 0; e->fds && i < (size_t)e->ncpus * RING_COUNTERS; i++)
		if (e->fds[i] >= 0)
			close(e->fds[i]);
	free(e->fds);
	free(e);
}

void counter_events_refuse(struct counter_events *e, struct meta_counter *meta, const char *why)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->live & 1u << i) {
			meta[i].live = false;
			snprintf(meta[i].why, sizeof(meta[i].why), "%s", why);
		}
	e->live = 0;
}

int counter_events_configure(const struct counter_events *e, struct rstat_bpf *skel,
			     struct err *err)
{
	if (!e || !e->live)
		return bpf_map__set_autocreate(skel->maps.counter_events, false)
			       ? err_set(err, -EINVAL, "cannot leave out a map")
			       : 0;
	skel->rodata->counters_live = (uint8_t)e->live;
	skel->rodata->counters_n = (uint32_t)e->n;
	skel->rodata->counters_clock = e->clock;
	if (bpf_map__set_max_entries(skel->maps.counter_events, e->ncpus * RING_COUNTERS))
		return err_set(err, -EINVAL, "cannot size the counters");
	return 0;
}

int counter_events_fill(const struct counter_events *e, struct rstat_bpf *skel, struct err *err)
{
	for (uint32_t i = 0; e && e->live && i < e->ncpus * RING_COUNTERS; i++)
		if (e->fds[i] >= 0 && bpf_map_update_elem(bpf_map__fd(skel->maps.counter_events),
							  &i, &e->fds[i], BPF_ANY))
			return err_errno(err, -errno, "cannot hand a counter to the programs");
	return 0;
}
