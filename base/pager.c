// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pager_pid;

static const char *pager_command(void)
{
	const char *cmd = getenv("RSTAT_PAGER");

	if (!cmd)
		cmd = getenv("PAGER");
	if (!cmd)
		cmd = "less";
	return *cmd && strcmp(cmd, "cat") != 0 ? cmd : NULL;
}

/* In the child: the pager through the shell, since $PAGER may have arguments. */
static void run_pager(const char *cmd, int in)
{
	if (dup2(in, STDIN_FILENO) < 0)
		_exit(127);
	setenv("LESS", "FRSX", 0);
	execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
	_exit(127);
}

/* Asked first, because a pager that cannot be started would swallow the output. */
static bool can_run(const char *cmd)
{
	char test[300];
	size_t word = strcspn(cmd, " \t");

	if (word > 200 || strcspn(cmd, "'\"\\$`;&|<>()") < word)
		return true; /* a shell line: the user's own business */
	snprintf(test, sizeof(test), "command -v '%.*s' >/dev/null 2>&1", (int)word, cmd);
	return system(test) == 0;
}

bool pager_start(void)
{
	const char *cmd = pager_command();
	int fds[2];

	if (!cmd || pager_pid || !isatty(STDOUT_FILENO) || !can_run(cmd))
		return false;
	if (pipe2(fds, O_CLOEXEC))
		return false;
	fflush(stdout);
	pager_pid = fork();
	if (!pager_pid)
		run_pager(cmd, fds[0]);
	close(fds[0]);
	if (pager_pid < 0 || dup2(fds[1], STDOUT_FILENO) < 0) {
		close(fds[1]);
		pager_pid = 0;
		return false;
	}
	close(fds[1]);
	signal(SIGPIPE, SIG_IGN); /* seen as EPIPE */
	signal(SIGINT, SIG_IGN); /* is for the pager now */
	return true;
}

void pager_end(void)
{
	int status;

	if (!pager_pid)
		return;
	fflush(stdout);
	close(STDOUT_FILENO); /* the pager sees the end */
	while (waitpid(pager_pid, &status, 0) < 0 && errno == EINTR)
		;
	pager_pid = 0;
}

bool color_wanted(const char *when, bool *valid)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	*valid = true;
	if (!when || !strcmp(when, "auto"))
		return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
	*valid = !strcmp(when, "always") || !strcmp(when, "never");
	return !strcmp(when, "always");
}

unsigned terminal_width(void)
{
	struct winsize ws;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) ? 0 : ws.ws_col;
}
