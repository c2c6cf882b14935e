// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>

#include "format/sections.h"

#define FIELD(no, kind, type, member)                                                              \
	{                                                                                          \
		no, FIELD_##kind, offsetof(type, member), 0                                        \
	}
#define FIELDS(name, type, list)                                                                   \
	const struct fields name = {list, sizeof(list) / sizeof(list[0]), sizeof(type), false,     \
				    false}

/* Memory that the records of a section may ask for: so many times their bytes, or this much. */
#define AMPLIFY_MAX  64u
#define AMPLIFY_FREE (64u << 10)

static const struct field stream_fields[] = {
	FIELD(16, U16, struct stream_mark, cpu),
	FIELD(17, U64, struct stream_mark, blocks),
	FIELD(18, U64, struct stream_mark, events),
	FIELD(19, U64, struct stream_mark, lost),
};
FIELDS(fields_stream, struct stream_mark, stream_fields);

static const struct field segment_fields[] = {
	FIELD(16, U64, struct segment_mark, offset),
	FIELD(17, U64, struct segment_mark, ts),
};
FIELDS(fields_segment, struct segment_mark, segment_fields);

static const struct field totals_fields[] = {
	FIELD(16, U64, struct totals_mark, end_offset),
	FIELD(17, U64, struct totals_mark, first_ns),
	FIELD(18, U64, struct totals_mark, last_ns),
	FIELD(19, U64, struct totals_mark, events),
};
FIELDS(fields_totals, struct totals_mark, totals_fields);

/* Appends a varint and what `body` has. */
static bool put_sized(struct buf *out, const struct buf *body)
{
	if (!buf_reserve(out, VARINT_MAX + body->len))
		return false;
	out->len = (size_t)(varint_put(out->data + out->len, body->len) - out->data);
	return buf_add(out, body->data, body->len);
}

static bool put_records(struct buf *body, const struct fields *f, const void *array, size_t n)
{
	struct buf record = {0};
	bool ok = buf_reserve(body, VARINT_MAX);

	if (ok)
		body->len = (size_t)(varint_put(body->data + body->len, n) - body->data);
	for (size_t i = 0; ok && i < n; i++) {
		record.len = 0;
		ok = fields_put(&record, f, (const uint8_t *)array + i * f->size) &&
		     put_sized(body, &record);
	}
	buf_free(&record);
	return ok;
}

bool section_put(struct buf *out, enum section_id id, const struct fields *f, const void *array,
		 size_t n)
{
	struct buf body = {0};
	bool ok = put_records(&body, f, array, n) && buf_reserve(out, VARINT_MAX);

	if (ok) {
		out->len = (size_t)(varint_put(out->data + out->len, id) - out->data);
		ok = put_sized(out, &body);
	}
	buf_free(&body);
	return ok;
}

int section_next(struct span *payload, uint64_t *id, uint64_t *count, struct span *records)
{
	uint64_t bytes;
	const uint8_t *p;

	if (payload->p == payload->end)
		return 0;
	if (!varint_get(payload, id) || !varint_get(payload, &bytes))
		return -EBADMSG;
	p = span_take(payload, bytes);
	if (!p)
		return -EBADMSG;
	*records = (struct span){p, p + bytes};
	if (!varint_get(records, count) || *count > span_left(records))
		return -EBADMSG;
	return 1;
}

bool section_get(struct span *records, const struct fields *f, void *obj)
{
	uint64_t bytes;
	const uint8_t *p;

	if (!varint_get(records, &bytes))
		return false;
	p = span_take(records, bytes);
	if (!p)
		return false;
	fields_init(f, obj);
	return fields_get((struct span){p, p + bytes}, f, obj, NULL, NULL);
}

int section_array(struct span records, uint64_t count, const struct fields *f, void **array,
		  uint32_t *n)
{
	uint8_t *list;

	if (!count)
		return 0;
	if (count > UINT32_MAX - *n ||
	    count * f->size > span_left(&records) * (uint64_t)AMPLIFY_MAX + AMPLIFY_FREE)
		return -EBADMSG;
	list = reallocarray(*array, *n + count, f->size);
	if (!list)
		return -ENOMEM;
	*array = list;
	for (uint64_t i = 0; i < count; i++) {
		if (!section_get(&records, f, list + *n * f->size))
			return -EBADMSG;
		++*n;
	}
	return 0;
}

/* Sections since version 1.1 are left out when they have no records. */
static bool put_if_any(struct buf *out, enum section_id id, const struct fields *f,
		       const void *array, size_t n)
{
	return !n || section_put(out, id, f, array, n);
}

bool checkpoint_put(struct buf *out, const struct checkpoint *ck)
{
	return section_put(out, SECTION_TASKS, &fields_snapshot, ck->tasks, ck->ntasks) &&
	       section_put(out, SECTION_CPUS, &fields_cpu, ck->cpus, ck->ncpus) &&
	       section_put(out, SECTION_NAMES, &fields_name, ck->names, ck->nnames) &&
	       put_if_any(out, SECTION_REQUESTS, &fields_request, ck->requests, ck->nrequests) &&
	       put_if_any(out, SECTION_SOCKETS, &fields_socket_snapshot, ck->sockets,
			  ck->nsockets) &&
	       put_if_any(out, SECTION_ACCOUNTS, &fields_account, ck->accounts, ck->naccounts) &&
	       put_if_any(out, SECTION_METRICS, &fields_metric, ck->metrics, ck->nmetrics);
}

/* One section of a checkpoint, known or not. */
static int get_section(struct checkpoint *ck, uint64_t id, uint64_t count, struct span records)
{
	const struct {
		uint64_t id;
		const struct fields *fields;
		void **array;
		uint32_t *n;
	} sections[] = {
		{SECTION_TASKS, &fields_snapshot, (void **)&ck->tasks, &ck->ntasks},
		{SECTION_CPUS, &fields_cpu, (void **)&ck->cpus, &ck->ncpus},
		{SECTION_NAMES, &fields_name, (void **)&ck->names, &ck->nnames},
		{SECTION_REQUESTS, &fields_request, (void **)&ck->requests, &ck->nrequests},
		{SECTION_SOCKETS, &fields_socket_snapshot, (void **)&ck->sockets, &ck->nsockets},
		{SECTION_ACCOUNTS, &fields_account, (void **)&ck->accounts, &ck->naccounts},
		{SECTION_METRICS, &fields_metric, (void **)&ck->metrics, &ck->nmetrics},
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (sections[i].id == id)
			return section_array(records, count, sections[i].fields, sections[i].array,
					     sections[i].n);
	return 0;
}

int checkpoint_get(struct checkpoint *ck, struct span payload)
{
	uint64_t id, count;
	struct span records;
	int ret;

	while ((ret = section_next(&payload, &id, &count, &records)) > 0) {
		ret = get_section(ck, id, count, records);
		if (ret)
			return ret;
	}
	return ret;
}

void checkpoint_clear(struct checkpoint *ck)
{
	free((void *)ck->tasks);
	free((void *)ck->cpus);
	free((void *)ck->names);
	free((void *)ck->requests);
	free((void *)ck->sockets);
	free((void *)ck->accounts);
	free((void *)ck->metrics);
	*ck = (struct checkpoint){0};
}
