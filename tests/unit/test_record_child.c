// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/child: the command starts when told, and its status is passed on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/exit.h"
#include "record/child.h"
#include "tests/unit/scratch.h"

static void nothing(void)
{
}

static int run(const char *script)
{
	char *const command[] = {"sh", "-c", (char *)script, NULL};
	struct err err = {0};
	struct child child;

	assert_int_equal(child_fork(&child, command, false, nothing, &err), 0);
	assert_int_equal(child_go(&child, command[0], &err), 0);
	assert_true(child_reap(&child, true));
	child_close(&child);
	return child_exit_code(child.status);
}

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(run("exit 0"), 0);
	assert_int_equal(run("exit 7"), 7);
	assert_int_equal(run("exit 255"), 255);
	assert_int_equal(run("kill -TERM $$"), 128 + SIGTERM);
	assert_int_equal(run("kill -KILL $$"), 128 + SIGKILL);
	assert_int_equal(child_failure_code(-ENOENT), EXIT_NOT_FOUND);
	assert_int_equal(child_failure_code(-EACCES), EXIT_CANNOT_RUN);
	assert_int_equal(child_failure_code(-ENOEXEC), EXIT_CANNOT_RUN);
}

static void test_find(void **dir)
{
	char path[4096];
	struct err err = {0};

	assert_int_equal(child_find("sh", &err), 0);
	assert_int_equal(child_find("/bin/sh", &err), 0);
	assert_int_equal(child_find("no-such-command", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no-such-command"));
	assert_int_equal(child_find("", &err), -ENOENT);
	assert_int_equal(child_find("/no/such/folder/x", &err), -ENOENT);
	assert_int_equal(child_find(*dir, &err), -EACCES);
	scratch_write(*dir, "plain", "x", 1);
	assert_int_equal(child_find(scratch_path(*dir, "plain"), &err), -EACCES);

	/* one that may not run hides none that may, further on in PATH */
	snprintf(path, sizeof(path), "%s:%s", (char *)*dir, getenv("PATH"));
	setenv("PATH", path, 1);
	scratch_write(*dir, "sh", "x", 1);
	assert_int_equal(child_find("sh", &err), 0);
	assert_int_equal(child_find("plain", &err), -EACCES);
}

/* Found by name, yet the kernel refuses it: known from child_go(), before anything is recorded. */
static void test_exec_fails(void **dir)
{
	struct err err = {0};
	struct child child;
	char *command[2] = {NULL, NULL};

	scratch_write(*dir, "s", "#!/no/such/interpreter\n", 23);
	command[0] = (char *)scratch_path(*dir, "s");
	assert_int_equal(chmod(command[0], 0700), 0);
	assert_int_equal(child_find(command[0], &err), 0);
	assert_int_equal(child_fork(&child, command, false, nothing, &err), 0);
	assert_int_equal(child_go(&child, command[0], &err), -ENOENT);
	assert_true(child_reap(&child, true));
	child_close(&child);
}

static void test_waits_for_go(void **dir)
{
	char script[4200];
	char *const command[] = {"sh", "-c", script, NULL};
	struct pollfd pfd = {.events = POLLIN};
	struct err err = {0};
	struct child child;

	snprintf(script, sizeof(script), "touch '%s/ran'", (char *)*dir);
	assert_int_equal(child_fork(&child, command, false, nothing, &err), 0);
	assert_true(child.pid > 0);
	pfd.fd = child.pid_fd;
	assert_int_equal(poll(&pfd, 1, 50), 0);
	assert_false(child_reap(&child, false));
	/* not let go: it leaves without having run */
	child_close(&child);
	assert_int_equal(scratch_entries(*dir), 0);

	assert_int_equal(child_fork(&child, command, false, nothing, &err), 0);
	pfd.fd = child.pid_fd;
	assert_int_equal(child_go(&child, command[0], &err), 0);
	assert_int_equal(poll(&pfd, 1, -1), 1);
	assert_true(child_reap(&child, true));
	child_close(&child);
	assert_int_equal(scratch_entries(*dir), 1);
}

/* With the trace on standard output, what the command prints must not get into it. */
static void test_stdout_is_taken(void **dir)
{
	char *const command[] = {"sh", "-c", "echo out", NULL};
	const int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
	struct err err = {0};
	struct child child;
	char buf[16] = {0};

	fflush(stdout);
	assert_non_null(freopen(scratch_path(*dir, "out"), "w", stdout));
	assert_non_null(freopen(scratch_path(*dir, "err"), "w", stderr));
	assert_int_equal(child_fork(&child, command, true, nothing, &err), 0);
	assert_int_equal(child_go(&child, command[0], &err), 0);
	child_reap(&child, true);
	child_close(&child);
	fflush(stdout);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	assert_int_equal(scratch_read(*dir, "out", buf, sizeof(buf)), 0);
	assert_int_equal(scratch_read(*dir, "err", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "out\n");
	close(saved_out);
	close(saved_err);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes),
		TEST(test_find),
		TEST(test_exec_fails),
		TEST(test_waits_for_go),
		TEST(test_stdout_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
