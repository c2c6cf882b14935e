/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * block: what the file is made of (FORMAT.md "Blocks"): the file header, block headers, checksums
 * and the limits that readers enforce before they allocate anything.
 */
#ifndef RSTAT_FORMAT_BLOCK_H
#define RSTAT_FORMAT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "traces are little-endian; this machine needs byte swaps in fields.c"
#endif

#define FORMAT_MAJOR 1
#define FORMAT_MINOR 1

#define FILE_MAGIC	      "\x89RSTAT\r\n"
#define FILE_HEADER_BYTES     24u
#define BLOCK_MAGIC	      "\xb1rstatB\n"
#define MAGIC_BYTES	      8u
#define BLOCK_HEADER_BYTES    96u
#define TRAILER_PAYLOAD_BYTES 8u /* offset of the INDEX block */
#define TRAILER_BYTES	      (BLOCK_HEADER_BYTES + TRAILER_PAYLOAD_BYTES)

/* Limits: a header beyond them is not a header. */
#define BLOCK_MAX_EVENTS (1u << 18)
#define EVENTS_MAX_RAW	 (16u << 20) /* columns of an EVENTS block */
#define BLOCK_MAX_RAW	 (256u << 20) /* any other block */
#define BLOCK_MAX_RATIO	 64u /* raw / stored of any block but EVENTS, rounded down */
#define FORMAT_MAX_CPUS	 8192u /* NR_CPUS of Linux */

/* Written to disk: append only. */
enum block_type {
	BLOCK_META = 1,
	BLOCK_CHECKPOINT = 2,
	BLOCK_EVENTS = 3,
	BLOCK_SYNC = 4,
	BLOCK_END = 5,
	BLOCK_INDEX = 6,
	BLOCK_TRAILER = 7,
};

/* Written to disk: append only. */
enum block_codec {
	CODEC_STORED = 0,
	CODEC_ZSTD = 1,
};

struct block_header {
	uint8_t type; /* enum block_type */
	uint8_t major; /* of the file, again */
	uint8_t codec; /* enum block_codec, of the payload as a whole */
	uint16_t cpu; /* CPU_NONE: of no CPU */
	uint32_t segment; /* checkpoints before this block */
	uint32_t events;
	uint32_t raw_bytes, stored_bytes;
	uint64_t seq; /* of the block in its file */
	uint64_t cpu_seq; /* EVENTS: of the block in its CPU's stream */
	uint64_t first_ns, last_ns; /* EVENTS: least and greatest ts; others see FORMAT.md */
	uint64_t cpu_events; /* EVENTS: events of its CPU in the blocks before */
	uint64_t lost; /* EVENTS: events lost on its CPU so far, this block included */
	uint64_t payload_sum;
};

/* 24 bytes to out. */
void file_header_pack(uint8_t *out);

/*
 * Returns 0, -EINVAL: not the magic, -EBADMSG: the checksum is wrong, -EPROTO: intact, of another
 * major version. The version is set unless -EINVAL.
 */
int file_header_unpack(const uint8_t *in, uint16_t *major, uint16_t *minor);

/* Fills in the payload's checksum and packs 96 bytes. */
void block_header_pack(uint8_t *out, struct block_header *h, const void *payload);

/* False when it is none: magic, checksum, major version, or a limit. */
bool block_header_unpack(struct block_header *h, const uint8_t *in);

bool block_payload_ok(const struct block_header *h, const void *payload);

/* Decompresses a payload with h->codec into raw_bytes at out. 0, -EBADMSG, -ENOTSUP: codec. */
int block_decompress(const struct block_header *h, const void *payload, void *out);

const char *block_type_name(uint8_t type); /* "block of type 200" is said by callers: NULL */

#endif
