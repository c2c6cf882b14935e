// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * bpf/ring.h, the producer's side of the rings as it is compiled for the kernel, against the consumer:
 * on one thread for a CPU, with a signal in the place of its interrupts.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf/events.h"

/* -- what bpf/kernel.h and the kernel are to it -- */

#define RSTAT_BPF_KERNEL_H
#define SEC(name)
#define __uint(name, value) int(*name)[value]
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline	__attribute__((noinline))
#undef unlikely
#define unlikely(x)	     __builtin_expect(!!(x), 0)
#define barrier()	     __asm__ volatile("" ::: "memory")
#define READ_ONCE(x)	     (*(const volatile __typeof__(x) *)&(x))
#define BPF_MAP_TYPE_ARRAY   2
#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_F_MMAPABLE	     1024
#define BPF_RB_FORCE_WAKEUP  2
#ifdef __x86_64__
#define __TARGET_ARCH_x86
#endif

static uint8_t *page;
static uint64_t clock_ns;
static unsigned doorbells;

#define bpf_get_smp_processor_id()	       0u
#define bpf_map_lookup_elem(map, key)	       ((void)(map), (void)(key), (struct ring_page *)page)
#define bpf_ktime_get_ns()		       __sync_add_and_fetch(&clock_ns, 1)
#define bpf_ringbuf_output(map, data, n, flag) ((void)(map), (void)(data), doorbells++)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* clang's unroll */
#include "bpf/ring.h"
#pragma GCC diagnostic pop

#include "record/ring.h"

/* -- the two sides -- */

#define BYTES  65536u /* as ring_mask has it */
#define STRIDE (RING_HEADER_BYTES + BYTES + RING_MARGIN)
#define ROUNDS 4000000u

enum { TASK = 1, INTERRUPT = 2 };

/* Of one context: what it has tried to put, and what found no room. */
static struct side {
	uint32_t tried, failed;
} sides[3];
static volatile bool dirty; /* a record that was not all zero had been given out */

static void put_one(uint32_t who, enum ring_context context)
{
	const bool is_long = sides[who].tried % 7 == 0;
	const u32 bytes = sizeof(struct ring_rec) + (is_long ? sizeof(u64) : 0);
	struct ring_rec *rec = ring_reserve(context, bytes, 1);

	sides[who].tried++;
	if (!rec) {
		sides[who].failed++;
		return;
	}
	if (READ_ONCE(rec->word0))
		dirty = true;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = who;
	rec->peer = sides[who].tried;
	if (is_long)
		*(u64 *)(rec + 1) = 1;
	ring_commit(rec, RING_WORD0(is_long ? REC_CGROUP : REC_EXIT, 0, bytes / 8, 0));
}

/* It is not interrupted itself, as a hook with interrupts off; others could be. */
static void on_interrupt(int unused)
{
	(void)unused;
	for (unsigned i = 0; i < 3; i++)
		put_one(INTERRUPT, i % 2 ? RING_IRQS_ON : RING_IRQS_OFF);
}

static void start_interrupts(timer_t *timer)
{
	const struct itimerspec often = {{0, 30000}, {0, 30000}};
	struct sigaction action = {.sa_handler = on_interrupt};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	sigaction(SIGUSR1, &action, NULL);
	timer_create(CLOCK_MONOTONIC, &event, timer);
	timer_settime(*timer, 0, &often, NULL);
}

/* Bursts that the consumer may not keep up with, then pauses. */
static void *produce(void *done)
{
	const struct timespec pause = {0, 2000000};
	timer_t timer;

	start_interrupts(&timer);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		put_one(TASK, RING_IRQS_ON);
		if (i % 20000 == 0)
			nanosleep(&pause, NULL);
	}
	timer_delete(timer);
	__atomic_store_n((bool *)done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* -- the test -- */

struct tally {
	uint64_t events, lost, missing;
	uint32_t last[3]; /* of each context, the latest that came out */
};

static void take(struct tally *t, const struct event *ev)
{
	if (ev->kind == EV_GAP) {
		t->lost += ((const struct gap_info *)ev->ext)->count;
		return;
	}
	assert_true(ev->tid == TASK || ev->tid == INTERRUPT);
	assert_true(ev->peer > t->last[ev->tid]); /* each context's in order, none twice */
	t->missing += ev->peer - t->last[ev->tid] - 1;
	assert_true(t->missing <= t->lost); /* losses are told before what comes after them */
	t->last[ev->tid] = ev->peer;
	t->events++;
}

/* All that a task and its interrupts put comes out once, or is counted in a gap. */
static void test_nested(void **state)
{
	struct tally t = {0};
	const struct event *e;
	struct rings *reader;
	struct err err = {0};
	bool done = false;
	pthread_t thread;
	int n;

	(void)state;
	page = calloc(1, STRIDE);
	assert_non_null(page);
	assert_int_equal(rings_new(&reader, page, STRIDE, 1, BYTES, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, &done), 0);
	while (!READ_ONCE(sides[TASK].failed)) /* whichever of the two is the faster one */
		usleep(100);
	for (bool ended = false; !ended;) {
		ended = __atomic_load_n(&done, __ATOMIC_ACQUIRE);
		while ((n = rings_drain(reader, UINT64_MAX, &e, &err)) > 0)
			for (int i = 0; i < n; i++)
				take(&t, &e[i]);
		assert_int_equal(n, 0);
		if (t.events % 5 == 0)
			usleep(1000); /* so that it is full now and then */
	}
	pthread_join(thread, NULL);
	assert_false(dirty);
	assert_true(sides[INTERRUPT].tried > 100);
	assert_int_equal(sides[TASK].tried, ROUNDS);
	assert_int_equal(t.lost, sides[TASK].failed + sides[INTERRUPT].failed);
	assert_int_equal(t.lost, rings_lost(reader));
	assert_int_equal(t.events + t.lost, sides[TASK].tried + sides[INTERRUPT].tried);
	assert_true(t.lost > 0 && t.events > 1000 && doorbells > 0);
	rings_free(reader);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nested)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
