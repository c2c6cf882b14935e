/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * merge: the streams of all CPUs to one, by time, as far as the horizon allows. A lane is the
 * queue of one CPU: blocks that are still packed, and the gaps between them.
 */
#ifndef RSTAT_FORMAT_MERGE_H
#define RSTAT_FORMAT_MERGE_H

#include "format/blocks.h"
#include "format/decode.h"

struct lane {
	uint16_t cpu;
	/* what the file has promised and delivered, in file order */
	uint64_t next_block; /* cpu_seq expected next */
	uint64_t events, lost;
	uint64_t last_ns; /* greatest ts seen */
	/* what is queued and being taken apart */
	struct item *head, **tail, *current;
	struct decoder *decoder;
	struct gap_info gap;
	struct event *run; /* DECODER_RUN */
	size_t pos, n;
	bool in_heap;
	bool passed; /* an event beyond the window was delivered */
	/* With blocks.check_headers: the block that is being taken apart, and what was in it so far. */
	struct {
		struct block_header h;
		uint64_t offset;
		uint64_t events, least_ns, most_ns, lost;
		bool open;
	} check;
	uint64_t checked_block, checked_lost; /* of the last block: its cpu_seq + 1, header.lost */
};

struct merge {
	struct blocks *blocks; /* for damages found while decoding */
	uint16_t lane_of[FORMAT_MAX_CPUS + 1]; /* index + 1, the last is CPU_NONE's */
	struct lane **lanes;
	size_t nlanes;
	struct lane **heap; /* by (ts of the next event, cpu); as many slots as lanes */
	size_t nheap;
	struct lane *refill; /* heap[0], run taken, to be filled on the next call */
	size_t queued; /* bytes of packed blocks */
	struct event *out;
	void *zstd; /* ZSTD_DCtx of all decoders */
};

int merge_init(struct merge *m, struct blocks *blocks);
void merge_free(struct merge *m);

/* The lane of a CPU, made if need be; NULL when out of memory. */
struct lane *merge_lane(struct merge *m, uint16_t cpu);

/* Queue a block (payload copied) or a gap at the end of its lane. 0 or -ENOMEM. */
int merge_block(struct merge *m, struct lane *lane, const struct block *b);
int merge_gap(struct merge *m, struct lane *lane, uint64_t from_ns, const struct gap_info *gap);

/* Whether merge_take() would deliver something. Only before its first call. */
bool merge_ready(const struct merge *m, uint64_t horizon_ns);

/*
 * Events older than the horizon (UINT64_MAX: all), merged: how many, 0 when none is ready, -ENOMEM. They stay valid
 * until the next call.
 */
int merge_take(struct merge *m, uint64_t horizon_ns, const struct event **events);

#endif
