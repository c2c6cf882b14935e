/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * requests: the table of open block requests. What went into one is a list of parts, each with its
 * place on the device. Only for requests.c, request_table.c and request_checkpoint.c.
 */
#ifndef RSTAT_ENGINE_REQUESTS_H
#define RSTAT_ENGINE_REQUESTS_H

#include "engine/internal.h"

#define SECTOR_SHIFT 9

/*
 * More IOs in one are not believed: 4 MiB (BLK_DEF_MAX_SECTORS_CAP, block/blk-settings.c) by the
 * sector. What comes on top is nobody's.
 */
#define REQUEST_PARTS_MAX 8192u

/* EVF_IO_* that belong to the request, not to one event. */
#define IO_FLAGS (EVF_IO_SYNC | EVF_IO_META | EVF_IO_RAHEAD | EVF_IO_PREFLUSH | EVF_IO_FUA)

struct request_part {
	struct etask *task; /* pinned; NULL: not known */
	struct request_part *next;
	uint64_t pos, bytes, at_ns;
	uint32_t number;
	bool merge; /* it counts as a merge of this request */
};

struct open_request {
	uint64_t key;
	struct open_request *chain; /* of the hash */
	struct open_request *next, *prev; /* all, by age */
	struct order_node by_start, by_end; /* while it waits for its issue */
	struct request_part *parts, *last_part; /* the maker's first */
	uint64_t pos, asked, done; /* in bytes */
	uint64_t cgroup_id, queued_ns, issued_ns;
	uint64_t seen_ns; /* known since */
	uint32_t number, dev, requeues, merges, nparts, error, mark;
	uint16_t op;
	uint8_t io_flags;
	bool unstarted;
	bool gap, hidden; /* before the first checkpoint */
};

static inline const struct io_info *info_of(const struct event *ev)
{
	return ev->ext;
}

static inline uint64_t pos_of(const struct event *ev)
{
	return info_of(ev)->sector << SECTOR_SHIFT;
}

static inline bool gap_since(const struct engine *e, uint64_t t)
{
	return e->gaps.n && e->gaps.last_ns >= t;
}

/* Something of it may have been lost. */
static inline bool in_gap(const struct engine *e, const struct open_request *q)
{
	return q->gap || gap_since(e, q->seen_ns);
}

/* A CPU did not show what it did, which may have been something with it. */
static inline bool in_hidden(const struct engine *e, const struct open_request *q)
{
	return q->hidden || (e->hidden.n && e->hidden.last_ns >= q->seen_ns);
}

struct open_request *request_find(const struct requests *r, uint64_t key);
/* Opens one of nobody and nothing yet. NULL: no memory. */
struct open_request *request_add(struct engine *e, const struct event *ev, uint64_t t);
void request_forget(struct engine *e, struct open_request *q);
/* Not issued yet, so that it can be merged into; and no more. */
void request_wait(struct requests *r, struct open_request *q);
void request_wait_over(struct requests *r, struct open_request *q);
/* Where it begins or ends on the device may have changed. */
void request_moved(struct requests *r, struct open_request *q);
/*
 * The one that waits and ends (front: begins) at pos, other than `except`: of several the one that
 * has waited least.
 */
struct open_request *request_neighbour(const struct requests *r, const struct event *ev,
				       uint64_t pos, bool front, const struct open_request *except);
/* task, NULL not known, put something into it. NULL: no memory. Then request_moved(). */
struct request_part *request_add_part(struct engine *e, struct open_request *q, struct etask *task,
				      uint64_t pos, uint64_t bytes, uint64_t at);
bool request_overlaps(const struct open_request *q, uint64_t pos, uint64_t bytes);
/*
 * The request is [pos, pos + bytes): parts outside are not in it after all (an IO was taken for a
 * merge into this one that was one into another), what no part covers came from somebody unknown.
 */
void request_fit(struct engine *e, struct open_request *q, uint64_t pos, uint64_t bytes);
void request_fit_size(struct engine *e, struct open_request *q, uint64_t bytes); /* not less */
/* It ended at t, as `flags` say besides what it knows itself: told, and forgotten. */
void request_end(struct engine *e, struct open_request *q, uint64_t t, uint16_t flags);
/* Its end was not seen: its address is another's by t, or there are too many. */
void request_lose_end(struct engine *e, struct open_request *q, uint64_t t);

#endif
