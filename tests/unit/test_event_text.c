// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* verbs/text, verbs/event_text: dump's lines, for every kind of event and every kind of name. */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/engine.h"
#include "trace_helper.h"
#include "verbs/event_text.h"
#include "verbs/flow_text.h"

#define START UINT64_C(1000000000)
#define VDA1  (259u << 20 | 1)
#define NASTY "\x1b[1m\"\\\n\xff\xc3\xbc\x7f"

static struct text *text_to(int fd)
{
	struct text *t = malloc(sizeof(*t));

	assert_non_null(t);
	text_init(t, fd);
	return t;
}

/* Lines longer and shorter than what is written at once come out whole, padding included. */
static void test_flush_anywhere(void **state)
{
	int fd = memory_file(NULL, 0);
	struct text *t = text_to(fd);
	char line[64];
	size_t bytes, at = 0;
	char *all;

	(void)state;
	for (uint64_t i = 0; i < 50000; i++) {
		text_u64_padded(t, i, 7, ' ');
		text_char(t, ' ');
		text_str(t, i % 2 ? "odd" : "even");
		text_char(t, ' ');
		text_i64(t, i % 3 ? (int64_t)i : -(int64_t)i);
		text_char(t, '\n');
	}
	assert_int_equal(text_flush(t), 0);
	all = slurp(fd, &bytes);
	for (long i = 0; i < 50000; i++) {
		int n = snprintf(line, sizeof(line), "%7ld %s %ld\n", i, i % 2 ? "odd" : "even",
				 i % 3 ? i : -i);

		assert_true(at + (size_t)n <= bytes);
		assert_memory_equal(all + at, line, n);
		at += (size_t)n;
	}
	assert_int_equal(at, bytes);
	free(all);
	free(t);
	close(fd);
}

/* An argument longer than any buffer, with characters that must not be cut in two. */
static void test_long_name(void **state)
{
	enum { UNITS = 70001 };
	int fd = memory_file(NULL, 0);
	struct text *t = text_to(fd);
	char *name = malloc(UNITS * 3), *all;
	size_t bytes;
	json_t *j;

	(void)state;
	assert_non_null(name);
	for (size_t i = 0; i < UNITS; i++)
		memcpy(name + 3 * i, "\xe2\x82\xac", 3);
	text_json_string(t, name, UNITS * 3);
	assert_int_equal(text_flush(t), 0);
	all = slurp(fd, &bytes);
	j = json_loadb(all, bytes, JSON_DECODE_ANY, NULL);
	assert_non_null(j);
	assert_int_equal(json_string_length(j), UNITS * 3);
	assert_memory_equal(json_string_value(j), name, UNITS * 3);
	json_decref(j);
	free(all);
	free(name);
	free(t);
	close(fd);
}

static void test_write_error_sticks(void **state)
{
	int fds[2];
	struct text *t;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	t = text_to(fds[0]); /* the reading end: EBADF */
	text_str(t, "x");
	assert_int_equal(text_flush(t), -EBADF);
	text_str(t, "y");
	assert_int_equal(text_flush(t), -EBADF);
	free(t);
	close(fds[0]);
	close(fds[1]);
}

static const struct socket_info listening = {.id = 55,
					     .netns = 4026531840,
					     .family = 10,
					     .type = 1,
					     .protocol = 6,
					     .state = 10,
					     .local_port = 80,
					     .flags = SOCKF_BEFORE,
					     .local = {[15] = 1}};

/* One event of each kind, with the nastiest names it can carry. */
static const struct event *all_kinds(size_t *n)
{
	static struct task_snapshot snap = {.state = 2, .syscall = 7, .since_ns = START - 5};
	static struct exec_info exec = {.uid = 1,
					.truncated = 1,
					.comm = NASTY,
					.filename = "/bin/" NASTY,
					.args = "a\0" NASTY "\0",
					.args_len = sizeof("a\0" NASTY)};
	static struct rename_info rename = {.comm = NASTY};
	static struct cgroup_info cgroup = {.cgroup_id = 77};
	static struct free_info freed = {.start_ns = 5};
	static struct gap_info gap = {.end_ns = START + 9, .count = 5, .reason = GAP_RING_FULL};
	static struct name_info name = {.id = 77, .kind = NAME_CGROUP, .name = "/" NASTY};
	static const struct checkpoint ck = {.ts = START, .nrequests = 2, .nsockets = 3};
	static const struct io_info io = {
		.request = UINT64_MAX, .sector = 2048, .bytes = 4096, .cgroup_id = 77, .error = 5};
	static const struct acct_info acct = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	static const struct net_info net = {55, 1, 2, 3, 4, START - 7};
	static const struct socket_ref ref = {55};
	static const struct frames_info frames = {"a\0\0" NASTY, sizeof("a\0\0" NASTY)};
	static const struct counters_info counters = {{INT64_MAX, 2}, 9, 8};
	static const struct irq_info irq = {START + 1234567000};
	static const struct sample_info sample = {7};
	static const struct event events[] = {
		{.kind = EV_SWITCH, .tid = 10, .peer = TID_OTHER, .value = 0x2001},
		{.kind = EV_WAKING, .tid = 10, .peer = 0, .value = 1, .flags = EVF_CTX_HARDIRQ},
		{.kind = EV_WAKEUP, .tid = 10, .peer = 11, .value = 1, .aux = 3},
		{.kind = EV_WAKEUP_NEW, .tid = 10, .peer = 11, .value = 1, .aux = 3},
		{.kind = EV_MIGRATE, .tid = 10, .value = 1, .aux = 2, .flags = EVF_PLACED},
		{.kind = EV_FORK, .tid = 12, .peer = 10, .ext = &snap.info},
		{.kind = EV_EXEC, .tid = 10, .peer = 9, .ext = &exec},
		{.kind = EV_EXIT, .tid = 10, .value = 0x100, .flags = EVF_GROUP_DEAD | EVF_LEAVES},
		{.kind = EV_RENAME, .tid = 10, .ext = &rename},
		{.kind = EV_FREE, .tid = 10, .ext = &freed},
		{.kind = EV_REAP, .tid = 10, .peer = 11},
		{.kind = EV_WAIT, .tid = 10, .value = 12, .flags = EVF_WAIT_BLOCKS},
		{.kind = EV_CGROUP, .tid = 10, .ext = &cgroup},
		{.kind = EV_TASK, .tid = 12, .cpu = CPU_NONE, .ext = &snap},
		{.kind = EV_BLOCK, .tid = 10, .value = (uint32_t)SYSCALL_NONE},
		{.kind = EV_GAP, .cpu = 1, .ext = &gap},
		{.kind = EV_NAME, .cpu = CPU_NONE, .ext = &name},
		{.kind = EV_CHECKPOINT, .cpu = CPU_NONE, .ext = &ck},
		{.kind = EV_IO_START,
		 .tid = 10,
		 .value = VDA1,
		 .aux = IO_WRITE,
		 .flags = EVF_IO_SYNC | EVF_IO_FUA,
		 .ext = &io},
		{.kind = EV_IO_ISSUE, .value = VDA1 + 1, .aux = 34, .ext = &io},
		{.kind = EV_IO_DONE, .value = VDA1, .flags = EVF_IO_PARTIAL, .ext = &io},
		{.kind = EV_IO_REQUEUE, .value = VDA1, .ext = &io},
		{.kind = EV_IO_MERGE, .tid = 10, .value = VDA1, .flags = EVF_IO_FRONT, .ext = &io},
		{.kind = EV_ACCT, .tid = 10, .ext = &acct},
		{.kind = EV_SOCKET, .ext = &listening},
		{.kind = EV_NET, .tid = 10, .ext = &net},
		{.kind = EV_SOCKET_STATE, .value = 2 | 7 << 8 | 111 << 16, .ext = &ref},
		{.kind = EV_RETRANSMIT, .aux = 3, .value = 9999, .flags = 1, .ext = &ref},
		{.kind = EV_RESET, .tid = 10, .flags = EVF_NET_SENT, .ext = &ref},
		{.kind = EV_STACK, .tid = 10, .value = 5, .peer = 6, .flags = EVF_STACK_LOST},
		{.kind = EV_FRAMES, .tid = 10, .value = 6, .cpu = CPU_NONE, .ext = &frames},
		{.kind = EV_COUNTERS, .tid = 10, .ext = &counters},
		{.kind = EV_IRQ, .tid = 10, .value = 3, .flags = EVF_IRQ_SOFT, .ext = &irq},
		{.kind = EV_SAMPLE, .value = 9, .cpu = CPU_NONE, .ext = &sample},
	};

	snap.info = (struct task_info){.tid = 12, .tgid = 12, .ppid = 1, .comm = NASTY};
	*n = sizeof(events) / sizeof(events[0]);
	return events;
}

/* An engine that knows task 10, cgroup 77 and device 259:1 by a nasty name, and socket 55. */
static struct engine *engine_of_names(void)
{
	static struct task_snapshot task = {.state = 1, .run_state = TS_SLEEP, .since_ns = START};
	static const struct name_info names[] = {
		{.id = 77, .kind = NAME_CGROUP, .name = NASTY},
		{.id = VDA1, .kind = NAME_DEVICE, .name = NASTY},
		{.id = 9, .kind = NAME_METRIC, .name = NASTY},
		{.id = (UINT64_C(1) << 32) + 3, .kind = NAME_IRQ, .name = NASTY},
	};
	static const struct cpu_snapshot cpu;
	const struct socket_snapshot socket = {.info = listening, .used_ns = START};
	struct checkpoint ck = {.ts = START,
				.tasks = &task,
				.ntasks = 1,
				.cpus = &cpu,
				.ncpus = 1,
				.names = names,
				.nnames = sizeof(names) / sizeof(names[0]),
				.sockets = &socket,
				.nsockets = 1};
	struct event ev = {.ts = START, .kind = EV_CHECKPOINT, .cpu = CPU_NONE, .ext = &ck};
	struct engine *e;
	struct err err;

	task.info = (struct task_info){.tid = 10, .tgid = 10, .comm = NASTY};
	assert_int_equal(engine_new(&e, 2, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, &ev, 1, &err), 0);
	return e;
}

static char *print_of(void (*line)(const struct event_text *, const struct event *),
		      const struct event *ev, const struct meta *meta)
{
	struct engine *e = engine_of_names();
	int fd = memory_file(NULL, 0);
	struct event_text x = {text_to(fd), e, START, meta};
	struct event at = *ev;
	size_t bytes;
	char *all;

	at.ts = START + 1234567890;
	line(&x, &at);
	assert_int_equal(text_flush(x.out), 0);
	all = slurp(fd, &bytes);
	all[bytes] = '\0';
	assert_true(bytes > 1);
	assert_int_equal(all[bytes - 1], '\n');
	for (size_t i = 0; i + 1 < bytes; i++)
		assert_true((unsigned char)all[i] >= 0x20 && all[i] != 0x7f);
	free(x.out);
	engine_free(e);
	close(fd);
	return all;
}

static char *print(void (*line)(const struct event_text *, const struct event *),
		   const struct event *ev)
{
	return print_of(line, ev, NULL);
}

/* The private characters of escape_utf8() back to bytes. */
static void assert_nasty(const json_t *object, const char *key, const char *before)
{
	char want[64];

	snprintf(want, sizeof(want), "%s\x1b[1m\"\\\n\xee\xbf\xbf\xc3\xbc\x7f", before);
	assert_string_equal(json_string_value(json_object_get(object, key)), want);
}

static void test_json(void **state)
{
	size_t n;
	const struct event *events = all_kinds(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char *line = print(event_text_json, &events[i]);
		json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(j);
		assert_int_equal(json_integer_value(json_object_get(j, "ts_ns")), 1234567890);
		assert_string_equal(json_string_value(json_object_get(j, "kind")),
				    event_kind_name((enum event_kind)events[i].kind));
		if (events[i].cpu == CPU_NONE)
			assert_true(json_is_null(json_object_get(j, "cpu")));
		else
			assert_int_equal(json_integer_value(json_object_get(j, "cpu")),
					 events[i].cpu);
		json_decref(j);
		free(line);
	}
	assert_int_equal(n, EV_KIND_END - 1);
}

static void test_json_fields(void **state)
{
	size_t n;
	const struct event *events = all_kinds(&n);
	json_t *j;
	char *line;

	(void)state;
	line = print(event_text_json, &events[EV_EXIT - 1]);
	assert_non_null(strstr(line, "\"group_dead\":true,\"left_out\":true}"));
	free(line);
	line = print(event_text_json, &events[EV_RENAME - 1]);
	assert_null(strstr(line, "left_out"));
	free(line);
	line = print(event_text_json, &events[EV_FREE - 1]);
	assert_non_null(strstr(line, "\"start_boottime_ns\":5}"));
	free(line);
	line = print(event_text_json, &events[EV_WAIT - 1]);
	assert_non_null(strstr(line, "\"wait_pid\":12,\"blocks\":true}"));
	free(line);
	line = print(event_text_json, &events[0]); /* switch */
	j = json_loads(line, 0, NULL);
	assert_true(json_is_null(json_object_get(j, "prev_tid")));
	assert_int_equal(json_integer_value(json_object_get(j, "prev_state")), 0x2001);
	assert_string_equal(json_string_value(json_object_get(j, "prev_letter")), "S");
	assert_nasty(j, "next_comm", "");
	json_decref(j);
	free(line);
	line = print(event_text_json, &events[6]); /* exec */
	j = json_loads(line, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "args")), 2);
	assert_nasty(j, "filename", "/bin/");
	json_decref(j);
	free(line);
	line = print(event_text_json, &events[12]); /* cgroup */
	j = json_loads(line, 0, NULL);
	assert_nasty(j, "cgroup", "");
	json_decref(j);
	free(line);
	line = print(event_text_json, &events[13]); /* task */
	j = json_loads(line, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(j, "since_ns")), -5);
	json_decref(j);
	free(line);
	line = print(event_text_json, &events[15]); /* gap */
	j = json_loads(line, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(j, "count")), 5);
	assert_int_equal(json_integer_value(json_object_get(j, "end_ns")), 9);
	json_decref(j);
	free(line);
}

/* The object that an event is printed as; json_decref() it. */
static json_t *object_of(const struct event *ev)
{
	char *line = print(event_text_json, ev);
	json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(j);
	free(line);
	return j;
}

static const char *string_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "(none)";
}

static void test_json_io(void **state)
{
	size_t n;
	const struct event *events = all_kinds(&n);
	json_t *j = object_of(&events[EV_IO_START - 1]);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(j, "tid")), 10);
	assert_string_equal(string_of(j, "dev"), "259:1");
	assert_nasty(j, "dev_name", "");
	assert_string_equal(string_of(j, "op"), "write");
	assert_string_equal(string_of(j, "request"), "0xffffffffffffffff");
	assert_int_equal(json_integer_value(json_object_get(j, "sector")), 2048);
	assert_int_equal(json_integer_value(json_object_get(j, "bytes")), 4096);
	assert_int_equal(json_integer_value(json_object_get(j, "cgroup_id")), 77);
	assert_int_equal(json_array_size(json_object_get(j, "flags")), 2);
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "flags"), 1)),
			    "fua");
	json_decref(j);
	j = object_of(&events[EV_IO_ISSUE - 1]);
	assert_null(json_object_get(j, "tid"));
	assert_string_equal(string_of(j, "dev"), "259:2");
	assert_true(json_is_null(json_object_get(j, "dev_name")));
	assert_string_equal(string_of(j, "op"), "operation 34");
	json_decref(j);
	j = object_of(&events[EV_IO_DONE - 1]);
	assert_string_equal(string_of(j, "error"), "EIO");
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "flags"), 0)),
			    "partial");
	json_decref(j);
	j = object_of(&events[EV_IO_MERGE - 1]);
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "flags"), 0)),
			    "front");
	json_decref(j);
	j = object_of(&events[EV_ACCT - 1]);
	assert_int_equal(json_integer_value(json_object_get(j, "wchar")), 2);
	assert_int_equal(json_integer_value(json_object_get(j, "cancelled_write_bytes")), 7);
	assert_int_equal(json_integer_value(json_object_get(j, "rss_peak_bytes")), 9);
	json_decref(j);
}

/* A metric by the name that the trace gave it, else by its number. */
static void test_sample(void **state)
{
	static const struct sample_info minus = {(uint64_t)-1500}, big = {4704926213};
	const struct event named = {.kind = EV_SAMPLE,
				    .value = 9,
				    .cpu = CPU_NONE,
				    .flags = EVF_SAMPLE_GONE,
				    .ext = &minus};
	const struct event nameless = {.kind = EV_SAMPLE, .value = 8, .cpu = CPU_NONE, .ext = &big};
	const struct name_info name = {.id = 9, .kind = NAME_METRIC, .name = NASTY};
	const struct event naming = {.kind = EV_NAME, .cpu = CPU_NONE, .ext = &name};
	char *line;
	json_t *j;

	(void)state;
	j = object_of(&named);
	assert_nasty(j, "metric", "");
	assert_int_equal(json_integer_value(json_object_get(j, "value")), -1500);
	assert_true(json_is_true(json_object_get(j, "gone")));
	json_decref(j);
	j = object_of(&nameless);
	assert_true(json_is_null(json_object_get(j, "metric")));
	assert_int_equal(json_integer_value(json_object_get(j, "id")), 8);
	assert_int_equal(json_integer_value(json_object_get(j, "value")), 4704926213);
	assert_true(json_is_false(json_object_get(j, "gone")));
	json_decref(j);
	j = object_of(&naming);
	assert_string_equal(string_of(j, "of"), "metric");
	json_decref(j);
	line = print(event_text_line, &named);
	assert_non_null(strstr(line, " -1500, gone\n"));
	free(line);
	line = print(event_text_line, &nameless);
	assert_non_null(strstr(line, "sample      metric 8 4704926213\n"));
	free(line);
	line = print(event_text_line, &naming);
	assert_non_null(strstr(line, "metric 9 is "));
	free(line);
}

static void test_json_net(void **state)
{
	size_t n;
	const struct event *events = all_kinds(&n);
	json_t *j = object_of(&events[EV_SOCKET - 1]);
	struct event ev;

	(void)state;
	assert_true(json_is_null(json_object_get(j, "tid")));
	assert_int_equal(json_integer_value(json_object_get(j, "socket")), 55);
	assert_string_equal(string_of(j, "proto"), "tcp6");
	assert_string_equal(string_of(j, "local"), "[::1]:80");
	assert_string_equal(string_of(j, "remote"), "*");
	assert_string_equal(string_of(j, "state"), "LISTEN");
	assert_true(json_is_true(json_object_get(j, "before")));
	json_decref(j);
	j = object_of(&events[EV_NET - 1]);
	assert_string_equal(string_of(j, "proto"), "tcp6");
	assert_string_equal(string_of(j, "local"), "[::1]:80");
	assert_string_equal(string_of(j, "remote"), "*");
	assert_int_equal(json_integer_value(json_object_get(j, "rx_bytes")), 2);
	assert_int_equal(json_integer_value(json_object_get(j, "tx_calls")), 3);
	assert_int_equal(json_integer_value(json_object_get(j, "first_ns")), -7);
	json_decref(j);
	j = object_of(&events[EV_SOCKET_STATE - 1]);
	assert_string_equal(string_of(j, "before"), "SYN-SENT");
	assert_string_equal(string_of(j, "after"), "CLOSE");
	assert_string_equal(string_of(j, "error"), "ECONNREFUSED");
	json_decref(j);
	ev = events[EV_SOCKET_STATE - 1]; /* of a socket that nothing described */
	ev.ext = &(struct socket_ref){56};
	j = object_of(&ev);
	assert_int_equal(json_integer_value(json_object_get(j, "socket")), 56);
	assert_true(json_is_null(json_object_get(j, "proto")));
	assert_true(json_is_null(json_object_get(j, "local")));
	json_decref(j);
	j = object_of(&events[EV_RETRANSMIT - 1]);
	assert_int_equal(json_integer_value(json_object_get(j, "segments")), 3);
	assert_true(json_is_true(json_object_get(j, "synack")));
	assert_string_equal(string_of(j, "error"), "errno 9999");
	json_decref(j);
	j = object_of(&events[EV_RESET - 1]);
	assert_true(json_is_true(json_object_get(j, "sent")));
	assert_nasty(j, "comm", "");
	json_decref(j);
}

static void test_json_why(void **state)
{
	size_t n;
	const struct event *events = all_kinds(&n);
	json_t *j = object_of(&events[EV_SWITCH - 1]);
	struct event ev = events[EV_SWITCH - 1];

	(void)state;
	assert_true(json_is_null(json_object_get(j, "syscall"))); /* not told */
	assert_true(json_is_false(json_object_get(j, "iowait")));
	json_decref(j);
	ev.aux = 1;
	ev.flags = EVF_IOWAIT;
	j = object_of(&ev);
	assert_int_equal(json_integer_value(json_object_get(j, "syscall")), 0);
	assert_true(json_is_true(json_object_get(j, "iowait")));
	json_decref(j);
	ev.aux = AUX_SYSCALL_NONE;
	j = object_of(&ev);
	assert_int_equal(json_integer_value(json_object_get(j, "syscall")), -1);
	json_decref(j);
	ev.aux = AUX_SYSCALL_COMPAT;
	j = object_of(&ev);
	assert_int_equal(json_integer_value(json_object_get(j, "syscall")), -2);
	json_decref(j);
	j = object_of(&events[EV_STACK - 1]);
	assert_int_equal(json_integer_value(json_object_get(j, "kernel_stack")), 5);
	assert_int_equal(json_integer_value(json_object_get(j, "user_stack")), 6);
	assert_true(json_is_true(json_object_get(j, "lost")));
	json_decref(j);
	j = object_of(&events[EV_FRAMES - 1]);
	assert_int_equal(json_integer_value(json_object_get(j, "pid")), 10);
	assert_int_equal(json_integer_value(json_object_get(j, "stack")), 6);
	assert_int_equal(json_array_size(json_object_get(j, "frames")), 3);
	json_decref(j);
	j = object_of(&events[EV_COUNTERS - 1]);
	assert_int_equal(json_array_size(json_object_get(j, "values")), COUNTERS_MAX);
	assert_int_equal(json_integer_value(json_object_get(j, "running_ns")), 8);
	json_decref(j);
	j = object_of(&events[EV_IRQ - 1]);
	assert_true(json_is_true(json_object_get(j, "soft")));
	assert_int_equal(json_integer_value(json_object_get(j, "duration_ns")), 890);
	assert_nasty(j, "name", "");
	json_decref(j);
}

static void test_lines_why(void **state)
{
	static const struct meta_counter counters[] = {{.name = "cycles"}, {.name = "r00c0:u"}};
	static struct meta meta = {.arch = "x86_64", .ncounters = 2};
	size_t n;
	const struct event *events = all_kinds(&n);
	struct event ev = events[EV_SWITCH - 1];
	char *line;

	(void)state;
	meta.counters = (struct meta_counter *)counters;
	ev.tid = 0;
	ev.aux = 203;
	ev.flags = EVF_IOWAIT;
	line = print_of(event_text_line, &ev, &meta);
	assert_non_null(strstr(line, "(other) S (futex), IO wait -> idle\n"));
	free(line);
	line = print(event_text_line, &ev); /* nothing tells which numbers these are */
	assert_non_null(strstr(line, "(other) S (system call 202), IO wait -> idle\n"));
	free(line);
	ev.flags = 0;
	ev.aux = AUX_SYSCALL_NONE;
	line = print_of(event_text_line, &ev, &meta);
	assert_non_null(strstr(line, "(other) S (no system call) -> idle\n"));
	free(line);
	ev.aux = AUX_SYSCALL_COMPAT;
	line = print_of(event_text_line, &ev, &meta);
	assert_non_null(strstr(line, "(other) S (a 32-bit system call) -> idle\n"));
	free(line);
	line = print(event_text_line, &events[EV_STACK - 1]);
	assert_non_null(strstr(line, ":10 kernel stack 5, user stack 6, lost\n"));
	free(line);
	line = print(event_text_line, &events[EV_FRAMES - 1]);
	assert_non_null(strstr(line, "process 10 user stack 6: a < ? < \\x1b[1m"));
	free(line);
	ev = events[EV_FRAMES - 1];
	ev.tid = 0;
	line = print(event_text_line, &ev);
	assert_non_null(strstr(line, "frames      kernel stack 6: a < ? < "));
	free(line);
	line = print_of(event_text_line, &events[EV_COUNTERS - 1], &meta);
	assert_non_null(strstr(line, ":10 cycles 9223372036854775807, r00c0:u 2, counted 8 of 9 "
				     "ns\n"));
	free(line);
	line = print(event_text_line, &events[EV_IRQ - 1]);
	assert_non_null(strstr(line, "soft interrupt 3 (\\x1b"));
	assert_non_null(strstr(line, "), 890 ns, interrupted \\x1b"));
	free(line);
}

static void test_words(void **state)
{
	char buf[FLOW_TEXT];

	(void)state;
	assert_string_equal(flow_device(UINT32_MAX, buf), "4095:1048575");
	assert_string_equal(flow_tcp_state(1, buf), "ESTAB");
	assert_string_equal(flow_tcp_state(0, buf), "state 0");
	assert_string_equal(flow_tcp_state(255, buf), "state 255");
	assert_string_equal(flow_errno(UINT32_MAX, buf), "errno 4294967295");
	assert_string_equal(flow_io_op(IO_WRITE_ZEROES, buf), "write_zeroes");
	assert_string_equal(flow_io_op(4, buf), "operation 4");
}

static void test_lines(void **state)
{
	size_t n;
	const struct event *events = all_kinds(&n);
	char *line;

	(void)state;
	for (size_t i = 0; i < n; i++)
		free(print(event_text_line, &events[i]));
	line = print(event_text_line, &events[0]);
	assert_string_equal(line, "     1.234567890 [000] switch      (other) S -> "
				  "\\x1b[1m\"\\\\\\n\\xff\xc3\xbc\\x7f:10\n");
	free(line);
	line = print(event_text_line, &events[1]);
	assert_string_equal(line, "     1.234567890 [000] waking      "
				  "\\x1b[1m\"\\\\\\n\\xff\xc3\xbc\\x7f:10 by idle (hard "
				  "interrupt), was on CPU 1\n");
	free(line);
	line = print(event_text_line, &events[15]);
	assert_string_equal(line, "     1.234567890 [001] gap         until 0.000000009, "
				  "events lost: 5, ring full\n");
	free(line);
	line = print(event_text_line, &events[EV_IO_DONE - 1]);
	assert_string_equal(line,
			    "     1.234567890 [000] io_done     read "
			    "\\x1b[1m\"\\\\\\n\\xff\xc3\xbc\\x7f sector 2048, bytes 4096, request "
			    "0xffffffffffffffff, for cgroup 77, error EIO, partial\n");
	free(line);
	line = print(event_text_line, &events[EV_SOCKET - 1]);
	assert_string_equal(line,
			    "     1.234567890 [000] socket      socket 55: tcp6 [::1]:80 -> * "
			    "LISTEN, network namespace 4026531840, was there before\n");
	free(line);
	line = print(event_text_line, &events[EV_SOCKET_STATE - 1]);
	assert_string_equal(
		line,
		"     1.234567890 [000] socket_state socket 55 (tcp6 [::1]:80 -> *) SYN-SENT -> CLOSE, "
		"error ECONNREFUSED\n");
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flush_anywhere),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_json_why),
		cmocka_unit_test(test_lines_why),
		cmocka_unit_test(test_write_error_sticks),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_io),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_json_net),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_json_fields),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
