// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What goes into a trace comes out of it, whatever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
