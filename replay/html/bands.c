// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/html/bands.h"

#include <string.h>

#include "replay/view.h"

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

void bands_add(struct bands *b, enum band_series series, uint64_t from, uint64_t to, uint64_t known)
{
	uint64_t length, given = 0, done = 0;

	if (from < b->from_ns)
		from = b->from_ns;
	if (to <= from || !known)
		return;
	length = to - from;
	from -= b->from_ns;
	to -= b->from_ns;
	while (to > b->step_ns * BANDS)
		fold(b);
	for (uint64_t at = from, end; at < to; at = end) {
		const uint64_t band = at / b->step_ns;
		uint64_t share;

		end = (band + 1) * b->step_ns < to ? (band + 1) * b->step_ns : to;
		done += end - at;
		/* of the running sum, so that no rounding adds up */
		share = (uint64_t)((unsigned __int128)known * done / length) - given;
		b->ns[series][band] += share;
		given += share;
	}
}

static void on_cpu(struct sink *s, const struct cpu_interval *iv)
{
	struct bands *b = (struct bands *)s;
	const uint64_t length = iv->to_ns - iv->from_ns;

	switch (iv->state) {
	case CS_RUN: bands_add(b, BAND_RUN, iv->from_ns, iv->to_ns, length); break;
	case CS_OTHER: bands_add(b, BAND_OTHER, iv->from_ns, iv->to_ns, length); break;
	case CS_GAP: bands_add(b, BAND_GAP, iv->from_ns, iv->to_ns, length); break;
	case CS_IDLE: break;
	}
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	bands_add((struct bands *)s, iv->state == TS_RUNNABLE ? BAND_WAITING : BAND_DISK,
		  iv->from_ns, iv->to_ns, view_known_ns(iv));
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
		b->step_ns = (to_ns - from_ns + BANDS - 1) / BANDS;
}
