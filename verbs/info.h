/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* info: what a trace says about itself, gathered once (info_gather.c), printed as text or JSON. */
#ifndef RSTAT_VERBS_INFO_H
#define RSTAT_VERBS_INFO_H

#include "verbs/reader_args.h"

struct info {
	const struct reader *reader;
	const struct meta *meta;
	const struct meta_end *end; /* NULL: missing */
	const struct trace_damage *damages;
	size_t ndamages;
	uint64_t by_kind[EV_KIND_END];
	uint64_t events; /* stored ones: checkpoints and gaps that the reader made are none */
	uint64_t segments;
	uint64_t lost, gaps; /* gaps of every kind, the reader's too */
	uint64_t *lost_by_cpu;
	uint32_t ncpus; /* entries of lost_by_cpu */
	uint64_t duration_ns;
	uint64_t bytes; /* 0: a pipe does not tell */
	bool complete;
};

/* Reads all of an open trace, which `info` then refers to. info_free() also after a failure. */
int info_gather(struct info *info, const struct reader *in, struct err *err);
void info_free(struct info *info);

/* Both print to stdout. -ENOMEM for JSON. */
void info_print_text(const struct info *info);
int info_print_json(const struct info *info, struct err *err);

/* Mean cost of one run of a program, rounded; 0 when it was not sampled. */
uint64_t info_program_mean_ns(const struct meta_program *p);

/* Its cost over the whole recording, extrapolated from the runs that were timed. */
uint64_t info_program_ns(const struct meta_program *p);

#endif
