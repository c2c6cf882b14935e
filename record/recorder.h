/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * recorder: one recording from its start to its end.
 *
 *   start   output and command checked, programs attached, tasks read, first checkpoint written,
 *           the command let go                                                       start.c
 *   loop    rings drained, checkpoints, flushes, what to do after a loss              loop.c
 *   finish  last drain, footer, the command's status                                finish.c
 */
#ifndef RSTAT_RECORD_RECORDER_H
#define RSTAT_RECORD_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "record/kernel.h"
#include "record/schedule.h"

#define RECORDER_ARGS_LIMIT 2048 /* bytes of exec arguments that are kept */
#define RECORDER_NICE	    (-20)
#define RECORDER_SAMPLE_NS  UINT64_C(1000000000)
#define RECORDER_LEVEL	    1 /* of zstd; 3 saves 3 % of the bytes */

struct recorder_options {
	const char *output; /* path, "-" is standard output */
	char *const *command; /* NULL-terminated; NULL: none */
	bool only_command; /* record just the command's process tree */
	uint64_t duration_ns; /* 0: until stopped */
	uint64_t max_bytes; /* 0: no limit */
	uint64_t sample_ns; /* from one sample of the machine to the next, with FEATURE_SAMPLES */
	struct schedule start;
	int nice; /* 0: leave the priority alone */
	bool nice_asked; /* the user gave it: say when it fails */
	int level; /* of zstd */
	bool quiet, verbose;
	const char *command_line; /* rstat's own, for the trace */
	const char *filters; /* as the user gave them, for the trace */
	struct kernel_options kernel;
};

/*
 * Records. Progress, notes and the summary go to stderr.
 *
 * @exit_code  what the process should exit with (base/exit.h), always set
 * Returns 0, or a negative errno with err telling why the recording failed or ended early.
 */
int recorder_run(const struct recorder_options *opt, int *exit_code, struct err *err);

#endif
