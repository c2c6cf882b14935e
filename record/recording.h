/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* recording: what start.c, loop.c and finish.c share of a running recording. */
#ifndef RSTAT_RECORD_RECORDING_H
#define RSTAT_RECORD_RECORDING_H

#include "engine/engine.h"
#include "format/meta.h"
#include "format/writer.h"
#include "record/child.h"
#include "record/kernel.h"
#include "record/naming.h"
#include "record/trace_file.h"
#include "record/pump.h"
#include "record/recorder.h"
#include "record/sampler.h"

/*
 * How far behind the clock the rings are read: a program that took its time stamp has committed
 * its record long before, so what is read together is in order over CPUs.
 */
#define SLACK_NS UINT64_C(1000000)

/* Cost of the programs themselves, measured in slices. */
struct sampling {
	bool on, impossible;
	uint64_t next_ns; /* when to switch */
};

struct recording {
	const struct recorder_options *opt;
	struct trace_file file;
	struct child child;
	struct kernel *kernel;
	struct naming *names;
	struct frames *frames;
	struct engine *engine;
	struct trace_writer *writer;
	struct pump pump;
	struct meta meta;
	uint64_t start_ns, end_ns; /* of the trace */
	struct sampling sampling;
	struct sampler sampler;
	uint64_t checkpoint_bytes; /* what the last one took, with --max-size */
	uint64_t start_cpu_ns; /* that the recorder took until the trace had begun */
	char stopped_by[64];
};

/* On failure exit_code says with which; recording_release() is due either way. */
int recording_start(struct recording *r, int *exit_code, struct err *err);

/*
 * Until something ends it; end_ns and stopped_by are set then. A negative errno: the kernel side,
 * or writing, failed; what was recorded so far is still to be finished.
 */
int recording_loop(struct recording *r, struct err *err);

/* Drains what is left, writes the footer. */
int recording_finish(struct recording *r, struct err *err);

/* Puts "<what>'FILE': " in front of the message, as users know the output. */
void recording_blame_output(const struct recording *r, const char *what, struct err *err);

/* A new checkpoint of the state at ts. */
int recording_checkpoint(struct recording *r, uint64_t ts, struct err *err);

/* Starts or ends a slice in which programs are timed. */
void recording_sample(struct recording *r, bool on);

#endif
