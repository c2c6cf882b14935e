// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "format/packed.h"

uint32_t packed_count(const struct fields *f, const void *ext)
{
	uint32_t n = ext ? (uint32_t)f->n : 0;

	while (n && !field_load(&f->list[n - 1], (const uint8_t *)ext + f->list[n - 1].offset))
		n--;
	return n;
}

bool packed_out_reserve(struct packed_out **p, const struct fields *f)
{
	if (!*p)
		*p = calloc(1, sizeof(**p));
	if (!*p)
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (!buf_reserve(&(*p)->columns[i], VARINT_MAX))
			return false;
	return true;
}

uint32_t packed_fresh(const struct packed_out *p, uint32_t n)
{
	uint32_t fresh = 0;

	for (uint32_t i = 0; i < n; i++)
		fresh += !p->columns[i].len;
	return fresh;
}

size_t packed_put(struct packed_out *p, const struct fields *f, uint32_t n, const struct event *ev)
{
	uint64_t *last = p->last[packed_row(ev->tid, ev->value)];
	size_t bytes = 0;

	p->used = true;
	for (uint32_t i = 0; i < n; i++) {
		const struct field *field = &f->list[i];
		uint64_t v = field_load(field, (const uint8_t *)ev->ext + field->offset);
		uint64_t from = field->type == FIELD_TIME ? ev->ts : last[i];
		uint8_t *at = p->columns[i].data + p->columns[i].len;
		size_t len = (size_t)(varint_put(at, zigzag((int64_t)(v - from))) - at);

		last[i] = v;
		p->columns[i].len += len;
		bytes += len;
	}
	return bytes;
}

void packed_out_clear(struct packed_out *p)
{
	if (!p || !p->used)
		return;
	p->used = false;
	for (size_t i = 0; i < PACKED_FIELDS; i++)
		p->columns[i].len = 0;
	memset(p->last, 0, sizeof(p->last));
}

void packed_out_free(struct packed_out *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < PACKED_FIELDS; i++)
		buf_free(&p->columns[i]);
	free(p);
}

void packed_in_rewind(struct packed_in *p)
{
	for (size_t i = 0; i < PACKED_FIELDS; i++)
		p->at[i] = p->columns[i].p;
	memset(p->last, 0, sizeof(p->last));
}

void packed_take(struct packed_in *p, const struct fields *f, uint32_t n, const struct event *ev,
		 void *ext)
{
	uint64_t *last = n ? p->last[packed_row(ev->tid, ev->value)] : NULL;

	memset(ext, 0, PACKED_BYTES);
	for (uint32_t i = 0; i < n; i++) {
		const struct field *field = &f->list[i];
		bool time = field->type == FIELD_TIME;
		uint64_t v = (uint64_t)unzigzag(varint_take(&p->at[i]));

		v += time ? ev->ts : last[i];
		last[i] = v;
		if (time || field->type == FIELD_U64)
			memcpy((uint8_t *)ext + field->offset, &v, sizeof(v));
		else
			field_store(field, (uint8_t *)ext + field->offset, v);
	}
}
