// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The end of a recording: what is still in the rings, then the footer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/exit.h"
#include "record/cost.h"
#include "record/host.h"
#include "record/recording.h"
#include "record/show.h"

#define DRAIN_TRIES 2000 /* of a millisecond */

static void fill_end(struct recording *r, struct meta_end *end)
{
	const struct meta_program *programs;
	struct cost cost;
	size_t n;

	*end = (struct meta_end){.end_ns = r->end_ns, .lost = kernel_lost(r->kernel)};
	end->stacks = r->pump.stacks;
	end->stacks_lost = r->pump.stacks_lost;
	end->child_exited = r->child.exited;
	end->child_status = r->child.status;
	strcpy(end->stopped_by, r->stopped_by);
	if (!kernel_programs(r->kernel, &programs, &n, &end->program_sample_ns, NULL)) {
		end->programs = calloc(n ? n : 1, sizeof(*programs));
		if (end->programs) {
			memcpy(end->programs, programs, n * sizeof(*programs));
			end->nprograms = n;
		}
	}
	cost_read(&cost);
	end->cpu_ns = cost.cpu_ns;
	end->max_rss_bytes = cost.max_rss_bytes;
}

static void summarize(const struct recording *r, const struct meta_end *end)
{
	struct show_totals t = {.duration_ns = r->end_ns - r->start_ns,
				.lost = end->lost,
				.stacks = r->pump.stacks,
				.stacks_lost = r->pump.stacks_lost,
				.cut = r->pump.write_failed};
	struct cost cost;

	trace_writer_totals(r->writer, &t.events, &t.bytes);
	cost_read(&cost); /* again: the footer came after the one in it */
	t.cpu_ns = cost.cpu_ns - r->start_cpu_ns;
	t.start_cpu_ns = r->start_cpu_ns;
	show_summary(&t, strcmp(r->opt->output, "-") ? r->opt->output : "standard output");
}

/*
 * Detached: what is in the rings is all there is, gaps at their end included; but for a program that
 * was running just then, on a CPU that may be slow to finish it.
 */
static int drain_rest(struct recording *r, struct err *err)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	int ret;

	for (unsigned tries = 0; tries < DRAIN_TRIES; tries++) {
		ret = sampler_pump(&r->sampler, &r->pump, r->end_ns, err);
		if (ret || r->pump.limit.full_ns || r->pump.reached_ns >= r->end_ns)
			return ret;
		nanosleep(&moment, NULL);
	}
	return err_set(err, -EIO,
		       "a ring holds a record that is never finished: this is a bug in rstat");
}

int recording_finish(struct recording *r, struct err *err)
{
	const bool broken = r->pump.write_failed;
	struct meta_end end;
	int failed, ret = 0;

	/* first of all: its figures are of now, and the recording has ended already */
	if (!broken)
		ret = sampler_take_last(&r->sampler, &r->pump, r->end_ns, err);
	if (r->sampling.on)
		recording_sample(r, false);
	/* while they can be asked: what lives on has not told its last */
	if (!ret)
		ret = kernel_accounts(r->kernel, r->end_ns - 1, err);
	failed = kernel_stop(r->kernel, r->end_ns, ret ? NULL : err);
	ret = ret ? ret : failed;
	if (!ret && !broken)
		ret = drain_rest(r, err);
	/* what could not be had from the kernel is not in the trace: that ends before it */
	if (ret && !r->pump.write_failed && r->pump.reached_ns < r->end_ns)
		r->end_ns = r->pump.reached_ns > r->start_ns ? r->pump.reached_ns : r->start_ns;
	fill_end(r, &end);
	/* also after a failed write: there may be room for the footer, or again */
	failed = trace_writer_finish(r->writer, &end, ret || broken ? NULL : err);
	if (failed && !ret && !broken) {
		ret = failed;
		r->pump.write_failed = true;
	}
	if (!r->opt->quiet)
		summarize(r, &end);
	free(end.programs);
	return ret;
}
