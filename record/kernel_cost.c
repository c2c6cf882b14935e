// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What the programs cost: the kernel's own figures, and with options.profile histograms. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/kernel_own.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int kernel_time_programs(struct kernel *k, bool on, struct err *err)
{
	if (on == (k->stats_fd >= 0))
		return 0;
	if (!on) {
		close(k->stats_fd);
		k->stats_fd = -1;
		k->stats_ns += now_ns() - k->stats_since_ns;
		return 0;
	}
	k->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (k->stats_fd < 0)
		return err_errno(err, -errno, "cannot time the BPF programs (CAP_SYS_ADMIN)");
	k->stats_since_ns = now_ns();
	return 0;
}

/* Over all programs of hook i. */
static int add_program_costs(const struct kernel *k, size_t i, struct meta_program *p)
{
	size_t n, before;

	for (n = 0; n < k->hooks.nparts[i]; n++) {
		const char *name = k->hooks.parts[i][n].program;
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);
		struct bpf_program *prog;

		for (before = 0; before < n; before++)
			if (!strcmp(name, k->hooks.parts[i][before].program))
				break;
		if (before < n)
			continue; /* one program for several functions */
		prog = bpf_object__find_program_by_name(k->skel->obj, name);
		if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			return -1;
		p->runs += info.run_cnt;
		p->run_ns += info.run_time_ns;
		p->missed += info.recursion_misses;
	}
	return 0;
}

int kernel_programs(struct kernel *k, const struct meta_program **programs, size_t *n,
		    uint64_t *sample_ns, struct err *err)
{
	size_t i;

	for (i = 0; i < k->hooks.n; i++) {
		struct meta_program *p = &k->programs[i];

		*p = (struct meta_program){};
		snprintf(p->name, sizeof(p->name), "%s", k->hooks.meta[i].name);
		if (add_program_costs(k, i, p))
			return err_errno(err, -errno, "cannot ask for the cost of %s", p->name);
		if (k->hooks.nparts[i] && !hooks_share(&k->hooks, i))
			p->events = rings_events(k->rings, k->hooks.hook[i]->events);
	}
	*programs = k->programs;
	*n = k->hooks.n;
	*sample_ns = k->stats_ns + (k->stats_fd >= 0 ? now_ns() - k->stats_since_ns : 0);
	return 0;
}

int kernel_cost_histogram(struct kernel *k, size_t program, uint64_t buckets[COST_BUCKETS],
			  struct err *err)
{
	struct rstat_bpf__costs {
		uint64_t buckets[COST_BUCKETS];
	} * costs;
	uint32_t slot;
	unsigned cpu, i;

	if (program >= k->hooks.n)
		return err_set(err, -EINVAL, "there is no program %zu", program);
	costs = calloc(k->ncpus, sizeof(*costs));
	if (!costs)
		return err_set(err, -ENOMEM, "cannot read a histogram: out of memory");
	memset(buckets, 0, COST_BUCKETS * sizeof(*buckets));
	slot = k->hooks.hook[program]->id;
	if (bpf_map_lookup_elem(bpf_map__fd(k->skel->maps.costs), &slot, costs)) {
		free(costs);
		return err_errno(err, -errno, "cannot read the histogram of %s",
				 k->hooks.meta[program].name);
	}
	for (cpu = 0; cpu < k->ncpus; cpu++)
		for (i = 0; i < COST_BUCKETS; i++)
			buckets[i] += costs[cpu].buckets[i];
	free(costs);
	return 0;
}
