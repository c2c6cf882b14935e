/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * sections: the payload of CHECKPOINT, SYNC and INDEX blocks: lists of records of tagged fields.
 * A section is: varint id, varint bytes, varint count; count times {varint bytes, fields}. Unknown
 * sections and fields are skipped.
 */
#ifndef RSTAT_FORMAT_SECTIONS_H
#define RSTAT_FORMAT_SECTIONS_H

#include "format/checkpoint.h"
#include "format/fields.h"

/* Written to disk: append only. */
enum section_id {
	SECTION_TASKS = 1, /* CHECKPOINT: struct task_snapshot */
	SECTION_CPUS = 2, /* CHECKPOINT: struct cpu_snapshot */
	SECTION_NAMES = 3, /* CHECKPOINT: struct name_info */
	SECTION_STREAMS = 4, /* SYNC: struct stream_mark */
	SECTION_SEGMENTS = 5, /* INDEX: struct segment_mark */
	SECTION_TOTALS = 6, /* INDEX: one struct totals_mark */
	SECTION_REQUESTS = 7, /* CHECKPOINT: struct request_snapshot */
	SECTION_SOCKETS = 8, /* CHECKPOINT: struct socket_snapshot */
	SECTION_ACCOUNTS = 9, /* CHECKPOINT: struct account_snapshot */
	SECTION_METRICS = 10, /* CHECKPOINT: struct metric_snapshot */
};

/* How far the stream of a CPU had come. */
struct stream_mark {
	uint16_t cpu;
	uint64_t blocks; /* cpu_seq of its next block */
	uint64_t events, lost;
};

/* Where reading can begin. */
struct segment_mark {
	uint64_t offset; /* of the SYNC block before its CHECKPOINT */
	uint64_t ts; /* of the checkpoint */
};

struct totals_mark {
	uint64_t end_offset; /* of the END block */
	uint64_t first_ns, last_ns; /* least and greatest ts of any event or checkpoint */
	uint64_t events;
};

extern const struct fields fields_stream, fields_segment, fields_totals;

/* Appends a section of n structs. False when out of memory. */
bool section_put(struct buf *out, enum section_id id, const struct fields *f, const void *array,
		 size_t n);

/*
 * Walks the payload: 1 and the section's id, count and records, 0 at the end, -EBADMSG. The count
 * is never more than the records' bytes allow.
 */
int section_next(struct span *payload, uint64_t *id, uint64_t *count, struct span *records);

/* The next record of a section into obj (initialised here). False when malformed. */
bool section_get(struct span *records, const struct fields *f, void *obj);

/*
 * The whole of a section as an array: malloc'd (NULL when empty), appended to *array of *n.
 * 0, -ENOMEM, -EBADMSG.
 */
int section_array(struct span records, uint64_t count, const struct fields *f, void **array,
		  uint32_t *n);

/* Appends the checkpoint's payload (its ts is in the block header). */
bool checkpoint_put(struct buf *out, const struct checkpoint *ck);

/* Arrays are malloc'd; names point into the payload. Free with checkpoint_clear(). */
int checkpoint_get(struct checkpoint *ck, struct span payload);
void checkpoint_clear(struct checkpoint *ck);

#endif
