// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * bench_engine: what the engine costs per event, on two synthetic loads: two tasks that play
 * ping-pong through a pipe on one CPU, and many tasks that message each other on all CPUs; and on
 * block requests, accounts and sockets alone. One line per load: ns per event and M events/s with no
 * sink, with one that adds up what it is told, and with one that also follows the depth of the run
 * queues. CPU time, the best of several runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"

#define EVENTS	  2000000u
#define ROUNDS	  7
#define MAX_TASKS 4096

struct load {
	const char *name;
	uint16_t ncpus;
	uint32_t tasks; /* per CPU */
	bool flows;
};

static uint64_t seed = 1;

static uint32_t dice(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* Tasks of a CPU: who sleeps, who waits (a queue), who runs. */
struct queue {
	uint32_t sleeping[MAX_TASKS], waiting[MAX_TASKS];
	uint32_t nsleeping, nwaiting, current;
};

static struct queue queues[64];
static struct event events[EVENTS];

static size_t put(size_t n, struct event ev)
{
	if (n < EVENTS)
		events[n] = ev;
	return n + 1;
}

/* The current task of c wakes one of q's, which may be another CPU's. */
static size_t wake(size_t n, uint64_t ts, uint16_t c, uint16_t q)
{
	struct queue *to = &queues[q];
	uint32_t tid;

	if (!to->nsleeping)
		return n;
	tid = to->sleeping[dice(to->nsleeping)];
	for (uint32_t i = 0; i < to->nsleeping; i++)
		if (to->sleeping[i] == tid)
			to->sleeping[i] = to->sleeping[--to->nsleeping];
	to->waiting[to->nwaiting++] = tid;
	n = put(n, (struct event){.kind = EV_WAKING,
				  .ts = ts,
				  .cpu = c,
				  .tid = tid,
				  .peer = queues[c].current,
				  .value = q});
	return put(n, (struct event){.kind = EV_WAKEUP,
				     .ts = ts + 200,
				     .cpu = c,
				     .tid = tid,
				     .peer = queues[c].current,
				     .value = q,
				     .aux = 1});
}

static size_t switch_to_next(size_t n, uint64_t ts, uint16_t c)
{
	struct queue *q = &queues[c];
	uint32_t prev = q->current;
	bool preempted = prev && q->nwaiting && !dice(10);

	if (!prev && !q->nwaiting)
		return n;
	q->current = q->nwaiting ? q->waiting[0] : 0;
	if (q->nwaiting)
		memmove(q->waiting, q->waiting + 1, --q->nwaiting * sizeof(q->waiting[0]));
	if (prev && preempted)
		q->waiting[q->nwaiting++] = prev;
	else if (prev)
		q->sleeping[q->nsleeping++] = prev;
	return put(n, (struct event){.kind = EV_SWITCH,
				     .ts = ts,
				     .cpu = c,
				     .tid = q->current,
				     .peer = prev,
				     .value = preempted || !prev ? 0 : 1});
}

#define OPEN	64 /* requests at a time */
#define SOCKETS 1024

static union {
	struct io_info io;
	struct acct_info acct;
	struct net_info net;
} exts[EVENTS];

/* One of each third: a step of one of OPEN requests, what a task did, a message. */
static size_t flow(size_t n, uint64_t ts, uint32_t tid)
{
	static uint8_t step[OPEN];
	static uint64_t rchar;
	struct event ev = {.ts = ts, .tid = tid, .ext = &exts[n]};
	uint32_t i = dice(OPEN);

	switch (dice(3)) {
	case 0:
		ev.kind = EV_IO_START + step[i];
		ev.value = 254u << 20;
		step[i] = (uint8_t)((step[i] + 1) % 3);
		exts[n].io = (struct io_info){
			.request = 0xffff888000000000 + i * 384, .sector = i * 8, .bytes = 4096};
		break;
	case 1:
		ev.kind = EV_ACCT;
		rchar += 100;
		exts[n].acct = (struct acct_info){.rchar = rchar};
		break;
	default:
		ev.kind = EV_NET;
		exts[n].net = (struct net_info){
			.socket = 1 + dice(SOCKETS), .tx_bytes = 100, .tx_calls = 1};
	}
	return put(n, ev);
}

static size_t make_stream(const struct load *l)
{
	static struct task_snapshot tasks[MAX_TASKS];
	static struct cpu_snapshot cpus[64];
	static struct checkpoint cp;
	uint64_t ts = 1000000;
	size_t n = 0;

	memset(queues, 0, sizeof(queues));
	cp = (struct checkpoint){.ts = ts, .tasks = tasks, .cpus = cpus, .ncpus = l->ncpus};
	for (uint16_t c = 0; c < l->ncpus; c++) {
		cpus[c] = (struct cpu_snapshot){.cpu = c, .since_ns = ts};
		for (uint32_t i = 0; i < l->tasks; i++) {
			uint32_t tid = 1000 + cp.ntasks;

			tasks[cp.ntasks++] = (struct task_snapshot){
				.info = {.tid = tid, .tgid = tid, .start_ns = tid},
				.state = 1,
				.cpu = c,
				.run_state = TS_SLEEP,
				.since_ns = ts};
			queues[c].sleeping[queues[c].nsleeping++] = tid;
		}
	}
	n = put(n, (struct event){.kind = EV_CHECKPOINT, .ts = ts, .cpu = CPU_NONE, .ext = &cp});
	while (l->flows && n < EVENTS)
		n = flow(n, ts += 1000, 1000 + dice(cp.ntasks));
	while (n < EVENTS) {
		uint16_t c = (uint16_t)dice(l->ncpus);

		n = wake(n, ts += 500 + dice(500), c, dice(4) ? c : (uint16_t)dice(l->ncpus));
		if (l->tasks == 2 || dice(2))
			n = switch_to_next(n, ts += 500 + dice(500), c);
	}
	return EVENTS;
}

struct adder {
	struct sink sink;
	uint64_t ns[TS_COUNT], cpu_ns, depth_ns, n, bytes;
};

static void add_interval(struct sink *s, const struct interval *iv)
{
	struct adder *a = (struct adder *)s;

	a->ns[iv->state] += iv->to_ns - iv->from_ns;
	a->n++;
}

static void add_cpu(struct sink *s, const struct cpu_interval *iv)
{
	((struct adder *)s)->cpu_ns += iv->to_ns - iv->from_ns;
}

static void add_depth(struct sink *s, const struct depth_interval *d)
{
	((struct adder *)s)->depth_ns += d->depth * (d->to_ns - d->from_ns);
}

static void add_request(struct sink *s, const struct request *rq)
{
	((struct adder *)s)->bytes += rq->bytes;
}

static void add_account(struct sink *s, const struct account *a)
{
	((struct adder *)s)->bytes += a->delta.rchar;
}

static void add_socket(struct sink *s, const struct socket_event *se)
{
	((struct adder *)s)->bytes += se->tx_bytes;
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static double measure(const struct load *l, size_t n, struct sink *sink)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		struct engine *e;
		struct err err;
		uint64_t t;

		if (engine_new(&e, l->ncpus, 0, UINT64_MAX, &err) < 0 ||
		    (sink && engine_add_sink(e, sink, &err) < 0))
			exit(1);
		t = cpu_ns();
		/* In pieces, as from a source. */
		for (size_t at = 0; at < n; at += 4096)
			if (engine_apply(e, events + at, n - at < 4096 ? n - at : 4096, &err) < 0)
				exit(1);
		t = cpu_ns() - t;
		if (t < best)
			best = t;
		if (engine_counts(e)->contradictions || engine_counts(e)->unknown_tasks)
			exit(1);
		engine_free(e);
	}
	return (double)best / (double)n;
}

int main(void)
{
	static const struct load loads[] = {{"pipe", 1, 2, false},
					    {"messaging", 8, 40, false},
					    {"messaging, 1600 tasks", 40, 40, false},
					    {"IO, accounts, sockets", 8, 40, true}};
	struct adder sum = {.sink = {.interval = add_interval,
				     .cpu_interval = add_cpu,
				     .request = add_request,
				     .account = add_account,
				     .socket = add_socket}};
	struct adder depth = {
		.sink = {.interval = add_interval, .cpu_interval = add_cpu, .depth = add_depth}};

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		size_t n = make_stream(&loads[i]);
		double bare = measure(&loads[i], n, NULL);
		double one = measure(&loads[i], n, &sum.sink);
		double deep = measure(&loads[i], n, &depth.sink);

		printf("engine %-22s %5.1f ns (%4.0f M/s) alone, %5.1f ns (%4.0f M/s) with a sink, "
		       "%5.1f ns with depth\n",
		       loads[i].name, bare, 1e3 / bare, one, 1e3 / one, deep);
	}
	return sum.n && depth.depth_ns ? 0 : 1;
}
