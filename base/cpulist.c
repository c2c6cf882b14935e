// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/cpulist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int take_cpu(const char **s, uint32_t *cpu)
{
	const char *first = *s;
	uint32_t n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (n < CPULIST_MAX)
			n = n * 10 + (uint32_t)(**s - '0');
	if (*s == first)
		return -EINVAL;
	*cpu = n;
	return n < CPULIST_MAX ? 0 : -ERANGE;
}

static int parse_into(uint64_t words[CPULIST_MAX / 64], const char *text, struct err *err)
{
	const char *s = text;
	uint32_t first = 0, last;
	int rc;

	do {
		rc = take_cpu(&s, &first);
		last = first;
		if (!rc && *s == '-') {
			s++;
			rc = take_cpu(&s, &last);
		}
		if (rc == -ERANGE)
			return err_set(err, rc, "'%.60s': a CPU number is below %d", text,
				       CPULIST_MAX);
		if (rc || (*s && *s != ','))
			return err_set(err, -EINVAL, "'%.60s' is not a list of CPUs such as 0,2-5",
				       text);
		if (last < first)
			return err_set(err, -EINVAL, "'%.60s': %u-%u runs backwards", text, first,
				       last);
		for (uint32_t c = first; c <= last; c++)
			words[c / 64] |= UINT64_C(1) << (c % 64);
	} while (*s++ == ',');
	return 0;
}

int cpulist_parse(struct cpulist *set, const char *text, struct err *err)
{
	uint64_t words[CPULIST_MAX / 64] = {0};
	size_t n = CPULIST_MAX / 64;
	uint64_t *grown;
	int rc;

	rc = parse_into(words, text, err);
	if (rc)
		return rc;
	while (n > 1 && !words[n - 1])
		n--;
	if (n > set->nwords) {
		grown = realloc(set->words, n * sizeof(*grown));
		if (!grown)
			return err_set(err, -ENOMEM, "out of memory");
		memset(grown + set->nwords, 0, (n - set->nwords) * sizeof(*grown));
		set->words = grown;
		set->nwords = n;
	}
	for (size_t i = 0; i < n; i++)
		set->words[i] |= words[i];
	return 0;
}

bool cpulist_has(const struct cpulist *set, uint32_t cpu)
{
	return cpu / 64 < set->nwords && (set->words[cpu / 64] >> (cpu % 64) & 1);
}

bool cpulist_empty(const struct cpulist *set)
{
	return !set->nwords;
}

void cpulist_free(struct cpulist *set)
{
	free(set->words);
	*set = (struct cpulist){0};
}
