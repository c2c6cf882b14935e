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
#include "record/host.h"

/* Not more often than this, unless a map is half full: all its stacks are told again. */
#define RENEW_NS      UINT64_C(1000000000)
#define ERAS	      (UINT32_MAX / STACK_PLACES - 1) /* that there are numbers for */
#define BITS_PER_WORD 64u

static_assert((int)STACKS_D == STACK_MODE_D && (int)STACKS_ALL == STACK_MODE_ALL, "are the same");

/* One of the two maps of a kind. */
struct way {
	int fd;
	uint32_t from; /* number of its first place in this era; also when it is out of use */
	uint32_t nseen;
	uint64_t
		seen[STACK_PLACES / BITS_PER_WORD]; /* places that have been read: the taken ones */
};

struct kind {
	bool on;
	struct way way[STACK_WAYS];
	uint32_t *from; /* what the programs see of that: STACK_WAYS of them */
	uint32_t places;
	uint32_t eras; /* that have begun, of both maps */
	int leaving; /* the map that is to be emptied, -1 none */
	uint64_t left_ns, renewed_ns;
};

struct stackmaps {
	struct kind kernel, user;
};

/* Tests make the maps small: tests/README.md */
static uint32_t places(void)
{
	const char *text = getenv("RSTAT_TEST_STACK_PLACES");
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n && n < STACK_PLACES ? (uint32_t)n : STACK_PLACES;
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
	return bpf_map__set_max_entries(map, places());
}

int stackmaps_configure(struct rstat_bpf *skel, enum stack_mode of, bool user, struct err *err)
{
	const bool kernel = of != STACK_MODE_OFF;

	user &= kernel;
	skel->rodata->stacks_of = (uint8_t)of;
	skel->rodata->user_stacks_on = user;
	if (size_map(skel->maps.kernel_stacks_0, kernel, STACK_KERNEL_DEPTH) ||
	    size_map(skel->maps.kernel_stacks_1, kernel, STACK_KERNEL_DEPTH) ||
	    size_map(skel->maps.user_stacks_0, user, STACK_USER_DEPTH) ||
	    size_map(skel->maps.user_stacks_1, user, STACK_USER_DEPTH))
		return err_set(err, -EINVAL, "cannot size the maps of stacks");
	return 0;
}

/* ---- numbers: an era of a map has those of its places, and no other era has ---- */

static void begin_era(struct kind *k, unsigned way)
{
	struct way *w = &k->way[way];

	w->from = k->eras++ * STACK_PLACES + 1;
	w->nseen = 0;
	memset(w->seen, 0, sizeof(w->seen));
	__atomic_store_n(&k->from[way], w->from, __ATOMIC_RELEASE);
}

static void open_kind(struct kind *k, uint32_t *from, const struct bpf_map *map_0,
		      const struct bpf_map *map_1)
{
	k->on = true;
	k->from = from;
	k->places = places();
	k->leaving = -1;
	k->way[0].fd = bpf_map__fd(map_0);
	k->way[1].fd = bpf_map__fd(map_1);
	for (unsigned i = 0; i < STACK_WAYS; i++)
		begin_era(k, i);
}

int stackmaps_new(struct stackmaps **out, struct rstat_bpf *skel, bool kernel, bool user,
		  struct err *err)
{
	struct stackmaps *m = calloc(1, sizeof(*m));

	*out = m;
	if (!m)
		return err_set(err, -ENOMEM, "cannot keep stacks: out of memory");
	if (kernel)
		open_kind(&m->kernel, skel->bss->kernel_stacks_from, skel->maps.kernel_stacks_0,
			  skel->maps.kernel_stacks_1);
	if (user)
		open_kind(&m->user, skel->bss->user_stacks_from, skel->maps.user_stacks_0,
			  skel->maps.user_stacks_1);
	return 0;
}

void stackmaps_free(struct stackmaps *m)
{
	free(m);
}

static void see(struct way *w, uint32_t place)
{
	const uint64_t bit = UINT64_C(1) << place % BITS_PER_WORD;

	w->nseen += !(w->seen[place / BITS_PER_WORD] & bit);
	w->seen[place / BITS_PER_WORD] |= bit;
}

size_t stackmaps_read(struct stackmaps *m, bool user, uint32_t number,
		      uint64_t ips[STACK_DEPTH_MAX])
{
	struct kind *k = user ? &m->user : &m->kernel;
	size_t n = 0;

	memset(ips, 0, STACK_DEPTH_MAX * sizeof(*ips));
	for (unsigned i = 0; i < STACK_WAYS; i++) {
		const uint32_t place = number - k->way[i].from;

		/* of an earlier era: another stack may be in this place by now */
		if (place >= k->places)
			continue;
		see(&k->way[i], place);
		if (bpf_map_lookup_elem(k->way[i].fd, &place, ips))
			return 0;
	}
	while (n < STACK_DEPTH_MAX && ips[n])
		n++;
	return n;
}

/* ---- emptying ---- */

static void empty(int fd)
{
	uint32_t place, next;
	int r = bpf_map_get_next_key(fd, NULL, &place);

	/* the next one first: from a place that is gone the search begins anew */
	while (!r) {
		r = bpf_map_get_next_key(fd, &place, &next);
		bpf_map_delete_elem(fd, &place);
		place = next;
	}
}

static void renew(struct kind *k, uint64_t now_ns, uint64_t until_ns, bool lost)
{
	unsigned fuller = k->way[1].nseen > k->way[0].nseen;
	const uint32_t taken = k->way[fuller].nseen;

	if (!k->on)
		return;
	if (k->leaving >= 0) {
		/* who was taking a stack when it went out of use has said so by now */
		if (until_ns <= k->left_ns)
			return;
		empty(k->way[k->leaving].fd);
		begin_era(k, (unsigned)k->leaving);
		k->leaving = -1;
		k->renewed_ns = now_ns;
		return;
	}
	if (!taken)
		return;
	if (!lost && taken < k->places / 2 &&
	    (taken < k->places / 4 || now_ns - k->renewed_ns < RENEW_NS))
		return;
	if (k->eras == ERAS)
		return;
	__atomic_store_n(&k->from[fuller], 0, __ATOMIC_SEQ_CST);
	k->leaving = (int)fuller;
	k->left_ns = host_now();
}

void stackmaps_renew(struct stackmaps *m, uint64_t now_ns, uint64_t until_ns, bool lost)
{
	renew(&m->kernel, now_ns, until_ns, lost);
	renew(&m->user, now_ns, until_ns, lost);
}
