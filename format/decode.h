/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * decode: one EVENTS block back to events. The block is checked as a whole when it is opened, so
 * that taking events from it cannot fail.
 */
#ifndef RSTAT_FORMAT_DECODE_H
#define RSTAT_FORMAT_DECODE_H

#include "format/block.h"
#include "format/event.h"

struct decoder;

/* zstd: a ZSTD_DCtx that outlives the decoder, may be shared. NULL when out of memory. */
struct decoder *decoder_new(void *zstd);
void decoder_free(struct decoder *d);

/*
 * Opens a block whose checksums are right. 0; -EBADMSG: not what FORMAT.md says (*why set to a
 * static phrase); -ENOMEM.
 */
int decoder_open(struct decoder *d, const struct block_header *h, const uint8_t *payload,
		 const char **why);

#define DECODER_RUN 256u

/*
 * The next events of the block, at most max, itself at most DECODER_RUN. Events of unknown kinds
 * are left out. 0: the end. ext pointers are valid until the next call.
 */
size_t decoder_run(struct decoder *d, struct event *out, size_t max);

#endif
