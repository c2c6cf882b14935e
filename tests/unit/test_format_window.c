// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A window is the whole, clipped; pipes are read in bounded memory; meta survives JSON. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/trace_helper.h"

#define START 1000000000u
#define NCPUS 3

static void read_window(struct trace *t, uint64_t from, uint64_t to, struct event_list *out,
			uint64_t *checkpoint)
{
	const struct event *events;
	struct source *src;
	struct err err;
	int n;

	*checkpoint = 0;
	assert_int_equal(trace_source(t, from, to, &src, &err), 0);
	while ((n = src->next(src, &events, &err)) > 0)
		for (int i = 0; i < n; i++) {
			if (events[i].kind != EV_CHECKPOINT) {
				list_add(out, &events[i]);
				continue;
			}
			if (!out->n && !*checkpoint)
				*checkpoint = events[i].ts;
			assert_int_equal(((const struct checkpoint *)events[i].ext)->ts,
					 events[i].ts);
			assert_int_equal(((const struct checkpoint *)events[i].ext)->ncpus, NCPUS);
		}
	assert_int_equal(n, 0);
	src->close(src);
}

static void check_window(struct trace *t, const struct event_list *in, uint64_t from, uint64_t to)
{
	struct event_list out = {0};
	uint64_t checkpoint;
	size_t at = 0;

	read_window(t, from, to, &out, &checkpoint);
	assert_true(checkpoint >= START);
	assert_true(checkpoint <= from || checkpoint == START);
	while (at < in->n && in->list[at].ts < checkpoint)
		at++;
	/* from the checkpoint on nothing is left out until the window is over */
	for (size_t i = 0; i < out.n; i++)
		assert_event_equal(&out.list[i], &in->list[at + i], i);
	if (at + out.n < in->n)
		assert_true(in->list[at + out.n].ts > to);
	/* nor is more read than to the end of a segment (1000 events here) and what was in flight */
	if (to < in->list[in->n - 1].ts && out.n > 2600)
		assert_true(in->list[at + out.n - 2600].ts <= to);
	list_free(&out);
}

static void windows(void **state)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 64};
	struct event_list in = {0};
	uint64_t seed = 9, span, checkpoint;
	struct event_list out = {0};
	struct trace *t;
	struct err err;
	int fd;

	(void)state;
	random_events(&in, 21, 10000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 150, 1000);
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	span = in.list[in.n - 1].ts - START + 1000;
	for (int i = 0; i < 100; i++) {
		uint64_t from = START + random_next(&seed) % span;
		uint64_t to = from + random_next(&seed) % (span / 10);

		check_window(t, &in, from, to);
	}
	check_window(t, &in, 0, 0);
	check_window(t, &in, 0, UINT64_MAX);
	check_window(t, &in, START, START);
	check_window(t, &in, in.list[in.n - 1].ts, UINT64_MAX);
	check_window(t, &in, UINT64_MAX, UINT64_MAX);
	assert_true(trace_complete(t));
	read_window(t, in.list[5500].ts, in.list[5501].ts, &out, &checkpoint);
	assert_int_equal(checkpoint, in.list[5000].ts);
	list_free(&out);
	read_window(t, in.list[5000].ts, in.list[5001].ts, &out, &checkpoint);
	assert_int_equal(checkpoint, in.list[5000].ts);
	list_free(&out);
	read_window(t, in.list[5000].ts - 1, in.list[5001].ts, &out, &checkpoint);
	assert_int_equal(checkpoint, in.list[4000].ts);
	trace_close(t);
	list_free(&out);
	list_free(&in);
	close(fd);
}

/* A CPU that is silent to the end does not make a window read to the end. */
static void window_of_a_silent_cpu(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct event_list in = {0}, out = {0};
	uint64_t checkpoint;
	struct trace *t;
	struct err err;
	int fd;

	(void)state;
	random_events(&in, 27, 10000, NCPUS);
	for (size_t i = 3; i < in.n; i++)
		in.list[i].cpu = in.list[i].cpu == CPU_NONE ? CPU_NONE : 0;
	fd = write_trace(&in, &opt, NCPUS, START, 100, 1000);
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	read_window(t, in.list[2500].ts, in.list[2600].ts, &out, &checkpoint);
	assert_int_equal(checkpoint, in.list[2000].ts);
	assert_in_range(out.n, 600, 1000);
	for (size_t i = 0; i < out.n; i++)
		assert_event_equal(&out.list[i], &in.list[2000 + i], i);
	trace_close(t);
	close(fd);
	list_free(&in);
	list_free(&out);
}

/* Standard input, which does not block, and comes a little at a time. */
static void standard_input(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct event_list in = {0}, out = {0};
	int fds[2], fd, saved = dup(STDIN_FILENO), status;
	size_t bytes;
	uint8_t *data;
	pid_t pid;

	(void)state;
	random_events(&in, 28, 3000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 100, 1000);
	data = slurp(fd, &bytes);
	close(fd);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(fds[0]);
		for (size_t at = 0; at < bytes; at += 1000) {
			if (write(fds[1], data + at, bytes - at < 1000 ? bytes - at : 1000) < 0)
				_exit(1);
			usleep(1000);
		}
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	read_trace("-", &out, NULL, NULL);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < in.n; i++)
		assert_event_equal(&out.list[i], &in.list[i], i);
	close(saved);
	close(fds[0]);
	free(data);
	list_free(&in);
	list_free(&out);
}

/* The checkpoint that a window would begin with is damaged: the one before it is taken. */
static void window_past_damage(void **state)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 64};
	struct event_list in = {0}, out = {0};
	struct trace_block *blocks;
	uint64_t checkpoint;
	size_t bytes, n, found = 0;
	uint8_t *data;
	struct trace *t;
	struct err err;
	int fd;

	(void)state;
	random_events(&in, 22, 5000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 150, 1000);
	data = slurp(fd, &bytes);
	close(fd);
	blocks = find_blocks(data, bytes, &n);
	for (size_t i = 0; i < n; i++)
		if (blocks[i].h.type == BLOCK_CHECKPOINT &&
		    blocks[i].h.first_ns == in.list[3000].ts) {
			data[blocks[i].end - 3] ^= 0x10;
			found++;
		}
	assert_int_equal(found, 1);
	fd = memory_file(data, bytes);
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	read_window(t, in.list[3500].ts, in.list[3600].ts, &out, &checkpoint);
	assert_int_equal(checkpoint, in.list[2000].ts);
	for (size_t i = 0; i < out.n; i++)
		assert_event_equal(&out.list[i], &in.list[2000 + i], i);
	assert_false(trace_complete(t));
	trace_close(t);
	close(fd);
	free(blocks);
	free(data);
	list_free(&out);
	list_free(&in);
}

static void sources_one_at_a_time(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct event_list in = {0};
	struct source *src, *second;
	const struct event *events;
	struct trace *t;
	struct err err;
	int fd;

	(void)state;
	random_events(&in, 23, 1000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 100, 0);
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &second, &err), -EBUSY);
	assert_true(src->next(src, &events, &err) > 0);
	src->close(src);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	assert_int_equal(src->next(src, &events, &err), 1);
	assert_int_equal(events[0].kind, EV_CHECKPOINT);
	trace_close(t); /* with the source open */
	close(fd);
	list_free(&in);
}

/* What a pipe holds back is bounded by the writer's horizon, not by the trace's length. */
static void bounded_memory(void **state)
{
	struct trace_writer_options opt = {.level = 0, .block_events = 500};
	struct event_list in = {0};
	const struct event *events;
	struct source *src;
	struct trace *t;
	struct err err;
	size_t before, most = 0, total = 0;
	int fd, n;

	(void)state;
	random_events(&in, 24, 500000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 1000, 0);
	assert_true(lseek(fd, 0, SEEK_END) > 4 << 20);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	while ((n = src->next(src, &events, &err)) > 0) {
		size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;

		most = now > most ? now : most;
		total += (size_t)n;
	}
	assert_int_equal(total, in.n + 1);
#ifdef __SANITIZE_ADDRESS__
	most = before; /* its allocator does not count */
#endif
	assert_true(most - before < 2 << 20);
	trace_close(t);
	close(fd);
	list_free(&in);
}

/* A writer that never tells its horizon: nothing is lost, order is kept per CPU. */
static void without_horizon(void **state)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 100};
	struct event_list in = {0}, out = {0};
	int fd;

	(void)state;
	random_events(&in, 25, 20000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 0, 0);
	read_trace(fd_path(fd), &out, NULL, NULL);
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < in.n; i++)
		assert_event_equal(&out.list[i], &in.list[i], i);
	close(fd);
	list_free(&in);
	list_free(&out);
}

/* ... however large it is: a reader does not keep all of it. */
static void large_without_horizon(void **state)
{
	struct trace_writer_options opt = {.level = 0};
	struct exec_info exec = {.filename = "f", .args_len = 1 << 20};
	struct event ev = {.ts = START, .kind = EV_EXEC, .ext = &exec};
	struct meta_end end = {0};
	const struct event *events;
	struct trace_writer *w;
	struct source *src;
	struct trace *t;
	struct meta meta;
	struct err err;
	size_t before, most = 0, total = 0;
	int n, fd = memory_file(NULL, 0);

	(void)state;
	exec.args = calloc(1, exec.args_len);
	assert_non_null(exec.args);
	simple_meta(&meta, 1, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	for (int i = 0; i < 200; i++) {
		ev.ts += 1000;
		assert_int_equal(trace_write_event(w, &ev, &err), 0);
	}
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	meta_free(&meta);
	free((void *)exec.args);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	while ((n = src->next(src, &events, &err)) > 0) {
		size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;

		most = now > most ? now : most;
		for (int i = 0; i < n; i++)
			assert_int_equal(events[i].ts, START + 1000 * ++total);
	}
	assert_int_equal(total, 200);
#ifdef __SANITIZE_ADDRESS__
	most = before; /* its allocator does not count */
#endif
	assert_true(most - before < 90 << 20);
	trace_close(t);
	close(fd);
}

/* The file grows shorter while it is read: an early end, not a crash. */
static void cut_while_read(void **state)
{
	struct trace_writer_options opt = {.level = 0, .block_events = 100};
	struct event_list in = {0};
	const struct event *events;
	const struct trace_damage *damages;
	struct source *src;
	struct trace *t;
	struct err err;
	size_t total = 0;
	int fd, n;

	(void)state;
	random_events(&in, 26, 100000, NCPUS);
	fd = write_trace(&in, &opt, NCPUS, START, 500, 0);
	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	while ((n = src->next(src, &events, &err)) > 0) {
		total += (size_t)n;
		if (total > 10000 && total < 50000)
			assert_int_equal(ftruncate(fd, 200000), 0);
	}
	assert_int_equal(n, 0);
	assert_true(total > 10000 && total < in.n);
	assert_true(trace_damages(t, &damages) > 0);
	assert_false(trace_complete(t));
	trace_close(t);
	close(fd);
	list_free(&in);
}

static void meta_round_trip(void **state)
{
	static struct meta_cpu cpus[2] = {{0, 1, 2, 3, 4, 5},
					  {65534, -1, -1, INT32_MAX, INT32_MIN, 0}};
	static struct meta_hook hooks[1] = {{.name = "sched_switch",
					     .alternative = "tp_btf",
					     .live = true,
					     .required = true,
					     .why = "\"quoted\"\n\x01",
					     .needed = "states,life",
					     .feature = "fifteen letters"}};
	static struct meta in = {
		.version = "1.0",
		.child_pid = UINT32_MAX,
		.start_ns = UINT64_MAX,
		.start_utc_ns = 1u << 31,
		.boottime_offset_ns = INT64_MIN,
		.filtered = true,
		.features = "sched,io,net",
		.cpus = cpus,
		.ncpus = 2,
		.hooks = hooks,
		.nhooks = 1,
	};
	struct meta out;
	struct err err;
	char *json;

	(void)state;
	/* every byte there is, in bad order, and the escape itself: U+10FE80, and its bytes cut */
	for (int i = 1; i < 256; i++)
		in.command_line[i - 1] = (char)i;
	strcpy(in.child_command, "\xf4\x8f\xba\x80 \xf4\x8f\xba caf\xc3\xa9 \xc3 \xed\xa0\x80 "
				 "\xe2\x82\xac\xf0\x9f\x98\x80\xc0\x80\xff");
	memset(in.hostname, 'h', sizeof(in.hostname) - 1);
	json = meta_to_json(&in);
	assert_non_null(json);
	assert_int_equal(meta_from_json(&out, json, strlen(json), &err), 0);
	assert_memory_equal(out.cpus, cpus, sizeof(cpus));
	assert_memory_equal(out.hooks, hooks, sizeof(hooks));
	free(json);
	free(out.cpus);
	free(out.hooks);
	out.cpus = cpus;
	out.hooks = hooks;
	assert_memory_equal(&out, &in, sizeof(in));
}

static void features(void **state)
{
	struct meta meta = {.features = "sched,io,network"};

	(void)state;
	assert_true(meta_has_feature(&meta, "sched"));
	assert_true(meta_has_feature(&meta, "io"));
	assert_true(meta_has_feature(&meta, "network"));
	assert_false(meta_has_feature(&meta, "net"));
	assert_false(meta_has_feature(&meta, "o"));
	assert_false(meta_has_feature(&meta, ""));
	meta.features[0] = 0; /* before 1.1 */
	assert_true(meta_has_feature(&meta, "sched"));
	assert_false(meta_has_feature(&meta, "io"));
}

static void meta_end_round_trip(void **state)
{
	static struct meta_program programs[2] = {{"a", 1, 2, 3, 4},
						  {"b", UINT64_MAX, 0, 1u << 31, 5}};
	static struct meta_end in = {
		.end_ns = 5,
		.cpu_ns = UINT64_MAX,
		.lost = 7,
		.child_exited = true,
		.child_status = -1,
		.stopped_by = "SIGINT",
		.programs = programs,
		.nprograms = 2,
	};
	struct meta_end out;
	struct err err;
	char *json = meta_end_to_json(&in);

	(void)state;
	assert_non_null(json);
	assert_int_equal(meta_end_from_json(&out, json, strlen(json), &err), 0);
	assert_memory_equal(out.programs, programs, sizeof(programs));
	free(json);
	free(out.programs);
	out.programs = programs;
	assert_memory_equal(&out, &in, sizeof(in));
}

static void meta_from_strangers(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{", "{}x", "nul", "{\"a\":\"\xff\"}", "{\"a\":1,\"a\":2}"};
	static const char odd[] = "{\"hostname\":5,\"start_ns\":\"x\",\"cpus\":{\"a\":1},"
				  "\"hooks\":[1,null,{\"live\":\"yes\"}],\"version\":\"0123456789"
				  "0123456789012345678901234567890123456789\",\"new\":[{}]}";
	struct meta meta;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(meta_from_json(&meta, bad[i], strlen(bad[i]), &err), -EBADMSG);
	assert_int_equal(meta_from_json(&meta, odd, strlen(odd), &err), 0);
	assert_string_equal(meta.hostname, "");
	assert_int_equal(meta.start_ns, 0);
	assert_int_equal(meta.ncpus, 0);
	assert_int_equal(meta.nhooks, 3);
	assert_false(meta.hooks[2].live);
	assert_int_equal(strlen(meta.version), sizeof(meta.version) - 1);
	meta_free(&meta);
}

static void filters(void **state)
{
	static const struct {
		const char *text;
		bool tasks;
	} cases[] = {
		{"-C 0", false},     {"-C 0-3,5 -C 7", false},
		{"-p 12", true},     {"-C 0 --comm x", true},
		{"", true},	     {"--only", true},
		{"--comm -C", true},
	};
	struct meta meta = {0};

	(void)state;
	assert_false(meta_leaves_out_tasks(&meta));
	meta.filtered = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(meta.filters, cases[i].text);
		assert_int_equal(meta_leaves_out_tasks(&meta), cases[i].tasks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows),
		cmocka_unit_test(window_of_a_silent_cpu),
		cmocka_unit_test(standard_input),
		cmocka_unit_test(window_past_damage),
		cmocka_unit_test(sources_one_at_a_time),
		cmocka_unit_test(bounded_memory),
		cmocka_unit_test(without_horizon),
		cmocka_unit_test(large_without_horizon),
		cmocka_unit_test(cut_while_read),
		cmocka_unit_test(meta_round_trip),
		cmocka_unit_test(meta_end_round_trip),
		cmocka_unit_test(features),
		cmocka_unit_test(filters),
		cmocka_unit_test(meta_from_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
