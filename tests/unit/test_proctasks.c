// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/proctasks: tasks from a copy of /proc that the iterator did not report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "format/event.h"
#include "record/proctasks.h"
#include "tests/unit/scratch.h"

static void add_file(void *state, unsigned pid, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/%u/task/%u/%s", pid, pid, name);
	scratch_write(state, path, text, strlen(text));
}

static void add_task(void *state, unsigned pid, const char *stat, const char *status)
{
	add_file(state, pid, "stat", stat);
	add_file(state, pid, "status", status);
}

/* From minflt on: started at tick 250, on CPU 3. */
#define REST "0 0 0 0 0 0 0 0 20 0 1 0 250 10 20 99 0 0 0 0 0 0 0 0 0 0 0 0 17 3 0 0 0\n"

static int set_up(void **state)
{
	int r = scratch_setup(state);

	if (r)
		return r;
	scratch_write(*state, "proc/self/stat", "", 0);
	add_task(*state, 20, "20 (evil ) R (x) S 7 20 20 0 -1 4194304 " REST,
		 "Name:\tx\nTgid:\t20\nUid:\t1000\t0\t0\t0\nvoluntary_ctxt_switches:\t5\n"
		 "nonvoluntary_ctxt_switches:\t6\n");
	add_file(*state, 20, "schedstat", "111 222 333\n");
	add_file(*state, 20, "syscall", "61 0x1 0x2\n");
	add_task(*state, 3, "3 (kthread) I 2 0 0 0 -1 2097152 " REST, "Name:\tkthread\nTgid:\t3\n");
	add_task(*state, 9, "9 (gone", "");
	return 0;
}

static void test_list(void **state)
{
	struct err err = {0};
	uint32_t *tids;
	size_t n;

	assert_int_equal(proctasks_list(*state, &tids, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(tids[0], 3);
	assert_int_equal(tids[1], 9);
	assert_int_equal(tids[2], 20);
	free(tids);
}

static void test_add(void **state)
{
	const uint32_t tids[] = {3, 9, 15, 20, 21};
	struct ring_snapshot *s = calloc(1, sizeof(*s));
	struct err err = {0};
	size_t n = 1;

	/* the iterator had 21; 9 cannot be read, 15 is gone */
	s[0].id.tid = 21;
	s[0].ts = 1;
	assert_int_equal(proctasks_add(*state, tids, 5, &s, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(s[0].id.tid, 21);
	assert_int_equal(s[1].id.tid, 3);
	assert_int_equal(s[1].state, 0x402);
	assert_int_equal(s[1].id.flags, TASKF_KTHREAD | TASKF_NO_MM);
	assert_int_equal(s[1].syscall, SYSCALL_UNKNOWN);
	assert_int_equal(s[2].id.tid, 20);
	assert_int_equal(s[2].id.tgid, 20);
	assert_int_equal(s[2].id.ppid, 7);
	assert_int_equal(s[2].id.uid, 1000);
	assert_string_equal(s[2].id.comm, "evil ) R (x");
	assert_int_equal(s[2].id.start_ns, 250 * (1000000000 / sysconf(_SC_CLK_TCK)));
	assert_int_equal(s[2].state, 0x1);
	assert_int_equal(s[2].cpu, 3);
	assert_int_equal(s[2].syscall, 61);
	assert_int_equal(s[2].oncpu_ns, 111);
	assert_int_equal(s[2].runq_ns, 222);
	assert_int_equal(s[2].slices, 333);
	assert_int_equal(s[2].nvcsw, 5);
	assert_int_equal(s[2].nivcsw, 6);
	assert_true(s[2].ts >= s[1].ts && s[1].ts > s[0].ts);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, set_up, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_add, set_up, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
