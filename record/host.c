// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/host.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "format/event.h"

#define CPU_FOLDER "/sys/devices/system/cpu"

/* First line of root + the formatted path, without its newline; false when it does not read. */
static bool read_line(char *line, size_t size, const char *path)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, (int)size, f);
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static int32_t read_id(const char *root, uint32_t cpu, const char *file)
{
	char path[4096], line[64], *end;
	long id;

	snprintf(path, sizeof(path), "%s" CPU_FOLDER "/cpu%u/%s", root, cpu, file);
	if (!read_line(line, sizeof(line), path))
		return -1;
	id = strtol(line, &end, 10);
	return end == line || id < 0 || id > INT32_MAX ? -1 : (int32_t)id;
}

/* The id of the level 3 cache; before 4.20 and in some guests it has none: its lowest CPU. */
static int32_t l3_of(const char *root, uint32_t cpu)
{
	for (int i = 0; i < 16; i++) {
		char file[64];
		int32_t level, id;

		snprintf(file, sizeof(file), "cache/index%d/level", i);
		level = read_id(root, cpu, file);
		if (level < 0)
			return -1;
		if (level != 3)
			continue;
		snprintf(file, sizeof(file), "cache/index%d/id", i);
		id = read_id(root, cpu, file);
		if (id >= 0)
			return id;
		snprintf(file, sizeof(file), "cache/index%d/shared_cpu_list", i);
		return read_id(root, cpu, file);
	}
	return -1;
}

/* The NUMA node is the cpuN/nodeM link. */
static int32_t node_of(const char *root, uint32_t cpu)
{
	char path[4096];
	const struct dirent *de;
	int32_t node = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "%s" CPU_FOLDER "/cpu%u", root, cpu);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (node < 0 && (de = readdir(dir)))
		if (!strncmp(de->d_name, "node", 4) && isdigit((unsigned char)de->d_name[4]))
			node = (int32_t)strtol(de->d_name + 4, NULL, 10);
	closedir(dir);
	return node;
}

static void describe_cpu(struct meta_cpu *c, const char *root, uint32_t cpu)
{
	c->cpu = (uint16_t)cpu;
	c->core = read_id(root, cpu, "topology/core_id");
	c->die = read_id(root, cpu, "topology/die_id");
	c->package = read_id(root, cpu, "topology/physical_package_id");
	c->l3 = l3_of(root, cpu);
	c->node = node_of(root, cpu);
}

static int compare_cpus(const void *a, const void *b)
{
	return (int)((const struct meta_cpu *)a)->cpu - (int)((const struct meta_cpu *)b)->cpu;
}

static int add_cpu(struct meta *meta, const char *root, uint32_t cpu)
{
	struct meta_cpu *cpus = realloc(meta->cpus, (meta->ncpus + 1) * sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	meta->cpus = cpus;
	describe_cpu(&cpus[meta->ncpus++], root, cpu);
	return 0;
}

static int find_cpus(struct meta *meta, const char *root)
{
	char path[4096];
	const struct dirent *de;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s" CPU_FOLDER, root);
	dir = opendir(path);
	while (!ret && dir && (de = readdir(dir))) {
		char *end;
		unsigned long cpu;

		if (strncmp(de->d_name, "cpu", 3) || !isdigit((unsigned char)de->d_name[3]))
			continue;
		cpu = strtoul(de->d_name + 3, &end, 10);
		/* CPU 0 often has no "online": it cannot be taken away */
		if (!*end && cpu < CPU_NONE && read_id(root, (uint32_t)cpu, "online") != 0)
			ret = add_cpu(meta, root, (uint32_t)cpu);
	}
	if (dir)
		closedir(dir);
	for (uint32_t cpu = 0; !ret && !dir && cpu < host_cpu_limit(root); cpu++)
		ret = add_cpu(meta, root, cpu);
	if (meta->ncpus)
		qsort(meta->cpus, meta->ncpus, sizeof(*meta->cpus), compare_cpus);
	return ret;
}

uint32_t host_cpu_limit(const char *root)
{
	char path[4096], line[4096];
	const char *last = line;
	long n;

	snprintf(path, sizeof(path), "%s" CPU_FOLDER "/possible", root);
	if (!read_line(line, sizeof(line), path)) {
		n = sysconf(_SC_NPROCESSORS_CONF);
		return n > 0 ? (uint32_t)n : 1;
	}
	/* "0-3,8-11": the number after the last separator */
	for (const char *p = line; *p; p++)
		if (*p == '-' || *p == ',')
			last = p + 1;
	n = strtol(last, NULL, 10);
	return n >= 0 && n < CPU_NONE ? (uint32_t)n + 1 : CPU_NONE;
}

/* PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" of os-release(5). */
static void read_os(char *os, size_t size, const char *root)
{
	char path[4096], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/etc/os-release", root);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char *value = line + strlen("PRETTY_NAME="), *end;

		if (strncmp(line, "PRETTY_NAME=", strlen("PRETTY_NAME=")))
			continue;
		end = value + strcspn(value, "\n");
		*end = '\0';
		if (end - value >= 2 && (*value == '"' || *value == '\'') && end[-1] == *value) {
			*--end = '\0';
			value++;
		}
		snprintf(os, size, "%.*s", (int)size - 1, value);
		break;
	}
	fclose(f);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t host_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* `clock` - MONOTONIC. Of a few tries the tightest: an interrupt between the reads would tell. */
static int64_t offset_to(clockid_t clock)
{
	uint64_t best = UINT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < 8; i++) {
		const uint64_t before = host_now();
		const uint64_t there = clock_ns(clock);
		const uint64_t after = host_now();

		if (after - before >= best)
			continue;
		best = after - before;
		offset = (int64_t)(there - (before + best / 2));
	}
	return offset;
}

uint64_t host_utc(uint64_t at_ns)
{
	return at_ns + (uint64_t)offset_to(CLOCK_REALTIME);
}

/* include/linux/proc_ns.h: PROC_PID_INIT_INO, PROC_TIME_INIT_INO */
#define PID_NAMESPACE_OF_HOST  "pid:[4026531836]"
#define TIME_NAMESPACE_OF_HOST "time:[4026531834]"

/* True too when /proc does not tell. */
static bool is_namespace(const char *root, const char *name, const char *of_host)
{
	char path[4096], link[64];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/proc/self/ns/%s", root, name);
	len = readlink(path, link, sizeof(link) - 1);
	if (len <= 0)
		return true;
	link[len] = '\0';
	return !strcmp(link, of_host);
}

/* Lines of a clock, seconds and nanoseconds (proc_timens_show_offsets()). */
static bool clock_is_shifted(const char *root)
{
	char path[4096], line[128];
	long long sec, nsec;
	bool shifted = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/self/timens_offsets", root);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %lld %lld", &sec, &nsec) == 2 && (sec || nsec))
			shifted = true;
	fclose(f);
	return shifted;
}

int host_is_ours(const char *root, struct err *err)
{
	if (!is_namespace(root, "pid", PID_NAMESPACE_OF_HOST))
		return err_set(
			err, -EOPNOTSUPP,
			"this is a PID namespace of its own, and the kernel tells the host's "
			"PIDs: run it in the host's (docker run --pid=host; hostPID: true)");
	if (!is_namespace(root, "time", TIME_NAMESPACE_OF_HOST) && clock_is_shifted(root))
		return err_set(
			err, -EOPNOTSUPP,
			"this is a time namespace with another clock than the kernel's: run it "
			"in the host's");
	return 0;
}

int host_facts(struct meta *meta, const char *root, struct err *err)
{
	struct utsname u;
	long n;

	if (!uname(&u)) {
		snprintf(meta->hostname, sizeof(meta->hostname), "%s", u.nodename);
		snprintf(meta->kernel, sizeof(meta->kernel), "%s", u.release);
		snprintf(meta->arch, sizeof(meta->arch), "%s", u.machine);
	}
	read_os(meta->os, sizeof(meta->os), root);
	n = sysconf(_SC_CLK_TCK);
	meta->user_hz = n > 0 ? (uint32_t)n : 0;
	n = sysconf(_SC_PAGESIZE);
	meta->page_size = n > 0 ? (uint32_t)n : 0;
	meta->boottime_offset_ns = offset_to(CLOCK_BOOTTIME);
	if (find_cpus(meta, root))
		return err_set(err, -ENOMEM, "out of memory while reading the host's CPUs");
	return 0;
}
