// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What other versions, other programs and liars may put into a file: unknown parts are skipped, a
 * newer major version and what is no trace are refused, promises are checked before memory is
 * taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#include "format/buf.h"
#include "format/columns.h"
#include "format/varint.h"
#include "tests/unit/trace_helper.h"

#define START 1000000000u

/* A file put together by hand. */
static void put_file_header(struct buf *b, uint16_t major, uint16_t minor)
{
	assert_true(buf_reserve(b, FILE_HEADER_BYTES));
	file_header_pack(b->data);
	le16_put(b->data + 8, major);
	le16_put(b->data + 10, minor);
	le64_put(b->data + 16, XXH3_64bits(b->data, 16));
	b->len = FILE_HEADER_BYTES;
}

static void put_block(struct buf *b, struct block_header h, const void *payload, size_t bytes)
{
	static uint64_t seq;

	h.major = FORMAT_MAJOR;
	h.seq = b->len == FILE_HEADER_BYTES ? (seq = 0) : ++seq;
	h.stored_bytes = (uint32_t)bytes;
	if (h.type != BLOCK_EVENTS)
		h.raw_bytes = h.stored_bytes;
	assert_true(buf_reserve(b, BLOCK_HEADER_BYTES));
	block_header_pack(b->data + b->len, &h, payload);
	b->len += BLOCK_HEADER_BYTES;
	assert_true(buf_add(b, payload, bytes));
}

struct column {
	uint32_t id;
	const char *data;
	size_t bytes;
};

/* An EVENTS block of stored columns. */
static void put_events(struct buf *b, uint16_t cpu, uint64_t cpu_seq, uint32_t events,
		       const struct column *columns, size_t n)
{
	struct block_header h = {.type = BLOCK_EVENTS,
				 .cpu = cpu,
				 .events = events,
				 .cpu_seq = cpu_seq,
				 .first_ns = START,
				 .last_ns = START + 100};
	uint8_t payload[4096], *p = varint_put(payload, n);

	for (size_t i = 0; i < n; i++) {
		p = varint_put(p, columns[i].id);
		p = varint_put(p, CODEC_STORED);
		p = varint_put(p, columns[i].bytes);
		p = varint_put(p, columns[i].bytes);
		h.raw_bytes += (uint32_t)columns[i].bytes;
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(p, columns[i].data, columns[i].bytes);
		p += columns[i].bytes;
	}
	put_block(b, h, payload, (size_t)(p - payload));
}

static void put_beginning(struct buf *b, uint16_t minor)
{
	static const char meta[] = "{\"hostname\":\"h\",\"start_ns\":1000000000,"
				   "\"cpus\":[{\"cpu\":0}],\"of the future\":{\"a\":[1,2]}}";
	struct block_header h = {.type = BLOCK_META, .cpu = CPU_NONE};

	put_file_header(b, FORMAT_MAJOR, minor);
	put_block(b, h, meta, sizeof(meta) - 1);
	h = (struct block_header){
		.type = BLOCK_SYNC, .cpu = CPU_NONE, .first_ns = START, .last_ns = START};
	put_block(b, h, "", 0);
	h.type = BLOCK_CHECKPOINT;
	/* an unknown section, then one task with an unknown number and unknown bytes */
	put_block(b, h,
		  "\x63\x03\x01\x01x"
		  "\x01\x0b\x01\x09\x20\x07\xc0\x02\x05\xc3\x02\x01z",
		  18);
}

static void put_finish(struct buf *b)
{
	struct block_header h = {.type = BLOCK_SYNC,
				 .cpu = CPU_NONE,
				 .first_ns = UINT64_MAX,
				 .last_ns = START + 100};

	put_block(b, h, "", 0);
	h.type = BLOCK_END;
	put_block(b, h, "{\"end_ns\":1000000100}", 21);
}

static void read_buf(const struct buf *b, struct event_list *out, struct trace **keep)
{
	int fd = memory_file(b->data, b->len);

	read_trace(fd_path(fd), out, NULL, keep);
	close(fd);
}

/* ts 1 s, current 7, woken 0 */
#define START_COLUMN                                                                               \
	{                                                                                          \
		COLUMN_START, "\x80\x94\xeb\xdc\x03\x07\x00", 7                                    \
	}

static void unknown_parts(void **state)
{
	static const struct column columns[] = {
		START_COLUMN,
		/* switch to a task of the dictionary with a longer entry than we know; a kind of the
		 * future; a mode of the future; a rare record of the future */
		{COLUMN_SHAPES,
		 "\x06\x01\x00\x0d\x01zz"
		 "\x04\xc8\x00\x00\x00"
		 "\x04\x01\x00\x80\x00"
		 "\x04\xc9\x00\x40\x00",
		 22},
		{COLUMN_TASKS, "\x12\x02", 2}, /* 9, 10 */
		{COLUMN_SHAPE, "\x00\x01\x02\x03\x00", 5},
		{COLUMN_TIME_LOW, "\x00\x01\x01\x01\x01", 5},
		{COLUMN_TIME_HIGH, "\x00\x00\x00\x00\x00", 5},
		{COLUMN_TASK_LOW, "\x00\x01", 2},
		{COLUMN_RARE, "\x03???", 4},
		{60, "a column of the future", 22},
	};
	struct event_list out = {0};
	struct buf b = {0};
	struct block_header future = {.type = 99, .cpu = CPU_NONE};
	uint16_t major, minor;
	struct trace *t;

	(void)state;
	put_beginning(&b, 7);
	put_block(&b, future, "what is this", 12);
	put_events(&b, 0, 0, 5, columns, sizeof(columns) / sizeof(columns[0]));
	put_finish(&b);
	read_buf(&b, &out, &t);
	trace_version(t, &major, &minor);
	assert_int_equal(major, FORMAT_MAJOR);
	assert_int_equal(minor, 7);
	assert_string_equal(trace_meta(t)->hostname, "h");
	assert_int_equal(out.n, 2);
	assert_int_equal(out.list[0].kind, EV_SWITCH);
	assert_int_equal(out.list[0].tid, 9);
	assert_int_equal(out.list[0].peer, 7);
	assert_int_equal(out.list[1].tid, 10);
	assert_int_equal(out.list[1].peer, 9); /* what is not known moves no predictor */
	assert_int_equal(out.list[1].ts, START + 4);
	trace_close(t);
	list_free(&out);
	buf_free(&b);
}

/* More events of a later mode than a run has room for ext. */
static void many_unknown_events(void **state)
{
	enum { N = 400 };
	static char shape[N], zero[N], rare[N];
	const struct column columns[] = {
		START_COLUMN,
		{COLUMN_SHAPES, "\x04\x09\x00\xc0\x00", 5}, /* rename, mode of the future */
		{COLUMN_SHAPE, shape, N},
		{COLUMN_TIME_LOW, zero, N},
		{COLUMN_TIME_HIGH, zero, N},
		{COLUMN_RARE, rare, N},
	};
	struct event_list out = {0};
	struct buf b = {0};

	(void)state;
	put_beginning(&b, 1);
	put_events(&b, 0, 0, N, columns, sizeof(columns) / sizeof(columns[0]));
	put_finish(&b);
	read_buf(&b, &out, NULL);
	assert_int_equal(out.n, 0);
	list_free(&out);
	buf_free(&b);
}

#define PACKED(kind, i) (COLUMN_PACKED + (kind)*PACKED_FIELDS + (i))

/*
 * Packed columns as the specification has them, with what a later version may add: a kind that is
 * not known, fields behind those that are, bytes behind an entry.
 */
static void packed_by_hand(void **state)
{
	static const struct column columns[] = {
		START_COLUMN,
		{COLUMN_SHAPES,
		 "\x05\x15\x00\x80\x01\x03" /* io_done, value 1, three fields */
		 "\x05\x15\x00\x80\x01\x04"
		 "\x07\x15\x00\x80\x01\x07zz"
		 "\x05\xc8\x00\x81\x01\x02" /* a kind of the future, with a TID */
		 "\x04\x01\x00\x0d\x01" /* switch */
		 "\x05\x1a\x00\x80\x00\x06" /* net */
		 "\x04\x01\x00\x80\x00" /* switch, packed in the future */
		 "\x05\x15\x00\x81\x38\x01" /* TID 9, value 56: the row of value 1 */
		 "\x05\x15\x00\x80\x02\x01", /* value 2: another one */
		 54},
		{COLUMN_TASKS, "\x12\x02", 2}, /* 9, 10 */
		{COLUMN_SHAPE, "\x00\x01\x00\x03\x02\x04\x05\x06\x08\x07", 10},
		{COLUMN_TIME_LOW, "\x00\x01\x01\x01\x01\x01\x01\x01\x00\x00", 10},
		{COLUMN_TIME_HIGH, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 10},
		{COLUMN_TASK_LOW, "\x01\x00\x00", 3},
		{PACKED(EV_IO_DONE, 0), "\x14\x03\x00\x11\x06\x04", 6},
		{PACKED(EV_IO_DONE, 1), "\x02\x02\x02\x02", 4},
		{PACKED(EV_IO_DONE, 2), "\x00\x00\x00\x00", 4},
		{PACKED(EV_IO_DONE, 3), "\x0a\x84\x80\x80\x80\x20", 6}, /* 5, then 2^32 + 7 */
		{PACKED(EV_IO_DONE, 4), "\x04", 1},
		{PACKED(EV_IO_DONE, 5), "???", 3},
		{PACKED(200, 0), "a column of the future", 22},
		{PACKED(200, 1), "\xff", 1},
		{PACKED(EV_NET, 0), "\x01", 1}, /* -1 */
		{PACKED(EV_NET, 1), "\x02", 1},
		{PACKED(EV_NET, 2), "\x04", 1},
		{PACKED(EV_NET, 3), "\x06", 1},
		{PACKED(EV_NET, 4), "\x08", 1},
		{PACKED(EV_NET, 5), "\x05", 1}, /* 3 ns before the event */
	};
	static const struct io_info done[] = {
		{10, 1, 0, 0, 0}, {8, 2, 0, 0, 5}, {8, 3, 0, 0, 0}, {UINT64_MAX, 4, 0, 2, 7}};
	static const uint64_t times[] = {0, 1, 2, 4};
	static const struct net_info net = {UINT64_MAX, 1, 2, 3, 4, START + 3};
	struct event_list out = {0};
	struct buf b = {0};

	(void)state;
	put_beginning(&b, 1);
	put_events(&b, 0, 0, 10, columns, sizeof(columns) / sizeof(columns[0]));
	put_finish(&b);
	read_buf(&b, &out, NULL);
	assert_int_equal(out.n, 8);
	for (size_t i = 0; i < 4; i++) {
		struct event want = {
			.ts = START + times[i], .kind = EV_IO_DONE, .value = 1, .ext = &done[i]};

		assert_event_equal(&out.list[i], &want, i);
	}
	assert_event_equal(
		&out.list[4],
		&(struct event){
			.ts = START + 5, .kind = EV_SWITCH, .tid = 9, .peer = 7, .value = 1},
		4);
	assert_event_equal(&out.list[5],
			   &(struct event){.ts = START + 6, .kind = EV_NET, .ext = &net}, 5);
	assert_event_equal(&out.list[6],
			   &(struct event){.ts = START + 7,
					   .kind = EV_IO_DONE,
					   .value = 2,
					   .ext = &(struct io_info){.request = 3}},
			   6);
	assert_event_equal(&out.list[7],
			   &(struct event){.ts = START + 7,
					   .kind = EV_IO_DONE,
					   .tid = 9,
					   .value = 56,
					   .ext = &(struct io_info){.request = 1}},
			   7);
	list_free(&out);
	buf_free(&b);
}

static int open_bytes(const void *data, size_t bytes, struct err *err)
{
	int fd = memory_file(data, bytes);
	struct trace *t;
	int ret = trace_open(&t, fd_path(fd), err);

	assert_null(strchr(err->msg, '\n'));
	trace_close(t);
	close(fd);
	return ret;
}

static void refused_files(void **state)
{
	struct err err = {0};
	struct buf b = {0};
	char *zeros = calloc(1, 3 << 20);
	struct trace *t;

	(void)state;
	put_beginning(&b, 0);
	put_finish(&b);
	le16_put(b.data + 8, FORMAT_MAJOR + 1);
	le64_put(b.data + 16, XXH3_64bits(b.data, 16));
	assert_int_equal(open_bytes(b.data, b.len, &err), -EPROTO);
	assert_non_null(strstr(err.msg, "2.0"));
	assert_int_equal(open_bytes("", 0, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "empty"));
	assert_int_equal(open_bytes("hello\n", 6, &err), -EINVAL);
	assert_int_equal(open_bytes(zeros, 3 << 20, &err), -EINVAL);
	assert_int_equal(trace_open(&t, "/", &err), -EINVAL);
	assert_null(t);
	assert_non_null(strstr(err.msg, "directory"));
	assert_int_equal(trace_open(&t, "/nonexistent/trace", &err), -ENOENT);
	assert_null(t);
	free(zeros);
	buf_free(&b);
}

/* A block that promises much and holds nothing becomes a gap; memory stays small. */
static void promise(const struct column *columns, size_t n, uint32_t events)
{
	struct event_list out = {0};
	struct buf b = {0};
	struct trace *t;
	const struct gap_info *gap;

	put_beginning(&b, 0);
	put_events(&b, 0, 0, events, columns, n);
	put_finish(&b);
	read_buf(&b, &out, &t);
	assert_false(trace_complete(t));
	assert_int_equal(out.n, 1);
	assert_int_equal(out.list[0].kind, EV_GAP);
	assert_int_equal(out.list[0].ts, START);
	gap = out.list[0].ext;
	assert_int_equal(gap->end_ns, START + 100);
	assert_int_equal(gap->count, events);
	trace_close(t);
	list_free(&out);
	buf_free(&b);
}

#define ONE_SHAPE                                                                                  \
	{                                                                                          \
		COLUMN_SHAPES, "\x04\x01\x00\x0d\x01", 5                                           \
	}
#define ONE_TASK                                                                                   \
	{                                                                                          \
		COLUMN_TASKS, "\x12", 1                                                            \
	}
#define ONE_TIME                                                                                   \
	{COLUMN_TIME_LOW, "\x00", 1},                                                              \
	{                                                                                          \
		COLUMN_TIME_HIGH, "\x00", 1                                                        \
	}
#define HUGE "\x80\x80\x80\x80\x80\x80\x80\x80\x10" /* 2^60 */

static void promises(void **state)
{
	static const struct column none[] = {START_COLUMN};
	static const struct column no_start[] = {
		ONE_SHAPE, ONE_TASK, {COLUMN_SHAPE, "", 1}, ONE_TIME, {COLUMN_TASK_LOW, "", 1}};
	static const struct column no_shape[] = {START_COLUMN, ONE_TIME, {COLUMN_SHAPE, "", 1}};
	static const struct column rare_rest[] = {START_COLUMN,
						  {COLUMN_SHAPES, "\x04\x05\0\x40\0", 5},
						  ONE_TIME,
						  {COLUMN_SHAPE, "", 1},
						  {COLUMN_RARE, "\x00\x00", 2}};
	static const struct column no_code[] = {
		START_COLUMN, ONE_SHAPE, ONE_TASK, ONE_TIME, {COLUMN_SHAPE, "", 1}};
	static const struct column no_task[] = {
		START_COLUMN, ONE_SHAPE, ONE_TIME, {COLUMN_SHAPE, "", 1}, {COLUMN_TASK_LOW, "", 1}};
	static const struct column no_long[] = {START_COLUMN,
						ONE_SHAPE,
						ONE_TASK,
						{COLUMN_SHAPE, "", 1},
						{COLUMN_TIME_LOW, "\xff", 1},
						{COLUMN_TIME_HIGH, "\xff", 1},
						{COLUMN_TASK_LOW, "", 1}};
	static const struct column long_rare[] = {START_COLUMN,
						  {COLUMN_SHAPES, "\x04\x05\0\x40\0", 5},
						  ONE_TIME,
						  {COLUMN_SHAPE, "", 1},
						  {COLUMN_RARE, HUGE, 9}};
	static const struct column long_name[] = {START_COLUMN,
						  {COLUMN_SHAPES, "\x04\x11\0\x40\0", 5},
						  ONE_TIME,
						  {COLUMN_SHAPE, "", 1},
						  {COLUMN_RARE, "\x0a\x25" HUGE, 11}};
	static const struct column bare_name[] = {START_COLUMN,
						  {COLUMN_SHAPES, "\x04\x11\0\x40\0", 5},
						  ONE_TIME,
						  {COLUMN_SHAPE, "", 1},
						  {COLUMN_RARE,
						   "\x05\x25\x03"
						   "abc",
						   6}};
#define ONE_PACKED(entry)                                                                          \
	START_COLUMN, {COLUMN_SHAPES, entry, sizeof(entry) - 1}, ONE_TIME,                         \
	{                                                                                          \
		COLUMN_SHAPE, "", 1                                                                \
	}
	static const struct column packed_none[] = {ONE_PACKED("\x05\x18\0\x80\0\1")};
	static const struct column packed_two[] = {ONE_PACKED("\x05\x18\0\x80\0\1"),
						   {PACKED(EV_ACCT, 0), "\0\0", 2}};
	static const struct column packed_part[] = {ONE_PACKED("\x05\x18\0\x80\0\1"),
						    {PACKED(EV_ACCT, 0), "\x80", 1}};
	static const struct column packed_wide[] = {ONE_PACKED("\x05\x18\0\x80\0\1"),
						    {PACKED(EV_ACCT, 0), HUGE HUGE, 18}};
	static const struct column packed_long[] = {
		ONE_PACKED("\x05\x18\0\x80\0\1"),
		{PACKED(EV_ACCT, 0), "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10}};
	static const struct column packed_idle[] = {ONE_PACKED("\x05\x18\0\x80\0\0"),
						    {PACKED(EV_ACCT, 0), "\0", 1}};
	static const struct column packed_other[] = {ONE_PACKED("\x05\x18\0\x80\0\1"),
						     {PACKED(EV_ACCT, 0), "\0", 1},
						     {PACKED(EV_RESET, 0), "\0", 1}};
	static const struct column packed_many[] = {ONE_PACKED("\x05\x1d\0\x80\0\x11"),
						    {PACKED(EV_RESET, 0), "\0", 1}};
	static const struct column packed_unsaid[] = {ONE_PACKED("\x04\x18\0\x80\0")};
	static const struct column wide_field[] = {START_COLUMN,
						   {COLUMN_SHAPES, "\x04\x05\0\x40\0", 5},
						   ONE_TIME,
						   {COLUMN_SHAPE, "", 1},
						   {COLUMN_RARE, "\x0a\x02" HUGE, 11}};

	(void)state;
#define PROMISE(columns, events) promise(columns, sizeof(columns) / sizeof(columns[0]), events)
	PROMISE(none, BLOCK_MAX_EVENTS);
	PROMISE(none, 1);
	PROMISE(no_start, 1);
	PROMISE(no_shape, 1);
	PROMISE(no_code, 1);
	PROMISE(no_task, 1);
	PROMISE(no_long, 1);
	PROMISE(long_rare, 1);
	PROMISE(long_name, 1);
	PROMISE(bare_name, 1);
	PROMISE(wide_field, 1);
	PROMISE(rare_rest, 1);
	PROMISE(packed_none, 1);
	PROMISE(packed_two, 1);
	PROMISE(packed_part, 1);
	PROMISE(packed_wide, 1);
	PROMISE(packed_long, 1);
	PROMISE(packed_idle, 1);
	PROMISE(packed_other, 1);
	PROMISE(packed_many, 1);
	PROMISE(packed_unsaid, 1);
#undef PROMISE
}

/* Directories that lie, with a right checksum around them. */
static void lying_directories(void **state)
{
	static const struct {
		const char *payload;
		size_t bytes;
		uint32_t raw;
	} lies[] = {
		{"", 0, 0},
		{HUGE, 9, 0}, /* columns */
		{"\x01\x04\x00" HUGE "\x00", 13, 0}, /* raw bytes */
		{"\x01\x04\x01\x64" HUGE, 13, 100}, /* stored bytes */
		{"\x01\x04\x00\x05\x00", 5, 5}, /* stored, but shorter */
		{"\x01\x04\x01\x05\x01x", 6, 5}, /* not zstd */
		{"\x01\x04\x07\x01\x01x", 6, 1}, /* codec of the future */
		{"\x01\x04\x00\x01\x01x", 6, 9}, /* lengths do not add up */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct block_header h = {.type = BLOCK_EVENTS,
					 .events = 3,
					 .raw_bytes = lies[i].raw,
					 .first_ns = START,
					 .last_ns = START + 5};
		struct event_list out = {0};
		struct buf b = {0};

		put_beginning(&b, 0);
		put_block(&b, h, lies[i].payload, lies[i].bytes);
		put_finish(&b);
		read_buf(&b, &out, NULL);
		assert_int_equal(out.n, 1);
		assert_int_equal(out.list[0].kind, EV_GAP);
		list_free(&out);
		buf_free(&b);
	}
}

/* Headers beyond the limits are not headers, however right their checksum. */
static void headers_beyond_limits(void **state)
{
	static const struct block_header lies[] = {
		{.type = BLOCK_EVENTS, .events = UINT32_MAX},
		{.type = BLOCK_EVENTS, .events = BLOCK_MAX_EVENTS + 1},
		{.type = BLOCK_SYNC, .raw_bytes = BLOCK_MAX_RATIO, .cpu = CPU_NONE},
		{.type = BLOCK_EVENTS, .raw_bytes = UINT32_MAX},
		{.type = BLOCK_CHECKPOINT, .raw_bytes = UINT32_MAX, .cpu = CPU_NONE},
		{.type = BLOCK_EVENTS, .cpu = FORMAT_MAX_CPUS},
	};
	struct rusage usage;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]) + 1; i++) {
		struct block_header h = lies[i % (sizeof(lies) / sizeof(lies[0]))];
		uint8_t packed[BLOCK_HEADER_BYTES];
		struct event_list out = {0};
		struct buf b = {0};
		struct trace *t;

		put_beginning(&b, 0);
		h.major = FORMAT_MAJOR;
		h.seq = 3;
		block_header_pack(packed, &h, "");
		if (i == sizeof(lies) / sizeof(lies[0])) { /* 4 GiB stored */
			le32_put(packed + 24, 10);
			le32_put(packed + 28, UINT32_MAX);
			le64_put(packed + 88, XXH3_64bits(packed, 88));
		}
		assert_true(buf_add(&b, packed, sizeof(packed)));
		put_finish(&b);
		read_buf(&b, &out, &t);
		assert_false(trace_complete(t));
		assert_int_equal(out.n, 0);
		trace_close(t);
		list_free(&out);
		buf_free(&b);
	}
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
#ifndef __SANITIZE_ADDRESS__
	assert_true(usage.ru_maxrss < 64 << 10); /* KiB */
#endif
}

/* A million tasks in a megabyte of nothing. */
static void hollow_checkpoint(void **state)
{
	struct block_header h = {
		.type = BLOCK_CHECKPOINT, .cpu = CPU_NONE, .first_ns = START, .last_ns = START};
	struct event_list out = {0};
	size_t hollow = 1 << 20, checkpoints;
	uint8_t *payload = calloc(1, hollow + 64), *p = payload;
	struct buf b = {0};
	struct trace *t;
	int fd;

	(void)state;
	assert_non_null(payload);
	put_beginning(&b, 0);
	p = varint_put(p, 1);
	p = varint_put(p, hollow + 3);
	p = varint_put(p, hollow);
	put_block(&b, h, payload, (size_t)(p - payload) + hollow);
	put_finish(&b);
	fd = memory_file(b.data, b.len);
	read_trace(fd_path(fd), &out, &checkpoints, &t);
	assert_int_equal(checkpoints, 1); /* the one of the beginning */
	assert_false(trace_complete(t));
	trace_close(t);
	close(fd);
	list_free(&out);
	buf_free(&b);
	free(payload);
}

/* The index only makes opening faster. */
static void index_is_optional(void **state)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 50};
	struct event_list in = {0}, out = {0};
	const struct trace_damage *damages;
	struct trace_block *blocks;
	uint64_t first, last, first_scan, last_scan;
	size_t bytes, n;
	uint8_t *data;
	struct trace *t;
	int fd;

	(void)state;
	random_events(&in, 5, 2000, 2);
	fd = write_trace(&in, &opt, 2, START, 200, 500);
	read_trace(fd_path(fd), &out, NULL, &t);
	assert_true(trace_complete(t));
	trace_span(t, &first, &last);
	trace_close(t);
	data = slurp(fd, &bytes);
	close(fd);
	blocks = find_blocks(data, bytes, &n);
	assert_int_equal(blocks[n - 1].h.type, BLOCK_TRAILER);
	assert_int_equal(blocks[n - 2].h.type, BLOCK_INDEX);
	for (int way = 0; way < 3; way++) {
		struct event_list again = {0};
		size_t cut = bytes;

		if (way == 0)
			cut = blocks[n - 2].offset;
		else if (way == 1)
			cut = blocks[n - 1].offset;
		else
			data[blocks[n - 2].end - 1] ^= 4;
		fd = memory_file(data, cut);
		read_trace(fd_path(fd), &again, NULL, &t);
		assert_int_equal(again.n, in.n);
		for (size_t i = 0; i < in.n; i++)
			assert_event_equal(&again.list[i], &out.list[i], i);
		assert_false(trace_complete(t));
		assert_non_null(trace_end(t));
		assert_true(trace_damages(t, &damages) > 0);
		trace_span(t, &first_scan, &last_scan);
		assert_int_equal(first_scan, first);
		assert_int_equal(last_scan, last);
		trace_close(t);
		close(fd);
		list_free(&again);
	}
	free(blocks);
	free(data);
	list_free(&in);
	list_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_parts),
		cmocka_unit_test(packed_by_hand),
		cmocka_unit_test(many_unknown_events),
		cmocka_unit_test(refused_files),
		cmocka_unit_test(promises),
		cmocka_unit_test(lying_directories),
		cmocka_unit_test(headers_beyond_limits),
		cmocka_unit_test(index_is_optional),
		cmocka_unit_test(hollow_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
