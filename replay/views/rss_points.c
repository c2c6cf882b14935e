// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/rss_points.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define FIRST_STEP_NS UINT64_C(1000)
#define STEP_POINTS   3 /* that stay of a step: the least, the most, the last */

/* How many of the newest points lie in the step of `at_ns`. The very first one is not touched. */
static uint32_t in_step(const struct rss_points *s, uint64_t at_ns)
{
	uint32_t k = 0;

	while (k + 1 < s->n && s->list[s->n - 1 - k].at_ns / s->step_ns == at_ns / s->step_ns)
		k++;
	return k;
}

/* One too many in the newest step: which of them tells nothing? */
static void drop_one(struct rss_points *s, uint32_t k)
{
	struct rss_point *list = &s->list[s->n - k];
	uint32_t least = 0, most = 0, i = 0;

	for (uint32_t j = 1; j < k; j++) {
		if (list[j].rss_bytes < list[least].rss_bytes)
			least = j;
		if (list[j].rss_bytes > list[most].rss_bytes)
			most = j;
	}
	while (i == least || i == most)
		i++;
	memmove(&list[i], &list[i + 1], (k - 1 - i) * sizeof(*list));
	s->n--;
}

/* There is room for it. */
static void put(struct rss_points *s, const struct rss_point *p)
{
	uint32_t k;

	if (s->step_ns && !p->rss_bytes)
		return;
	s->list[s->n++] = *p;
	if (!s->step_ns)
		return;
	k = in_step(s, p->at_ns);
	if (k > STEP_POINTS)
		drop_one(s, k);
}

static uint64_t first_step(const struct rss_points *s, uint32_t limit)
{
	uint64_t span = s->list[s->n - 1].at_ns - s->list[0].at_ns, step = FIRST_STEP_NS;

	while (span / step > limit / (2 * STEP_POINTS + 2))
		step *= 2;
	return step;
}

static void thin(struct rss_points *s, uint32_t limit)
{
	while (s->n > limit / 2) {
		uint32_t n = s->n;

		s->step_ns = s->step_ns ? s->step_ns * 2 : first_step(s, limit);
		s->n = 0;
		for (uint32_t i = 0; i < n; i++) {
			struct rss_point p = s->list[i];

			put(s, &p); /* not beyond i */
		}
	}
}

int rss_points_add(struct rss_points *s, struct rss_point p, uint32_t limit)
{
	if (s->n >= limit)
		thin(s, limit);
	if (s->n && p.at_ns < s->list[s->n - 1].at_ns) /* two CPUs told of it at one time */
		p.at_ns = s->list[s->n - 1].at_ns;
	if (!ARRAY_ROOM(s->list, s->room, s->n))
		return -ENOMEM;
	put(s, &p);
	return 0;
}

void rss_points_limit(struct rss_points *s, uint32_t limit)
{
	struct rss_point *list;

	if (s->n <= limit)
		return;
	thin(s, limit);
	list = reallocarray(s->list, limit, sizeof(*list));
	if (!list) /* it is not smaller then, which is no harm */
		return;
	s->list = list;
	s->room = limit;
}

void rss_points_free(struct rss_points *s)
{
	free(s->list);
	*s = (struct rss_points){0};
}

static uint32_t column_of(uint64_t at_ns, uint64_t from_ns, uint64_t to_ns, uint32_t n)
{
	if (at_ns <= from_ns)
		return 0;
	if (at_ns >= to_ns)
		return n - 1;
	return (uint32_t)((unsigned __int128)(at_ns - from_ns) * n / (to_ns - from_ns));
}

void rss_points_columns(const struct rss_points *s, uint64_t from_ns, uint64_t to_ns,
			uint64_t end_ns, uint64_t *columns, uint32_t n)
{
	uint64_t now = 0;
	uint32_t at = 0;

	memset(columns, 0, n * sizeof(*columns));
	for (uint32_t i = 0; i <= s->n; i++) {
		const struct rss_point *p = i < s->n ? &s->list[i] : NULL;
		uint32_t until = column_of(p ? p->at_ns : end_ns, from_ns, to_ns, n);

		if (p && !p->rss_bytes)
			continue;
		for (; now && at <= until; at++)
			if (columns[at] < now)
				columns[at] = now;
		at = until;
		if (p) {
			now = p->rss_bytes;
			if (columns[at] < now)
				columns[at] = now;
		}
	}
}
