// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * maps [ROUNDS]: two threads that change the same address space. "unmapper" gives back a large piece
 * of memory, which takes long under the lock of the address space; "mapper" wants a page meanwhile,
 * and gives it back. Prints how long that took, by its own clock.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define LARGE	(UINT64_C(256) << 20)
#define PAGE	4096
#define PROT_RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static pthread_barrier_t each;
static long rounds;
static uint64_t took_ns;
static pid_t mapper_tid;

static void *mapper(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "mapper");
	mapper_tid = gettid();
	pin_to(1);
	for (long i = 0; i < rounds; i++) {
		uint64_t since;
		void *page;

		pthread_barrier_wait(&each);
		sleep_ns(2000000);
		since = now_ns();
		page = mmap(NULL, PAGE, PROT_RW, PRIVATE, 0, 0);
		check(page == MAP_FAILED, "mmap");
		check(munmap(page, PAGE), "munmap");
		took_ns += now_ns() - since;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	rounds = arg_or(argc, argv, 1, 10);
	prctl(PR_SET_NAME, "unmapper");
	pin_to(0);
	check(pthread_barrier_init(&each, NULL, 2), "pthread_barrier_init");
	check(pthread_create(&thread, NULL, mapper, NULL), "pthread_create");
	for (long i = 0; i < rounds; i++) {
		void *large = mmap(NULL, LARGE, PROT_RW, PRIVATE | MAP_POPULATE, 0, 0);

		check(large == MAP_FAILED, "mmap");
		pthread_barrier_wait(&each);
		check(munmap(large, LARGE), "munmap");
	}
	check(pthread_join(thread, NULL), "pthread_join");
	printf("{\"pid\": %d, \"tid\": %d, \"took_ns\": %llu}\n", getpid(), mapper_tid,
	       (unsigned long long)took_ns);
	return 0;
}
