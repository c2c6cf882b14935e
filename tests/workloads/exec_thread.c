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

int main(int argc, char **argv)
{
	struct oracle oracle;
	pthread_t thread;

	if (argc == 3) { /* after the exec */
		oracle_begin(&oracle, "after-exec");
		spin_ns(20000000);
		oracle_end(
			&oracle); /* the accounts are the calling thread's, before the exec too */
		oracle_print(&oracle, 1, "\"old_tid\": %ld", arg_or(argc, argv, 2, 0));
		return 0;
	}
	self = argv[0];
	check(pthread_create(&thread, NULL, caller, NULL), "pthread_create");
	pause();
	return 1;
}
