// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/irq_nest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define ROOM_MIN 64
/* No interrupt lasts longer: those that ended earlier lie in none that is still to come. */
#define LONGEST_NS NSEC_PER_SEC

struct span {
	uint64_t start_ns, end_ns;
};

/* Those that may still turn out to have been inside of another one, by time. */
struct irq_nest_cpu {
	struct span *list;
	size_t n, room;
};

uint64_t irq_start_ns(const struct event *ev)
{
	const struct irq_info *info = ev->ext;

	return info && info->start_ns < ev->ts ? info->start_ns : ev->ts;
}

static int grow_cpus(struct irq_nest *nest, uint16_t cpu)
{
	const size_t n = (size_t)cpu + 1;
	struct irq_nest_cpu *bigger = reallocarray(nest->cpus, n, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	memset(bigger + nest->ncpus, 0, (n - nest->ncpus) * sizeof(*bigger));
	nest->cpus = bigger;
	nest->ncpus = n;
	return 0;
}

/* Forgets the old ones; that makes room most of the time. */
static int make_room(struct irq_nest_cpu *c, uint64_t now_ns)
{
	size_t old = 0;
	struct span *bigger;

	while (old < c->n && c->list[old].end_ns + LONGEST_NS < now_ns)
		old++;
	if (old)
		memmove(c->list, c->list + old, (c->n - old) * sizeof(*c->list));
	c->n -= old;
	if (2 * c->n < c->room)
		return 0;
	bigger = reallocarray(c->list, c->room ? 2 * c->room : ROOM_MIN, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	c->list = bigger;
	c->room = c->room ? 2 * c->room : ROOM_MIN;
	return 0;
}

static uint64_t length(const struct span *span, uint64_t from_ns)
{
	const uint64_t start = span->start_ns > from_ns ? span->start_ns : from_ns;

	return span->end_ns > start ? span->end_ns - start : 0;
}

int irq_nest_add(struct irq_nest *nest, const struct event *ev, uint64_t from_ns, uint64_t *self_ns)
{
	const struct span span = {irq_start_ns(ev), ev->ts};
	struct irq_nest_cpu *c;
	uint64_t inside = 0;

	if (ev->cpu == CPU_NONE) {
		*self_ns = length(&span, from_ns);
		return 0;
	}
	if (ev->cpu >= nest->ncpus && grow_cpus(nest, ev->cpu))
		return -ENOMEM;
	c = &nest->cpus[ev->cpu];
	while (c->n && c->list[c->n - 1].start_ns >= span.start_ns &&
	       c->list[c->n - 1].end_ns > span.start_ns)
		inside += length(&c->list[--c->n], from_ns);
	if (c->n == c->room && make_room(c, ev->ts))
		return -ENOMEM;
	c->list[c->n++] = span;
	*self_ns = length(&span, from_ns);
	*self_ns -= inside < *self_ns ? inside : *self_ns;
	return 0;
}

void irq_nest_free(struct irq_nest *nest)
{
	for (size_t i = 0; i < nest->ncpus; i++)
		free(nest->cpus[i].list);
	free(nest->cpus);
}
