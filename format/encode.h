/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* encode: the open block of one CPU. Collects events as columns; knows no file and no zstd. */
#ifndef RSTAT_FORMAT_ENCODE_H
#define RSTAT_FORMAT_ENCODE_H

#include "base/err.h"
#include "format/block.h"
#include "format/columns.h"

struct encoder;

/* A closed block: its header so far and its columns, one after the other in data. */
struct raw_block {
	struct block_header header;
	struct {
		uint16_t id;
		uint32_t bytes;
	} columns[MAX_COLUMNS];
	uint32_t ncolumns;
	size_t bytes; /* in data */
	uint8_t data[];
};

/* max_events: at most BLOCK_MAX_EVENTS. NULL when out of memory. */
struct encoder *encoder_new(uint16_t cpu, uint32_t max_events);
void encoder_free(struct encoder *e);

/*
 * Adds an event. -EINVAL: not a kind that is stored, or a wrong CPU; -ENOMEM; -E2BIG: its ext is
 * too large. After a failure the block is as it was.
 */
int encoder_add(struct encoder *e, const struct event *ev, struct err *err);

/* It is time to close the block: it has as many events, tasks or bytes as it may. */
bool encoder_full(const struct encoder *e);

uint32_t encoder_events(const struct encoder *e);
size_t encoder_bytes(const struct encoder *e); /* about, before compression */
uint64_t encoder_first_ns(const struct encoder *e); /* least ts of the open block */

/* Events and lost events of the CPU, blocks before included; blocks closed. */
uint64_t encoder_total(const struct encoder *e);
uint64_t encoder_lost(const struct encoder *e);
uint64_t encoder_blocks(const struct encoder *e);

/* Closes the block (it has events) and starts the next. NULL when out of memory. free() it. */
struct raw_block *encoder_close(struct encoder *e);

#endif
