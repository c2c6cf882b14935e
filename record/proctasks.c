// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/proctasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "format/event.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */

struct list {
	uint32_t *tids;
	size_t n;
	uint32_t room;
};

static int list_add(struct list *list, uint32_t tid)
{
	if (!ARRAY_ROOM(list->tids, list->room, list->n))
		return -ENOMEM;
	list->tids[list->n++] = tid;
	return 0;
}

/* Calls back with every entry that is a number. A folder that is gone has none. */
static int each_number(const char *path, int (*each)(void *, uint32_t), void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (!r && (entry = readdir(dir))) {
		char *end;
		unsigned long n = strtoul(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end)
			r = each(arg, (uint32_t)n);
	}
	closedir(dir);
	return r;
}

struct listing {
	const char *root;
	struct list list;
};

static int add_thread(void *arg, uint32_t tid)
{
	struct listing *l = arg;

	return list_add(&l->list, tid);
}

static int add_process(void *arg, uint32_t pid)
{
	struct listing *l = arg;
	char path[512];

	snprintf(path, sizeof(path), "%s/proc/%u/task", l->root, pid);
	return each_number(path, add_thread, l);
}

static int by_tid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int proctasks_list(const char *root, uint32_t **tids, size_t *n, struct err *err)
{
	struct listing l = {.root = root};
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/proc", root);
	r = each_number(path, add_process, &l);
	if (r) {
		free(l.list.tids);
		return err_errno(err, r, "cannot list the tasks in /proc");
	}
	if (l.list.n)
		qsort(l.list.tids, l.list.n, sizeof(*l.list.tids), by_tid);
	*tids = l.list.tids;
	*n = l.list.n;
	return 0;
}

/* The whole of a small file, NUL-terminated; false when the task is gone. */
static bool slurp(const char *root, uint32_t tid, const char *name, char *buf, size_t size)
{
	char path[512];
	ssize_t len;
	int fd;

	/* by TID: /proc has every thread, it only lists the leaders */
	snprintf(path, sizeof(path), "%s/proc/%u/task/%u/%s", root, tid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, buf, size - 1);
	close(fd);
	buf[len > 0 ? len : 0] = '\0';
	return len > 0;
}

static unsigned long status_number(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

/* fs/proc/array.c: task_state_array; exit states in the upper half. */
static uint32_t raw_state(char letter)
{
	switch (letter) {
	case 'R': return 0;
	case 'D': return 0x2;
	case 'T': return 0x4;
	case 't': return 0x8;
	case 'X': return 0x80 | 0x10u << 16;
	case 'Z': return 0x80 | 0x20u << 16;
	case 'P': return 0x40;
	case 'I': return 0x402;
	default: return 0x1;
	}
}

/* /proc/TID/stat from the name on: proc(5). */
static bool parse_stat(struct ring_snapshot *s, char *stat)
{
	char *name = strchr(stat, '('), *end = strrchr(stat, ')');
	unsigned long long start;
	unsigned flags;
	int ppid, cpu;
	char state;
	size_t len;

	if (!name || !end || end < name)
		return false;
	*end = '\0';
	len = strnlen(name + 1, TASK_COMM_LEN - 1);
	memcpy(s->id.comm, name + 1, len);
	if (sscanf(end + 1,
		   " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu "
		   "%*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
		   &state, &ppid, &flags, &start, &cpu) != 5)
		return false;
	s->id.ppid = (uint32_t)ppid;
	s->id.start_ns = start * (1000000000u / (unsigned long long)sysconf(_SC_CLK_TCK));
	s->id.flags = flags & PF_KTHREAD ? TASKF_KTHREAD | TASKF_NO_MM : 0;
	s->state = raw_state(state);
	/* /proc does not tell running from runnable */
	s->flags = state == 'R' ? SNAPF_QUEUED : 0;
	s->cpu = (uint32_t)cpu;
	return true;
}

static bool read_task(struct ring_snapshot *s, const char *root, uint32_t tid)
{
	unsigned long long on, wait, slices;
	struct timespec now;
	char buf[4096];

	memset(s, 0, sizeof(*s));
	s->id.tid = tid;
	if (!slurp(root, tid, "stat", buf, sizeof(buf)) || !parse_stat(s, buf))
		return false;
	if (!slurp(root, tid, "status", buf, sizeof(buf)))
		return false;
	s->id.tgid = (uint32_t)status_number(buf, "\nTgid:");
	s->id.uid = (uint32_t)status_number(buf, "\nUid:");
	s->nvcsw = status_number(buf, "\nvoluntary_ctxt_switches:");
	s->nivcsw = status_number(buf, "\nnonvoluntary_ctxt_switches:");
	if (slurp(root, tid, "schedstat", buf, sizeof(buf)) &&
	    sscanf(buf, "%llu %llu %llu", &on, &wait, &slices) == 3) {
		s->oncpu_ns = on;
		s->runq_ns = wait;
		s->slices = slices;
	}
	s->syscall = SYSCALL_UNKNOWN;
	/* a number first, or the word "running" */
	if (slurp(root, tid, "syscall", buf, sizeof(buf)) && buf[0] <= '9')
		s->syscall = (int32_t)strtol(buf, NULL, 10);
	clock_gettime(CLOCK_MONOTONIC, &now);
	s->ts = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	return s->id.tgid != 0;
}

/* The TIDs of the snapshots, ascending; NULL: out of memory. */
static uint32_t *known_tids(const struct ring_snapshot *snapshots, size_t n)
{
	uint32_t *tids = malloc((n + 1) * sizeof(*tids));
	size_t i;

	if (!tids)
		return NULL;
	for (i = 0; i < n; i++)
		tids[i] = snapshots[i].id.tid;
	qsort(tids, n, sizeof(*tids), by_tid);
	return tids;
}

int proctasks_add(const char *root, const uint32_t *tids, size_t ntids,
		  struct ring_snapshot **snapshots, size_t *n, struct err *err)
{
	size_t nknown = *n, i;
	uint32_t *known = known_tids(*snapshots, nknown), room = (uint32_t)nknown;

	if (!known)
		return err_set(err, -ENOMEM, "cannot complete the task snapshot: out of memory");
	for (i = 0; i < ntids; i++) {
		if (bsearch(&tids[i], known, nknown, sizeof(*known), by_tid))
			continue;
		if (!ARRAY_ROOM(*snapshots, room, *n)) {
			free(known);
			return err_set(err, -ENOMEM,
				       "cannot complete the task snapshot: out of memory");
		}
		*n += read_task(&(*snapshots)[*n], root, tids[i]);
	}
	free(known);
	return 0;
}
