// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/sections.h"

#define LIST_MAX 6u /* tasks, sockets, ... of a checkpoint */

static uint8_t byte(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

uint64_t input_number(struct input *in)
{
	static const unsigned char bits[] = {64, 32, 16, 8};
	uint8_t b = byte(in);
	uint64_t v = 0;

	if (b < 0xc0)
		return b;
	if (b < 0xe0)
		return UINT64_C(1) << (b & 31);
	if (b < 0xf0) /* the largest of each width, with and without sign, and one less */
		return (UINT64_MAX >> (64 - bits[b & 3] + (b >> 2 & 1))) - (b >> 3 & 1);
	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | byte(in);
	return v;
}

/* Memory of exactly this size, so that reading behind it shows. */
static void *keep(struct input *in, const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy || in->nkept == sizeof(in->kept) / sizeof(in->kept[0]))
		abort();
	if (size)
		memcpy(copy, data, size);
	in->kept[in->nkept++] = copy;
	return copy;
}

static uint32_t number32(struct input *in)
{
	return (uint32_t)input_number(in);
}

static uint32_t tid(struct input *in)
{
	uint8_t b = byte(in);

	if (b < 0xf8)
		return b % FUZZ_TIDS;
	return b == 0xff ? TID_OTHER : b == 0xfe ? number32(in) : 4000000u + b;
}

static uint16_t cpu(struct input *in)
{
	uint8_t b = byte(in);

	return b < 0xf8 ? b % FUZZ_CPUS : b == 0xff ? CPU_NONE : (uint16_t)(FUZZ_CPUS + b - 0xf8);
}

/* An instant not far from now, mostly; 0 is not known. */
static uint64_t instant(struct input *in)
{
	uint8_t b = byte(in);

	if (b < 0x80)
		return b ? in->ts - 1000u * (b - 1u) : 0;
	if (b < 0xf0 || in->steady)
		return in->ts + 1000u * (b - 0x80u);
	return input_number(in);
}

static void advance(struct input *in)
{
	static const uint64_t steps[] = {1,	      1000000,	100000000, 1000000000,
					 11000000000, 1u << 31, 1,	   0};
	uint8_t b = byte(in);
	uint64_t to;

	if (b < 0xf0)
		to = in->ts + 1000u * b;
	else if (b < 0xf8)
		to = in->ts + steps[b - 0xf0];
	else if (b < 0xfc)
		to = in->ts - 1000000u * (b - 0xf7u);
	else
		to = in->steady ? in->ts : input_number(in);
	if (to >= in->ts || !in->steady)
		in->ts = to;
}

static void comm(struct input *in, char out[TASK_COMM_LEN])
{
	static const char *const names[] = {"sh", "make", "\x1b[31m\"x\\", "\xff\x01\xc3", "a b"};
	uint8_t b = byte(in);

	memset(out, 0, TASK_COMM_LEN);
	if (b < 5)
		memcpy(out, names[b], strlen(names[b]));
	else
		for (unsigned i = 0; i < TASK_COMM_LEN - 1u && i < b % TASK_COMM_LEN; i++)
			out[i] = (char)byte(in);
}

/* NUL-terminated, with NULs inside when it is a list. */
static const char *text(struct input *in, bool list, uint32_t *len)
{
	static const char *const known[] = {
		"cpu0.user_ticks",
		"cpu1.idle_ticks",
		"cpu3.khz",
		"mem.total_kb",
		"mem.available_kb",
		"load.1_centi",
		"psi.cpu.some_us",
		"psi.io.full_avg10_centi",
		"vm.pgmajfault",
		"stat.ctxt",
		"thermal.0.millicelsius",
		"schedstat.version",
		"schedstat.cpu0.yld_count",
		"schedstat.cpu3.domain0.busy_lb_count",
		"schedstat.cpu0.domain0.name.MC",
		"schedstat.cpu4294967296.domain99999999999.x",
		"io_schedule",
		"futex_wait_queue",
		"pipe_read",
		"/a/b",
	};
	char buf[64];
	uint8_t b = byte(in);
	uint32_t n;

	if (b < 2 * sizeof(known) / sizeof(known[0])) {
		n = (uint32_t)snprintf(buf, sizeof(buf), "%s", known[b / 2]) + 1;
	} else {
		n = b % 33 + 1u;
		for (uint32_t i = 0; i < n; i++) {
			buf[i] = (char)byte(in);
			if (!buf[i] && !list)
				n = i + 1;
		}
	}
	buf[n - 1] = 0;
	if (list && b == 0xff)
		n = 0; /* none: points to an empty text */
	*len = n;
	return keep(in, n ? buf : "", n ? n : 1);
}

static struct task_info task_info(struct input *in, uint32_t id)
{
	struct task_info t = {
		.tid = id,
		.tgid = tid(in),
		.ppid = tid(in),
		.uid = number32(in),
		.start_ns = input_number(in),
		.cgroup_id = input_number(in),
		.flags = byte(in),
	};

	comm(in, t.comm);
	return t;
}

static struct task_snapshot snapshot(struct input *in, uint32_t id)
{
	struct task_snapshot s = {.info = task_info(in, id)};

	s.flags = number32(in);
	s.state = number32(in);
	s.cpu = cpu(in);
	s.run_state = byte(in);
	s.cause = byte(in);
	s.syscall = (int32_t)input_number(in);
	s.waker = tid(in);
	s.exit_code = number32(in);
	s.since_ns = instant(in);
	s.waking_ns = instant(in);
	s.oncpu_ns = input_number(in);
	s.runq_ns = input_number(in);
	return s;
}

/* Where time runs as it should, what is added up has a sum. */
static uint64_t amount(struct input *in)
{
	uint64_t n = input_number(in);

	return in->steady ? n & UINT32_MAX : n;
}

static struct io_info io_info(struct input *in)
{
	return (struct io_info){
		.request = input_number(in),
		.sector = amount(in),
		.bytes = amount(in) * 512,
		.cgroup_id = input_number(in),
		.error = number32(in),
	};
}

static struct acct_info acct_info(struct input *in)
{
	return (struct acct_info){
		.rchar = input_number(in),
		.wchar = input_number(in),
		.syscr = input_number(in),
		.syscw = input_number(in),
		.read_bytes = input_number(in),
		.write_bytes = input_number(in),
		.cancelled_write_bytes = input_number(in),
		.rss_bytes = input_number(in),
		.rss_peak_bytes = input_number(in),
	};
}

static struct socket_info socket_info(struct input *in)
{
	static const uint16_t families[] = {2, 10, 1, 0}, protocols[] = {6, 17, 0, 262};
	uint8_t b = byte(in);
	struct socket_info s = {
		.id = input_number(in),
		.family = b < 0xf0 ? families[b & 3] : b,
		.type = (uint16_t)(b >> 4),
		.protocol = protocols[b >> 2 & 3],
		.state = byte(in),
		.local_port = (uint16_t)input_number(in),
		.remote_port = (uint16_t)input_number(in),
		.flags = byte(in),
	};

	s.local[0] = s.local[15] = byte(in);
	s.remote[0] = s.remote[15] = byte(in);
	return s;
}

static struct name_info name_info(struct input *in)
{
	struct name_info n = {.kind = byte(in) % 8, .id = input_number(in)};
	uint32_t len;

	n.name = text(in, false, &len);
	return n;
}

/* ---- checkpoints ---- */

static uint32_t count(struct input *in)
{
	return byte(in) % (LIST_MAX + 1);
}

/* n entries, each as `make` reads it. */
#define ARRAY(in, ck, member, count_member, type, make)                                            \
	do {                                                                                       \
		type list_[LIST_MAX];                                                              \
                                                                                                   \
		(ck)->count_member = count(in);                                                    \
		for (uint32_t i_ = 0; i_ < (ck)->count_member; i_++)                               \
			list_[i_] = make(in);                                                      \
		(ck)->member = keep(in, list_, (ck)->count_member * sizeof(list_[0]));             \
	} while (0)

static struct task_snapshot task_of(struct input *in)
{
	return snapshot(in, tid(in));
}

static struct cpu_snapshot cpu_of(struct input *in)
{
	return (struct cpu_snapshot){
		.cpu = cpu(in),
		.uncertain = byte(in) & 1,
		.left_out = byte(in) == 1,
		.tid = tid(in),
		.since_ns = instant(in),
		.lost = input_number(in),
	};
}

static struct request_snapshot request_of(struct input *in)
{
	return (struct request_snapshot){
		.io = io_info(in),
		.dev = number32(in),
		.tid = tid(in),
		.share = number32(in),
		.op = byte(in),
		.flags = byte(in),
		.queued_ns = instant(in),
		.issued_ns = instant(in),
		.requeues = input_number(in),
		.done_bytes = amount(in),
	};
}

static struct socket_snapshot socket_of(struct input *in)
{
	return (struct socket_snapshot){
		.info = socket_info(in),
		.owner = tid(in),
		.since_ns = instant(in),
		.used_ns = instant(in),
	};
}

static struct account_snapshot account_of(struct input *in)
{
	return (struct account_snapshot){.tid = tid(in), .ts = instant(in), .acct = acct_info(in)};
}

static struct metric_snapshot metric_of(struct input *in)
{
	return (struct metric_snapshot){
		.metric = number32(in), .value = input_number(in), .ts = instant(in)};
}

static const void *checkpoint(struct input *in)
{
	struct checkpoint ck = {.ts = in->ts};

	ARRAY(in, &ck, tasks, ntasks, struct task_snapshot, task_of);
	ARRAY(in, &ck, cpus, ncpus, struct cpu_snapshot, cpu_of);
	ARRAY(in, &ck, names, nnames, struct name_info, name_info);
	ARRAY(in, &ck, requests, nrequests, struct request_snapshot, request_of);
	ARRAY(in, &ck, sockets, nsockets, struct socket_snapshot, socket_of);
	ARRAY(in, &ck, accounts, naccounts, struct account_snapshot, account_of);
	ARRAY(in, &ck, metrics, nmetrics, struct metric_snapshot, metric_of);
	return keep(in, &ck, sizeof(ck));
}

/* ---- events ---- */

static const void *exec_info(struct input *in)
{
	struct exec_info x = {.uid = number32(in), .truncated = byte(in) & 1};
	uint32_t len;

	comm(in, x.comm);
	x.filename = text(in, false, &len);
	x.args = text(in, true, &x.args_len);
	return keep(in, &x, sizeof(x));
}

static const void *net_info(struct input *in)
{
	struct net_info net = {
		.socket = input_number(in),
		.tx_bytes = input_number(in),
		.rx_bytes = input_number(in),
		.tx_calls = input_number(in),
		.rx_calls = input_number(in),
		.first_ns = instant(in),
	};

	return keep(in, &net, sizeof(net));
}

static const void *counters_info(struct input *in)
{
	struct counters_info c = {.enabled_ns = input_number(in), .running_ns = input_number(in)};

	for (unsigned i = 0; i < 2; i++)
		c.value[i] = input_number(in);
	return keep(in, &c, sizeof(c));
}

#define KEEP(in, type, ...) keep(in, &(type){__VA_ARGS__}, sizeof(type))

static const void *ext(struct input *in, const struct event *ev)
{
	struct rename_info rename;
	struct frames_info frames;
	struct task_info info;
	struct task_snapshot snap;
	struct io_info io;
	struct acct_info acct;
	struct socket_info sock;
	struct name_info name;

	switch (ev->kind) {
	case EV_FORK: info = task_info(in, ev->tid); return keep(in, &info, sizeof(info));
	case EV_EXEC: return exec_info(in);
	case EV_RENAME: comm(in, rename.comm); return keep(in, &rename, sizeof(rename));
	case EV_CGROUP: return KEEP(in, struct cgroup_info, .cgroup_id = input_number(in));
	case EV_FREE: /* flag 1 is none of its own: it may have none */
		return ev->flags & 1 ? KEEP(in, struct free_info, .start_ns = instant(in)) : NULL;
	case EV_TASK: snap = snapshot(in, ev->tid); return keep(in, &snap, sizeof(snap));
	case EV_GAP:
		return KEEP(in, struct gap_info, .end_ns = instant(in), .count = input_number(in),
			    .reason = byte(in));
	case EV_NAME: name = name_info(in); return keep(in, &name, sizeof(name));
	case EV_CHECKPOINT: return checkpoint(in);
	case EV_IO_START:
	case EV_IO_ISSUE:
	case EV_IO_DONE:
	case EV_IO_REQUEUE:
	case EV_IO_MERGE: io = io_info(in); return keep(in, &io, sizeof(io));
	case EV_ACCT: acct = acct_info(in); return keep(in, &acct, sizeof(acct));
	case EV_SOCKET: sock = socket_info(in); return keep(in, &sock, sizeof(sock));
	case EV_NET: return net_info(in);
	case EV_SOCKET_STATE:
	case EV_RETRANSMIT:
	case EV_RESET: return KEEP(in, struct socket_ref, .socket = input_number(in));
	case EV_FRAMES:
		frames.frames = text(in, true, &frames.frames_len);
		return keep(in, &frames, sizeof(frames));
	case EV_COUNTERS: return counters_info(in);
	case EV_IRQ: return KEEP(in, struct irq_info, .start_ns = instant(in));
	case EV_SAMPLE: return KEEP(in, struct sample_info, .value = input_number(in));
	default: return NULL;
	}
}

bool input_event(struct input *in, struct event *ev)
{
	input_free(in);
	if (in->p >= in->end)
		return false;
	*ev = (struct event){.kind = byte(in) % EV_KIND_END};
	advance(in);
	ev->ts = in->ts;
	ev->cpu = cpu(in);
	ev->tid = tid(in);
	ev->peer = tid(in);
	ev->flags = byte(in);
	ev->aux = (uint16_t)input_number(in);
	ev->value = number32(in);
	ev->ext = ext(in, ev);
	return true;
}

const struct checkpoint *input_stored(struct input *in, const struct checkpoint *ck)
{
	struct buf disk = {0};
	const uint8_t *copy;

	if (!checkpoint_put(&disk, ck))
		abort();
	copy = keep(in, disk.data, disk.len);
	if (checkpoint_get(&in->stored, (struct span){copy, copy + disk.len}))
		abort();
	in->stored.ts = ck->ts;
	buf_free(&disk);
	return &in->stored;
}

void input_free(struct input *in)
{
	checkpoint_clear(&in->stored);
	while (in->nkept)
		free(in->kept[--in->nkept]);
}
