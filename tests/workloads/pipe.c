// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pipe [ROUNDS [CPU]]: two threads on one CPU throw a byte to and fro. */
#include <pthread.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle[2];
static int ball[2][2]; /* [i]: what thread i reads from */
static long rounds;
static int cpu;

static void *player(void *arg)
{
	long me = (long)arg;
	char byte = 0;

	oracle_begin(&oracle[me], me ? "pong" : "ping");
	pin_to(cpu);
	for (long i = 0; i < rounds; i++) {
		if (!me)
			check(write(ball[1][1], &byte, 1) != 1, "write");
		check(read(ball[me][0], &byte, 1) != 1, "read");
		if (me)
			check(write(ball[0][1], &byte, 1) != 1, "write");
	}
	oracle_end(&oracle[me]);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[2];

	rounds = arg_or(argc, argv, 1, 20000);
	cpu = (int)arg_or(argc, argv, 2, 0);
	for (int i = 0; i < 2; i++)
		check(pipe(ball[i]), "pipe");
	for (long i = 0; i < 2; i++)
		check(pthread_create(&thread[i], NULL, player, (void *)i), "pthread_create");
	oracle_collect(oracle, 2);
	for (int i = 0; i < 2; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, 2, "\"rounds\": %ld", rounds);
	return 0;
}
