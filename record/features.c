// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct {
	uint32_t feature;
	const char *name;
} table[] = {
	{FEATURE_IO, "io"},
	{FEATURE_FS, "fs"},
	{FEATURE_NET, "net"},
	{FEATURE_SYSCALL, "syscall"},
	{FEATURE_SAMPLES, "samples"},
	{FEATURE_IRQ, "irq"},
};
/* clang-format on */
#define FEATURES (sizeof(table) / sizeof(table[0]))

const char *feature_name(uint32_t feature)
{
	for (size_t i = 0; i < FEATURES; i++)
		if (table[i].feature == feature)
			return table[i].name;
	return "sched";
}

static uint32_t find(const char *name, size_t len)
{
	for (size_t i = 0; i < FEATURES; i++)
		if (strlen(table[i].name) == len && !strncmp(table[i].name, name, len))
			return table[i].feature;
	return 0;
}

static int refuse(const char *name, size_t len, struct err *err)
{
	char all[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < FEATURES && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 table[i].name);
	return err_set(err, -EINVAL, "'%.*s' is no feature; there are: %s, stacks, counters",
		       len < 64 ? (int)len : 64, name, all);
}

int features_parse(uint32_t *features, bool with, const char *list, struct err *err)
{
	uint32_t changed = 0;

	for (;;) {
		const size_t len = strcspn(list, ",");
		const uint32_t feature = find(list, len);

		if (!feature)
			return refuse(list, len, err);
		changed |= feature;
		if (!list[len])
			break;
		list += len + 1;
	}
	*features = with ? *features | changed : *features & ~changed;
	return 0;
}

void features_text(uint32_t features, char *to, size_t size)
{
	size_t used = (size_t)snprintf(to, size, "sched");

	for (size_t i = 0; i < FEATURES && used < size; i++)
		if (features & table[i].feature)
			used += (size_t)snprintf(to + used, size - used, ",%s", table[i].name);
}
