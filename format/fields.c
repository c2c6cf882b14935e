// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "format/columns.h"
#include "format/fields.h"
#include "format/packed.h"

#define FIELD(no, kind, type, member)                                                              \
	{                                                                                          \
		no, FIELD_##kind, offsetof(type, member), 0                                        \
	}
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define FIELDS(name, type, list)                                                                   \
	const struct fields name = {list, COUNT(list), sizeof(type), false, false}
#define OPTIONAL(name, type, list)                                                                 \
	const struct fields name = {list, COUNT(list), sizeof(type), false, true}
#define PACKED(name, type, list)                                                                   \
	const struct fields name = {list, COUNT(list), sizeof(type), true, false};                 \
	_Static_assert(COUNT(list) <= PACKED_FIELDS && sizeof(type) <= PACKED_BYTES, #list)

static const struct field event_fields[] = {
	FIELD(1, U32, struct event, tid),   FIELD(2, U32, struct event, peer),
	FIELD(3, U32, struct event, value), FIELD(4, U16, struct event, aux),
	FIELD(5, U8, struct event, flags),
};
FIELDS(fields_event, struct event, event_fields);

/* Number n of the task's identity is 16 + n in every record that has one. */
#define TASK_INFO_FIELDS(type, prefix)                                                             \
	FIELD(16, U32, type, prefix tid), FIELD(17, U32, type, prefix tgid),                       \
		FIELD(18, U32, type, prefix ppid), FIELD(19, U32, type, prefix uid),               \
		FIELD(20, U64, type, prefix start_ns), FIELD(21, U64, type, prefix cgroup_id),     \
		FIELD(22, U32, type, prefix flags), FIELD(23, COMM, type, prefix comm)

#define NO_PREFIX
static const struct field task_fields[] = {TASK_INFO_FIELDS(struct task_info, NO_PREFIX)};
static FIELDS(fields_task, struct task_info, task_fields);

static const struct field snapshot_fields[] = {
	TASK_INFO_FIELDS(struct task_snapshot, info.),
	FIELD(32, U32, struct task_snapshot, flags),
	FIELD(33, U32, struct task_snapshot, state),
	FIELD(34, U16, struct task_snapshot, cpu),
	FIELD(35, U8, struct task_snapshot, run_state),
	FIELD(36, U8, struct task_snapshot, cause),
	FIELD(37, U32, struct task_snapshot, syscall),
	FIELD(38, U32, struct task_snapshot, waker),
	FIELD(39, U32, struct task_snapshot, exit_code),
	FIELD(40, U64, struct task_snapshot, since_ns),
	FIELD(41, U64, struct task_snapshot, waking_ns),
	FIELD(42, U64, struct task_snapshot, oncpu_ns),
	FIELD(43, U64, struct task_snapshot, runq_ns),
	FIELD(44, U64, struct task_snapshot, slices),
	FIELD(45, U64, struct task_snapshot, nvcsw),
	FIELD(46, U64, struct task_snapshot, nivcsw),
	FIELD(47, U32, struct task_snapshot, kernel_stack),
	FIELD(48, U32, struct task_snapshot, user_stack),
};
FIELDS(fields_snapshot, struct task_snapshot, snapshot_fields);

static const struct field exec_fields[] = {
	FIELD(16, U32, struct exec_info, uid),
	FIELD(17, U8, struct exec_info, truncated),
	FIELD(18, COMM, struct exec_info, comm),
	FIELD(19, STRING, struct exec_info, filename),
	{20, FIELD_LIST, offsetof(struct exec_info, args), offsetof(struct exec_info, args_len)},
};
static FIELDS(fields_exec, struct exec_info, exec_fields);

static const struct field rename_fields[] = {FIELD(16, COMM, struct rename_info, comm)};
static FIELDS(fields_rename, struct rename_info, rename_fields);

static const struct field free_fields[] = {FIELD(16, U64, struct free_info, start_ns)};
static OPTIONAL(fields_free, struct free_info, free_fields);

static const struct field cgroup_fields[] = {FIELD(16, U64, struct cgroup_info, cgroup_id)};
static FIELDS(fields_cgroup, struct cgroup_info, cgroup_fields);

static const struct field gap_fields[] = {
	FIELD(16, U64, struct gap_info, end_ns),
	FIELD(17, U64, struct gap_info, count),
	FIELD(18, U8, struct gap_info, reason),
};
static FIELDS(fields_gap, struct gap_info, gap_fields);

static const struct field name_fields[] = {
	FIELD(16, U64, struct name_info, id),
	FIELD(17, U8, struct name_info, kind),
	FIELD(18, STRING, struct name_info, name),
};
FIELDS(fields_name, struct name_info, name_fields);

static const struct field cpu_fields[] = {
	FIELD(16, U16, struct cpu_snapshot, cpu),  FIELD(17, U8, struct cpu_snapshot, uncertain),
	FIELD(18, U32, struct cpu_snapshot, tid),  FIELD(19, U64, struct cpu_snapshot, since_ns),
	FIELD(20, U64, struct cpu_snapshot, lost), FIELD(21, U8, struct cpu_snapshot, left_out),
};
FIELDS(fields_cpu, struct cpu_snapshot, cpu_fields);

/* Number n of a block request's own fields is 16 + n in every record that has them. */
#define IO_INFO_FIELDS(type, prefix)                                                               \
	FIELD(16, U64, type, prefix request), FIELD(17, U64, type, prefix sector),                 \
		FIELD(18, U64, type, prefix bytes), FIELD(19, U32, type, prefix error),            \
		FIELD(20, U64, type, prefix cgroup_id)

static const struct field io_fields[] = {IO_INFO_FIELDS(struct io_info, NO_PREFIX)};
static PACKED(fields_io, struct io_info, io_fields);

static const struct field request_fields[] = {
	IO_INFO_FIELDS(struct request_snapshot, io.),
	FIELD(32, U32, struct request_snapshot, dev),
	FIELD(33, U32, struct request_snapshot, tid),
	FIELD(34, U32, struct request_snapshot, share),
	FIELD(35, U16, struct request_snapshot, op),
	FIELD(36, U8, struct request_snapshot, flags),
	FIELD(37, U64, struct request_snapshot, queued_ns),
	FIELD(38, U64, struct request_snapshot, issued_ns),
	FIELD(39, U64, struct request_snapshot, requeues),
	FIELD(40, U64, struct request_snapshot, done_bytes),
};
FIELDS(fields_request, struct request_snapshot, request_fields);

#define ACCT_INFO_FIELDS(type, prefix)                                                             \
	FIELD(16, U64, type, prefix rchar), FIELD(17, U64, type, prefix wchar),                    \
		FIELD(18, U64, type, prefix syscr), FIELD(19, U64, type, prefix syscw),            \
		FIELD(20, U64, type, prefix read_bytes), FIELD(21, U64, type, prefix write_bytes), \
		FIELD(22, U64, type, prefix cancelled_write_bytes),                                \
		FIELD(23, U64, type, prefix rss_bytes),                                            \
		FIELD(24, U64, type, prefix rss_peak_bytes)

static const struct field acct_fields[] = {ACCT_INFO_FIELDS(struct acct_info, NO_PREFIX)};
static PACKED(fields_acct, struct acct_info, acct_fields);

static const struct field account_fields[] = {
	ACCT_INFO_FIELDS(struct account_snapshot, acct.),
	FIELD(32, U32, struct account_snapshot, tid),
	FIELD(33, U64, struct account_snapshot, ts),
};
FIELDS(fields_account, struct account_snapshot, account_fields);

#define SOCKET_INFO_FIELDS(owner, prefix)                                                          \
	FIELD(16, U64, owner, prefix id), FIELD(17, U64, owner, prefix netns),                     \
		FIELD(18, U16, owner, prefix family), FIELD(19, U16, owner, prefix type),          \
		FIELD(20, U16, owner, prefix protocol), FIELD(21, U16, owner, prefix local_port),  \
		FIELD(22, U16, owner, prefix remote_port), FIELD(23, U8, owner, prefix state),     \
		FIELD(24, U32, owner, prefix flags), FIELD(25, ADDRESS, owner, prefix local),      \
		FIELD(26, ADDRESS, owner, prefix remote)

static const struct field socket_fields[] = {SOCKET_INFO_FIELDS(struct socket_info, NO_PREFIX)};
static FIELDS(fields_socket, struct socket_info, socket_fields);

static const struct field socket_snapshot_fields[] = {
	SOCKET_INFO_FIELDS(struct socket_snapshot, info.),
	FIELD(32, U32, struct socket_snapshot, owner),
	FIELD(33, U64, struct socket_snapshot, since_ns),
	FIELD(34, U64, struct socket_snapshot, used_ns),
};
FIELDS(fields_socket_snapshot, struct socket_snapshot, socket_snapshot_fields);

static const struct field net_fields[] = {
	FIELD(16, U64, struct net_info, socket),   FIELD(17, U64, struct net_info, tx_bytes),
	FIELD(18, U64, struct net_info, rx_bytes), FIELD(19, U64, struct net_info, tx_calls),
	FIELD(20, U64, struct net_info, rx_calls), FIELD(21, TIME, struct net_info, first_ns),
};
static PACKED(fields_net, struct net_info, net_fields);

static const struct field ref_fields[] = {FIELD(16, U64, struct socket_ref, socket)};
static PACKED(fields_ref, struct socket_ref, ref_fields);

/* A block may have all of them. */
_Static_assert(COLUMN_END - 1 + 5 * COUNT(io_fields) + COUNT(acct_fields) + COUNT(net_fields) +
			       3 * COUNT(ref_fields) <=
		       MAX_COLUMNS,
	       "too many columns");

static const struct field frames_fields[] = {
	{16, FIELD_LIST, offsetof(struct frames_info, frames),
	 offsetof(struct frames_info, frames_len)},
};
static FIELDS(fields_frames, struct frames_info, frames_fields);

static const struct field counters_fields[] = {
	FIELD(16, U64, struct counters_info, enabled_ns),
	FIELD(17, U64, struct counters_info, running_ns),
	FIELD(18, U64, struct counters_info, value[0]),
	FIELD(19, U64, struct counters_info, value[1]),
	FIELD(20, U64, struct counters_info, value[2]),
	FIELD(21, U64, struct counters_info, value[3]),
	FIELD(22, U64, struct counters_info, value[4]),
	FIELD(23, U64, struct counters_info, value[5]),
	FIELD(24, U64, struct counters_info, value[6]),
	FIELD(25, U64, struct counters_info, value[7]),
};
static PACKED(fields_counters, struct counters_info, counters_fields);

static const struct field irq_fields[] = {FIELD(16, TIME, struct irq_info, start_ns)};
static PACKED(fields_irq, struct irq_info, irq_fields);

static const struct field sample_fields[] = {FIELD(16, U64, struct sample_info, value)};
static PACKED(fields_sample, struct sample_info, sample_fields);

static const struct field metric_fields[] = {
	FIELD(16, U32, struct metric_snapshot, metric),
	FIELD(17, U64, struct metric_snapshot, value),
	FIELD(18, U64, struct metric_snapshot, ts),
};
FIELDS(fields_metric, struct metric_snapshot, metric_fields);

const struct fields *fields_ext(uint8_t kind)
{
	static const struct fields *const ext[256] = {
		[EV_FORK] = &fields_task,	  [EV_EXEC] = &fields_exec,
		[EV_RENAME] = &fields_rename,	  [EV_CGROUP] = &fields_cgroup,
		[EV_FREE] = &fields_free,	  [EV_TASK] = &fields_snapshot,
		[EV_GAP] = &fields_gap,		  [EV_NAME] = &fields_name,
		[EV_IO_START] = &fields_io,	  [EV_IO_ISSUE] = &fields_io,
		[EV_IO_DONE] = &fields_io,	  [EV_IO_REQUEUE] = &fields_io,
		[EV_IO_MERGE] = &fields_io,	  [EV_ACCT] = &fields_acct,
		[EV_SOCKET] = &fields_socket,	  [EV_NET] = &fields_net,
		[EV_SOCKET_STATE] = &fields_ref,  [EV_RETRANSMIT] = &fields_ref,
		[EV_RESET] = &fields_ref,	  [EV_FRAMES] = &fields_frames,
		[EV_COUNTERS] = &fields_counters, [EV_IRQ] = &fields_irq,
		[EV_SAMPLE] = &fields_sample,
	};

	return ext[kind];
}

static bool put_number(struct buf *out, const struct field *f, uint64_t v)
{
	uint8_t *p;

	if (!v)
		return true;
	if (!buf_reserve(out, 2 * VARINT_MAX))
		return false;
	p = varint_put(out->data + out->len, (uint64_t)f->number << 1);
	p = varint_put(p, v);
	out->len = (size_t)(p - out->data);
	return true;
}

/* `extra` is a NUL to append. */
static bool put_bytes(struct buf *out, const struct field *f, const void *data, size_t len,
		      bool extra)
{
	uint8_t *p;

	if (!len && !extra)
		return true;
	if (!buf_reserve(out, 2 * VARINT_MAX + len + 1))
		return false;
	p = varint_put(out->data + out->len, (uint64_t)f->number << 1 | 1);
	p = varint_put(p, len + extra);
	memcpy(p, data, len);
	p += len;
	if (extra)
		*p++ = 0;
	out->len = (size_t)(p - out->data);
	return true;
}

static bool put_field(struct buf *out, const struct field *f, const uint8_t *obj)
{
	const uint8_t *at = obj + f->offset;
	const char *text;
	uint32_t len;

	switch (f->type) {
	case FIELD_COMM:
	case FIELD_ADDRESS:
		len = TASK_COMM_LEN;
		while (len && !at[len - 1])
			len--;
		return put_bytes(out, f, at, len, false);
	case FIELD_STRING:
		memcpy(&text, at, sizeof(text));
		return !text || !*text || put_bytes(out, f, text, strlen(text), true);
	case FIELD_LIST:
		memcpy(&text, at, sizeof(text));
		memcpy(&len, obj + f->length_offset, sizeof(len));
		/* readers rely on the last NUL */
		return !text || !len || put_bytes(out, f, text, len, text[len - 1] != 0);
	default: return put_number(out, f, field_load(f, at));
	}
}

bool fields_put(struct buf *out, const struct fields *f, const void *obj)
{
	for (size_t i = 0; i < f->n; i++)
		if (!put_field(out, &f->list[i], obj))
			return false;
	return true;
}

void fields_init(const struct fields *f, void *obj)
{
	static const char *const empty = "";

	memset(obj, 0, f->size);
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].type == FIELD_STRING || f->list[i].type == FIELD_LIST)
			memcpy((uint8_t *)obj + f->list[i].offset, &empty, sizeof(empty));
}

static bool set_number(const struct field *f, uint8_t *obj, uint64_t v)
{
	if (f->type > FIELD_TIME || (f->type < FIELD_U64 && v >> (8 * field_bytes(f))))
		return false;
	field_store(f, obj + f->offset, v);
	return true;
}

static bool set_bytes(const struct field *f, uint8_t *obj, const uint8_t *data, size_t len)
{
	uint32_t len32 = (uint32_t)len;
	const char *text = (const char *)data;

	switch (f->type) {
	case FIELD_COMM:
		if (len > TASK_COMM_LEN)
			return false;
		memset(obj + f->offset, 0, TASK_COMM_LEN);
		memcpy(obj + f->offset, data, len < TASK_COMM_LEN ? len : TASK_COMM_LEN - 1);
		return true;
	case FIELD_ADDRESS:
		if (len > TASK_COMM_LEN)
			return false;
		memset(obj + f->offset, 0, TASK_COMM_LEN);
		memcpy(obj + f->offset, data, len);
		return true;
	case FIELD_STRING:
		if (!len || memchr(data, 0, len) != data + len - 1)
			return false;
		memcpy(obj + f->offset, &text, sizeof(text));
		return true;
	case FIELD_LIST:
		if (!len || data[len - 1] || len > UINT32_MAX)
			return false;
		memcpy(obj + f->offset, &text, sizeof(text));
		memcpy(obj + f->length_offset, &len32, sizeof(len32));
		return true;
	default: return false;
	}
}

static const struct field *find(const struct fields *f, uint64_t number)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (f->list[i].number == number)
			return &f->list[i];
	return NULL;
}

bool fields_get(struct span s, const struct fields *fa, void *a, const struct fields *fb, void *b)
{
	while (s.p < s.end) {
		const struct field *f;
		const uint8_t *data = NULL;
		uint64_t key, v;
		void *obj = a;

		if (!varint_get(&s, &key) || !varint_get(&s, &v))
			return false;
		if (key & 1) {
			data = span_take(&s, v);
			if (!data)
				return false;
		}
		f = find(fa, key >> 1);
		if (!f) {
			f = find(fb, key >> 1);
			obj = b;
		}
		if (!f)
			continue;
		if (data ? !set_bytes(f, obj, data, v) : !set_number(f, obj, v))
			return false;
	}
	return true;
}
