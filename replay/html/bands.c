// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/html/bands.h"

#include <string.h>

#define STEP_FIRST_NS 100000 /* where the end is not known; doubled as needed */

static void fold(struct bands *b)
{
	for (unsigned s = 0; s < BAND_SERIES; s++) {
		for (unsigned i = 0; i < BANDS / 2; i++)
			b->ns[s][i] = b->ns[s][2 * i] + b->ns[s][2 * i + 1];
		memset(&b->ns[s][BANDS / 2], 0, sizeof(b->ns[s]) / 2);
	}
	b->step_ns *= 2;
}

void bands_add(struct bands *b, enum band_series series, uint64_t from, uint64_t to)
{
	if (from < b->from_ns)
		from = b->from_ns;
	if (to <= from)
		return;
	from -= b->from_ns;
	to -= b->from_ns;
	while ((to - 1) / BANDS >= b->step_ns)
		fold(b);
	for (uint64_t at = from, end; at < to; at = end) {
		const uint64_t left = b->step_ns - at % b->step_ns; /* of its band */

		end = to - at < left ? to : at + left;
		b->ns[series][at / b->step_ns] += end - at;
	}
}

static void on_cpu(struct sink *s, const struct cpu_interval *iv)
{
	struct bands *b = (struct bands *)s;

	switch (iv->state) {
	case CS_RUN: bands_add(b, BAND_RUN, iv->from_ns, iv->to_ns); break;
	case CS_OTHER: bands_add(b, BAND_OTHER, iv->from_ns, iv->to_ns); break;
	case CS_GAP: bands_add(b, BAND_GAP, iv->from_ns, iv->to_ns); break;
	case CS_IDLE: break;
	}
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	bands_add((struct bands *)s, iv->state == TS_RUNNABLE ? BAND_WAITING : BAND_DISK,
		  iv->from_ns, iv->to_ns);
}

void bands_init(struct bands *b, uint64_t from_ns, uint64_t to_ns)
{
	*b = (struct bands){
		.sink = {.cpu_interval = on_cpu,
			 .interval = on_interval,
			 .states = 1u << TS_RUNNABLE | 1u << TS_DISK},
		.from_ns = from_ns,
		.step_ns = STEP_FIRST_NS,
	};
	if (to_ns != UINT64_MAX && to_ns > from_ns)
		b->step_ns = (to_ns - from_ns - 1) / BANDS + 1;
}
