// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/: what is recorded of block requests and of accounts, from records to events; features. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "record/features.h"
#include "record/ring_decode.h"

static uint64_t arena_memory[RING_MARGIN];

/* A record of `kind` with `len` bytes behind it. Returns what ring_decode() does. */
static int decode(struct event *event, unsigned kind, unsigned flags, uint32_t value,
		  const void *tail, size_t len)
{
	struct {
		struct ring_rec rec;
		uint8_t tail[256];
	} r = {.rec = {.ts = 5, .tid = 7, .peer = 9}};
	struct ring_arena arena = {.base = (uint8_t *)arena_memory, .size = sizeof(arena_memory)};

	r.rec.word0 = RING_WORD0(kind, flags, (sizeof(r.rec) + len) / 8, value);
	memcpy(r.tail, tail, len);
	memset(event, 0xff, sizeof(*event));
	return ring_decode(&r.rec, &arena, event);
}

static void test_requests(void **state)
{
	const struct ring_io io = {.request = UINT64_C(0xfedcba9876543210),
				   .sector = UINT64_C(1) << 41,
				   .bytes = UINT64_C(3) << 32,
				   .cgroup_id = 17};
	const unsigned kinds[][2] = {{REC_IO_START, EV_IO_START},
				     {REC_IO_ISSUE, EV_IO_ISSUE},
				     {REC_IO_DONE, EV_IO_DONE},
				     {REC_IO_REQUEUE, EV_IO_REQUEUE},
				     {REC_IO_MERGE, EV_IO_MERGE}};
	const uint8_t flags = RECF_IO_SYNC | RECF_IO_PARTIAL | RECF_IO_UNSTARTED;
	const struct io_info *info;
	struct event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(decode(&ev, kinds[i][0], flags, 254u << 20 | 3, &io, sizeof(io)),
				 1);
		assert_int_equal(ev.kind, kinds[i][1]);
		assert_int_equal(ev.ts, 5);
		assert_int_equal(ev.tid, 7);
		assert_int_equal(ev.peer, 0);
		assert_int_equal(ev.value, 254u << 20 | 3);
		assert_int_equal(ev.aux, IO_WRITE_ZEROES);
		assert_int_equal(ev.flags, EVF_IO_SYNC | EVF_IO_PARTIAL | EVF_IO_UNSTARTED);
		info = ev.ext;
		assert_int_equal(info->request, io.request);
		assert_int_equal(info->sector, io.sector);
		assert_int_equal(info->bytes, io.bytes);
		assert_int_equal(info->cgroup_id, 17);
		assert_int_equal(info->error, 0);
		assert_int_equal(decode(&ev, kinds[i][0], 0, 0, &io, sizeof(io) - 8), -EIO);
	}
}

/* What the kernel's own blk_status_to_errno() makes of them. */
static void test_errors(void **state)
{
	const struct {
		int32_t status;
		uint32_t error;
	} cases[] = {{0, 0},	       {1, EOPNOTSUPP}, {2, ETIMEDOUT},	  {3, ENOSPC},
		     {4, ENOLINK},     {5, EREMOTEIO},	{6, EBADE},	  {7, ENODATA},
		     {8, EILSEQ},      {9, ENOMEM},	{10, EIO},	  {12, EAGAIN},
		     {13, EBUSY},      {17, ENODEV},	{18, ETIME},	  {20, EINVAL},
		     {21, EIO},	       {255, EIO},	{INT32_MAX, EIO}, {-EIO, EIO},
		     {-ENOSPC, ENOSPC}};
	struct ring_io io = {.request = 1};
	struct event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		io.status = cases[i].status;
		assert_int_equal(decode(&ev, REC_IO_DONE, 0, 1, &io, sizeof(io)), 1);
		assert_int_equal(((const struct io_info *)ev.ext)->error, cases[i].error);
	}
}

static void test_accounts(void **state)
{
	const struct ring_acct acct = {.rchar = 1,
				       .wchar = UINT64_MAX,
				       .syscr = 3,
				       .syscw = 4,
				       .read_bytes = 5,
				       .write_bytes = 6,
				       .cancelled_write_bytes = 7,
				       .rss_bytes = 8,
				       .rss_peak_bytes = 9};
	const struct acct_info *info;
	struct event ev;

	(void)state;
	assert_int_equal(decode(&ev, REC_ACCT, 0, 0, &acct, sizeof(acct)), 1);
	assert_int_equal(ev.kind, EV_ACCT);
	assert_int_equal(ev.tid, 7);
	info = ev.ext;
	assert_int_equal(info->rchar, 1);
	assert_int_equal(info->wchar, UINT64_MAX);
	assert_int_equal(info->syscr, 3);
	assert_int_equal(info->syscw, 4);
	assert_int_equal(info->read_bytes, 5);
	assert_int_equal(info->write_bytes, 6);
	assert_int_equal(info->cancelled_write_bytes, 7);
	assert_int_equal(info->rss_bytes, 8);
	assert_int_equal(info->rss_peak_bytes, 9);
	assert_int_equal(decode(&ev, REC_ACCT, 0, 0, &acct, sizeof(acct) - 8), -EIO);
}

static void test_features(void **state)
{
	uint32_t features = FEATURE_IO | FEATURE_FS | FEATURE_NET;
	struct err err = {0};
	char text[64];

	(void)state;
	assert_int_equal(features_set(&features, false, "net", &err), 0);
	assert_int_equal(features_set(&features, false, "io", &err), 0);
	assert_int_equal(features, FEATURE_FS);
	assert_int_equal(features_set(&features, true, "io", &err), 0);
	features_text(features, text, sizeof(text));
	assert_string_equal(text, "sched,io,fs");
	assert_int_equal(features_set(&features, false, "io", &err), 0);
	assert_int_equal(features_set(&features, false, "fs", &err), 0);
	assert_int_equal(features_set(&features, false, "net", &err), 0); /* it was off already */
	features_text(features, text, sizeof(text));
	assert_string_equal(text, "sched");
	/* a name that is not there changes nothing */
	assert_int_equal(features_set(&features, true, "", &err), -EINVAL);
	assert_int_equal(features_set(&features, true, "inet", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "'inet'"));
	assert_non_null(strstr(err.msg, ": io, fs, net"));
	assert_int_equal(features_set(&features, true, "i", &err), -EINVAL);
	assert_int_equal(features_set(&features, true, "sched", &err), -EINVAL);
	assert_int_equal(features, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
