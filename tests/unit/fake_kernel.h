/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * fake_kernel: record/kernel.h without a kernel. Task 100 and the idle task take turns on CPU 0, one
 * event each step_ns. To be included by the one program that records from it.
 */
#ifndef RSTAT_TESTS_FAKE_KERNEL_H
#define RSTAT_TESTS_FAKE_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/units.h"
#include "record/kernel.h"

#define MSEC  UINT64_C(1000000)
#define BATCH 1000

struct kernel {
	uint64_t next_ns, gap_ns; /* gap_ns: when one event is lost, 0 never */
	uint64_t opened_ns;
	bool stopped, snapshot_due, pending;
	uint32_t n, drains;
	int doorbell;
	struct event events[BATCH];
	struct gap_info gap;
	struct task_snapshot task;
	struct meta_hook hooks[2];
	struct meta_program program;
};

/* Shared with the process that records. */
static struct {
	uint64_t step_ns, gap_after_ns, opened_ns;
	uint64_t busy_after_ns, busy_ns; /* a program does not finish its record for so long */
	bool hiccups; /* until one is asked again, every time */
	int open_fails;
	uint32_t snapshots, opened, closed, child_pid_filter;
} * fake;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

int kernel_open(struct kernel **out, const struct kernel_options *opt, struct err *err)
{
	struct kernel *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	if (fake->open_fails) {
		free(k);
		return err_set(err, fake->open_fails, "missing CAP_BPF");
	}
	fake->opened++;
	if (opt->filter.npids)
		fake->child_pid_filter = opt->filter.pids[0];
	k->opened_ns = k->next_ns = fake->opened_ns = now_ns();
	k->gap_ns = fake->gap_after_ns ? k->next_ns + fake->gap_after_ns : UINT64_MAX;
	k->doorbell = eventfd(0, EFD_CLOEXEC);
	strcpy(k->hooks[0].name, "sched_switch");
	strcpy(k->hooks[0].alternative, "tp_btf");
	k->hooks[0].live = true;
	strcpy(k->hooks[1].name, "release_task");
	strcpy(k->hooks[1].why, "it is not there");
	strcpy(k->hooks[1].needed, "life");
	strcpy(k->program.name, "sched_switch");
	*out = k;
	return 0;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	fake->closed++;
	close(k->doorbell);
	free(k);
}

int kernel_stop(struct kernel *k, uint64_t end_ns, struct err *err)
{
	(void)end_ns, (void)err;
	k->stopped = true;
	return 0;
}

int kernel_accounts(struct kernel *k, uint64_t as_of_ns, struct err *err)
{
	(void)k, (void)as_of_ns, (void)err;
	return 0;
}

int kernel_sockets(struct kernel *k, struct err *err)
{
	(void)k, (void)err;
	return 0;
}

uint64_t kernel_ring_bytes(const struct kernel *k)
{
	(void)k;
	return 65536;
}

const struct meta_hook *kernel_hooks(const struct kernel *k, size_t *n)
{
	*n = 2;
	return k->hooks;
}

uint32_t kernel_features(const struct kernel *k, uint32_t asked)
{
	(void)k;
	return asked;
}

bool kernel_takes_stacks(const struct kernel *k, bool user)
{
	(void)k, (void)user;
	return false;
}

int kernel_snapshot(struct kernel *k, struct err *err)
{
	(void)err;
	fake->snapshots++;
	k->snapshot_due = true;
	return 0;
}

static void make_snapshot(struct kernel *k, struct event *ev)
{
	k->snapshot_due = false;
	k->task = (struct task_snapshot){
		.info = {.tid = 100, .tgid = 100, .ppid = 1, .uid = 0, .comm = "worker"},
		.state = 1,
		.syscall = SYSCALL_NONE,
	};
	*ev = (struct event){
		.ts = k->next_ns, .ext = &k->task, .tid = 100, .cpu = CPU_NONE, .kind = EV_TASK};
}

static void make_switch(struct kernel *k, struct event *ev)
{
	const bool to_task = k->n++ % 2 == 0;

	*ev = (struct event){.ts = k->next_ns,
			     .tid = to_task ? 100 : 0,
			     .peer = to_task ? 0 : 100,
			     .value = to_task ? 0 : 1,
			     .kind = EV_SWITCH};
}

int kernel_drain(struct kernel *k, uint64_t until_ns, const struct event **events, struct err *err)
{
	const uint64_t busy_ns = k->opened_ns + fake->busy_after_ns;
	int n = 0;

	(void)err;
	k->pending = fake->busy_ns && until_ns > busy_ns && now_ns() < busy_ns + fake->busy_ns;
	if (k->pending)
		until_ns = busy_ns;
	if (fake->hiccups && k->drains++ % 2 == 0) {
		k->pending = true;
		until_ns = 0;
	}
	for (; n < BATCH && k->next_ns < until_ns; k->next_ns += fake->step_ns) {
		struct event *ev = &k->events[n++];

		if (k->snapshot_due) {
			make_snapshot(k, ev);
		} else if (k->next_ns >= k->gap_ns) {
			k->gap_ns = UINT64_MAX;
			k->gap = (struct gap_info){.end_ns = k->next_ns, .count = 1, .reason = 1};
			*ev = (struct event){.ts = k->next_ns, .ext = &k->gap, .kind = EV_GAP};
		} else {
			make_switch(k, ev);
		}
	}
	*events = k->events;
	return n;
}

bool kernel_pending(const struct kernel *k)
{
	return k->pending;
}

int kernel_doorbell_fd(const struct kernel *k)
{
	return k->doorbell;
}

void kernel_doorbell_ack(struct kernel *k)
{
	(void)k;
}

uint32_t kernel_fill(const struct kernel *k)
{
	(void)k;
	return 0;
}

uint64_t kernel_lost(const struct kernel *k)
{
	return fake->gap_after_ns && k->gap_ns == UINT64_MAX;
}

int kernel_time_programs(struct kernel *k, bool on, struct err *err)
{
	(void)k;
	(void)on;
	return err_set(err, -EPERM, "no");
}

const struct meta_counter *kernel_counters(const struct kernel *k, size_t *n)
{
	(void)k;
	*n = 0;
	return NULL;
}

void kernel_renew_stacks(struct kernel *k, uint64_t now_ns, uint64_t until_ns, bool lost)
{
	(void)k, (void)now_ns, (void)until_ns, (void)lost;
}

size_t kernel_stack(struct kernel *k, bool user, uint32_t id, uint64_t ips[STACK_DEPTH_MAX])
{
	(void)k, (void)user, (void)id, (void)ips;
	return 0;
}

bool kernel_began(const struct kernel *k, uint32_t tgid, uint64_t from_ns, uint64_t to_ns)
{
	(void)k, (void)tgid, (void)from_ns, (void)to_ns;
	return false;
}

int kernel_programs(struct kernel *k, const struct meta_program **programs, size_t *n,
		    uint64_t *sample_ns, struct err *err)
{
	(void)err;
	*programs = &k->program;
	*n = 1;
	*sample_ns = 7;
	return 0;
}

int kernel_cost_histogram(struct kernel *k, size_t program, uint64_t buckets[32], struct err *err)
{
	(void)k;
	(void)program;
	(void)buckets;
	(void)err;
	return 0;
}

#endif
