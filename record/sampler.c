// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/sampler.h"

int sampler_open(struct sampler *s, uint32_t cpu_limit, uint64_t interval_ns, struct err *err)
{
	s->interval_ns = interval_ns;
	return samples_new(&s->samples, "", cpu_limit, err);
}

void sampler_close(struct sampler *s)
{
	samples_free(s->samples);
	*s = (struct sampler){0};
}

uint64_t sampler_next(const struct sampler *s)
{
	return s->samples ? s->next_ns : SAMPLER_NEVER;
}

void sampler_take(struct sampler *s, uint64_t now_ns)
{
	if (!s->samples || s->nevents)
		return;
	if (!s->next_ns)
		s->next_ns = now_ns;
	/* those that are missed are not made up for, the others stay at their times */
	s->next_ns += ((now_ns - s->next_ns) / s->interval_ns + 1) * s->interval_ns;
	s->nevents = samples_take(s->samples, now_ns, s->taken++ % SAMPLES_RARELY == 0, &s->events);
}

static int flush(struct sampler *s, struct pump *pump, struct err *err)
{
	int ret = pump_until(pump, s->events[0].ts, err);

	if (!ret && pump->reached_ns < s->events[0].ts && !pump->limit.full_ns)
		return 0; /* they go on waiting */
	if (!ret)
		ret = pump_add(pump, s->events, s->nevents, err);
	s->nevents = 0;
	return ret;
}

int sampler_pump(struct sampler *s, struct pump *pump, uint64_t until_ns, struct err *err)
{
	int ret = 0;

	if (s->nevents && s->events[0].ts < until_ns) {
		ret = flush(s, pump, err);
		/* what is younger must not get ahead of them */
		if (s->nevents)
			return ret;
	}
	return ret ? ret : pump_until(pump, until_ns, err);
}

int sampler_take_last(struct sampler *s, struct pump *pump, uint64_t end_ns, struct err *err)
{
	int ret = s->nevents && s->events[0].ts < end_ns ? flush(s, pump, err) : 0;

	/* still waiting, for a CPU that is slow: then they are the last ones */
	if (s->samples && !s->nevents && !ret)
		s->nevents = samples_take(s->samples, end_ns - 1, true, &s->events);
	return ret;
}
