// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/exit.h"

/* timeout(1) signals the process and then its group: within microseconds, on two CPUs. */
#define SAME_SIGNAL_NS 300000000u

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2};
#define HANDLED (sizeof(handled) / sizeof(handled[0]))

/* A handler has no argument of its own, so this is the one module with state of the process. */
static struct sigaction saved[HANDLED];
static int event_fd = -1;
static pid_t owner; /* who installed them: a child that has not called exec yet shares event_fd */
static volatile sig_atomic_t first, first_by_terminal;
static volatile uint64_t first_ns;
static const char *volatile abort_message; /* NULL: not allowed */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Async-signal-safe; when stderr is gone there is nobody to tell. */
static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	const uint64_t one = 1;
	const int saved_errno = errno;

	(void)context;
	if (!first) {
		first_ns = now_ns();
		first_by_terminal = info->si_code > 0;
		first = signal;
		/* an eventfd that is full is readable too */
		if (getpid() == owner && write(event_fd, &one, sizeof(one)) < 0)
			errno = saved_errno;
	} else if (abort_message && now_ns() - first_ns > SAME_SIGNAL_NS) {
		say("\nrstat: aborted by a second signal; ");
		say(abort_message);
		say("\n");
		_exit(EXIT_RECORD);
	}
	errno = saved_errno;
}

/*
 * What comes from writing is told by the write; the user's two mean nothing to a recording that
 * keeps everything, and must not cost it its end.
 */
static bool ignored(int signal)
{
	return signal != SIGINT && signal != SIGTERM && signal != SIGHUP;
}

int signals_install(struct err *err)
{
	owner = getpid();
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return err_errno(err, -errno, "cannot watch for signals");
	for (size_t i = 0; i < HANDLED; i++) {
		struct sigaction action = {0};

		sigaction(handled[i], NULL, &saved[i]);
		if (ignored(handled[i])) {
			action.sa_handler = SIG_IGN;
		} else {
			if (handled[i] == SIGHUP && saved[i].sa_handler == SIG_IGN)
				continue;
			action.sa_sigaction = on_signal;
			action.sa_flags = SA_SIGINFO | SA_RESTART;
		}
		sigemptyset(&action.sa_mask);
		if (sigaction(handled[i], &action, NULL))
			return err_errno(err, -errno, "cannot watch for signals");
	}
	return 0;
}

void signals_restore(void)
{
	for (size_t i = 0; i < HANDLED; i++)
		sigaction(handled[i], &saved[i], NULL);
	/* it came before there was a command that could have had it */
	if (first)
		raise(first);
}

int signals_fd(void)
{
	return event_fd;
}

int signals_first(bool *by_terminal)
{
	if (by_terminal)
		*by_terminal = first_by_terminal;
	return first;
}

void signals_allow_abort(const char *message)
{
	abort_message = message;
}

const char *signals_name(int signal)
{
	switch (signal) {
	case SIGINT: return "SIGINT";
	case SIGTERM: return "SIGTERM";
	case SIGHUP: return "SIGHUP";
	default: return "a signal";
	}
}
