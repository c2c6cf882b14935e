// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * /proc/pressure, /proc/stat, /proc/loadavg, /proc/meminfo, /proc/vmstat. Their formats:
 * proc(5), Documentation/accounting/psi.rst, Documentation/filesystems/proc.rst.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/sources.h"

/* The columns of a CPU's line in /proc/stat; older kernels have fewer. */
static const char *const tick_names[] = {
	"user", "nice",	   "system", "idle",  "iowait",
	"irq",	"softirq", "steal",  "guest", "guest_nice",
};
#define TICKS (sizeof(tick_names) / sizeof(tick_names[0]))

static const char *const stat_keys[] = {"ctxt", "processes", "procs_running", "procs_blocked"};
#define STAT_KEYS (sizeof(stat_keys) / sizeof(stat_keys[0]))

struct key {
	const char *key, *metric;
};

static const struct key memory_keys[] = {
	{"MemTotal", "mem.total_kb"},
	{"MemFree", "mem.free_kb"},
	{"MemAvailable", "mem.available_kb"},
	{"Buffers", "mem.buffers_kb"},
	{"Cached", "mem.cached_kb"},
	{"SwapCached", "swap.cached_kb"},
	{"SwapTotal", "swap.total_kb"},
	{"SwapFree", "swap.free_kb"},
	{"Dirty", "mem.dirty_kb"},
	{"Writeback", "mem.writeback_kb"},
	{"AnonPages", "mem.anon_kb"},
	{"Mapped", "mem.mapped_kb"},
	{"Shmem", "mem.shmem_kb"},
	{"Slab", "mem.slab_kb"},
	{"SReclaimable", "mem.slab_reclaimable_kb"},
};
#define MEMORY_KEYS (sizeof(memory_keys) / sizeof(memory_keys[0]))

static const struct key vm_keys[] = {
	{"pswpin", "vm.pswpin"},
	{"pswpout", "vm.pswpout"},
	{"pgmajfault", "vm.pgmajfault"},
	{"oom_kill", "vm.oom_kill"},
};
#define VM_KEYS (sizeof(vm_keys) / sizeof(vm_keys[0]))

static const char *const load_names[] = {"load.1m_centi", "load.5m_centi", "load.15m_centi",
					 "load.running", "load.total"};
#define LOADS (sizeof(load_names) / sizeof(load_names[0]))

static const char *const pressures[] = {"cpu", "io", "memory", "irq"};
#define PRESSURES (sizeof(pressures) / sizeof(pressures[0]))

struct proc_sources {
	uint32_t stat[STAT_KEYS], loads[LOADS], memory[MEMORY_KEYS], vm[VM_KEYS];
	uint32_t pressure[PRESSURES][2]; /* some, full */
	uint32_t ncpus;
	uint32_t cpus[]; /* the first metric of each, METRIC_NONE not yet */
};

/* METRIC_NONE in all of them. */
static void forget(uint32_t *metrics, size_t n)
{
	memset(metrics, 0xff, n * sizeof(*metrics));
}

/* Metrics get their number when they are first met: what is not there has none. */
static void set(struct samples *s, uint32_t *metric, const char *name, uint64_t value)
{
	if (*metric == METRIC_NONE)
		*metric = samples_metric(s, "%s", name);
	samples_set(s, *metric, value);
}

static void parse_cpu(struct samples *s, struct proc_sources *p, char *text)
{
	uint64_t cpu, ticks;
	uint32_t *first;

	if (!samples_number(&text, &cpu) || cpu >= p->ncpus)
		return;
	first = &p->cpus[cpu];
	if (*first == METRIC_NONE)
		for (unsigned i = 0; i < TICKS; i++) {
			const uint32_t metric = samples_metric(s, "cpu%u.%s_ticks", (unsigned)cpu,
							       tick_names[i]);

			if (metric == METRIC_NONE) {
				*first = METRIC_NONE;
				return;
			}
			if (!i)
				*first = metric;
		}
	for (unsigned i = 0; i < TICKS && samples_number(&text, &ticks); i++)
		samples_set(s, *first + i, ticks);
}

static void parse_stat(struct samples *s, struct source *source, char *text)
{
	struct proc_sources *p = source->own;
	uint64_t n;
	char *line;

	while ((line = samples_line(&text))) {
		if (line[0] == 'c' && line[1] == 'p' && line[2] == 'u') {
			line += 3;
			if (*line >= '0' && *line <= '9') /* the first line is their sum */
				parse_cpu(s, p, line);
			continue;
		}
		for (unsigned i = 0; i < STAT_KEYS; i++)
			if (*line == *stat_keys[i] && samples_skip(&line, stat_keys[i])) {
				char name[32] = "stat.";

				if (samples_number(&line, &n))
					set(s, &p->stat[i], strcat(name, stat_keys[i]), n);
				break;
			}
	}
}

/* "0.25 1.03 0.98 2/345 6789": the loads have two decimals. */
static void parse_loadavg(struct samples *s, struct source *source, char *text)
{
	struct proc_sources *p = source->own;
	uint64_t whole, part;

	for (unsigned i = 0; i < 3; i++) {
		if (!samples_number(&text, &whole) || *text++ != '.' ||
		    !samples_number(&text, &part))
			return;
		set(s, &p->loads[i], load_names[i], 100 * whole + part);
	}
	if (!samples_number(&text, &whole) || *text++ != '/' || !samples_number(&text, &part))
		return;
	set(s, &p->loads[3], load_names[3], whole);
	set(s, &p->loads[4], load_names[4], part);
}

/* Lines of a key, `end` and a number. Kernels keep the order, so a key is looked for behind the
 * one before. */
static void parse_keys(struct samples *s, char *text, const struct key *keys, unsigned n, char end,
		       uint32_t *metrics)
{
	unsigned next = 0;
	uint64_t value;
	char *line;

	while ((line = samples_line(&text)))
		for (unsigned k = 0; k < n; k++) {
			const unsigned i = (next + k) % n;
			const size_t len = strlen(keys[i].key);

			if (*line != *keys[i].key || strncmp(line, keys[i].key, len) != 0 ||
			    line[len] != end)
				continue;
			line += len + 1;
			if (samples_number(&line, &value))
				set(s, &metrics[i], keys[i].metric, value);
			next = i + 1;
			break;
		}
}

static void parse_memory(struct samples *s, struct source *source, char *text)
{
	parse_keys(s, text, memory_keys, MEMORY_KEYS, ':',
		   ((struct proc_sources *)source->own)->memory);
}

static void parse_vm(struct samples *s, struct source *source, char *text)
{
	parse_keys(s, text, vm_keys, VM_KEYS, ' ', ((struct proc_sources *)source->own)->vm);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345", and the same with "full". */
static void parse_pressure(struct samples *s, struct source *source, char *text)
{
	uint32_t *metrics = ((struct proc_sources *)source->own)->pressure[source->arg];
	uint64_t us;
	char *line;

	while ((line = samples_line(&text))) {
		const bool full = !strncmp(line, "full ", 5);
		char *total = strstr(line, " total=");

		if (!total || (!full && strncmp(line, "some ", 5) != 0))
			continue;
		total += strlen(" total=");
		if (!samples_number(&total, &us))
			continue;
		if (metrics[full] == METRIC_NONE)
			metrics[full] = samples_metric(s, "psi.%s.%s_us", pressures[source->arg],
						       full ? "full" : "some");
		samples_set(s, metrics[full], us);
	}
}

/* Nothing when it is not there, but that is told. */
static int open_one(struct samples *s, const char *path, const char *what, struct source source)
{
	int ret = samples_open(s, path, source);

	if (ret && ret != -ENOMEM)
		samples_lack(s, what);
	return ret == -ENOMEM ? ret : 0;
}

static int open_pressures(struct samples *s, struct proc_sources *p)
{
	static const char *const paths[PRESSURES] = {"/proc/pressure/cpu", "/proc/pressure/io",
						     "/proc/pressure/memory", "/proc/pressure/irq"};
	bool any = false;

	for (unsigned i = 0; i < PRESSURES; i++) {
		int ret = samples_open(
			s, paths[i], (struct source){.parse = parse_pressure, .arg = i, .own = p});

		if (ret == -ENOMEM)
			return ret;
		any |= !ret;
	}
	if (!any)
		samples_lack(s, "pressure");
	return 0;
}

int sources_proc(struct samples *s)
{
	static const struct {
		const char *path, *what;
		struct source source;
	} files[] = {
		{"/proc/loadavg", "loadavg", {.one_line = true, .parse = parse_loadavg}},
		{"/proc/meminfo", "meminfo", {.parse = parse_memory}},
		{"/proc/vmstat", "vmstat", {.parse = parse_vm}},
	};
	const uint32_t ncpus = samples_cpu_limit(s);
	struct proc_sources *p = malloc(sizeof(*p) + ncpus * sizeof(p->cpus[0]));
	int ret;

	if (!p)
		return -ENOMEM;
	ret = samples_keep(s, p, free);
	if (ret)
		return ret;
	p->ncpus = ncpus;
	forget(p->cpus, ncpus);
	forget(p->stat, STAT_KEYS);
	forget(p->loads, LOADS);
	forget(p->memory, MEMORY_KEYS);
	forget(p->vm, VM_KEYS);
	forget(&p->pressure[0][0], 2 * PRESSURES);
	ret = open_one(s, "/proc/stat", "stat", (struct source){.parse = parse_stat, .own = p});
	if (!ret)
		ret = open_pressures(s, p);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !ret; i++) {
		struct source source = files[i].source;

		source.own = p;
		ret = open_one(s, files[i].path, files[i].what, source);
	}
	return ret;
}
