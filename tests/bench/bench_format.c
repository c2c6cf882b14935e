// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * bench_format: what encoding and decoding cost, on synthetic streams that resemble a pipe
 * ping-pong pinned to one CPU, a mixed load, many tasks that message each other, and block requests,
 * accounts and traffic as fast as they may come. One line per stream: CPU ns per event to encode and compress, M events/s to decode (merged, checksums
 * included), bytes per event in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "format/reader.h"
#include "format/writer.h"

#define EVENTS 3000000u

static uint64_t seed = 1;

static uint64_t dice(uint64_t n)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % n;
}

/* About how real gaps between events spread: most near the usual, a tail of interrupts. */
static uint64_t delay(uint64_t usual_ns)
{
	uint64_t d = usual_ns + dice(usual_ns / 4 + 1) + dice(usual_ns / 4 + 1);

	return dice(50) ? d : d + dice(20 * usual_ns);
}

struct load {
	const char *name;
	uint16_t ncpus;
	uint32_t tasks; /* per CPU */
	uint32_t fanout; /* wake-ups per switch, at most */
};

struct cpu {
	uint64_t ts;
	uint32_t current, next, woken, nr_running;
};

/* One CPU's next events: `fanout` wake-ups by the current task, then the switch to another. */
static size_t burst(const struct load *l, uint16_t n, struct cpu *c, struct event *out)
{
	uint32_t wakes = l->fanout > 1 ? (uint32_t)dice(l->fanout + 1) : 1;
	uint32_t base = 1000 + 1000u * n;
	size_t k = 0;

	for (uint32_t i = 0; i < wakes; i++) {
		uint16_t target = (uint16_t)(l->ncpus > 1 && !dice(8) ? dice(l->ncpus) : n);

		c->woken = l->tasks == 2 ? base + (c->current == base)
					 : base + (uint32_t)dice(l->tasks);
		c->ts += delay(700);
		out[k++] = (struct event){.ts = c->ts,
					  .kind = EV_WAKING,
					  .cpu = n,
					  .tid = c->woken,
					  .peer = c->current,
					  .value = n};
		c->nr_running = 1 + (l->fanout > 1 ? (uint32_t)dice(3) + c->nr_running / 2 : 0);
		c->ts += delay(250);
		out[k++] = (struct event){.ts = c->ts,
					  .kind = EV_WAKEUP,
					  .cpu = n,
					  .tid = c->woken,
					  .peer = c->current,
					  .value = target,
					  .aux = (uint16_t)c->nr_running};
	}
	c->next = l->fanout == 1 || dice(3) ? c->woken : base + (uint32_t)dice(l->tasks);
	c->ts += delay(900);
	out[k++] = (struct event){.ts = c->ts,
				  .kind = EV_SWITCH,
				  .cpu = n,
				  .tid = c->next,
				  .peer = c->current,
				  .value = l->fanout > 1 && !dice(4) ? 0 : 1};
	c->current = c->next;
	return k;
}

static size_t make_load(const struct load *l, struct event *out)
{
	struct cpu cpus[8] = {0};
	size_t n = 0;

	for (uint16_t i = 0; i < l->ncpus; i++)
		cpus[i] = (struct cpu){.ts = 1000000000u + i, .current = 1000 + 1000u * i};
	while (n + 64 < EVENTS) {
		uint16_t first = 0;

		for (uint16_t i = 1; i < l->ncpus; i++)
			if (cpus[i].ts < cpus[first].ts)
				first = i;
		n += burst(l, first, &cpus[first], out + n);
	}
	return n;
}

/* What the events of a packed load point to. */
union packed_ext {
	struct io_info io;
	struct acct_info acct;
	struct net_info net;
	struct socket_ref ref;
};

struct request {
	struct io_info io;
	uint32_t tid;
};

/* Random and sequential reads of a deep queue: start, issue, done. */
static size_t make_io(struct event *out, union packed_ext *ext)
{
	enum { DEPTH = 32 };
	struct request open[DEPTH] = {0};
	uint64_t ts = 1000000000u, next = 1 << 20;
	size_t n = 0;

	while (n + 3 <= EVENTS) {
		uint32_t slot = (uint32_t)dice(DEPTH), dev = 259u << 20;
		struct request *r = &open[slot];
		struct event ev = {.value = dev, .flags = EVF_IO_SYNC};

		ev.ts = ts += delay(3000);
		if (r->io.request) {
			ev.kind = EV_IO_DONE;
			ext[n].io = r->io;
			ev.ext = &ext[n].io;
			out[n++] = ev;
		}
		r->tid = 1000 + slot % 4;
		next = slot % 4 ? next + 8 : dice(1 << 28) * 8;
		r->io = (struct io_info){.request = 0xffff888100000000u + slot * 0x280u,
					 .sector = next,
					 .bytes = 4096};
		for (ev.kind = EV_IO_START; ev.kind <= EV_IO_ISSUE; ev.kind++) {
			ev.ts = ts += delay(500);
			ev.tid = ev.kind == EV_IO_START ? r->tid : 0;
			ext[n].io = r->io;
			ev.ext = &ext[n].io;
			out[n++] = ev;
		}
	}
	return n;
}

/* Threads that read, write, and now and then go to storage. */
static size_t make_acct(struct event *out, union packed_ext *ext)
{
	struct acct_info tasks[200] = {0};
	uint64_t ts = 1000000000u;
	size_t n = 0;

	for (; n < EVENTS; n++) {
		uint32_t i = (uint32_t)dice(200);
		struct acct_info *a = &tasks[i];
		uint64_t calls = 1 + dice(20);

		a->rchar += calls * dice(4096);
		a->syscr += calls;
		a->wchar += i % 2 ? dice(300) : 0;
		a->syscw += i % 2;
		a->read_bytes += i % 5 ? 0 : dice(16) * 4096;
		a->write_bytes += i % 7 ? 0 : dice(16) * 4096;
		a->rss_bytes = dice(4) ? 0 : (1000 + i + dice(100)) * 4096;
		a->rss_peak_bytes = a->rss_bytes ? (2000 + i) * 4096 : 0;
		ts += delay(20000);
		ext[n].acct = *a;
		out[n] = (struct event){
			.ts = ts, .kind = EV_ACCT, .tid = 1000 + i, .ext = &ext[n].acct};
	}
	return n;
}

/* A few servers and their clients: one or some calls on a socket, then the next. */
static size_t make_net(struct event *out, union packed_ext *ext)
{
	uint64_t ts = 1000000000u;
	size_t n = 0;

	for (; n < EVENTS; n++) {
		uint32_t i = (uint32_t)dice(64);
		uint64_t calls = dice(4) ? 1 : 1 + dice(30), spread = calls > 1 ? dice(900000) : 0;

		ts += delay(5000);
		ext[n].net = (struct net_info){.socket = 70000 + i,
					       .tx_bytes = dice(2) ? 0 : calls * (100 + dice(1300)),
					       .rx_bytes = calls * (40 + dice(1400)),
					       .rx_calls = calls,
					       .first_ns = ts - spread};
		ext[n].net.tx_calls = ext[n].net.tx_bytes ? calls : 0;
		out[n] = (struct event){
			.ts = ts, .kind = EV_NET, .tid = 1000 + i / 8, .ext = &ext[n].net};
	}
	return n;
}

/* Connections that come and go. */
static size_t make_states(struct event *out, union packed_ext *ext)
{
	static const uint8_t states[] = {7, 2, 1, 4, 5, 7};
	uint64_t ts = 1000000000u, cookie = 1;
	size_t n = 0;

	for (; n < EVENTS; n++) {
		uint32_t step = (uint32_t)(n % 5);

		cookie += !step;
		ts += delay(20000);
		ext[n].ref.socket = cookie;
		out[n] = (struct event){.ts = ts,
					.kind = EV_SOCKET_STATE,
					.tid = step == 0 || step == 2 ? 1000 : 0,
					.value = states[step] | (uint32_t)states[step + 1] << 8,
					.ext = &ext[n].ref};
	}
	return n;
}

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int check(int ret, const struct err *err)
{
	if (ret < 0) {
		fprintf(stderr, "bench_format: %s\n", err->msg);
		exit(1);
	}
	return ret;
}

/* Returns CPU ns per event. */
static double encode(int fd, const struct event *events, size_t n)
{
	struct trace_writer_options opt = {.level = 1, .background = true};
	struct meta meta = {.start_ns = 1000000000u};
	struct meta_end end = {.end_ns = events[n - 1].ts};
	struct checkpoint ck = {.ts = 1000000000u};
	struct trace_writer *w;
	struct err err;
	double start = cpu_seconds();

	check(trace_writer_new(&w, fd, &opt, &meta, &err), &err);
	check(trace_write_checkpoint(w, &ck, &err), &err);
	for (size_t i = 0; i < n; i++) {
		check(trace_write_event(w, &events[i], &err), &err);
		if (i % 4096 == 0)
			check(trace_writer_flush(w, events[i].ts, 500000000u, &err), &err);
	}
	check(trace_writer_finish(w, &end, &err), &err);
	trace_writer_free(w);
	return (cpu_seconds() - start) * 1e9 / (double)n;
}

/* Returns M events/s of CPU time. */
static double decode(int fd, size_t n)
{
	char path[64];
	const struct event *events;
	struct source *src;
	struct trace *t;
	struct err err;
	size_t got = 0;
	double start = cpu_seconds();
	int k;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(trace_open(&t, path, &err), &err);
	check(trace_source(t, 0, UINT64_MAX, &src, &err), &err);
	while ((k = check(src->next(src, &events, &err), &err)) > 0)
		got += (size_t)k;
	src->close(src);
	trace_close(t);
	if (got != n + 1) {
		fprintf(stderr, "bench_format: %zu events in, %zu out\n", n, got);
		exit(1);
	}
	return (double)n / 1e6 / (cpu_seconds() - start);
}

static void run(const char *name, const struct event *events, size_t n)
{
	double best_encode = 1e9, best_decode = 0;
	off_t bytes = 0;

	for (int round = 0; round < 3; round++) {
		int fd = memfd_create("bench", MFD_CLOEXEC);
		double ns, rate;

		if (fd < 0) {
			perror("bench_format: memfd_create");
			exit(1);
		}
		ns = encode(fd, events, n);
		rate = decode(fd, n);
		bytes = lseek(fd, 0, SEEK_END);
		close(fd);
		best_encode = ns < best_encode ? ns : best_encode;
		best_decode = rate > best_decode ? rate : best_decode;
	}
	printf("%-10s encode %5.1f ns/event  decode %6.1f M events/s  %5.2f bytes/event\n", name,
	       best_encode, best_decode, (double)bytes / (double)n);
}

int main(void)
{
	static const struct load loads[] = {
		{"pipe", 1, 2, 1},
		{"mixed", 2, 40, 2},
		{"messaging", 2, 400, 4},
	};
	static const struct {
		const char *name;
		size_t (*make)(struct event *out, union packed_ext *ext);
	} packed[] = {
		{"io", make_io}, {"acct", make_acct}, {"net", make_net}, {"states", make_states}};
	struct event *events = malloc(EVENTS * sizeof(*events));
	union packed_ext *ext = malloc(EVENTS * sizeof(*ext));

	if (!events || !ext)
		return 1;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		run(loads[i].name, events, make_load(&loads[i], events));
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		run(packed[i].name, events, packed[i].make(events, ext));
	free(events);
	free(ext);
	return 0;
}
