// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What goes into a trace comes out of it, whatever it is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "format/fields.h"
#include "tests/unit/trace_helper.h"

#define START 1000000000u

static void check_round_trip(const struct event_list *in, const struct trace_writer_options *opt,
			     size_t flush_every, size_t checkpoint_every)
{
	int fd = write_trace(in, opt, 4, START, flush_every, checkpoint_every);
	struct event_list out = {0};
	size_t checkpoints;
	struct trace *t;

	read_trace(fd_path(fd), &out, &checkpoints, &t);
	assert_true(trace_complete(t));
	trace_close(t);
	assert_int_equal(out.n, in->n);
	for (size_t i = 0; i < in->n; i++)
		assert_event_equal(&out.list[i], &in->list[i], i);
	if (!checkpoint_every)
		assert_int_equal(checkpoints, 1);
	list_free(&out);
	close(fd);
}

static void random_streams(void **state)
{
	static const struct trace_writer_options options[] = {
		{.level = 1},
		{.level = 0},
		{.level = 1, .background = true},
		{.level = 3, .block_events = 7},
		{.level = 1, .background = true, .block_events = 1 << 20},
	};

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct event_list in = {0};

		random_events(&in, seed, 5000, (uint16_t)(1 + seed % 4));
		check_round_trip(&in, &options[seed % 5], seed % 3 * 300, seed % 4 * 1000);
		list_free(&in);
	}
}

/* Writes and reads; order must be kept per CPU, whatever the times are. */
static void check_streams(const struct event_list *in, uint16_t ncpus, uint32_t block_events)
{
	struct trace_writer_options opt = {.level = 1, .block_events = block_events};
	int fd = write_trace(in, &opt, ncpus, START, 0, 0);
	struct event_list out = {0};
	size_t *at = calloc(UINT16_MAX + 1, sizeof(*at));
	struct trace *t;

	assert_non_null(at);
	read_trace(fd_path(fd), &out, NULL, &t);
	assert_true(trace_complete(t));
	trace_close(t);
	assert_int_equal(out.n, in->n);
	for (size_t i = 0; i < in->n; i++) {
		size_t *k = &at[in->list[i].cpu];

		while (*k < out.n && out.list[*k].cpu != in->list[i].cpu)
			++*k;
		assert_true(*k < out.n);
		assert_event_equal(&out.list[*k], &in->list[i], i);
		++*k;
	}
	free(at);
	list_free(&out);
	close(fd);
}

static const uint64_t extremes[] = {0,		1,	    0xfffe,	0xffff,	   0x10000,
				    0x7fffffff, UINT32_MAX, 1ull << 32, INT64_MAX, UINT64_MAX};
#define EXTREME(i) extremes[(i) % (sizeof(extremes) / sizeof(extremes[0]))]

static void add_extreme(struct event_list *l, uint8_t kind, unsigned int i)
{
	char longest[4096];
	struct task_info task = {.tid = (uint32_t)EXTREME(i),
				 .tgid = (uint32_t)EXTREME(i + 1),
				 .ppid = (uint32_t)EXTREME(i + 2),
				 .uid = (uint32_t)EXTREME(i + 3),
				 .start_ns = EXTREME(i + 4),
				 .cgroup_id = EXTREME(i + 5),
				 .flags = (uint32_t)EXTREME(i + 6),
				 .comm = "fifteen bytes.."};
	struct task_snapshot snapshot = {.info = task,
					 .flags = (uint32_t)EXTREME(i),
					 .state = (uint32_t)EXTREME(i + 1),
					 .cpu = (uint16_t)EXTREME(i + 2),
					 .run_state = (uint8_t)EXTREME(i + 3),
					 .cause = (uint8_t)EXTREME(i),
					 .syscall = (int32_t)EXTREME(i + 5),
					 .waker = (uint32_t)EXTREME(i),
					 .exit_code = (uint32_t)EXTREME(i + 6),
					 .since_ns = EXTREME(i),
					 .waking_ns = EXTREME(i + 7),
					 .oncpu_ns = EXTREME(i + 8),
					 .runq_ns = EXTREME(i + 9),
					 .slices = EXTREME(i + 1),
					 .nvcsw = EXTREME(i + 2),
					 .nivcsw = EXTREME(i + 3),
					 .kernel_stack = (uint32_t)EXTREME(i + 4),
					 .user_stack = (uint32_t)EXTREME(i + 5)};
	struct exec_info exec = {.uid = UINT32_MAX,
				 .truncated = 1,
				 .comm = "\xff\xfe",
				 .filename = longest,
				 .args = longest,
				 .args_len = sizeof(longest)};
	struct rename_info rename = {"\n\"\\\x1b[31m"};
	struct free_info freed = {EXTREME(i) | 1}; /* 0 is as good as none */
	struct cgroup_info cgroup = {EXTREME(i)};
	struct gap_info gap = {EXTREME(i), EXTREME(i + 1) >> 8, (uint8_t)EXTREME(i + 2)};
	struct name_info name = {EXTREME(i), (uint8_t)EXTREME(i + 1), longest};
	struct io_info io = {.request = EXTREME(i),
			     .sector = EXTREME(i + 1),
			     .bytes = EXTREME(i + 2),
			     .cgroup_id = EXTREME(i + 4),
			     .error = (uint32_t)EXTREME(i + 3)};
	struct acct_info acct = {EXTREME(i),	 EXTREME(i + 1), EXTREME(i + 2),
				 EXTREME(i + 3), EXTREME(i + 4), EXTREME(i + 5),
				 EXTREME(i + 6), EXTREME(i + 7), EXTREME(i + 8)};
	struct socket_info socket = {.id = EXTREME(i),
				     .netns = EXTREME(i + 1),
				     .family = (uint16_t)EXTREME(i + 2),
				     .type = (uint16_t)EXTREME(i + 3),
				     .protocol = (uint16_t)EXTREME(i + 4),
				     .local_port = (uint16_t)EXTREME(i + 5),
				     .remote_port = (uint16_t)EXTREME(i + 6),
				     .state = (uint8_t)EXTREME(i + 7),
				     .flags = (uint32_t)EXTREME(i + 8)};
	struct net_info net = {EXTREME(i),     EXTREME(i + 1), EXTREME(i + 2),
			       EXTREME(i + 3), EXTREME(i + 4), EXTREME(i + 5)};
	struct socket_ref ref = {EXTREME(i)};
	struct frames_info frames = {"do_wait\0\0main", sizeof("do_wait\0\0main")};
	struct counters_info counters = {
		.value = {EXTREME(i), EXTREME(i + 1), [7] = EXTREME(i + 2)},
		.enabled_ns = EXTREME(i + 3),
		.running_ns = EXTREME(i + 4)};
	struct irq_info irq = {EXTREME(i)};
	struct sample_info sample = {EXTREME(i)};
	const void *ext[EV_KIND_END] = {
		[EV_FORK] = &task,   [EV_EXEC] = &exec,	       [EV_RENAME] = &rename,
		[EV_FREE] = &freed,  [EV_CGROUP] = &cgroup,    [EV_TASK] = &snapshot,
		[EV_GAP] = &gap,     [EV_NAME] = &name,	       [EV_IO_START] = &io,
		[EV_IO_ISSUE] = &io, [EV_IO_DONE] = &io,       [EV_IO_REQUEUE] = &io,
		[EV_IO_MERGE] = &io, [EV_ACCT] = &acct,	       [EV_SOCKET] = &socket,
		[EV_NET] = &net,     [EV_SOCKET_STATE] = &ref, [EV_RETRANSMIT] = &ref,
		[EV_RESET] = &ref,   [EV_FRAMES] = &frames,    [EV_COUNTERS] = &counters,
		[EV_IRQ] = &irq,     [EV_SAMPLE] = &sample};
	struct event ev = {.ts = EXTREME(i),
			   .tid = (uint32_t)EXTREME(i + 1),
			   .peer = (uint32_t)EXTREME(i + 2),
			   .value = (uint32_t)EXTREME(i + 3),
			   .aux = (uint16_t)EXTREME(i + 4),
			   .flags = (uint8_t)EXTREME(i + 5),
			   .cpu = i % 3 ? (uint16_t)(i % 3) : CPU_NONE,
			   .kind = kind,
			   .ext = ext[kind]};

	memset(socket.local, i % 2 ? 0xff : 0, sizeof(socket.local));
	socket.remote[i % 16] = 1;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	list_add(l, &ev);
}

static void extreme_values(void **state)
{
	struct event_list in = {0};

	(void)state;
	for (unsigned int i = 0; i < 60; i++)
		for (uint8_t kind = 1; kind < EV_KIND_END; kind++)
			if (kind != EV_CHECKPOINT)
				add_extreme(&in, kind, i * 7 + kind);
	check_streams(&in, 3, 0);
	check_streams(&in, 3, 1);
	list_free(&in);
}

/* Times that step back, in one stream and between streams. */
static void times_that_step_back(void **state)
{
	struct event_list in = {0};
	uint64_t seed = 4;

	(void)state;
	random_events(&in, 4, 20000, 4);
	for (size_t i = 0; i < in.n; i++)
		in.list[i].ts -= random_next(&seed) % (i % 100 ? 2000 : 90000);
	check_streams(&in, 4, 300);
	list_free(&in);
}

static void many_cpus(void **state)
{
	static const uint16_t counts[] = {3, 17, 60};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct trace_writer_options opt = {.level = 1, .background = true};
		struct event_list in = {0}, out = {0};
		int fd;

		random_events(&in, i, 30000, counts[i]);
		fd = write_trace(&in, &opt, counts[i], START, 1000, 7000);
		read_trace(fd_path(fd), &out, NULL, NULL);
		assert_int_equal(out.n, in.n);
		for (size_t k = 0; k < in.n; k++)
			assert_event_equal(&out.list[k], &in.list[k], k);
		close(fd);
		list_free(&out);
		list_free(&in);
	}
}

/* CPU 1 begins, then both share every instant. */
static void shared_instants_of_two(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct event_list in = {0}, out = {0};
	int fd;

	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		struct event ev = {.ts = START + i / 5 * 100 + (i % 5 + 1) / 2 * 10,
				   .kind = EV_FREE,
				   .cpu = i % 5 == 0 || i % 5 % 2 == 0,
				   .tid = i};

		list_add(&in, &ev);
	}
	fd = write_trace(&in, &opt, 2, START, 5, 0);
	read_trace(fd_path(fd), &out, NULL, NULL);
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < in.n; i++)
		assert_event_equal(&out.list[i], &in.list[i], i);
	close(fd);
	list_free(&out);
	list_free(&in);
}

/* Lanes come and go with every flush, and share instants: then what is of no CPU is first, then the lower CPU. */
static void shared_instants(void **state)
{
	struct trace_writer_options opt = {.level = 1};

	(void)state;
	for (uint16_t ncpus = 2; ncpus <= 4; ncpus++) {
		struct event_list in = {0}, out = {0};
		int fd;

		random_events(&in, 31, 6000, ncpus);
		for (size_t i = 0; i < in.n; i++) {
			in.list[i].ts = START + i / ncpus * 10;
			if (in.list[i].cpu != CPU_NONE || i % ncpus)
				in.list[i].cpu = (uint16_t)(i % ncpus);
		}
		fd = write_trace(&in, &opt, ncpus, START, 2u * ncpus, 0);
		read_trace(fd_path(fd), &out, NULL, NULL);
		assert_int_equal(out.n, in.n);
		for (size_t i = 0; i < in.n; i++)
			assert_event_equal(&out.list[i], &in.list[i], i);
		close(fd);
		list_free(&out);
		list_free(&in);
	}
}

/* As long as stacks get: 127 frames, names of 512 bytes. */
static void long_frames(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct event_list in = {0}, out = {0};
	static char names[127 * 512];
	struct frames_info info = {names, sizeof(names)};
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(names); i++)
		names[i] = i % 512 == 511 ? 0 : (char)('!' + i * 7 % 90);
	for (uint32_t i = 0; i < 100; i++) {
		struct event ev = {.ts = START + i,
				   .kind = EV_FRAMES,
				   .cpu = CPU_NONE,
				   .tid = i,
				   .value = i,
				   .ext = &info};

		list_add(&in, &ev);
	}
	fd = write_trace(&in, &opt, 2, START, 5, 0);
	read_trace(fd_path(fd), &out, NULL, NULL);
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < in.n; i++)
		assert_event_equal(&out.list[i], &in.list[i], i);
	close(fd);
	list_free(&out);
	list_free(&in);
}

/* The horizon lags behind: what is beyond waits, and meets lanes that come later. */
static void lagging_horizon(void **state)
{
	static const uint64_t lags[] = {1, 2000, 30000, 2000000};
	struct trace_writer_options opt = {.level = 1, .block_events = 40};

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		struct event_list in = {0}, out = {0};
		int fd;

		random_events(&in, 40 + i, 3000, (uint16_t)(2 + i % 3));
		horizon_lag_ns = lags[i % 4];
		fd = write_trace(&in, &opt, 4, START, 1 + i, i % 5 * 300);
		horizon_lag_ns = 0;
		read_trace(fd_path(fd), &out, NULL, NULL);
		assert_int_equal(out.n, in.n);
		for (size_t k = 0; k < in.n; k++)
			assert_event_equal(&out.list[k], &in.list[k], k);
		close(fd);
		list_free(&out);
		list_free(&in);
	}
}

/* Long stretches of one CPU, short ones of others in between. */
static void bursts(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	uint64_t seed = 6, ts = START;
	struct event_list in = {0}, out = {0};
	int fd;

	(void)state;
	while (in.n < 50000) {
		uint16_t cpu = (uint16_t)(random_next(&seed) % 4);
		size_t n = random_next(&seed) % 3 ? random_next(&seed) % 4
						  : random_next(&seed) % 400;
		struct event ev = {.kind = EV_FREE, .cpu = cpu};

		while (n--) {
			ev.ts = ++ts;
			ev.tid = (uint32_t)ts;
			list_add(&in, &ev);
		}
	}
	fd = write_trace(&in, &opt, 4, START, 5000, 0);
	read_trace(fd_path(fd), &out, NULL, NULL);
	assert_int_equal(out.n, in.n);
	for (size_t k = 0; k < in.n; k++)
		assert_event_equal(&out.list[k], &in.list[k], k);
	close(fd);
	list_free(&out);
	list_free(&in);
}

static void assert_same_fields(const struct fields *f, const void *a, const void *b)
{
	struct buf packed[2] = {{0}, {0}};

	assert_true(fields_put(&packed[0], f, a) && fields_put(&packed[1], f, b));
	assert_int_equal(packed[0].len, packed[1].len);
	assert_memory_equal(packed[0].data, packed[1].data, packed[0].len);
	buf_free(&packed[0]);
	buf_free(&packed[1]);
}

/* same: every task is the same one, so that it compresses beyond what readers take for honest. */
static void check_checkpoint(uint32_t ntasks, bool same)
{
	struct trace_writer_options opt = {.level = 1};
	struct task_snapshot *tasks = calloc(ntasks + 1, sizeof(*tasks));
	struct cpu_snapshot cpus[3] = {
		{0, 0, 5, 6, 7, 0}, {1, 1, TID_OTHER, 0, 0, 1}, {8191, 0, 0, UINT64_MAX, 1, 0}};
	struct name_info names[3] = {
		{0, NAME_USER, "root"}, {UINT64_MAX, NAME_CGROUP, "/\xff\n"}, {7, NAME_USER, ""}};
	struct request_snapshot requests[2] = {{.io = {1, 2, 3, 4, 5},
						.dev = 259 << 20,
						.tid = TID_OTHER,
						.share = 6,
						.op = IO_OTHER,
						.flags = EVF_IO_UNSTARTED,
						.queued_ns = UINT64_MAX,
						.issued_ns = 8,
						.requeues = 9,
						.done_bytes = 10}};
	struct socket_snapshot sockets[3] = {
		{.info = {.id = UINT64_MAX, .local_port = 80, .state = 10}, .owner = 5},
		{.info = {.family = 10, .local = {[15] = 1}, .remote = {[0] = 255, [15] = 255}},
		 .since_ns = 3,
		 .used_ns = 4}};
	struct account_snapshot accounts[2] = {
		{.tid = 7, .ts = START, .acct = {1, 2, 3, 4, 5, 6, 7, 8, UINT64_MAX}}};
	/* sections may all be empty: nothing of them is written then */
	struct checkpoint ck = {.ts = START,
				.tasks = tasks,
				.ntasks = ntasks,
				.cpus = cpus,
				.ncpus = 3,
				.names = names,
				.nnames = 3,
				.requests = requests,
				.nrequests = ntasks ? 2 : 0,
				.sockets = sockets,
				.nsockets = ntasks ? 3 : 0,
				.accounts = accounts,
				.naccounts = ntasks ? 2 : 0};
	const struct checkpoint *got;
	const struct event *events;
	struct meta_end end = {0};
	struct trace_writer *w;
	struct source *src;
	struct trace *t;
	struct meta meta;
	struct err err;
	uint64_t seed = 1;
	int fd = memory_file(NULL, 0);

	assert_non_null(tasks);
	for (uint32_t i = 0; i < ntasks; i++) {
		tasks[i].info.tid = same ? 1 : i;
		tasks[i].since_ns = same ? 1 : random_next(&seed);
		memcpy(tasks[i].info.comm, "\x01\xff name", 8);
	}
	simple_meta(&meta, 1, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(trace_write_checkpoint(w, &ck, &err), 0);
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	assert_int_equal(src->next(src, &events, &err), 1);
	assert_int_equal(events->kind, EV_CHECKPOINT);
	assert_int_equal(events->ts, START);
	got = events->ext;
	assert_int_equal(got->ntasks, ntasks);
	assert_int_equal(got->ncpus, 3);
	assert_int_equal(got->nnames, 3);
	for (uint32_t i = 0; i < ntasks; i++)
		assert_same_fields(&fields_snapshot, &got->tasks[i], &tasks[i]);
	for (uint32_t i = 0; i < 3; i++) {
		assert_same_fields(&fields_cpu, &got->cpus[i], &cpus[i]);
		assert_same_fields(&fields_name, &got->names[i], &names[i]);
	}
	assert_int_equal(got->nrequests, ck.nrequests);
	assert_int_equal(got->nsockets, ck.nsockets);
	assert_int_equal(got->naccounts, ck.naccounts);
	for (uint32_t i = 0; i < got->nrequests; i++)
		assert_same_fields(&fields_request, &got->requests[i], &requests[i]);
	for (uint32_t i = 0; i < got->nsockets; i++)
		assert_same_fields(&fields_socket_snapshot, &got->sockets[i], &sockets[i]);
	for (uint32_t i = 0; i < got->naccounts; i++)
		assert_same_fields(&fields_account, &got->accounts[i], &accounts[i]);
	assert_int_equal(src->next(src, &events, &err), 0);
	assert_true(trace_complete(t));
	trace_close(t);
	trace_writer_free(w);
	meta_free(&meta);
	free(tasks);
	close(fd);
}

static void checkpoints(void **state)
{
	(void)state;
	check_checkpoint(0, false);
	check_checkpoint(1, false);
	check_checkpoint(20000, false);
	check_checkpoint(50000, true);
}

/* The last block of a CPU says how many events it lost in all. */
static void lost_is_counted(void **state)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 50};
	struct trace_block *blocks;
	struct event_list in = {0};
	uint64_t lost[2] = {0}, said[2] = {0}, events = 0;
	size_t bytes, n;
	uint8_t *data;
	int fd;

	(void)state;
	random_events(&in, 32, 5000, 2);
	fd = write_trace(&in, &opt, 2, START, 100, 0);
	for (size_t i = 0; i < in.n; i++)
		if (in.list[i].kind == EV_GAP)
			lost[in.list[i].cpu] += ((const struct gap_info *)in.list[i].ext)->count;
	data = slurp(fd, &bytes);
	blocks = find_blocks(data, bytes, &n);
	for (size_t i = 0; i < n; i++) {
		events += blocks[i].h.events;
		if (blocks[i].h.cpu < 2) {
			assert_true(blocks[i].h.lost >= said[blocks[i].h.cpu]);
			said[blocks[i].h.cpu] = blocks[i].h.lost;
		}
	}
	assert_true(lost[0] > 0 && lost[1] > 0);
	assert_int_equal(said[0], lost[0]);
	assert_int_equal(said[1], lost[1]);
	assert_int_equal(events, in.n);
	free(blocks);
	free(data);
	close(fd);
	list_free(&in);
}

/* More tasks, values, flags than a block's tables have room for. */
static void full_tables(void **state)
{
	struct event_list in = {0};
	uint64_t seed = 8;

	(void)state;
	for (unsigned int i = 0; i < 60000; i++) {
		struct io_info io = {.request = i, .sector = UINT64_C(8) * i, .error = i % 7};
		struct event ev = {.ts = START + i, .kind = EV_SWITCH, .tid = i, .peer = 7 * i};

		if (i > 20000) { /* few tasks, any shape */
			ev.kind = (uint8_t)(1 + random_next(&seed) % 5);
			ev.tid %= 100;
			ev.peer %= 100;
			ev.value = (uint32_t)random_next(&seed);
			ev.aux = (uint16_t)random_next(&seed);
			ev.flags = (uint8_t)random_next(&seed);
		}
		if (i > 40000 && i % 2) { /* any shape of packed kinds */
			ev.kind = EV_IO_START + (uint8_t)(random_next(&seed) % 5);
			ev.ext = &io;
		}
		list_add(&in, &ev);
	}
	check_streams(&in, 1, 0);
	list_free(&in);
}

/* Fields as wide as they get: blocks are closed before they are more than a reader takes. */
static void wide_columns(void **state)
{
	struct trace_writer_options opt = {.level = 1, .block_events = BLOCK_MAX_EVENTS};
	struct event_list in = {0}, out = {0};
	uint64_t seed = 5;
	struct trace *t;
	int fd;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		struct acct_info acct;
		struct event ev = {.ts = START + i, .kind = EV_ACCT, .tid = i % 9, .ext = &acct};

		for (size_t k = 0; k < sizeof(acct) / 8; k++)
			((uint64_t *)&acct)[k] = random_next(&seed);
		list_add(&in, &ev);
	}
	fd = write_trace(&in, &opt, 1, START, 0, 0);
	read_trace(fd_path(fd), &out, NULL, &t);
	assert_true(trace_complete(t));
	trace_close(t);
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < in.n; i++)
		assert_event_equal(&out.list[i], &in.list[i], i);
	close(fd);
	list_free(&out);
	list_free(&in);
}

/* An event too large is refused, and nothing else suffers. */
static void too_large(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct exec_info exec = {.filename = "f", .args_len = 5 << 20};
	struct event big = {.ts = START, .kind = EV_EXEC, .ext = &exec};
	struct event ok = {.ts = START + 1, .kind = EV_SWITCH, .tid = 3};
	struct meta_end end = {0};
	struct event_list out = {0};
	struct trace_writer *w;
	struct meta meta;
	struct err err;
	int fd = memory_file(NULL, 0);

	(void)state;
	exec.args = calloc(1, exec.args_len);
	assert_non_null(exec.args);
	simple_meta(&meta, 1, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(trace_write_event(w, &ok, &err), 0);
	assert_int_equal(trace_write_event(w, &big, &err), -E2BIG);
	assert_int_equal(trace_write_event(w, &ok, &err), 0);
	exec.args_len = 1 << 20;
	assert_int_equal(trace_write_event(w, &big, &err), 0);
	assert_int_equal(trace_write_event(w, &ok, &err), 0);
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	read_trace(fd_path(fd), &out, NULL, NULL);
	assert_int_equal(out.n, 4);
	assert_event_equal(&out.list[0], &ok, 0);
	assert_event_equal(&out.list[2], &big, 2);
	assert_event_equal(&out.list[3], &ok, 3);
	free((void *)exec.args);
	trace_writer_free(w);
	meta_free(&meta);
	list_free(&out);
	close(fd);
}

/* What a caller may leave out: no ext, arguments without the last NUL. */
static void sloppy_events(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct exec_info exec = {.filename = "", .args = "ab", .args_len = 2};
	struct event_list out = {0};
	struct meta_end end = {0};
	struct trace_writer *w;
	struct meta meta;
	struct err err;
	int fd = memory_file(NULL, 0);

	(void)state;
	simple_meta(&meta, 1, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	for (uint8_t kind = 1; kind < EV_KIND_END; kind++) {
		struct event ev = {.ts = START + kind, .kind = kind};

		if (kind == EV_CHECKPOINT)
			continue;
		assert_int_equal(trace_write_event(w, &ev, &err), 0);
	}
	assert_int_equal(
		trace_write_event(w, &(struct event){.ts = START, .kind = EV_EXEC, .ext = &exec},
				  &err),
		0);
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	read_trace(fd_path(fd), &out, NULL, NULL);
	assert_int_equal(out.n, EV_KIND_END - 1);
	for (size_t i = 0; i + 1 < out.n; i++) {
		const struct fields *f = fields_ext(out.list[i].kind);

		assert_int_equal(!out.list[i].ext, !f || f->optional);
	}
	assert_int_equal(((const struct exec_info *)out.list[out.n - 1].ext)->args_len, 3);
	trace_writer_free(w);
	meta_free(&meta);
	list_free(&out);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams),
		cmocka_unit_test(extreme_values),
		cmocka_unit_test(times_that_step_back),
		cmocka_unit_test(many_cpus),
		cmocka_unit_test(full_tables),
		cmocka_unit_test(wide_columns),
		cmocka_unit_test(too_large),
		cmocka_unit_test(sloppy_events),
		cmocka_unit_test(shared_instants),
		cmocka_unit_test(shared_instants_of_two),
		cmocka_unit_test(lost_is_counted),
		cmocka_unit_test(long_frames),
		cmocka_unit_test(lagging_horizon),
		cmocka_unit_test(bursts),
		cmocka_unit_test(checkpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
