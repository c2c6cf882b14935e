// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * make_report_seeds: writes the corpus that fuzz_report starts from into a folder: streams that make
 * sense, of every kind of event, with a gap, the engine's own checkpoint and a hand-made one, under
 * different settings. The bytes are those of events.h.
 *
 *   clang -I. -o build/make_report_seeds tests/fuzz/make_report_seeds.c
 *   build/make_report_seeds tests/fuzz/corpus/fuzz_report
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/event.h"

#define NOW	0x80 /* of an instant; 1 us later for each more, earlier for each less */
#define US(n)	(NOW + (n))
#define SLEEP	1
#define DISK	2
#define DEV	64
#define COOKIE	9
#define REQUEST 17

static uint8_t out[65536];
static size_t len;

static void byte(unsigned b)
{
	if (len == sizeof(out))
		abort();
	out[len++] = (uint8_t)b;
}

static void number(uint64_t v)
{
	if (v < 0xc0) {
		byte((unsigned)v);
		return;
	}
	byte(0xf0);
	for (int shift = 56; shift >= 0; shift -= 8)
		byte(v >> shift & 0xff);
}

static void numbers(unsigned n, const uint64_t *v)
{
	for (unsigned i = 0; i < n; i++)
		number(v[i]);
}

#define NUMBERS(...)                                                                               \
	numbers(sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})

static void event(unsigned kind, unsigned us, unsigned cpu, unsigned tid, unsigned peer,
		  unsigned flags, unsigned aux, unsigned value)
{
	byte(kind);
	byte(us);
	byte(cpu);
	byte(tid);
	byte(peer);
	byte(flags);
	number(aux);
	number(value);
}

static void text(const char *s)
{
	size_t n = strlen(s) + 1;

	byte(33 * 2 + (unsigned)n - 1); /* so long, and none of the known ones */
	for (size_t i = 0; i < n; i++)
		byte((unsigned char)s[i]);
}

static void switches(unsigned cpu, unsigned prev, unsigned state, unsigned next, unsigned syscall)
{
	event(EV_SWITCH, 20, cpu, next, prev, 0, syscall, state);
}

static void wake(unsigned cpu, unsigned by, unsigned tid, unsigned to)
{
	event(EV_WAKING, 5, cpu, tid, by, 0, 0, to);
	event(EV_WAKEUP, 2, cpu, tid, by, 0, 1, to);
}

/* tgid, ppid, uid, start, cgroup, flags, comm */
static void info(unsigned tgid, unsigned ppid, unsigned start)
{
	byte(tgid);
	byte(ppid);
	NUMBERS(100, start, 4);
	byte(0);
	byte(1); /* "make" */
}

static void schedule(void)
{
	wake(0, 0, 1, 0);
	switches(0, 0, 0, 1, 0);
	event(EV_BLOCK, 3, 0, 1, 0, EVF_IOWAIT, 0, 202);
	event(EV_STACK, 0, 0, 1, 4, 0, 0, 3);
	event(EV_FRAMES, 0, 0xff, 0, 0, 0, 0, 3);
	byte(32); /* "io_schedule" */
	event(EV_COUNTERS, 0, 0, 1, 0, 0, 0, 0);
	NUMBERS(1000, 900, 5, 6);
	switches(0, 1, DISK, 2, 203);
	event(EV_SWITCH, 30, 0, 3, 2, EVF_PREEMPT, 0, 0);
	event(EV_MIGRATE, 3, 1, 2, 0, 0, 0, 1);
	switches(1, 0, 0, 2, 0);
	event(EV_IRQ, 9, 1, 2, 0, EVF_IRQ_SOFT, 0, 3);
	byte(US(-4));
	wake(1, 2, 1, 0);
	switches(0, 3, SLEEP, 1, 1);
	switches(1, 2, SLEEP, 0, 0xffff);
}

static void lives(void)
{
	event(EV_FORK, 5, 0, 6, 1, 0, 0, 17);
	info(6, 1, 6);
	event(EV_FORK, 5, 0, 7, 1, 0, 0, 0x10000);
	info(6, 1, 7);
	event(EV_WAKEUP_NEW, 1, 0, 6, 1, 0, 1, 1);
	event(EV_WAKEUP_NEW, 1, 0, 7, 1, 0, 1, 0);
	switches(1, 0, 0, 6, 0);
	event(EV_WAIT, 3, 0, 1, 0, EVF_WAIT_BLOCKS, 0, 6);
	switches(0, 1, SLEEP, 7, 62);
	event(EV_EXEC, 4, 0, 6, 7, 0, 0, 0);
	NUMBERS(1000);
	byte(0);
	byte(2);
	text("/bin/ls");
	text("-l");
	event(EV_RENAME, 2, 0, 6, 0, 0, 0, 0);
	byte(4);
	event(EV_CGROUP, 2, 0, 6, 1, EVF_THREADGROUP, 0, 0);
	number(5);
	event(EV_EXIT, 8, 0, 6, 0, EVF_GROUP_DEAD, 0, 256);
	event(EV_WAKING, 1, 0, 1, 6, 0, 0, 0);
	switches(0, 6, 0x20, 0, 0);
	event(EV_REAP, 30, 0, 6, 1, 0, 0, 0);
	event(EV_FREE, 60, 0, 6, 0, 0, 0, 0);
}

static void requests(void)
{
	static const unsigned kinds[] = {EV_IO_START, EV_IO_MERGE, EV_IO_ISSUE, EV_IO_REQUEUE,
					 EV_IO_ISSUE, EV_IO_DONE,  EV_IO_DONE};

	event(EV_NAME, 1, 0xff, 0, 0, 0, 0, 0);
	byte(NAME_DEVICE);
	number(DEV);
	text("vda");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool merge = kinds[i] == EV_IO_MERGE;

		event(kinds[i], 10, 0, i < 2, 0,
		      EVF_IO_SYNC | (i == 5 ? (unsigned)EVF_IO_PARTIAL : 0), IO_WRITE, DEV);
		NUMBERS(merge ? 0 : REQUEST, merge ? 108 : 100, i < 2 ? 8 : i < 5 ? 16 : 8, 4, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		event(EV_IO_START, 1, 0, 2 + i, 0, 0, IO_READ, DEV);
		NUMBERS(20 + i, 50 + 8 * i, 8, 0, 0);
	}
	event(EV_IO_MERGE, 1, 0, 2, 0, EVF_IO_ABSORBED, IO_READ, DEV);
	NUMBERS(21, 58, 8, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		event(EV_ACCT, 1, 0, 1, 0, 0, 0, 0);
		NUMBERS(i * 60, i * 50, i, i, i * 20, i * 10, i, 100 + i, 120);
	}
}

static void sockets(void)
{
	event(EV_SOCKET, 1, 0, 1, 0, 0, 0, 0);
	byte(0x10); /* TCP over IPv4 */
	NUMBERS(COOKIE);
	byte(2);
	NUMBERS(40, 80);
	byte(0);
	byte(127);
	byte(10);
	event(EV_SOCKET_STATE, 4, 0, 1, 0, 0, 0, 2 | 1 << 8);
	number(COOKIE);
	event(EV_NET, 50, 0, 1, 0, 0, 0, 0);
	NUMBERS(COOKIE, 100, 50, 2, 1);
	byte(US(-9));
	event(EV_RETRANSMIT, 1, 0, 0, 0, 0, 2, 0);
	number(COOKIE);
	event(EV_SOCKET_STATE, 1, 0, 0, 0, 0, 0, 1 | 7 << 8 | 104 << 16);
	number(COOKIE);
	event(EV_RESET, 1, 0, 0, 0, EVF_NET_SENT, 0, 0);
	number(0);
}

static void samples(void)
{
	for (unsigned i = 0; i < 16; i++) {
		event(EV_NAME, 0, 0xff, 0, 0, 0, 0, 0);
		byte(NAME_METRIC);
		number(i);
		byte(2 * i); /* the known ones */
	}
	for (unsigned n = 0; n < 3; n++)
		for (unsigned i = 0; i < 16; i++) {
			event(EV_SAMPLE, i ? 0 : 100, 0xff, 0, 0,
			      n == 2 && i == 7 ? (unsigned)EVF_SAMPLE_GONE : 0, 0, i);
			number(i * 10 + n);
		}
}

static void snapshot(unsigned tid, unsigned flags, unsigned state, unsigned run_state)
{
	info(tid, 1, tid);
	NUMBERS(flags, state);
	byte(0);
	byte(run_state);
	byte(run_state == 2); /* runnable after a wake-up */
	number(202);
	byte(1);
	number(0);
	byte(40);
	byte(30);
	NUMBERS(5, 6);
}

static void told(void)
{
	event(EV_TASK, 1, 0xff, 4, 0, 0, 0, 0);
	snapshot(4, SNAPF_QUEUED, 0, 0);
	event(EV_TASK, 1, 0xff, 8, 0, 0, 0, 0);
	snapshot(8, SNAPF_GROUP_DEAD, 0x200000, 0);
}

static void lost(void)
{
	event(EV_GAP, 10, 1, 0, 0, 0, 0, 0);
	byte(US(50));
	number(7);
	byte(GAP_RING_FULL);
	event(EV_NAME, 60, 0xff, 0, 0, 0, 0, 0);
	byte(NAME_CGROUP);
	number(4);
	byte(38); /* "/a/b" */
}

static void checkpoint(void)
{
	event(EV_CHECKPOINT, 10, 0xff, 0, 0, 0, 0, 0);
	byte(4);
	for (unsigned tid = 1; tid < 5; tid++) {
		byte(tid);
		snapshot(tid, 0, tid == 3 ? 2 : 1, tid);
	}
	byte(2);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		byte(cpu);
		byte(0);
		byte(0);
		byte(cpu ? 0 : 1);
		byte(40);
		number(0);
	}
	byte(0);
	byte(2);
	for (unsigned share = 0; share < 2; share++) {
		NUMBERS(30, 200 + 8 * share, 8, 4, 0, DEV);
		byte(1);
		number(share);
		byte(IO_WRITE);
		byte(0);
		byte(20);
		byte(0);
		NUMBERS(share, 0);
	}
	byte(1);
	byte(0x14); /* UDP */
	NUMBERS(COOKIE + 1);
	byte(7);
	NUMBERS(41, 53);
	byte(0);
	byte(127);
	byte(8);
	byte(1);
	byte(10);
	byte(10);
	byte(1);
	byte(1);
	byte(9);
	NUMBERS(1, 2, 3, 4, 5, 6, 7, 8, 9);
	byte(1);
	NUMBERS(3, 500);
	byte(9);
}

static void all(void)
{
	checkpoint();
	schedule();
	samples();
	requests();
	sockets();
	lives();
	lost();
	told();
	event(0, 10, 0xff, 0, 0, 0, 0, 0);
	schedule();
	requests();
	sockets();
	samples();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} seeds[] = {{"schedule", schedule},	 {"lives", lives},     {"requests", requests},
		     {"sockets", sockets},	 {"samples", samples}, {"told", told},
		     {"checkpoint", checkpoint}, {"all", all}};
	static const unsigned settings[][5] = {
		{0, 0, 0x30, 0, 0x4f}, {1, 2, 0x2b, 0x31, 0x0f}, {7, 6, 0x24, 0, 0x02},
		{1, 3, 0x20, 0, 0x6f}, {0, 2, 0x20, 0, 0x1f},	 {0, 0, 0x20, 0x80, 0x3f},
		{6, 1, 0x60, 0, 0x0f}, {5, 3, 0x20, 0, 0x0f},
	};
	char path[4096];

	if (argc != 2) {
		fprintf(stderr, "usage: make_report_seeds FOLDER\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		for (size_t k = 0; k < sizeof(settings) / sizeof(settings[0]); k++) {
			FILE *f;

			if (k && seeds[i].make != all)
				break;
			len = 0;
			for (unsigned b = 0; b < 5; b++)
				byte(settings[k][b]);
			seeds[i].make();
			snprintf(path, sizeof(path), "%s/%s-%zu", argv[1], seeds[i].name, k);
			f = fopen(path, "w");
			if (!f || fwrite(out, 1, len, f) != len || fclose(f)) {
				perror(path);
				return 1;
			}
		}
	return 0;
}
