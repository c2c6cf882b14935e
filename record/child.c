// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"

static int judge_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? -errno : 0;
}

/* As execvp(3): the first executable file wins, "permission denied" beats "not found". */
static int search_path(const char *command)
{
	const char *path = getenv("PATH");
	int ret = -ENOENT;

	if (!path)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t len = strcspn(path, ":");
		char file[4096];
		int found;

		snprintf(file, sizeof(file), "%.*s/%s", len ? (int)len : 1, len ? path : ".",
			 command);
		found = judge_file(file);
		if (!found)
			return 0;
		if (found == -EACCES)
			ret = found;
		path += len;
		if (!*path++)
			return ret;
	}
}

static int tell(int ret, const char *command, struct err *err)
{
	if (ret == -ENOENT || ret == -ENOTDIR)
		return err_set(err, -ENOENT,
			       "command '%.200s' was not found (check its spelling "
			       "and PATH)",
			       command);
	if (ret == -EACCES)
		return err_set(err, ret,
			       "command '%.200s' is not an executable file (chmod +x, or "
			       "name its interpreter)",
			       command);
	return err_errno(err, ret, "command '%.200s' cannot be run", command);
}

int child_find(const char *command, struct err *err)
{
	int ret;

	if (!*command)
		ret = -ENOENT;
	else
		ret = strchr(command, '/') ? judge_file(command) : search_path(command);
	return ret ? tell(ret, command, err) : 0;
}

/* Never returns. Only async-signal-safe calls: the caller may have threads. */
static void run_command(char *const *command, void (*before_exec)(void), int go_fd, int failed_fd)
{
	ssize_t got;
	char go;
	int code;

	do {
		got = read(go_fd, &go, 1);
	} while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(EXIT_RECORD); /* the recording did not begin */
	before_exec();
	execvp(command[0], command);
	code = errno;
	if (write(failed_fd, &code, sizeof(code)) != (ssize_t)sizeof(code))
		_exit(EXIT_RECORD);
	_exit(child_failure_code(-code));
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

int child_fork(struct child *child, char *const *command, bool stdout_is_taken,
	       void (*before_exec)(void), struct err *err)
{
	int go[2], failed[2];

	memset(child, 0, sizeof(*child));
	child->pid_fd = child->go_fd = child->failed_fd = -1;
	if (pipe2(go, O_CLOEXEC))
		return err_errno(err, -errno, "cannot start '%s'", command[0]);
	if (pipe2(failed, O_CLOEXEC)) {
		int ret = err_errno(err, -errno, "cannot start '%s'", command[0]);

		close_pair(go);
		return ret;
	}
	child->pid = fork();
	if (child->pid < 0) {
		int ret = err_errno(err, -errno, "cannot start '%s'", command[0]);

		child->pid = 0;
		close_pair(go);
		close_pair(failed);
		return ret;
	}
	if (!child->pid) {
		close(go[1]);
		close(failed[0]);
		if (stdout_is_taken)
			dup2(STDERR_FILENO, STDOUT_FILENO);
		run_command(command, before_exec, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	child->go_fd = go[1];
	child->failed_fd = failed[0];
	child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pid_fd < 0) {
		int ret = err_errno(err, -errno, "cannot watch '%s'", command[0]);

		child_close(child);
		return ret;
	}
	return 0;
}

int child_go(struct child *child, const char *command, struct err *err)
{
	const char go = 1;
	int code = 0;
	ssize_t n;

	do {
		n = write(child->go_fd, &go, 1);
	} while (n < 0 && errno == EINTR);
	close(child->go_fd);
	child->go_fd = -1;
	/* a successful exec closes the other end, which reads as end of file */
	do {
		n = read(child->failed_fd, &code, sizeof(code));
	} while (n < 0 && errno == EINTR);
	close(child->failed_fd);
	child->failed_fd = -1;
	return n == (ssize_t)sizeof(code) ? tell(-code, command, err) : 0;
}

bool child_reap(struct child *child, bool wait)
{
	pid_t pid;

	if (child->exited || !child->pid)
		return child->exited;
	do {
		pid = waitpid(child->pid, &child->status, wait ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
	child->exited = pid == child->pid;
	return child->exited;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void child_close(struct child *child)
{
	if (!child->pid)
		return;
	if (child->go_fd >= 0) {
		/* not let go: end of file tells it to leave */
		close_fd(&child->go_fd);
		child_reap(child, true);
	}
	close_fd(&child->failed_fd);
	close_fd(&child->pid_fd);
	child->pid = 0;
}

int child_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_failure_code(int error)
{
	return error == -ENOENT || error == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
