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

static bool is_left_out(const struct event *ev, uint16_t cpu)
{
	switch (ev->kind) {
	case EV_SWITCH: return ev->cpu == cpu;
	case EV_WAKING:
	case EV_WAKEUP:
	case EV_WAKEUP_NEW: return ev->value == cpu;
	case EV_MIGRATE: return ev->value == cpu && ev->aux == cpu;
	default: return false;
	}
}

static struct task_snapshot only_who(struct task_snapshot s)
{
	s.flags |= SNAPF_UNCERTAIN;
	s.run_state = TS_UNKNOWN;
	return s;
}

static void leave_out_checkpoint(struct synth *out, const struct checkpoint *from, uint16_t cpu)
{
	struct task_snapshot tasks[SIM_TASKS];
	struct cpu_snapshot cpus[SIM_CPUS];
	struct checkpoint cp = *from;

	for (uint32_t i = 0; i < cp.ntasks; i++)
		tasks[i] = cp.tasks[i].cpu == cpu ? only_who(cp.tasks[i]) : cp.tasks[i];
	for (uint32_t i = 0; i < cp.ncpus; i++) {
		cpus[i] = cp.cpus[i];
		if (cpus[i].cpu == cpu)
			cpus[i] =
				(struct cpu_snapshot){.cpu = cpu, .tid = TID_OTHER, .left_out = 1};
	}
	cp.tasks = tasks;
	cp.cpus = cpus;
	ev_checkpoint(out, &cp);
}

void sim_leave_out(const struct sim *m, uint16_t cpu, struct synth *out)
{
	for (size_t i = 0; i < m->s.n; i++) {
		const struct event *ev = &m->s.ev[i];
		const struct task_snapshot *s = ev->ext;

		if (ev->kind == EV_CHECKPOINT)
			leave_out_checkpoint(out, ev->ext, cpu);
		else if (ev->kind == EV_TASK)
			ev_task(out, ev->ts, s->cpu == cpu ? only_who(*s) : *s);
		else if (!is_left_out(ev, cpu))
			synth_add(out, *ev);
	}
}
