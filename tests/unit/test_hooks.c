// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/hooks: the table against kernels that exist only as BTF. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "record/hooks.h"
#include "record/kernel.h"

/* A tracepoint as the kernel's BTF has it: typedef of a pointer to void (void *, args...). */
static void add_tracepoint(struct btf *btf, const char *name, unsigned args)
{
	char typedef_name[64];
	int proto, ptr;
	unsigned i;

	proto = btf__add_func_proto(btf, 0);
	assert_true(proto > 0);
	for (i = 0; i < args + 1; i++)
		assert_int_equal(btf__add_func_param(btf, "", 1), 0);
	ptr = btf__add_ptr(btf, proto);
	snprintf(typedef_name, sizeof(typedef_name), "btf_trace_%s", name);
	assert_true(btf__add_typedef(btf, typedef_name, ptr) > 0);
}

static struct btf *new_kernel(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_int_equal(btf__add_int(btf, "long", 8, BTF_INT_SIGNED), 1);
	return btf;
}

static size_t find(const struct hooks *hooks, const char *name)
{
	size_t i;

	for (i = 0; i < hooks->n; i++)
		if (!strcmp(hooks->meta[i].name, name))
			return i;
	fail_msg("no hook %s", name);
	return 0;
}

static void test_nothing_there(void **state)
{
	struct btf *btf = new_kernel();
	struct err err = {0};
	struct hooks hooks;
	size_t i;

	(void)state;
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	for (i = 0; i < hooks.n; i++) {
		assert_false(hooks.meta[i].live);
		assert_string_equal(hooks.meta[i].alternative, "");
		assert_true(strlen(hooks.meta[i].why) > 0);
		assert_true(strlen(hooks.meta[i].needed) > 0);
		assert_null(hooks.chosen[i]);
	}
	assert_int_equal(hooks_check_required(&hooks, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "sched_switch"));
	assert_non_null(strstr(err.msg, "no such tracepoint"));
	btf__free(btf);
}

static void test_arguments(void **state)
{
	struct btf *btf = new_kernel();

	(void)state;
	add_tracepoint(btf, "sched_switch", 4);
	add_tracepoint(btf, "sched_process_exit", 1);
	assert_int_equal(hooks_tracepoint_args(btf, "sched_switch"), 4);
	assert_int_equal(hooks_tracepoint_args(btf, "sched_process_exit"), 1);
	assert_int_equal(hooks_tracepoint_args(btf, "sched_waking"), 0);
	btf__free(btf);
}

static void test_alternatives(void **state)
{
	struct btf *btf = new_kernel();
	struct hooks hooks;
	size_t fork;

	(void)state;
	add_tracepoint(btf, "sched_process_fork", 2);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	fork = find(&hooks, "fork");
	assert_true(hooks.meta[fork].live);
	assert_string_equal(hooks.chosen[fork]->target, "sched_process_fork");

	/* the better one first, the other when that turns out not to load, then none */
	add_tracepoint(btf, "task_newtask", 2);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	assert_string_equal(hooks.chosen[fork]->target, "task_newtask");
	assert_string_equal(hooks.meta[fork].alternative, "tp_btf");
	assert_string_equal(hooks.meta[fork].why, "");
	hooks_reject(&hooks, fork, "Bad luck");
	assert_string_equal(hooks.chosen[fork]->target, "sched_process_fork");
	assert_non_null(strstr(hooks.meta[fork].why, "Bad luck"));
	hooks_reject(&hooks, fork, "Again");
	assert_null(hooks.chosen[fork]);
	assert_false(hooks.meta[fork].live);
	assert_string_equal(hooks.meta[fork].alternative, "");
	btf__free(btf);
}

/* What goes along with a way is in use only where the kernel has it, and the first to be let go. */
static void test_parts(void **state)
{
	struct btf *btf = new_kernel();
	struct hooks hooks;
	size_t send;

	(void)state;
	add_tracepoint(btf, "sock_send_length", 3);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	send = find(&hooks, "sock_send");
	assert_true(hooks.meta[send].live);
	assert_int_equal(hooks.nparts[send], 1);
	assert_string_equal(hooks.parts[send][0].program, "on_send");
	assert_true(hooks_uses(&hooks, "on_send"));
	assert_false(hooks_uses(&hooks, "on_inet_sendpage"));
	/* as if it were 6.3 with fexit */
	hooks.parts[send][hooks.nparts[send]++] = (struct hook_way){"fexit", "inet_sendpage",
								    "on_inet_sendpage"};
	assert_true(hooks_uses(&hooks, "on_inet_sendpage"));
	hooks_reject(&hooks, send, "Bad luck");
	assert_true(hooks.meta[send].live);
	assert_int_equal(hooks.nparts[send], 1);
	assert_non_null(strstr(hooks.meta[send].why, "inet_sendpage and more: Bad luck"));
	hooks_reject(&hooks, send, "Again");
	assert_string_not_equal(hooks.meta[send].alternative, "tp_btf");
	btf__free(btf);
}

/* What the tests use to reach the later alternatives: whole words of a list, how or target. */
static void test_taken_out(void **state)
{
	struct btf *btf = new_kernel();
	struct hooks hooks;
	size_t fork;

	(void)state;
	add_tracepoint(btf, "task_newtask", 2);
	add_tracepoint(btf, "sched_process_fork", 2);
	assert_int_equal(setenv("RSTAT_HOOKS_WITHOUT", "fentry,task_newtask", 1), 0);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	fork = find(&hooks, "fork");
	assert_string_equal(hooks.chosen[fork]->target, "sched_process_fork");
	assert_non_null(strstr(hooks.meta[fork].why, "RSTAT_HOOKS_WITHOUT"));
	assert_int_equal(setenv("RSTAT_HOOKS_WITHOUT", "tp_btf", 1), 0);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	assert_false(hooks.meta[fork].live);
	assert_int_equal(setenv("RSTAT_HOOKS_WITHOUT", "task_new,newtask,tp", 1), 0);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	assert_string_equal(hooks.chosen[fork]->target, "task_newtask");
	assert_int_equal(unsetenv("RSTAT_HOOKS_WITHOUT"), 0);
	btf__free(btf);
}

/* All that is required and nothing else: a recording, with the rest said to be missing. */
static void test_only_what_is_required(void **state)
{
	struct btf *btf = new_kernel();
	struct err err = {0};
	struct hooks hooks;
	size_t i;

	(void)state;
	add_tracepoint(btf, "sched_switch", 4);
	add_tracepoint(btf, "sched_wakeup", 1);
	add_tracepoint(btf, "sched_wakeup_new", 1);
	add_tracepoint(btf, "sched_process_fork", 2);
	add_tracepoint(btf, "sched_process_exit", 2);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	assert_int_equal(hooks_check_required(&hooks, &err), 0);
	for (i = 0; i < hooks.n; i++)
		assert_int_equal(hooks.meta[i].live, hooks.meta[i].required);
	btf__free(btf);
}

/* Hooks of a feature that is off are not in the table, so they are not missing either. */
static void test_features(void **state)
{
	struct btf *btf = new_kernel();
	struct hooks hooks;
	size_t i, all;

	(void)state;
	add_tracepoint(btf, "block_rq_issue", 1);
	hooks_probe(&hooks, btf, FEATURES_DEFAULT);
	all = hooks.n;
	assert_true(hooks.meta[find(&hooks, "block_rq_issue")].live);
	assert_string_equal(hooks.meta[find(&hooks, "block_rq_issue")].feature, "io");
	assert_string_equal(hooks.meta[find(&hooks, "accounts")].feature, "fs");
	assert_string_equal(hooks.meta[find(&hooks, "sock_send")].feature, "net");
	assert_string_equal(hooks.meta[find(&hooks, "sched_switch")].feature, "sched");
	hooks_probe(&hooks, btf, 0);
	assert_true(hooks.n < all);
	for (i = 0; i < hooks.n; i++)
		assert_string_equal(hooks.meta[i].feature, "sched");
	hooks_probe(&hooks, btf, FEATURE_IO);
	for (i = 0; i < hooks.n; i++)
		assert_true(!strcmp(hooks.meta[i].feature, "sched") ||
			    !strcmp(hooks.meta[i].feature, "io"));
	btf__free(btf);
}

/* Before Linux 5.11 the request was the second argument: taken for the first, nonsense. */
static void test_other_layout(void **state)
{
	struct btf *btf = new_kernel();
	struct hooks hooks;
	size_t issue;

	(void)state;
	add_tracepoint(btf, "block_rq_issue", 2);
	hooks_probe(&hooks, btf, FEATURE_IO);
	issue = find(&hooks, "block_rq_issue");
	assert_false(hooks.meta[issue].live);
	assert_non_null(strstr(hooks.meta[issue].why, "other arguments"));
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_there),	      cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_alternatives),	      cmocka_unit_test(test_parts),
		cmocka_unit_test(test_only_what_is_required), cmocka_unit_test(test_features),
		cmocka_unit_test(test_other_layout),	      cmocka_unit_test(test_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
