// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Losses: what a ring that overflows does to a stream. */
#include "sim.h"

#include <stdlib.h>

uint32_t sim_dice(struct sim *m, uint32_t n)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 17;
	m->rng ^= m->rng << 5;
	return m->rng % n;
}

static bool can_be_lost(const struct event *ev)
{
	return ev->cpu != CPU_NONE && ev->kind != EV_GAP;
}

void sim_lose(const struct sim *m, uint32_t seed, unsigned gaps, unsigned max_run,
	      struct synth *out)
{
	struct sim r = {.rng = seed * 2246822519u + 1};
	bool *lost = calloc(m->s.n, 1);
	size_t *gap_end = calloc(m->s.n, sizeof(*gap_end));

	if (!lost || !gap_end)
		abort();
	for (unsigned g = 0; g < gaps; g++) {
		size_t i = sim_dice(&r, (uint32_t)m->s.n), last = i;
		unsigned run = 1 + sim_dice(&r, max_run);

		if (!can_be_lost(&m->s.ev[i]) || lost[i])
			continue;
		for (size_t j = i; j < m->s.n && run; j++) {
			if (m->s.ev[j].cpu != m->s.ev[i].cpu)
				continue;
			if (lost[j])
				break;
			lost[j] = true;
			last = j;
			run--;
		}
		gap_end[i] = last;
	}
	for (size_t i = 0; i < m->s.n; i++) {
		const struct event *ev = &m->s.ev[i];

		if (!lost[i])
			synth_add(out, *ev);
		else if (gap_end[i])
			ev_gap(out, ev->ts, ev->cpu, m->s.ev[gap_end[i]].ts, 1);
	}
	free(lost);
	free(gap_end);
}
