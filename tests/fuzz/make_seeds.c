// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * make_seeds: writes the corpus that fuzz_reader starts from into a folder: small traces that use
 * every kind of event, block and column, compressed and not, whole, cut and flipped. The corpus
 * keeps those of earlier versions beside the ones of this version, which end in its number.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/reader.h"
#include "format/writer.h"

#define START 1000000000u

static void must(int ret, const struct err *err)
{
	if (ret) {
		fprintf(stderr, "make_seeds: %s\n", err->msg);
		exit(1);
	}
}

static void put(struct trace_writer *w, struct event ev, const void *ext)
{
	static uint64_t ts = START;
	struct err err;

	if (!ev.ts)
		ev.ts = ts += 1000 + (ts % 7) * 100000;
	ev.ext = ext;
	must(trace_write_event(w, &ev, &err), &err);
}

static void put_checkpoint(struct trace_writer *w, uint64_t ts)
{
	struct task_snapshot tasks[3] = {
		{.info = {.tid = 1, .tgid = 1, .comm = "init"}, .run_state = 3, .since_ns = 5},
		{.info = {.tid = 70,
			  .tgid = 70,
			  .ppid = 1,
			  .uid = 1000,
			  .cgroup_id = 4,
			  .comm = "sh"}},
		{.info = {.tid = 71, .tgid = 70, .comm = "\xff\x01"}, .state = 2, .syscall = -1},
	};
	struct cpu_snapshot cpus[2] = {{.cpu = 0, .tid = 70},
				       {.cpu = 1, .uncertain = 1, .lost = 3}};
	struct name_info names[2] = {{1000, NAME_USER, "user"}, {4, NAME_CGROUP, "/a/b"}};
	struct request_snapshot requests[2] = {
		{.io = {0xffff888101234500, 2048, 4096},
		 .dev = 259 << 20,
		 .tid = 70,
		 .issued_ns = 7},
		{.io = {0xffff888101234500, 2056, 8192}, .dev = 259 << 20, .tid = 71, .share = 1}};
	struct socket_snapshot sockets[1] = {{.info = {.id = 55,
						       .family = 2,
						       .type = 1,
						       .protocol = 6,
						       .state = 1,
						       .local = {127, 0, 0, 1},
						       .local_port = 80},
					      .owner = 70,
					      .used_ns = ts}};
	struct account_snapshot accounts[1] = {{.tid = 70, .ts = ts, .acct = {1, 2, 3, 4, 5}}};
	struct checkpoint ck = {.ts = ts,
				.requests = requests,
				.nrequests = 2,
				.sockets = sockets,
				.nsockets = 1,
				.accounts = accounts,
				.naccounts = 1,
				.tasks = tasks,
				.ntasks = 3,
				.cpus = cpus,
				.ncpus = 2,
				.names = names,
				.nnames = 2};
	struct err err;

	must(trace_write_checkpoint(w, &ck, &err), &err);
}

static void put_rare(struct trace_writer *w)
{
	struct task_info task = {.tid = 90, .tgid = 90, .ppid = 70, .start_ns = 7, .comm = "child"};
	struct exec_info exec = {.comm = "ls",
				 .filename = "/bin/ls",
				 .args = "ls\0-l",
				 .args_len = 6,
				 .truncated = 1};
	struct rename_info rename = {"other"};
	struct cgroup_info cgroup = {77};
	struct gap_info gap = {START + 900000000, 12, GAP_RING_FULL};
	struct name_info name = {77, NAME_CGROUP, "/system.slice"};
	struct task_snapshot snapshot = {.info = task, .flags = SNAPF_ON_CPU, .oncpu_ns = 1 << 20};

	put(w, (struct event){.kind = EV_FORK, .tid = 90, .peer = 70, .value = 0x1200000}, &task);
	put(w, (struct event){.kind = EV_EXEC, .tid = 90, .peer = 90, .cpu = 1}, &exec);
	put(w, (struct event){.kind = EV_RENAME, .tid = 90}, &rename);
	put(w, (struct event){.kind = EV_CGROUP, .tid = 90, .flags = EVF_THREADGROUP}, &cgroup);
	put(w, (struct event){.kind = EV_GAP, .cpu = 1}, &gap);
	put(w, (struct event){.kind = EV_NAME, .cpu = CPU_NONE}, &name);
	put(w, (struct event){.kind = EV_TASK, .cpu = CPU_NONE, .tid = 90}, &snapshot);
	put(w, (struct event){.kind = EV_EXIT, .tid = 90, .value = 0x100, .flags = 16}, NULL);
	put(w, (struct event){.kind = EV_REAP, .tid = 90, .peer = 70}, NULL);
	put(w, (struct event){.kind = EV_FREE, .tid = 90, .cpu = 1}, &(struct free_info){4711});
	put(w, (struct event){.kind = EV_FREE, .tid = 90, .cpu = 1}, NULL);
	put(w, (struct event){.kind = EV_WAIT, .tid = 70, .value = 90, .flags = 1}, NULL);
	put(w, (struct event){.kind = EV_BLOCK, .tid = 70, .value = UINT32_MAX, .flags = 64}, NULL);
}

/* Requests, accounts and traffic; enough of them for columns of more than a few bytes. */
static void put_packed(struct trace_writer *w, uint32_t n)
{
	struct socket_info socket = {.id = 55,
				     .family = 10,
				     .type = 1,
				     .protocol = 6,
				     .local_port = 80,
				     .local = {[15] = 1}};
	struct name_info name = {259 << 20, NAME_DEVICE, "nvme0n1"};
	struct socket_ref ref = {55};

	put(w, (struct event){.kind = EV_NAME, .cpu = CPU_NONE}, &name);
	put(w, (struct event){.kind = EV_SOCKET, .tid = 70}, &socket);
	for (uint32_t i = 0; i < n; i++) {
		struct io_info io = {.request = 0xffff888101234500 + i % 4 * 640,
				     .sector = UINT64_C(2048) + 8 * i,
				     .bytes = 4096,
				     .cgroup_id = i % 5 == 0,
				     .error = i % 6 == 0 ? 5 : 0};
		struct acct_info acct = {
			.rchar = UINT64_C(4096) * i, .syscr = i, .rss_bytes = i % 2 ? 1 << 20 : 0};
		struct net_info net = {
			.socket = 55 + i % 2, .tx_bytes = i, .tx_calls = 1, .first_ns = START + i};
		struct event ev = {.kind = EV_IO_START,
				   .tid = 70,
				   .value = 259 << 20,
				   .aux = (uint16_t)(i % 3)};

		put(w, ev, &io);
		ev.tid = 0;
		for (ev.kind = EV_IO_ISSUE; ev.kind <= EV_IO_MERGE; ev.kind++)
			put(w, ev, &io);
		put(w, (struct event){.kind = EV_ACCT, .tid = 70 + i % 2}, &acct);
		put(w, (struct event){.kind = EV_NET, .tid = 70 + i % 2}, &net);
		put(w, (struct event){.kind = EV_SOCKET_STATE, .value = 1 | 8 << 8}, &ref);
	}
	put(w, (struct event){.kind = EV_RETRANSMIT, .aux = 2, .value = 113, .flags = 1}, &ref);
	put(w, (struct event){.kind = EV_RESET, .flags = EVF_NET_SENT}, &ref);
}

/* many: enough TIDs for two planes of codes and enough values for a column of them. */
static void put_usual(struct trace_writer *w, uint32_t many)
{
	uint32_t current = 0;

	for (uint32_t i = 0; i < 12 + many; i++) {
		uint32_t tid = 100 + (many ? i * 3 % 700 : i % 3);

		put(w,
		    (struct event){.kind = EV_WAKING, .tid = tid, .peer = current, .value = i & 1},
		    NULL);
		put(w, (struct event){.kind = EV_MIGRATE, .tid = tid, .value = 1, .aux = 300},
		    NULL);
		put(w,
		    (struct event){.kind = EV_WAKEUP,
				   .tid = tid,
				   .peer = current,
				   .aux = (uint16_t)(i * i)},
		    NULL);
		put(w,
		    (struct event){
			    .kind = EV_SWITCH, .tid = tid, .peer = current, .value = many ? i : 1},
		    NULL);
		current = tid;
	}
}

static void write_seed(const char *path, int level, uint32_t many)
{
	struct trace_writer_options opt = {.level = level, .block_events = many ? 0 : 20};
	struct meta_cpu cpus[2] = {{.cpu = 0}, {.cpu = 1}};
	struct meta meta = {.version = "0", .start_ns = START, .cpus = cpus, .ncpus = 2};
	struct meta_end end = {.end_ns = START + 1000000000, .stopped_by = "duration"};
	struct trace_writer *w;
	struct err err;
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	must(trace_writer_new(&w, fd, &opt, &meta, &err), &err);
	put_checkpoint(w, START);
	put_usual(w, many);
	must(trace_writer_flush(w, START + 1, 0, &err), &err);
	put_rare(w);
	put_packed(w, many ? 40 : 3);
	put_checkpoint(w, START + 800000000);
	put_usual(w, 0);
	must(trace_writer_finish(w, &end, &err), &err);
	trace_writer_free(w);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int level;
		uint32_t many;
		int cut; /* percent that is kept */
	} seeds[] = {
		{"stored", 0, 0, 100},	    {"zstd", 1, 0, 100},      {"stored-many", 0, 600, 100},
		{"zstd-many", 1, 600, 100}, {"stored-cut", 0, 0, 60}, {"zstd-cut", 1, 0, 90},
	};
	char path[4096];

	if (argc != 2) {
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		off_t size;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", argv[1], seeds[i].name);
		write_seed(path, seeds[i].level, seeds[i].many);
		fd = open(path, O_RDWR | O_CLOEXEC);
		size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
		if (size < 0 || ftruncate(fd, size * seeds[i].cut / 100)) {
			perror(path);
			return 1;
		}
		close(fd);
	}
	return 0;
}
