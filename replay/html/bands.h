/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * bands: what all of the machine did over time, in at most BANDS steps of one length: how much of
 * each step the CPUs ran, were unknown or filtered out, and how long tasks waited for one or for a
 * disk (state D). In bounded memory, also when the end is not known before.
 */
#ifndef RSTAT_REPLAY_HTML_BANDS_H
#define RSTAT_REPLAY_HTML_BANDS_H

#include <stdint.h>

#include "engine/engine.h"

#define BANDS 360

enum band_series { BAND_RUN, BAND_OTHER, BAND_GAP, BAND_WAITING, BAND_DISK, BAND_SERIES };

struct bands {
	struct sink sink; /* first */
	uint64_t from_ns; /* where the first one begins */
	uint64_t step_ns;
	uint64_t ns[BAND_SERIES][BANDS];
};

/* A sink for engine_add_sink(); `to_ns` UINT64_MAX: not known yet. */
void bands_init(struct bands *b, uint64_t from_ns, uint64_t to_ns);

void bands_add(struct bands *b, enum band_series series, uint64_t from, uint64_t to);

#endif
