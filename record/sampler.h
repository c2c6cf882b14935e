/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * sampler: puts samples of the machine (record/samples.h) among the events of a recording. What is
 * read now waits until the rings have been read that far: a trace and its checkpoints are in order
 * of time.
 */
#ifndef RSTAT_RECORD_SAMPLER_H
#define RSTAT_RECORD_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/event.h"
#include "record/pump.h"
#include "record/samples.h"

#define SAMPLER_NEVER UINT64_MAX

/* Zeroed: there are none, and everything below works. */
struct sampler {
	struct samples *samples;
	uint64_t interval_ns, next_ns;
	uint64_t taken;
	const struct event *events; /* that wait */
	size_t nevents;
};

/* Opens the files. @interval_ns  from one sample to the next */
int sampler_open(struct sampler *s, uint32_t cpu_limit, uint64_t interval_ns, struct err *err);
void sampler_close(struct sampler *s);

/* When the next one is due; SAMPLER_NEVER. */
uint64_t sampler_next(const struct sampler *s);

/* Takes the first one (at the start of the recording or right after), or one that is due. */
void sampler_take(struct sampler *s, uint64_t now_ns);

/* pump_until(), with the samples in between. */
int sampler_pump(struct sampler *s, struct pump *pump, uint64_t until_ns, struct err *err);

/* Takes the last one, as of end_ns - 1; pumps up to one that still waits, which may go on to. */
int sampler_take_last(struct sampler *s, struct pump *pump, uint64_t end_ns, struct err *err);

#endif
