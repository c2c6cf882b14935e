// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/trace_file: no file of the user is ever lost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "format/block.h"
#include "record/trace_file.h"
#include "tests/unit/scratch.h"

#define OLD_TRACE FILE_MAGIC "old"
#define NOBODY	  ((uid_t)-1), ((gid_t)-1)

static void expect_content(void *dir, const char *name, const char *content)
{
	char buf[64] = {0};

	assert_int_equal(scratch_read(dir, name, buf, sizeof(buf) - 1), strlen(content));
	assert_string_equal(buf, content);
}

static void write_new(void *dir, const char *name)
{
	struct err err = {0};
	struct trace_file out;

	if (trace_file_open(&out, scratch_path(dir, name), NOBODY, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(write(out.fd, "new", 3), 3);
	assert_int_equal(trace_file_commit(&out, &err), 0);
	assert_int_equal(trace_file_close(&out, &err), 0);
}

static void expect_refused(void *dir, const char *name, int code)
{
	struct err err = {0};
	struct trace_file out;

	assert_int_equal(trace_file_check(scratch_path(dir, name), &err), code);
	assert_non_null(strstr(err.msg, name));
	assert_int_equal(trace_file_open(&out, scratch_path(dir, name), NOBODY, &err), code);
}

static void test_new_file(void **dir)
{
	struct err err = {0};
	struct stat st;

	assert_int_equal(trace_file_check(scratch_path(*dir, "t"), &err), 0);
	assert_int_equal(scratch_entries(*dir), 0);
	umask(0);
	write_new(*dir, "t");
	expect_content(*dir, "t", "new");
	assert_int_equal(scratch_entries(*dir), 1);
	assert_int_equal(stat(scratch_path(*dir, "t"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_uncommitted_leaves_nothing(void **dir)
{
	struct trace_file out;

	scratch_write(*dir, "t", OLD_TRACE, strlen(OLD_TRACE));
	assert_int_equal(trace_file_open(&out, scratch_path(*dir, "t"), NOBODY, NULL), 0);
	assert_int_equal(write(out.fd, "new", 3), 3);
	trace_file_close(&out, NULL);
	assert_int_equal(scratch_entries(*dir), 1);
	expect_content(*dir, "t", OLD_TRACE);
}

static void test_old_trace_is_kept(void **dir)
{
	scratch_write(*dir, "t", OLD_TRACE, strlen(OLD_TRACE));
	scratch_write(*dir, "t.old", FILE_MAGIC "older", 13);
	write_new(*dir, "t");
	expect_content(*dir, "t", "new");
	expect_content(*dir, "t.old", OLD_TRACE);
	assert_int_equal(scratch_entries(*dir), 2);
}

static void test_empty_file_is_replaced(void **dir)
{
	scratch_write(*dir, "t", "", 0);
	write_new(*dir, "t");
	expect_content(*dir, "t", "new");
	assert_int_equal(scratch_entries(*dir), 1);
}

static void test_not_a_trace(void **dir)
{
	scratch_write(*dir, "t", "precious", 8);
	expect_refused(*dir, "t", -EEXIST);
	scratch_write(*dir, "short", FILE_MAGIC, MAGIC_BYTES - 1);
	expect_refused(*dir, "short", -EEXIST);
	expect_content(*dir, "t", "precious");
	assert_int_equal(scratch_entries(*dir), 2);
}

/* .old is only ever a trace that rstat put there, or it would be overwritten unseen. */
static void test_old_is_not_a_trace(void **dir)
{
	scratch_write(*dir, "t", OLD_TRACE, strlen(OLD_TRACE));
	scratch_write(*dir, "t.old", "precious", 8);
	expect_refused(*dir, "t", -EEXIST);
	expect_content(*dir, "t.old", "precious");
	expect_content(*dir, "t", OLD_TRACE);
}

static void test_symbolic_link(void **dir)
{
	scratch_write(*dir, "target", OLD_TRACE, strlen(OLD_TRACE));
	assert_int_equal(symlink("target", scratch_path(*dir, "t")), 0);
	assert_int_equal(symlink("nowhere", scratch_path(*dir, "dangling")), 0);
	expect_refused(*dir, "t", -ELOOP);
	expect_refused(*dir, "dangling", -ELOOP);
	expect_content(*dir, "target", OLD_TRACE);
}

/* What comes in between the check and the end of the start is not lost either. */
static void test_changes_meanwhile(void **dir)
{
	struct err err = {0};
	struct trace_file out;

	assert_int_equal(trace_file_open(&out, scratch_path(*dir, "t"), NOBODY, &err), 0);
	scratch_write(*dir, "t", "precious", 8);
	assert_int_equal(trace_file_commit(&out, &err), -EEXIST);
	trace_file_close(&out, NULL);
	expect_content(*dir, "t", "precious");
	assert_int_equal(scratch_entries(*dir), 1);
}

static void test_bad_places(void **dir)
{
	struct err err = {0};
	char name[300];

	expect_refused(*dir, "", -EISDIR);
	expect_refused(*dir, "missing/t", -ENOENT);
	assert_int_equal(mkdir(scratch_path(*dir, "d"), 0700), 0);
	expect_refused(*dir, "d", -EISDIR);
	expect_refused(*dir, "d/.", -EISDIR);
	assert_int_equal(trace_file_check("/dev/zero", &err), -EEXIST);
	memset(name, 'x', sizeof(name));
	name[250] = '\0';
	expect_refused(*dir, name, -ENAMETOOLONG);
}

static void test_pipe_is_written_in_place(void **dir)
{
	struct err err = {0};
	struct trace_file out;
	char buf[4];
	int fd;

	assert_int_equal(mkfifo(scratch_path(*dir, "p"), 0600), 0);
	fd = open(scratch_path(*dir, "p"), O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(trace_file_open(&out, scratch_path(*dir, "p"), NOBODY, &err), 0);
	assert_int_equal(write(out.fd, "new", 3), 3);
	assert_int_equal(trace_file_commit(&out, &err), 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 3);
	assert_int_equal(trace_file_close(&out, &err), 0);
	close(fd);
	assert_int_equal(trace_file_check("/dev/null", &err), 0);
}

static void test_owner_under_sudo(void **dir)
{
	struct trace_file out;
	struct stat st;
	uid_t uid;
	gid_t gid;

	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	trace_file_sudo_owner(&uid, &gid);
	assert_true(uid == (uid_t)-1 && gid == (gid_t)-1);
	if (geteuid())
		skip(); /* only root can give a file away */
	setenv("SUDO_UID", "12345x", 1);
	trace_file_sudo_owner(&uid, &gid);
	assert_true(uid == (uid_t)-1);
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "54321", 1);
	trace_file_sudo_owner(&uid, &gid);
	assert_int_equal(trace_file_open(&out, scratch_path(*dir, "t"), uid, gid, NULL), 0);
	assert_int_equal(trace_file_commit(&out, NULL), 0);
	assert_int_equal(trace_file_close(&out, NULL), 0);
	assert_int_equal(stat(scratch_path(*dir, "t"), &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 54321);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new_file),	      TEST(test_uncommitted_leaves_nothing),
		TEST(test_old_trace_is_kept), TEST(test_empty_file_is_replaced),
		TEST(test_not_a_trace),	      TEST(test_old_is_not_a_trace),
		TEST(test_symbolic_link),     TEST(test_changes_meanwhile),
		TEST(test_bad_places),	      TEST(test_pipe_is_written_in_place),
		TEST(test_owner_under_sudo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
