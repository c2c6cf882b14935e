// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* exec_thread: a thread that is not the leader calls exec; it takes the leader's ID. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static char *self;

static void *caller(void *arg)
{
	char tid[16];

	(void)arg;
	snprintf(tid, sizeof(tid), "%d", gettid());
	spin_ns(5000000);
	execl(self, self, "after", tid, (char *)NULL);
	check(1, "execl");
	return NULL;
}

static void *collector(void *arg)
{
	oracle_collect(arg, 1);
	return NULL;
}

/* The accounts of the one thread that is left are those of the caller, before the exec too. */
static int after_exec(long old_tid)
{
	struct oracle oracle;
	pthread_t thread;

	oracle_begin(&oracle, "after-exec");
	check(pthread_create(&thread, NULL, collector, &oracle), "pthread_create");
	spin_ns(20000000);
	oracle_end(&oracle);
	check(pthread_join(thread, NULL), "pthread_join");
	oracle_print(&oracle, 1, "\"old_tid\": %ld", old_tid);
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc == 3)
		return after_exec(arg_or(argc, argv, 2, 0));
	self = argv[0];
	check(pthread_create(&thread, NULL, caller, NULL), "pthread_create");
	pause();
	return 1;
}
