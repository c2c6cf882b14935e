// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* timeline_index: what was collected, sorted by whose it is; sockets and their other ends. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "replay/explain/timeline.h"

/* The number at `field` of entry i. */
static uint32_t number_of(const void *list, uint32_t i, size_t size, size_t field)
{
	return *(const uint32_t *)(const void *)((const char *)list + i * size + field);
}

/* A counting sort by the number at `field` of each entry; keeps the order among equals. */
static int index_by(struct index *ix, const void *list, uint32_t n, size_t size, size_t field,
		    uint32_t numbers, struct err *err)
{
	ix->first = calloc((size_t)numbers + 2, sizeof(*ix->first));
	ix->order = malloc(((size_t)n + 1) * sizeof(*ix->order));
	if (!ix->first || !ix->order)
		return err_set(err, -ENOMEM, "out of memory for %u entries", n);
	for (uint32_t i = 0; i < n; i++)
		ix->first[number_of(list, i, size, field) + 2]++;
	for (uint32_t i = 2; i < numbers + 2; i++)
		ix->first[i] += ix->first[i - 1];
	for (uint32_t i = 0; i < n; i++)
		ix->order[ix->first[number_of(list, i, size, field) + 1]++] = i;
	return 0;
}

static int by_done(const void *a, const void *b)
{
	const struct io_line *x = a, *y = b;

	return x->done_ns < y->done_ns ? -1 : x->done_ns > y->done_ns;
}

/* -- the other ends of sockets -- */

struct end {
	struct socket_info info; /* addresses as IPv6 */
	uint32_t wire;
};

static void as_ipv6(uint8_t address[16], uint16_t family)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (family != 2 /* AF_INET */)
		return;
	memcpy(address + 12, address, 4);
	memcpy(address, prefix, sizeof(prefix));
}

static int by_ends(const void *a, const void *b)
{
	const struct socket_info *x = &((const struct end *)a)->info;
	const struct socket_info *y = &((const struct end *)b)->info;
	int d;

	if (x->netns != y->netns)
		return x->netns < y->netns ? -1 : 1;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->local_port != y->local_port)
		return x->local_port < y->local_port ? -1 : 1;
	if (x->remote_port != y->remote_port)
		return x->remote_port < y->remote_port ? -1 : 1;
	d = memcmp(x->local, y->local, sizeof(x->local));
	return d ? d : memcmp(x->remote, y->remote, sizeof(x->remote));
}

static struct end turned(const struct end *e)
{
	struct end t = *e;

	memcpy(t.info.local, e->info.remote, sizeof(t.info.local));
	memcpy(t.info.remote, e->info.local, sizeof(t.info.remote));
	t.info.local_port = e->info.remote_port;
	t.info.remote_port = e->info.local_port;
	return t;
}

/* Two sockets of this machine, each with the other's addresses, in one network namespace. */
static int find_peers(struct timeline *t, struct err *err)
{
	struct end *ends = malloc((t->nwires + 1) * sizeof(*ends));
	uint32_t n = 0;

	if (!ends)
		return err_set(err, -ENOMEM, "out of memory for %u sockets", t->nwires);
	for (uint32_t i = 0; i < t->nwires; i++) {
		const struct socket_info *info = &t->wires[i].info;

		if (!info->local_port || !info->remote_port)
			continue;
		ends[n] = (struct end){*info, i};
		as_ipv6(ends[n].info.local, info->family);
		as_ipv6(ends[n].info.remote, info->family);
		n++;
	}
	qsort(ends, n, sizeof(*ends), by_ends);
	for (uint32_t i = 0; i < n; i++) {
		struct end want = turned(&ends[i]);
		const struct end *found = bsearch(&want, ends, n, sizeof(*ends), by_ends);

		if (found && found->wire != ends[i].wire)
			t->wires[ends[i].wire].peer = found->wire;
	}
	free(ends);
	return 0;
}

int timeline_index(struct timeline *t, struct err *err)
{
	int rc;

	rc = index_by(&t->by_actor, t->stretches, t->nstretches, sizeof(struct stretch),
		      offsetof(struct stretch, who), t->nactors, err);
	if (!rc)
		rc = index_by(&t->moves_by_actor, t->moves, t->nmoves, sizeof(struct move),
			      offsetof(struct move, who), t->nactors, err);
	if (!rc)
		rc = index_by(&t->traffic_by_actor, t->traffic, t->ntraffic, sizeof(struct traffic),
			      offsetof(struct traffic, who), t->nactors, err);
	if (!rc)
		rc = index_by(&t->traffic_by_wire, t->traffic, t->ntraffic, sizeof(struct traffic),
			      offsetof(struct traffic, wire), t->nwires, err);
	if (t->nios)
		qsort(t->ios, t->nios, sizeof(*t->ios), by_done);
	return rc ? rc : find_peers(t, err);
}
