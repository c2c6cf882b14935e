// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "format/block.h"
#include "format/event.h"
#include "format/varint.h"

void file_header_pack(uint8_t *out)
{
	memcpy(out, FILE_MAGIC, MAGIC_BYTES);
	le16_put(out + 8, FORMAT_MAJOR);
	le16_put(out + 10, FORMAT_MINOR);
	le32_put(out + 12, 0);
	le64_put(out + 16, XXH3_64bits(out, 16));
}

int file_header_unpack(const uint8_t *in, uint16_t *major, uint16_t *minor)
{
	if (memcmp(in, FILE_MAGIC, MAGIC_BYTES) != 0)
		return -EINVAL;
	*major = le16_get(in + 8);
	*minor = le16_get(in + 10);
	if (le64_get(in + 16) != XXH3_64bits(in, 16))
		return -EBADMSG;
	return *major == FORMAT_MAJOR ? 0 : -EPROTO;
}

void block_header_pack(uint8_t *out, struct block_header *h, const void *payload)
{
	uint8_t *p = out;

	h->payload_sum = XXH3_64bits(payload, h->stored_bytes);
	memcpy(p, BLOCK_MAGIC, MAGIC_BYTES);
	p += MAGIC_BYTES;
	*p++ = h->type;
	*p++ = h->major;
	*p++ = h->codec;
	*p++ = 0;
	p = le16_put(p, h->cpu);
	p = le16_put(p, 0);
	p = le32_put(p, h->segment);
	p = le32_put(p, h->events);
	p = le32_put(p, h->raw_bytes);
	p = le32_put(p, h->stored_bytes);
	p = le64_put(p, h->seq);
	p = le64_put(p, h->cpu_seq);
	p = le64_put(p, h->first_ns);
	p = le64_put(p, h->last_ns);
	p = le64_put(p, h->cpu_events);
	p = le64_put(p, h->lost);
	p = le64_put(p, h->payload_sum);
	le64_put(p, XXH3_64bits(out, (size_t)(p - out)));
}

static bool within_limits(const struct block_header *h)
{
	uint32_t max = h->type == BLOCK_EVENTS ? EVENTS_MAX_RAW : BLOCK_MAX_RAW;

	if (h->type != BLOCK_EVENTS && h->raw_bytes / BLOCK_MAX_RATIO > h->stored_bytes)
		return false;
	/* incompressible columns are kept as they are: stored exceeds raw by the directory only */
	return h->raw_bytes <= max && h->stored_bytes <= max + 4096 &&
	       h->events <= BLOCK_MAX_EVENTS && (h->cpu < FORMAT_MAX_CPUS || h->cpu == CPU_NONE);
}

bool block_header_unpack(struct block_header *h, const uint8_t *in)
{
	const uint8_t *p = in + MAGIC_BYTES;

	if (memcmp(in, BLOCK_MAGIC, MAGIC_BYTES) != 0 || le64_get(in + 88) != XXH3_64bits(in, 88))
		return false;
	h->type = p[0];
	h->major = p[1];
	h->codec = p[2];
	h->cpu = le16_get(in + 12);
	h->segment = le32_get(in + 16);
	h->events = le32_get(in + 20);
	h->raw_bytes = le32_get(in + 24);
	h->stored_bytes = le32_get(in + 28);
	h->seq = le64_get(in + 32);
	h->cpu_seq = le64_get(in + 40);
	h->first_ns = le64_get(in + 48);
	h->last_ns = le64_get(in + 56);
	h->cpu_events = le64_get(in + 64);
	h->lost = le64_get(in + 72);
	h->payload_sum = le64_get(in + 80);
	return h->major == FORMAT_MAJOR && within_limits(h);
}

bool block_payload_ok(const struct block_header *h, const void *payload)
{
	return XXH3_64bits(payload, h->stored_bytes) == h->payload_sum;
}

int block_decompress(const struct block_header *h, const void *payload, void *out)
{
	size_t n;

	switch (h->codec) {
	case CODEC_STORED:
		if (h->stored_bytes != h->raw_bytes)
			return -EBADMSG;
		memcpy(out, payload, h->raw_bytes);
		return 0;
	case CODEC_ZSTD:
		n = ZSTD_decompress(out, h->raw_bytes, payload, h->stored_bytes);
		return ZSTD_isError(n) || n != h->raw_bytes ? -EBADMSG : 0;
	default: return -ENOTSUP;
	}
}

const char *block_type_name(uint8_t type)
{
	static const char *const names[] = {
		[BLOCK_META] = "META",	     [BLOCK_CHECKPOINT] = "CHECKPOINT",
		[BLOCK_EVENTS] = "EVENTS",   [BLOCK_SYNC] = "SYNC",
		[BLOCK_END] = "END",	     [BLOCK_INDEX] = "INDEX",
		[BLOCK_TRAILER] = "TRAILER",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}
