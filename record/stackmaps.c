// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/stackmaps.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/events.h"
#include "bpf/rstat.skel.h"

static_assert((int)STACKS_D == STACK_MODE_D && (int)STACKS_ALL == STACK_MODE_ALL, "are the same");

/* Tests make the maps small: tests/README.md */
static uint32_t entries(void)
{
	const char *text = getenv("RSTAT_TEST_STACK_ENTRIES");
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n && n < STACK_ENTRIES ? (uint32_t)n : STACK_ENTRIES;
}

/* A map that is deeper than this is refused (kernel/bpf/stackmap.c). */
static uint32_t allowed_depth(void)
{
	FILE *f = fopen("/proc/sys/kernel/perf_event_max_stack", "re");
	unsigned depth = 0;

	if (f && fscanf(f, "%u", &depth) != 1)
		depth = 0;
	if (f)
		fclose(f);
	return depth ? depth : STACK_DEPTH_MAX;
}

static int size_map(struct bpf_map *map, bool on, uint32_t depth)
{
	const uint32_t most = allowed_depth();

	if (!on)
		return bpf_map__set_autocreate(map, false);
	if (depth > most)
		depth = most;
	if (bpf_map__set_value_size(map, depth * (uint32_t)sizeof(uint64_t)))
		return -EINVAL;
	return bpf_map__set_max_entries(map, entries());
}

int stackmaps_configure(struct rstat_bpf *skel, enum stack_mode of, bool user, struct err *err)
{
	user &= of != STACK_MODE_OFF;
	skel->rodata->stacks_of = (uint8_t)of;
	skel->rodata->user_stacks_on = user;
	if (size_map(skel->maps.kernel_stacks, of != STACK_MODE_OFF, STACK_KERNEL_DEPTH) ||
	    size_map(skel->maps.user_stacks, user, STACK_USER_DEPTH))
		return err_set(err, -EINVAL, "cannot size the maps of stacks");
	return 0;
}

size_t stackmaps_read(const struct rstat_bpf *skel, bool user, uint32_t id,
		      uint64_t ips[STACK_DEPTH_MAX])
{
	const struct bpf_map *map = user ? skel->maps.user_stacks : skel->maps.kernel_stacks;
	size_t n = 0;

	id--;
	memset(ips, 0, STACK_DEPTH_MAX * sizeof(*ips));
	if (bpf_map_lookup_elem(bpf_map__fd(map), &id, ips))
		return 0;
	while (n < STACK_DEPTH_MAX && ips[n])
		n++;
	return n;
}
