/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * stream: from blocks to events, front to back, for files and pipes alike: what is missing becomes
 * gaps, SYNC blocks say how far may be delivered, CHECKPOINT blocks become events.
 */
#ifndef RSTAT_FORMAT_STREAM_H
#define RSTAT_FORMAT_STREAM_H

#include "format/merge.h"
#include "format/meta.h"
#include "format/sections.h"

struct stream {
	struct blocks *blocks;
	const struct meta *meta;
	struct merge merge;
	uint64_t to_ns;
	/* file order */
	bool from_start; /* reading began at the first block: every stream begins at 0 */
	bool started; /* a block was read */
	uint64_t sync_ns; /* horizon of the last SYNC, 0 none yet */
	bool final_sync; /* no events come after it */
	bool trailer; /* nothing comes after it */
	uint64_t last_ns; /* latest instant that any block told of */
	bool ended; /* the input is at its end */
	/* delivery */
	uint64_t horizon_ns;
	bool passed_checkpoint; /* one beyond the window was delivered */
	bool delivered;
	struct event *start_gaps;
	struct gap_info start_gap;
	struct buf checkpoint_payload;
	struct checkpoint checkpoint;
	bool checkpoint_pending;
	struct event checkpoint_event;
	/* what else was in the file */
	bool end_seen;
	struct meta_end end;
};

/* Reads on from where `blocks` stands. */
int stream_init(struct stream *s, struct blocks *blocks, const struct meta *meta, bool from_start,
		uint64_t to_ns, struct err *err);
void stream_free(struct stream *s);

/* As source.next. */
int stream_next(struct stream *s, const struct event **events, struct err *err);

#endif
