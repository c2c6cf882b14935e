// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "format/blocks.h"
#include "format/event.h"

void blocks_damage(struct blocks *b, const struct trace_damage *d)
{
	size_t i;

	b->damaged_at = d->offset;
	if (b->damages_more) { /* the list is full */
		b->damages_more++;
		return;
	}
	for (i = b->ndamages; i-- > 0;) {
		const struct trace_damage *have = &b->damages[i];

		if (have->offset == d->offset && have->cpu == d->cpu &&
		    have->from_ns == d->from_ns && strcmp(have->what, d->what) == 0)
			return;
	}
	if (b->ndamages == b->damages_cap) {
		size_t cap = b->damages_cap ? 2 * b->damages_cap : 16;
		struct trace_damage *list = NULL;

		if (b->ndamages < DAMAGES_MAX)
			list = realloc(b->damages, cap * sizeof(*list));
		if (!list) {
			b->damages_more = 1;
			return;
		}
		b->damages = list;
		b->damages_cap = cap;
	}
	b->damages[b->ndamages++] = *d;
}

static void damage_bytes(struct blocks *b, uint64_t offset, uint64_t bytes, const char *what)
{
	struct trace_damage d = {.offset = offset, .cpu = CPU_NONE};

	snprintf(d.what, sizeof(d.what), "%llu bytes %s", (unsigned long long)bytes, what);
	blocks_damage(b, &d);
}

/* Moves to the next valid header, wherever it is. 1, 0 at the end, or a negative errno. */
static int find_header(struct blocks *b, struct block_header *h, struct err *err)
{
	for (;;) {
		const uint8_t *data, *at;
		int ret = input_want(&b->in, BLOCK_HEADER_BYTES, err);

		if (ret)
			return ret;
		data = input_data(&b->in);
		if (input_left(&b->in) < BLOCK_HEADER_BYTES) {
			input_skip(&b->in, input_left(&b->in));
			return 0;
		}
		if (block_header_unpack(h, data))
			return 1;
		at = memmem(data + 1, input_left(&b->in) - 1, BLOCK_MAGIC, MAGIC_BYTES);
		if (at)
			input_skip(&b->in, (size_t)(at - data));
		else
			input_skip(&b->in, input_left(&b->in) - MAGIC_BYTES + 1);
	}
}

/* Whole blocks that are not there, or there twice: nothing but their numbers tells. */
static void damage_sequence(struct blocks *b, uint64_t seq)
{
	struct trace_damage d = {.offset = b->in.offset, .cpu = CPU_NONE};

	if (seq > b->next_seq)
		snprintf(d.what, sizeof(d.what), "%llu blocks are missing",
			 (unsigned long long)(seq - b->next_seq));
	else
		snprintf(d.what, sizeof(d.what), "a block is there that comes earlier: not read");
	blocks_damage(b, &d);
}

/* The next header. *again: of a block that is behind those read before. */
static int next_header(struct blocks *b, struct block *out, bool *again, bool note, struct err *err)
{
	uint64_t from = b->in.offset;
	int ret = find_header(b, &out->h, err);

	if (ret < 0)
		return ret;
	if (b->in.offset != from && note)
		damage_bytes(b, from, b->in.offset - from,
			     ret ? "are not a block" : "at the end of the file are not a block");
	out->offset = b->in.offset;
	if (!ret)
		return 0;
	*again = b->any && out->h.seq < b->next_seq;
	if (note && (*again || (b->any && out->h.seq != b->next_seq && b->in.offset == from)))
		damage_sequence(b, out->h.seq);
	if (!*again)
		b->next_seq = out->h.seq + 1;
	b->any = true;
	return 1;
}

/* Takes the payload off the input. */
static int take_payload(struct blocks *b, struct block *out, struct err *err)
{
	size_t bytes = BLOCK_HEADER_BYTES + (size_t)out->h.stored_bytes;
	int ret = input_want(&b->in, bytes, err);

	if (ret)
		return ret;
	out->cut = input_left(&b->in) < bytes;
	if (out->cut) {
		input_skip(&b->in, input_left(&b->in));
		return 0;
	}
	out->payload = input_data(&b->in) + BLOCK_HEADER_BYTES;
	input_skip(&b->in, bytes);
	if (!block_payload_ok(&out->h, out->payload))
		out->payload = NULL;
	return 0;
}

int blocks_next(struct blocks *b, struct block *out, struct err *err)
{
	bool again = true;

	while (again) {
		int ret;

		*out = (struct block){0};
		ret = next_header(b, out, &again, true, err);
		if (ret <= 0)
			return ret;
		ret = take_payload(b, out, err);
		if (ret)
			return ret;
	}
	return 1;
}

int blocks_hop(struct blocks *b, struct block *out, struct err *err)
{
	bool again = true;
	int ret = 1;

	while (again && ret > 0) {
		*out = (struct block){0};
		ret = next_header(b, out, &again, false, err);
		if (ret > 0)
			input_seek(&b->in, out->offset + BLOCK_HEADER_BYTES + out->h.stored_bytes);
	}
	return ret;
}

void blocks_seek(struct blocks *b, uint64_t offset, bool first)
{
	input_seek(&b->in, offset);
	b->any = first;
	b->next_seq = 0;
}
