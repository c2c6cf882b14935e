// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Files of /sys, most of them one number each: temperature, frequency, throttling, GPU, power
 * profile. Documentation/ABI: sysfs-class-thermal, sysfs-devices-system-cpu (thermal_throttle,
 * cpufreq), sysfs-platform_profile; gpu_busy_percent is amdgpu's, gt/throttle_reason_* i915's.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/sources.h"

#define PATH_ROOM 512

/* Letters, digits, '_' and '-' of the first line; what else it has becomes '_'. */
static void read_word(struct samples *s, const char *path, char *to, size_t size)
{
	char full[4096];
	size_t len = 0;
	FILE *f;
	int c;

	snprintf(full, sizeof(full), "%s%s", samples_root(s), path);
	f = fopen(full, "re");
	while (f && len + 1 < size && (c = getc(f)) != EOF && c != '\n')
		to[len++] = (char)(isalnum(c) || c == '-' ? c : '_');
	to[len] = '\0';
	if (f)
		fclose(f);
}

/* Entries of a folder of /sys in the order of their numbers; -1: there is none. */
static int list(struct samples *s, const char *path, int (*filter)(const struct dirent *),
		struct dirent ***names)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s%s", samples_root(s), path);
	return scandir(full, names, filter, versionsort);
}

static void free_list(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	if (n >= 0)
		free(names);
}

/* prefix + digits and nothing else */
static bool is_numbered(const char *name, const char *prefix)
{
	const size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && name[len] &&
	       strspn(name + len, "0123456789") == strlen(name + len);
}

static int is_zone(const struct dirent *de)
{
	return is_numbered(de->d_name, "thermal_zone");
}

static int is_card(const struct dirent *de)
{
	return is_numbered(de->d_name, "card");
}

static int is_gt(const struct dirent *de)
{
	return is_numbered(de->d_name, "gt");
}

static int is_reason(const struct dirent *de)
{
	return !strncmp(de->d_name, "throttle_reason_", strlen("throttle_reason_"));
}

static int is_throttle_count(const struct dirent *de)
{
	static const char end[] = "_throttle_count";
	const size_t len = strlen(de->d_name);

	return len > strlen(end) && !strcmp(de->d_name + len - strlen(end), end);
}

/* Counts what there is; only want of memory is an error. */
static int open_number(struct samples *s, const char *path, const char *name, unsigned *found)
{
	int ret = samples_open_number(s, path, name);

	*found += !ret;
	return ret == -ENOMEM ? ret : 0;
}

static int open_thermal(struct samples *s, unsigned *found)
{
	struct dirent **names;
	int n = list(s, "/sys/class/thermal", is_zone, &names), ret = 0;

	for (int i = 0; i < n && !ret; i++) {
		const char *number = names[i]->d_name + strlen("thermal_zone");
		char path[PATH_ROOM], type[64], name[128];

		snprintf(path, sizeof(path), "/sys/class/thermal/%s/type", names[i]->d_name);
		read_word(s, path, type, sizeof(type));
		snprintf(path, sizeof(path), "/sys/class/thermal/%s/temp", names[i]->d_name);
		snprintf(name, sizeof(name), "thermal.%.16s.%s.millicelsius", number, type);
		ret = open_number(s, path, name, found);
	}
	free_list(names, n);
	return ret;
}

static int open_frequencies(struct samples *s, unsigned *found)
{
	int ret = 0;

	for (uint32_t cpu = 0; cpu < samples_cpu_limit(s) && !ret; cpu++) {
		char path[PATH_ROOM], name[64];

		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq", cpu);
		snprintf(name, sizeof(name), "cpu%u.freq_khz", cpu);
		ret = open_number(s, path, name, found);
	}
	return ret;
}

static int open_throttles(struct samples *s, unsigned *found)
{
	int ret = 0;

	for (uint32_t cpu = 0; cpu < samples_cpu_limit(s) && !ret; cpu++) {
		struct dirent **names;
		char folder[128];
		int n;

		snprintf(folder, sizeof(folder), "/sys/devices/system/cpu/cpu%u/thermal_throttle",
			 cpu);
		n = list(s, folder, is_throttle_count, &names);
		for (int i = 0; i < n && !ret; i++) {
			char path[PATH_ROOM], name[128];

			snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
			snprintf(name, sizeof(name), "cpu%u.%.64s", cpu, names[i]->d_name);
			ret = open_number(s, path, name, found);
		}
		free_list(names, n);
	}
	return ret;
}

/* Why a part of an Intel GPU is slowed down: 1 while it is. */
static int open_reasons(struct samples *s, const char *card, const char *gt, unsigned *found)
{
	struct dirent **names;
	char folder[PATH_ROOM];
	int n, ret = 0;

	snprintf(folder, sizeof(folder), "/sys/class/drm/%.64s/gt/%.64s", card, gt);
	n = list(s, folder, is_reason, &names);
	for (int i = 0; i < n && !ret; i++) {
		char path[2 * PATH_ROOM], name[256];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		snprintf(name, sizeof(name), "gpu.%.32s.%.32s.%.64s", card, gt, names[i]->d_name);
		ret = open_number(s, path, name, found);
	}
	free_list(names, n);
	return ret;
}

static int open_gpus(struct samples *s, unsigned *found)
{
	struct dirent **cards, **gts;
	int n = list(s, "/sys/class/drm", is_card, &cards), ret = 0;

	for (int i = 0; i < n && !ret; i++) {
		const char *card = cards[i]->d_name;
		char path[PATH_ROOM], name[64];
		int ngt;

		snprintf(path, sizeof(path), "/sys/class/drm/%s/device/gpu_busy_percent", card);
		snprintf(name, sizeof(name), "gpu.%.32s.busy_pct", card);
		ret = open_number(s, path, name, found);
		snprintf(path, sizeof(path), "/sys/class/drm/%s/gt", card);
		ngt = list(s, path, is_gt, &gts);
		for (int k = 0; k < ngt && !ret; k++)
			ret = open_reasons(s, card, gts[k]->d_name, found);
		free_list(gts, ngt);
	}
	free_list(cards, n);
	return ret;
}

/* ---- the power profile: a metric per choice, 1 for the one that is on ---- */

static const char profile_prefix[] = "platform_profile.";

static void parse_profile(struct samples *s, struct source *source, char *text)
{
	const char *line = samples_line(&text), *name;
	const size_t len = strlen(profile_prefix);

	for (uint32_t i = source->arg; line && (name = samples_name(s, i)); i++) {
		if (strncmp(name, profile_prefix, len) != 0)
			break;
		samples_set(s, i, !strcmp(name + len, line));
	}
}

static int open_profile(struct samples *s, unsigned *found)
{
	struct source source = {.one_line = true, .parse = parse_profile};
	char path[4096], line[512] = "", *rest = line, *word;
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "%s/sys/firmware/acpi/platform_profile_choices",
		 samples_root(s));
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	source.arg = samples_next(s);
	while ((word = strsep(&rest, " \n")))
		if (*word && samples_metric(s, "%s%.64s", profile_prefix, word) == METRIC_NONE)
			return -ENOMEM;
	ret = samples_open(s, "/sys/firmware/acpi/platform_profile", source);
	*found += !ret;
	return ret == -ENOMEM ? ret : 0;
}

int sources_sys(struct samples *s)
{
	static const struct {
		int (*open)(struct samples *s, unsigned *found);
		const char *what;
	} families[] = {
		{open_thermal, "temperature"},	 {open_frequencies, "frequency"},
		{open_throttles, "throttling"},	 {open_gpus, "GPU"},
		{open_profile, "power profile"},
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && !ret; i++) {
		unsigned found = 0;

		ret = families[i].open(s, &found);
		if (!found)
			samples_lack(s, families[i].what);
	}
	return ret;
}
