/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * fields: structs as tagged fields, which either side may know more or fewer of. Used for what is
 * rare: the ext of an event, tasks and CPUs of a checkpoint, the index. A field is a key varint
 * (number << 1 | is_bytes), then a varint, or a length and so many bytes. Zero fields are left out.
 */
#ifndef RSTAT_FORMAT_FIELDS_H
#define RSTAT_FORMAT_FIELDS_H

#include "format/buf.h"
#include "format/checkpoint.h"
#include "format/event.h"
#include "format/varint.h"

enum field_type {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_TIME, /* uint64_t; where it is packed, near the time of its event */
	FIELD_COMM, /* 16 bytes, the last one NUL, trailing zeroes left out */
	FIELD_ADDRESS, /* 16 bytes, trailing zeroes left out */
	FIELD_STRING, /* const char *, on disk with its NUL */
	FIELD_LIST, /* const char * + uint32_t length; NUL-separated, on disk with the last NUL */
};

struct field {
	uint16_t number; /* written to disk: never reused */
	uint16_t type;
	uint16_t offset;
	uint16_t length_offset; /* FIELD_LIST */
};

struct fields {
	const struct field *list;
	size_t n;
	size_t size; /* of the struct */
	bool packed; /* numbers only, in columns of their own; the order reaches the disk */
	bool optional; /* an event may have none of it */
};

/* Everything that an event can point to. */
union event_ext {
	struct task_info task;
	struct task_snapshot snapshot;
	struct exec_info exec;
	struct rename_info rename;
	struct free_info free;
	struct cgroup_info cgroup;
	struct gap_info gap;
	struct name_info name;
	struct io_info io;
	struct acct_info acct;
	struct socket_info socket;
	struct net_info net;
	struct socket_ref ref;
	struct frames_info frames;
	struct counters_info counters;
	struct irq_info irq;
	struct sample_info sample;
};

extern const struct fields fields_event; /* of struct event itself, numbers below 16 */
extern const struct fields fields_snapshot, fields_cpu, fields_name; /* of a checkpoint */
extern const struct fields fields_request, fields_socket_snapshot, fields_account, fields_metric;

/* Fields of the ext of a stored kind; NULL when the kind has none (or is not known). */
const struct fields *fields_ext(uint8_t kind);

/* Bytes of a number in its struct. */
static inline size_t field_bytes(const struct field *f)
{
	return f->type == FIELD_TIME ? 8 : (size_t)1 << f->type;
}

/* A number of the struct that `at` points into. The machine is little-endian, see block.h. */
static inline uint64_t field_load(const struct field *f, const uint8_t *at)
{
	uint64_t v = 0;

	switch (f->type) {
	case FIELD_U8: return *at;
	case FIELD_U16: memcpy(&v, at, 2); break;
	case FIELD_U32: memcpy(&v, at, 4); break;
	default: memcpy(&v, at, 8); break;
	}
	return v;
}

/* The low bits of v that the field has room for. */
static inline void field_store(const struct field *f, uint8_t *at, uint64_t v)
{
	switch (f->type) {
	case FIELD_U8: *at = (uint8_t)v; break;
	case FIELD_U16: memcpy(at, &v, 2); break;
	case FIELD_U32: memcpy(at, &v, 4); break;
	default: memcpy(at, &v, 8); break;
	}
}

/* Appends the fields of obj. False when out of memory. */
bool fields_put(struct buf *out, const struct fields *f, const void *obj);

/* Zeroes obj; strings become "". */
void fields_init(const struct fields *f, void *obj);

/*
 * Reads fields up to the end of s into both objects (b may be NULL), which must be initialised.
 * Strings point into s. Unknown numbers are skipped. False when malformed.
 */
bool fields_get(struct span s, const struct fields *fa, void *a, const struct fields *fb, void *b);

#endif
