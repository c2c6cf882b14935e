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

static int refuse(const char *name, struct err *err)
{
	char all[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < FEATURES && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 table[i].name);
	return err_set(err, -EINVAL, "'%.64s' is no feature; there are: %s, stacks, counters", name,
		       all);
}

int features_set(uint32_t *features, bool with, const char *name, struct err *err)
{
	for (size_t i = 0; i < FEATURES; i++)
		if (!strcmp(table[i].name, name)) {
			if (with)
				*features |= table[i].feature;
			else
				*features &= ~table[i].feature;
			return 0;
		}
	return refuse(name, err);
}

void features_text(uint32_t features, char *to, size_t size)
{
	size_t used = (size_t)snprintf(to, size, "sched");

	for (size_t i = 0; i < FEATURES && used < size; i++)
		if (features & table[i].feature)
			used += (size_t)snprintf(to + used, size - used, ",%s", table[i].name);
}
