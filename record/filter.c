// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/filter.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "bpf/rstat.skel.h"

#define CGROUP_VERDICTS 8192u

int filter_compile_glob(struct glob *glob, const char *pattern)
{
	unsigned j = 0, c;

	memset(glob, 0, sizeof(*glob));
	for (; *pattern; pattern++) {
		uint64_t bit = 1ull << j;

		if (pattern[0] == '*' && pattern[1] == '*')
			continue;
		if (j >= KERNEL_GLOB_MAX)
			return -E2BIG;
		if (*pattern == '*')
			glob->stars |= bit;
		else if (*pattern == '?')
			for (c = 1; c < 256; c++)
				glob->accept[c] |= bit;
		else
			glob->accept[(unsigned char)*pattern] |= bit;
		j++;
	}
	glob->final = 1ull << j;
	return 0;
}

static int size_map(struct bpf_map *map, size_t n, struct err *err)
{
	if (n && bpf_map__set_max_entries(map, (uint32_t)n))
		return err_set(err, -EINVAL, "cannot size the map %s of a filter",
			       bpf_map__name(map));
	return 0;
}

static int configure_cpus(struct rstat_bpf *skel, const struct kernel_filter *f, struct err *err)
{
	if (!f->cpus)
		return 0;
	if (f->ncpu_words > FILTER_CPU_WORDS)
		return err_set(err, -E2BIG, "a CPU filter reaches at most to CPU %u",
			       FILTER_CPU_WORDS * 64 - 1);
	skel->rodata->filter_cpus = 1;
	memcpy(skel->rodata->filter_cpu_mask, f->cpus, f->ncpu_words * sizeof(*f->cpus));
	return 0;
}

int filter_configure(struct rstat_bpf *skel, const struct kernel_filter *f, struct err *err)
{
	uint8_t need = 0;
	int r = configure_cpus(skel, f, err);

	if (r)
		return r;
	if (f->ncomms > GLOBS_MAX)
		return err_set(err, -E2BIG, "--comm can be given %u times at most", GLOBS_MAX);
	need |= f->npids ? FILTER_PID : 0;
	need |= f->ntids ? FILTER_TID : 0;
	need |= f->ncomms ? FILTER_COMM : 0;
	skel->rodata->filter_need = need;
	skel->rodata->filter_cgroups = f->ncgroups != 0;
	skel->rodata->filter_any = f->cpus || need || f->ncgroups;
	r = size_map(skel->maps.watched, need || f->ncgroups ? FILTER_TIDS / FILTER_PAGE : 0, err);
	r = r ?: size_map(skel->maps.wanted_tids, f->npids + f->ntids, err);
	r = r ?: size_map(skel->maps.wanted_comms, f->ncomms, err);
	r = r ?: size_map(skel->maps.wanted_cgroups, f->ncgroups, err);
	return r ?: size_map(skel->maps.cgroup_verdicts, f->ncgroups ? CGROUP_VERDICTS : 0, err);
}

static int fill_tids(int fd, const uint32_t *tids, size_t n, uint8_t bit)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint8_t bits = 0;

		/* a TID may be in both lists: not found is fine */
		(void)bpf_map_lookup_elem(fd, &tids[i], &bits);
		bits |= bit;
		if (bpf_map_update_elem(fd, &tids[i], &bits, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int fill_comms(int fd, const struct kernel_filter *f, struct err *err)
{
	struct glob glob;
	uint32_t i;

	for (i = 0; i < f->ncomms; i++) {
		if (filter_compile_glob(&glob, f->comms[i]))
			return err_set(err, -E2BIG, "the name pattern %.70s... is too long",
				       f->comms[i]);
		if (bpf_map_update_elem(fd, &i, &glob, BPF_ANY))
			return err_errno(err, -errno, "cannot set up the filter on names");
	}
	return 0;
}

int filter_fill(struct rstat_bpf *skel, const struct kernel_filter *f, struct err *err)
{
	int fd = bpf_map__fd(skel->maps.wanted_tids), r;
	uint8_t one = 1;
	size_t i;

	r = fill_tids(fd, f->pids, f->npids, FILTER_PID);
	r = r ?: fill_tids(fd, f->tids, f->ntids, FILTER_TID);
	if (r)
		return err_errno(err, r, "cannot set up the filter on processes");
	for (i = 0; i < f->ncgroups; i++)
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.wanted_cgroups), &f->cgroups[i],
					&one, BPF_ANY))
			return err_errno(err, -errno, "cannot set up the filter on cgroups");
	return f->ncomms ? fill_comms(bpf_map__fd(skel->maps.wanted_comms), f, err) : 0;
}
