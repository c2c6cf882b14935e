// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* timeline: looking things up. timeline_index.c has sorted them. */
#include "replay/explain/timeline.h"

#include <stdlib.h>

static void free_index(struct index *ix)
{
	free(ix->first);
	free(ix->order);
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	free_index(&t->by_actor);
	free_index(&t->moves_by_actor);
	free_index(&t->traffic_by_actor);
	free_index(&t->traffic_by_wire);
	for (uint32_t i = 0; i < t->ncpus; i++)
		free(t->cpus[i].list);
	free(t->cpus);
	free(t->actors);
	free(t->stretches);
	free(t->moves);
	free(t->ios);
	free(t->traffic);
	free(t->wires);
	engine_free(t->engine);
	free(t);
}

const char *timeline_device(const struct timeline *t, uint32_t dev)
{
	return engine_name(t->engine, NAME_DEVICE, dev);
}

const char *timeline_irq(const struct timeline *t, uint32_t irq)
{
	if (irq == IRQ_NOT_TOLD || irq == IRQ_NONE)
		return NULL;
	return engine_name(t->engine, NAME_IRQ,
			   irq & IRQ_SOFT ? UINT64_C(1) << 32 | (irq & ~IRQ_SOFT) : irq - 1);
}

uint32_t timeline_at(const struct timeline *t, uint32_t who, uint64_t ns)
{
	uint32_t lo = t->by_actor.first[who], hi = t->by_actor.first[who + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (timeline_stretch(t, mid)->to_ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t timeline_move_at(const struct timeline *t, uint32_t who, uint64_t ns)
{
	uint32_t lo = t->moves_by_actor.first[who], hi = t->moves_by_actor.first[who + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (timeline_move(t, mid)->ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t timeline_slice_at(const struct timeline *t, uint16_t cpu, uint64_t ns)
{
	uint32_t lo = 0, hi = t->cpus[cpu].n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->cpus[cpu].list[mid].to_ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t timeline_io_at(const struct timeline *t, uint64_t ns)
{
	uint32_t lo = 0, hi = t->nios;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->ios[mid].done_ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
