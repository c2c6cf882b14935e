// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "format/checkpoint.h"
#include "format/fields.h"
#include "tests/unit/trace_helper.h"

static void *own(struct event_list *l, const void *data, size_t bytes)
{
	void *copy = malloc(bytes ? bytes : 1);

	assert_non_null(copy);
	memcpy(copy, data, bytes);
	if (l->nowned == l->owned_cap) {
		l->owned_cap = l->owned_cap ? 2 * l->owned_cap : 64;
		l->owned = realloc(l->owned, l->owned_cap * sizeof(*l->owned));
		assert_non_null(l->owned);
	}
	l->owned[l->nowned++] = copy;
	return copy;
}

void list_add(struct event_list *l, const struct event *ev)
{
	const struct fields *f = fields_ext(ev->kind);
	struct event *to;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 256;
		l->list = realloc(l->list, l->cap * sizeof(*l->list));
		assert_non_null(l->list);
	}
	to = &l->list[l->n++];
	*to = *ev;
	if (!f || !ev->ext) {
		to->ext = NULL;
		return;
	}
	to->ext = own(l, ev->ext, f->size);
	if (ev->kind == EV_EXEC) {
		struct exec_info *x = (void *)to->ext;

		x->filename = own(l, x->filename, strlen(x->filename) + 1);
		x->args = own(l, x->args, x->args_len);
	} else if (ev->kind == EV_NAME) {
		struct name_info *x = (void *)to->ext;

		x->name = own(l, x->name, strlen(x->name) + 1);
	} else if (ev->kind == EV_FRAMES) {
		struct frames_info *x = (void *)to->ext;

		x->frames = own(l, x->frames, x->frames_len);
	}
}

void list_free(struct event_list *l)
{
	for (size_t i = 0; i < l->nowned; i++)
		free(l->owned[i]);
	free(l->owned);
	free(l->list);
	*l = (struct event_list){0};
}

uint64_t random_next(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void random_bytes(uint64_t *seed, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = (uint8_t)random_next(seed);
}

/* Any bytes but NUL, up to the array's end or less. */
static void random_text(uint64_t *seed, char *to, size_t size)
{
	size_t len = random_next(seed) % size;

	memset(to, 0, size);
	for (size_t i = 0; i < len; i++)
		to[i] = (char)(1 + random_next(seed) % 255);
}

static void random_task(uint64_t *seed, struct task_info *t)
{
	memset(t, 0, sizeof(*t));
	random_bytes(seed, t, offsetof(struct task_info, comm));
	random_text(seed, t->comm, sizeof(t->comm));
}

/* An event with an ext, every field random; `text` is scratch of 256 bytes. */
static void random_rare(uint64_t *seed, struct event *ev, union event_ext *x, char *text)
{
	static const uint8_t kinds[] = {EV_FORK, EV_EXEC, EV_RENAME, EV_CGROUP, EV_TASK,
					EV_GAP,	 EV_NAME, EV_SOCKET, EV_FREE};

	memset(x, 0, sizeof(*x));
	ev->kind = kinds[random_next(seed) % sizeof(kinds)];
	ev->ext = x;
	switch (ev->kind) {
	case EV_FORK: random_task(seed, &x->task); break;
	case EV_EXEC:
		x->exec.uid = (uint32_t)random_next(seed);
		x->exec.truncated = random_next(seed) & 1;
		random_text(seed, x->exec.comm, sizeof(x->exec.comm));
		random_text(seed, text, 128);
		x->exec.filename = text;
		x->exec.args_len = (uint32_t)(random_next(seed) % 100);
		random_bytes(seed, text + 128, 100);
		if (x->exec.args_len)
			text[128 + x->exec.args_len - 1] = 0;
		x->exec.args = text + 128;
		break;
	case EV_RENAME: random_text(seed, x->rename.comm, sizeof(x->rename.comm)); break;
	case EV_FREE: x->free.start_ns = random_next(seed) | 1; break;
	case EV_CGROUP: x->cgroup.cgroup_id = random_next(seed); break;
	case EV_TASK:
		random_bytes(seed, &x->snapshot, sizeof(x->snapshot));
		random_task(seed, &x->snapshot.info);
		break;
	case EV_GAP:
		x->gap.end_ns = ev->ts + random_next(seed) % 1000000;
		x->gap.count = random_next(seed) % 100;
		x->gap.reason = GAP_RING_FULL;
		break;
	case EV_SOCKET: random_bytes(seed, &x->socket, sizeof(x->socket)); break;
	default:
		x->name.id = random_next(seed);
		x->name.kind = NAME_CGROUP;
		random_text(seed, text, 200);
		x->name.name = text;
	}
}

/* A number that is mostly near what it was, now and then anything. */
static void random_step(uint64_t *seed, const struct field *f, void *x, uint64_t ts)
{
	uint8_t *at = (uint8_t *)x + f->offset;
	uint64_t v = field_load(f, at);

	switch (random_next(seed) % 8) {
	case 0: v = random_next(seed) >> random_next(seed) % 64; break;
	case 1: v = 0; break;
	case 2: v -= random_next(seed) % 5000; break;
	case 3: v = UINT64_MAX; break;
	default: v += random_next(seed) % 5000;
	}
	field_store(f, at, f->type == FIELD_TIME && random_next(seed) % 4 ? ts - v % 5000 : v);
}

/* A kind of numbers only, of few tasks and devices; *x is what the last one had. */
static void random_packed(uint64_t *seed, struct event *ev, union event_ext *x)
{
	static const uint8_t kinds[] = {EV_IO_START,	 EV_IO_ISSUE,	EV_IO_DONE, EV_IO_REQUEUE,
					EV_IO_MERGE,	 EV_ACCT,	EV_NET,	    EV_NET,
					EV_SOCKET_STATE, EV_RETRANSMIT, EV_RESET};
	const struct fields *f;

	ev->kind = kinds[random_next(seed) % sizeof(kinds)];
	ev->tid = random_next(seed) % 3 ? 100 + (uint32_t)(random_next(seed) % 300) : 0;
	ev->value = random_next(seed) % 2 ? 259u << 20 | (uint32_t)(random_next(seed) % 3) : 0;
	ev->aux = random_next(seed) % 3 ? 0 : (uint16_t)(random_next(seed) % 10);
	ev->flags = random_next(seed) % 3 ? 0 : 1 << random_next(seed) % 8;
	f = fields_ext(ev->kind);
	for (size_t i = 0; i < f->n; i++)
		random_step(seed, &f->list[i], x, ev->ts);
	ev->ext = x;
}

static void random_wild(uint64_t *seed, struct event *ev)
{
	static const uint8_t kinds[] = {EV_SWITCH, EV_WAKING, EV_WAKEUP, EV_WAKEUP_NEW, EV_MIGRATE,
					EV_EXIT,   EV_FREE,   EV_REAP,	 EV_WAIT,	EV_BLOCK};

	ev->kind = kinds[random_next(seed) % sizeof(kinds)];
	ev->tid = (uint32_t)random_next(seed) >> random_next(seed) % 32;
	ev->peer = (uint32_t)random_next(seed) >> random_next(seed) % 32;
	ev->value = (uint32_t)random_next(seed) >> random_next(seed) % 32;
	ev->aux = (uint16_t)random_next(seed);
	ev->flags = (uint8_t)random_next(seed);
}

/* One of waking, wake-up, switch, with the fields that follow from the stream. */
static void random_usual(uint64_t *seed, struct event *ev, uint32_t *current, uint32_t *woken)
{
	switch (random_next(seed) % 3) {
	case 0:
		*ev = (struct event){.ts = ev->ts, .cpu = ev->cpu, .kind = EV_WAKING};
		ev->tid = *woken = 100 + (uint32_t)(random_next(seed) % 300);
		ev->peer = *current;
		ev->value = (uint32_t)(random_next(seed) % 4);
		break;
	case 1:
		ev->kind = EV_WAKEUP;
		ev->tid = *woken;
		ev->peer = *current;
		ev->value = (uint32_t)(random_next(seed) % 4);
		ev->aux = (uint16_t)(random_next(seed) % 300);
		break;
	default:
		ev->kind = EV_SWITCH;
		ev->peer = *current;
		ev->tid = *current = random_next(seed) % 2 ? *woken : 0;
		ev->value = random_next(seed) % 3 ? 1 : 0x2001;
		ev->flags = random_next(seed) % 9 ? 0 : EVF_PREEMPT;
	}
}

void random_events(struct event_list *l, uint64_t seed, size_t n, uint16_t ncpus)
{
	uint32_t current[64] = {0}, woken[64] = {0};
	union event_ext last = {0};
	uint64_t ts = 1000000000;

	for (size_t i = 0; i < n; i++) {
		uint64_t dice = random_next(&seed) % 100;
		uint16_t cpu = (uint16_t)(random_next(&seed) % ncpus);
		struct event ev = {0};
		union event_ext ext;
		char text[256];

		ts += 1 + random_next(&seed) % (dice == 50 ? 100000000 : 3000);
		ev.ts = ts;
		ev.cpu = cpu;
		if (dice < 3)
			random_rare(&seed, &ev, &ext, text);
		else if (dice < 10)
			random_wild(&seed, &ev);
		else if (dice < 25)
			random_packed(&seed, &ev, &last);
		else
			random_usual(&seed, &ev, &current[cpu], &woken[cpu]);
		if (ev.kind == EV_TASK || ev.kind == EV_NAME)
			ev.cpu = CPU_NONE;
		list_add(l, &ev);
	}
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool ext_equal(uint8_t kind, const void *a, const void *b)
{
	const struct fields *f = fields_ext(kind);

	if (!f)
		return !a && !b;
	if (!a || !b)
		return a == b;
	for (size_t i = 0; i < f->n; i++) {
		const char *pa = (const char *)a + f->list[i].offset;
		const char *pb = (const char *)b + f->list[i].offset;
		const char *ta, *tb;
		uint32_t len;

		switch (f->list[i].type) {
		case FIELD_COMM:
		case FIELD_ADDRESS:
			if (memcmp(pa, pb, TASK_COMM_LEN) != 0)
				return false;
			break;
		case FIELD_STRING:
			memcpy(&ta, pa, sizeof(ta));
			memcpy(&tb, pb, sizeof(tb));
			if (!same_text(ta, tb))
				return false;
			break;
		case FIELD_LIST:
			memcpy(&ta, pa, sizeof(ta));
			memcpy(&tb, pb, sizeof(tb));
			memcpy(&len, (const char *)a + f->list[i].length_offset, sizeof(len));
			if (memcmp((const char *)a + f->list[i].length_offset,
				   (const char *)b + f->list[i].length_offset, sizeof(len)) != 0 ||
			    memcmp(ta, tb, len) != 0)
				return false;
			break;
		default:
			if (memcmp(pa, pb, field_bytes(&f->list[i])) != 0)
				return false;
		}
	}
	return true;
}

bool event_equal(const struct event *a, const struct event *b)
{
	return a->ts == b->ts && a->tid == b->tid && a->peer == b->peer && a->value == b->value &&
	       a->cpu == b->cpu && a->aux == b->aux && a->kind == b->kind && a->flags == b->flags &&
	       ext_equal(a->kind, a->ext, b->ext);
}

void assert_event_equal(const struct event *a, const struct event *b, size_t index)
{
	if (event_equal(a, b))
		return;
	print_error("event %zu: %s cpu %u ts %llu tid %u peer %u value %u aux %u flags %u, not %s "
		    "cpu %u ts %llu tid %u peer %u value %u aux %u flags %u\n",
		    index, event_kind_name(a->kind), a->cpu, (unsigned long long)a->ts, a->tid,
		    a->peer, a->value, a->aux, a->flags, event_kind_name(b->kind), b->cpu,
		    (unsigned long long)b->ts, b->tid, b->peer, b->value, b->aux, b->flags);
	fail();
}

void simple_meta(struct meta *meta, uint16_t ncpus, uint64_t start_ns)
{
	memset(meta, 0, sizeof(*meta));
	strcpy(meta->version, "test");
	strcpy(meta->hostname, "host");
	meta->start_ns = start_ns;
	meta->ncpus = ncpus;
	meta->cpus = calloc(ncpus, sizeof(*meta->cpus));
	assert_non_null(meta->cpus);
	for (uint16_t i = 0; i < ncpus; i++)
		meta->cpus[i].cpu = i;
}

static void put_checkpoint(struct trace_writer *w, uint16_t ncpus, uint64_t ts)
{
	struct task_snapshot task = {.info = {.tid = 1, .tgid = 1, .comm = "init"}, .since_ns = ts};
	struct cpu_snapshot cpus[64] = {0};
	struct checkpoint ck = {
		.ts = ts, .tasks = &task, .ntasks = 1, .cpus = cpus, .ncpus = ncpus};
	struct err err;

	for (uint16_t i = 0; i < ncpus; i++)
		cpus[i].cpu = i;
	assert_int_equal(trace_write_checkpoint(w, &ck, &err), 0);
}

uint64_t horizon_lag_ns;

int write_trace(const struct event_list *l, const struct trace_writer_options *opt, uint16_t ncpus,
		uint64_t start_ns, size_t flush_every, size_t checkpoint_every)
{
	int fd = memory_file(NULL, 0);
	struct meta_end end = {.end_ns = l->n ? l->list[l->n - 1].ts + 1000 : start_ns};
	struct trace_writer *w;
	struct meta meta;
	struct err err;

	simple_meta(&meta, ncpus, start_ns);
	assert_int_equal(trace_writer_new(&w, fd, opt, &meta, &err), 0);
	put_checkpoint(w, ncpus, start_ns);
	for (size_t i = 0; i < l->n; i++) {
		if (checkpoint_every && i && i % checkpoint_every == 0)
			put_checkpoint(w, ncpus, l->list[i].ts);
		else if (flush_every && i && i % flush_every == 0)
			assert_int_equal(
				trace_writer_flush(w, l->list[i].ts - horizon_lag_ns, 0, &err), 0);
		assert_int_equal(trace_write_event(w, &l->list[i], &err), 0);
	}
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	meta_free(&meta);
	return fd;
}

int memory_file(const void *data, size_t bytes)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	assert_true(fd >= 0);
	if (bytes)
		assert_int_equal(pwrite(fd, data, bytes, 0), (ssize_t)bytes);
	return fd;
}

const char *fd_path(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

void *slurp(int fd, size_t *bytes)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *data = malloc((size_t)size + 1);

	assert_non_null(data);
	assert_int_equal(pread(fd, data, (size_t)size, 0), size);
	*bytes = (size_t)size;
	return data;
}

struct trace_block *find_blocks(const uint8_t *data, size_t bytes, size_t *n)
{
	struct trace_block *list = NULL;
	size_t at = FILE_HEADER_BYTES;

	for (*n = 0; at < bytes; ++*n) {
		list = realloc(list, (*n + 1) * sizeof(*list));
		assert_non_null(list);
		assert_true(at + BLOCK_HEADER_BYTES <= bytes);
		assert_true(block_header_unpack(&list[*n].h, data + at));
		list[*n].offset = at;
		at += BLOCK_HEADER_BYTES + list[*n].h.stored_bytes;
		list[*n].end = at;
	}
	assert_int_equal(at, bytes);
	return list;
}

struct feed {
	int fd;
	const uint8_t *data;
	size_t bytes;
};

/* Writes in uneven pieces, so that reads end anywhere. */
static void *feed_pipe(void *arg)
{
	struct feed *f = arg;
	uint64_t seed = f->bytes;

	while (f->bytes) {
		size_t n = 1 + random_next(&seed) % 3000;
		ssize_t done = write(f->fd, f->data, n < f->bytes ? n : f->bytes);

		if (done <= 0)
			break; /* the reader went away */
		f->data += done;
		f->bytes -= (size_t)done;
	}
	close(f->fd);
	return NULL;
}

void read_piped(const void *data, size_t bytes, struct event_list *l, struct trace **keep)
{
	struct feed feed = {.data = data, .bytes = bytes};
	pthread_t thread;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	feed.fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &feed), 0);
	read_trace(fd_path(fds[0]), l, NULL, keep);
	close(fds[0]);
	pthread_join(thread, NULL);
}

void read_trace(const char *path, struct event_list *l, size_t *checkpoints, struct trace **keep)
{
	const struct event *events;
	struct source *src;
	struct trace *t;
	struct err err;
	size_t nck = 0;
	int n;

	assert_int_equal(trace_open(&t, path, &err), 0);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	while ((n = src->next(src, &events, &err)) > 0)
		for (int i = 0; i < n; i++) {
			if (events[i].kind == EV_CHECKPOINT)
				nck++;
			else
				list_add(l, &events[i]);
		}
	assert_int_equal(n, 0);
	src->close(src);
	if (checkpoints)
		*checkpoints = nck;
	if (keep)
		*keep = t;
	else
		trace_close(t);
}
