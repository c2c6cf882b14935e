// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/invariants.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/escape.h"
#include "base/numbers.h"

/* Where the last interval of a CPU or task ended. */
struct track {
	uint64_t at, sum;
	bool seen;
};

/* Bytes completed on a block device. */
struct device {
	uint32_t dev;
	uint64_t told; /* by events */
	uint64_t parts; /* of them, of requests that are not complete yet, at the most */
	uint64_t requests; /* by the requests that were completed */
	uint64_t before; /* of them, of requests that may have been completed in part before, or in
			  * a gap, as a checkpoint told */
};

struct invariants {
	struct sink sink;
	uint64_t from_ns, to_ns;
	struct track *cpus, *tasks; /* tasks by id */
	uint32_t ncpus, ntasks;
	struct numbers numbers;
	struct device *devices;
	uint32_t ndevices;
	uint64_t requests;
	uint64_t broken[INV_COUNT];
	uint64_t intervals, lives;
	uint64_t run_tasks_ns, run_cpus_ns;
	char first[400];
	bool finishing, failed;
};

const char *invariant_name(enum invariant which)
{
	static const char *const names[INV_COUNT] = {
		[INV_CPU_WALL] = "run + idle + gap + other of a CPU is the wall time",
		[INV_CPU_ORDER] = "a CPU's states follow each other",
		[INV_TASK_ORDER] = "a task's states follow each other",
		[INV_TASK_START] = "a task has a state from when it is known",
		[INV_TASK_END] = "a living task has a state up to the end",
		[INV_NEGATIVE] = "no length is negative",
		[INV_CLIP] = "nothing reaches out of the window",
		[INV_RUN_TWICE] = "tasks ran as long as CPUs did",
		[INV_IO_BYTES] = "a device's requests have the bytes that it completed",
		[INV_IO_SHARES] = "what tasks put into a request is what it has",
		[INV_IO_TIMES] = "a request is made, then issued, then done",
		[INV_ACCOUNT] = "counters of tasks do not go down",
	};

	return which < INV_COUNT ? names[which] : "";
}

__attribute__((format(printf, 3, 4))) static void broken(struct invariants *inv,
							 enum invariant which, const char *fmt, ...)
{
	va_list ap;

	inv->broken[which]++;
	if (inv->first[0])
		return;
	va_start(ap, fmt);
	vsnprintf(inv->first, sizeof(inv->first), fmt, ap);
	va_end(ap);
}

/* "CPU 0", "bash (123)" */
static const char *task_text(const struct task *task, char buf[128])
{
	char comm[ESCAPE_ROOM(TASK_COMM_LEN)];

	escape_terminal(comm, sizeof(comm), task->info.comm,
			strnlen(task->info.comm, TASK_COMM_LEN));
	snprintf(buf, 128, "%s (%u)", comm, task->info.tid);
	return buf;
}

static struct track *track_of_task(struct invariants *inv, uint32_t id)
{
	if (ARRAY_ROOM(inv->tasks, inv->ntasks, id))
		return &inv->tasks[id];
	inv->failed = true;
	return NULL;
}

/* The first instant of a task's life inside the window. */
static uint64_t life_start(const struct invariants *inv, const struct task *task)
{
	return task->seen_ns > inv->from_ns ? task->seen_ns : inv->from_ns;
}

static void check_start(struct invariants *inv, const struct interval *iv)
{
	char who[128];

	/* a snapshot may tell of a state that began before anything showed the task */
	if (iv->from_ns > life_start(inv, iv->task))
		broken(inv, INV_TASK_START,
		       "%s is known since %" PRIu64 " but its first state, %s, begins at %" PRIu64,
		       task_text(iv->task, who), life_start(inv, iv->task), state_name(iv->state),
		       iv->from_ns);
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct invariants *inv = (struct invariants *)s;
	struct track *t = track_of_task(inv, iv->task->id);
	char who[128];

	if (!t)
		return;
	inv->intervals++;
	if (iv->end_ns < iv->start_ns || iv->to_ns < iv->from_ns) {
		broken(inv, INV_NEGATIVE, "%s: %s from %" PRIu64 " to %" PRIu64,
		       task_text(iv->task, who), state_name(iv->state), iv->start_ns, iv->end_ns);
		return;
	}
	if (iv->from_ns < inv->from_ns || iv->to_ns > inv->to_ns ||
	    iv->gap_ns > iv->to_ns - iv->from_ns)
		broken(inv, INV_CLIP, "%s: %s from %" PRIu64 " to %" PRIu64 " is not clipped",
		       task_text(iv->task, who), state_name(iv->state), iv->from_ns, iv->to_ns);
	if (!t->seen)
		check_start(inv, iv);
	else if (iv->from_ns != t->at)
		broken(inv, INV_TASK_ORDER,
		       "%s: %s begins at %" PRIu64 ", the state before ended at %" PRIu64,
		       task_text(iv->task, who), state_name(iv->state), iv->from_ns, t->at);
	t->seen = true;
	t->at = iv->to_ns;
	t->sum += iv->to_ns - iv->from_ns;
	if (iv->state == TS_RUN)
		inv->run_tasks_ns += iv->to_ns - iv->from_ns;
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct invariants *inv = (struct invariants *)s;
	struct track *t;

	if (iv->cpu >= inv->ncpus)
		return;
	t = &inv->cpus[iv->cpu];
	if (iv->to_ns < iv->from_ns) {
		broken(inv, INV_NEGATIVE, "CPU %u: from %" PRIu64 " to %" PRIu64, iv->cpu,
		       iv->from_ns, iv->to_ns);
		return;
	}
	if (t->seen && iv->from_ns != t->at)
		broken(inv, INV_CPU_ORDER,
		       "CPU %u: a state begins at %" PRIu64 ", the one before ended at %" PRIu64,
		       iv->cpu, iv->from_ns, t->at);
	if (iv->from_ns < inv->from_ns || iv->to_ns > inv->to_ns)
		broken(inv, INV_CLIP, "CPU %u: %" PRIu64 " to %" PRIu64 " is not clipped", iv->cpu,
		       iv->from_ns, iv->to_ns);
	t->seen = true;
	t->at = iv->to_ns;
	t->sum += iv->to_ns - iv->from_ns;
	if (iv->state == CS_RUN)
		inv->run_cpus_ns += iv->to_ns - iv->from_ns;
}

static void on_gone(struct sink *s, const struct task *task)
{
	struct invariants *inv = (struct invariants *)s;
	struct track *t = track_of_task(inv, task->id);
	char who[128];

	if (!t)
		return;
	if (t->seen) {
		inv->lives++;
		if (inv->finishing && task->state != TS_DEAD && t->at != inv->to_ns)
			broken(inv, INV_TASK_END,
			       "%s lives but its last state ended at %" PRIu64
			       ", before the end at %" PRIu64,
			       task_text(task, who), t->at, inv->to_ns);
	}
	*t = (struct track){0};
}

static struct device *device(struct invariants *inv, uint32_t dev)
{
	uint32_t number = numbers_get(&inv->numbers, dev);
	struct device *list = inv->devices;

	if (number < inv->ndevices)
		return &list[number];
	if (number != NUMBER_NONE)
		list = reallocarray(list, inv->numbers.room, sizeof(*list));
	if (number == NUMBER_NONE || !list) {
		inv->failed = true;
		return NULL;
	}
	inv->devices = list;
	while (inv->ndevices <= number)
		list[inv->ndevices++] = (struct device){.dev = dev};
	return &list[number];
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct invariants *inv = (struct invariants *)s;
	const struct io_info *io = ev->ext;
	struct device *d = device(inv, ev->value);

	(void)task;
	if (!d)
		return;
	d->told += io->bytes;
	if (ev->flags & EVF_IO_PARTIAL)
		d->parts += io->bytes;
}

static void on_request(struct sink *s, const struct request *rq)
{
	struct invariants *inv = (struct invariants *)s;
	struct device *d = device(inv, rq->dev);
	uint64_t sum = 0;

	inv->requests++;
	for (uint32_t i = 0; i < rq->nshares; i++)
		sum += rq->shares[i].bytes;
	if (sum != rq->bytes)
		broken(inv, INV_IO_SHARES,
		       "a request of %" PRIu64 " bytes at %" PRIu64 ": its shares have %" PRIu64,
		       rq->bytes, rq->done_ns, sum);
	if (rq->done_ns < rq->issued_ns || rq->done_ns < rq->queued_ns ||
	    (rq->issued_ns && rq->issued_ns < rq->queued_ns))
		broken(inv, INV_IO_TIMES,
		       "a request is made at %" PRIu64 ", issued at %" PRIu64 ", done at %" PRIu64,
		       rq->queued_ns, rq->issued_ns, rq->done_ns);
	if (rq->done_ns < inv->from_ns || rq->done_ns > inv->to_ns)
		broken(inv, INV_CLIP, "a request that was done at %" PRIu64, rq->done_ns);
	if (!d || rq->flags & RQF_OPEN)
		return;
	d->requests += rq->bytes;
	if (rq->flags & (RQF_BEFORE | RQF_GAP))
		d->before += rq->bytes;
}

static void on_account(struct sink *s, const struct account *a)
{
	struct invariants *inv = (struct invariants *)s;
	const struct acct_info *d = &a->delta;
	char who[128];

	if (a->from_ns > a->to_ns || (d->rchar | d->wchar | d->syscr | d->syscw | d->read_bytes |
				      d->write_bytes | d->cancelled_write_bytes) >>
					     63)
		broken(inv, INV_ACCOUNT, "%s: from %" PRIu64 " to %" PRIu64,
		       task_text(a->task, who), a->from_ns, a->to_ns);
}

int invariants_new(struct invariants **out, uint32_t cpu_limit, uint64_t from_ns, uint64_t to_ns,
		   struct err *err)
{
	struct invariants *inv = calloc(1, sizeof(*inv));

	if (inv)
		inv->cpus = calloc(cpu_limit ? cpu_limit : 1, sizeof(*inv->cpus));
	if (!inv || !inv->cpus) {
		free(inv);
		return err_set(err, -ENOMEM, "out of memory");
	}
	inv->ncpus = cpu_limit;
	inv->from_ns = from_ns;
	inv->to_ns = to_ns;
	inv->sink = (struct sink){
		.interval = on_interval,
		.cpu_interval = on_cpu_interval,
		.task_gone = on_gone,
		.event = on_event,
		.kinds = 1u << EV_IO_DONE,
		.request = on_request,
		.account = on_account,
	};
	*out = inv;
	return 0;
}

void invariants_free(struct invariants *inv)
{
	if (!inv)
		return;
	free(inv->cpus);
	free(inv->tasks);
	numbers_free(&inv->numbers);
	free(inv->devices);
	free(inv);
}

struct sink *invariants_sink(struct invariants *inv)
{
	return &inv->sink;
}

void invariants_finish(struct invariants *inv, uint64_t now_ns)
{
	inv->finishing = true;
	if (inv->to_ns > now_ns)
		inv->to_ns = now_ns;
}

static void check_cpus(struct invariants *inv)
{
	uint64_t wall = inv->to_ns - inv->from_ns;

	for (uint32_t i = 0; i < inv->ncpus; i++)
		if (inv->cpus[i].seen && inv->cpus[i].sum != wall)
			broken(inv, INV_CPU_WALL,
			       "CPU %u: its states add up to %" PRIu64 " ns, the window is %" PRIu64
			       " ns",
			       i, inv->cpus[i].sum, wall);
	if (inv->run_tasks_ns != inv->run_cpus_ns)
		broken(inv, INV_RUN_TWICE, "tasks ran for %" PRIu64 " ns, CPUs for %" PRIu64 " ns",
		       inv->run_tasks_ns, inv->run_cpus_ns);
}

/* A request that is completed in parts may have some of them before the start or not all yet. */
static void check_devices(struct invariants *inv)
{
	for (uint32_t i = 0; i < inv->ndevices; i++) {
		const struct device *d = &inv->devices[i];

		if (d->requests + d->parts < d->told || d->requests > d->told + d->before)
			broken(inv, INV_IO_BYTES,
			       "device %u:%u completed %" PRIu64
			       " bytes, its requests have %" PRIu64,
			       d->dev >> 20, d->dev & 0xfffff, d->told, d->requests);
	}
}

int invariants_check(struct invariants *inv, struct err *err)
{
	uint64_t n = 0;

	if (inv->failed)
		return err_set(err, -ENOMEM, "out of memory");
	check_cpus(inv);
	check_devices(inv);
	for (unsigned i = 0; i < INV_COUNT; i++)
		n += inv->broken[i];
	if (!n)
		return 0;
	return err_set(err, -EINVAL, "%s (%" PRIu64 " like it or other)", inv->first, n - 1);
}

uint64_t invariants_broken(const struct invariants *inv, enum invariant which)
{
	return which < INV_COUNT ? inv->broken[which] : 0;
}

uint64_t invariants_tasks(const struct invariants *inv)
{
	return inv->lives;
}

uint64_t invariants_intervals(const struct invariants *inv)
{
	return inv->intervals;
}

uint64_t invariants_requests(const struct invariants *inv)
{
	return inv->requests;
}
