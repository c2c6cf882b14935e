// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* verbs/record_filters: what the options say becomes lists, and what is not there is refused. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "record/host.h"
#include "verbs/record_filters.h"

static void expect_refused(struct record_filters *f, enum filter_list list, const char *arg,
			   int code)
{
	struct err err = {0};

	if (record_filters_add(f, list, arg, &err) != code)
		fail_msg("'%s': %s", arg, err.msg);
	assert_true(strlen(err.msg) > 10);
}

static void test_lists(void **state)
{
	struct record_filters f = {0};
	struct err err = {0};
	struct kernel_filter k;
	char pids[64], text[128];

	(void)state;
	snprintf(pids, sizeof(pids), "%d,%d", getpid(), getppid());
	assert_int_equal(record_filters_add(&f, FILTER_PID, pids, &err), 0);
	assert_int_equal(record_filters_add(&f, FILTER_TID, "1", &err), 0);
	assert_int_equal(record_filters_add(&f, FILTER_COMM, "make*", &err), 0);
	assert_int_equal(record_filters_add(&f, FILTER_COMM, "it's", &err), 0);
	assert_int_equal(record_filters_add(&f, FILTER_CPU, "0", &err), 0);
	k = record_filters_of(&f);
	assert_int_equal(k.npids, 2);
	assert_int_equal(k.pids[0], getpid());
	assert_int_equal(k.pids[1], getppid());
	assert_int_equal(k.ntids, 1);
	assert_int_equal(k.tids[0], 1);
	assert_int_equal(k.ncomms, 2);
	assert_string_equal(k.comms[1], "it's");
	assert_int_equal(k.ncgroups, 0);
	assert_int_equal(k.cpus[0], 1);
	snprintf(text, sizeof(text), "-p %s --tid 1 --comm 'make*' --comm 'it'\\''s' -C 0", pids);
	assert_string_equal(f.text, text);
	record_filters_free(&f);
}

/* What does not fit is cut, and never written beyond the end. */
static void test_quoting_is_bounded(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40; size++) {
		char *text = malloc(size);

		assert_non_null(text);
		*text = '\0';
		for (int i = 0; i < 5; i++)
			append_quoted(text, size, i % 2 ? "plain" : "a 'b'");
		assert_true(strlen(text) < size);
		free(text);
	}
}

static void test_nothing(void **state)
{
	struct record_filters f = {0};
	const struct kernel_filter k = record_filters_of(&f);

	(void)state;
	assert_int_equal(k.npids + k.ntids + k.ncomms + k.ncgroups, 0);
	assert_null(k.cpus);
	assert_string_equal(f.text, "");
	record_filters_free(&f);
}

static void *tell_tid(void *arg)
{
	int *pipes = arg;
	char go;
	int tid = gettid();

	if (write(pipes[1], &tid, sizeof(tid)) != sizeof(tid) || read(pipes[2], &go, 1) < 0)
		abort();
	return NULL;
}

/* A thread's id finds a folder in /proc too, yet as a PID it would match nothing. */
static void test_thread_is_no_process(void **state)
{
	struct record_filters f = {0};
	struct err err = {0};
	char text[32];
	int pipes[4], tid;
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(pipe(pipes + 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, tell_tid, pipes), 0);
	assert_int_equal(read(pipes[0], &tid, sizeof(tid)), sizeof(tid));
	snprintf(text, sizeof(text), "%d", tid);
	expect_refused(&f, FILTER_PID, text, -ESRCH);
	assert_int_equal(record_filters_add(&f, FILTER_TID, text, &err), 0);
	close(pipes[3]);
	pthread_join(thread, NULL);
	for (int i = 0; i < 3; i++)
		close(pipes[i]);
	record_filters_free(&f);
}

static void test_refused(void **state)
{
	struct record_filters f = {0};
	char cpu[32];

	(void)state;
	/* above the largest pid_max */
	expect_refused(&f, FILTER_PID, "4194305", -ESRCH);
	expect_refused(&f, FILTER_TID, "4194305", -ESRCH);
	expect_refused(&f, FILTER_PID, "1,", -EINVAL);
	expect_refused(&f, FILTER_PID, "-1", -EINVAL);
	expect_refused(&f, FILTER_PID, "bash", -EINVAL);
	expect_refused(&f, FILTER_COMM, "", -EINVAL);
	expect_refused(&f, FILTER_CGROUP, "no/such/cgroup", -ENOENT);
	snprintf(cpu, sizeof(cpu), "%u", host_cpu_limit(""));
	expect_refused(&f, FILTER_CPU, cpu, -ENOENT);
	/* what was refused is not said to be a filter of the recording */
	assert_string_equal(f.text, "");
	record_filters_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),	cmocka_unit_test(test_quoting_is_bounded),
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_thread_is_no_process),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
