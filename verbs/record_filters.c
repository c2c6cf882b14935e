// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/record_filters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "record/host.h"
#include "record/naming.h"

#define WORD_MAX 4096

void append_quoted(char *text, size_t size, const char *arg)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./,:@%";
	size_t used = strlen(text);

	used += (size_t)snprintf(text + used, size - used, "%s", used ? " " : "");
	if (*arg && !arg[strspn(arg, plain)]) {
		snprintf(text + used, size - used, "%s", arg);
		return;
	}
	if (used + 1 < size)
		text[used++] = '\'';
	for (; *arg && used + 6 < size; arg++) {
		/* a quote ends the quoting, stands escaped, and begins it again */
		const char *part = *arg == '\'' ? "'\\''" : (const char[]){*arg, '\0'};

		used += (size_t)snprintf(text + used, size - used, "%s", part);
	}
	snprintf(text + used, size - used, "'");
}

/* Room for one more in an array that grows one by one: these lists are short. */
static void *grow(void *array, size_t n, size_t size, struct err *err)
{
	void *more = realloc(array, (n + 1) * size);

	if (!more)
		err_set(err, -ENOMEM, "out of memory");
	return more;
}

/* The process that a thread belongs to; 0: there is no such thread. */
static uint32_t tgid_of(uint32_t tid)
{
	char path[64], line[256];
	unsigned tgid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/status", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %u", &tgid) == 1)
			break;
	fclose(f);
	return tgid;
}

static int add_id(struct record_filters *f, bool threads, const char *word, struct err *err)
{
	uint32_t **list = threads ? &f->tids : &f->pids, *more;
	size_t *n = threads ? &f->ntids : &f->npids;
	uint32_t id, tgid;
	int ret = parse_u32(word, INT32_MAX, &id, err);

	if (ret)
		return ret;
	tgid = tgid_of(id);
	if (!tgid)
		return err_set(err, -ESRCH, "there is no %s %u (list them with ps %s)",
			       threads ? "thread" : "process", id, threads ? "-eL" : "-e");
	if (!threads && tgid != id)
		return err_set(err, -ESRCH,
			       "%u is a thread of process %u; give -p %u, or --tid %u "
			       "for the thread alone",
			       id, tgid, tgid, id);
	more = grow(*list, *n, sizeof(**list), err);
	if (!more)
		return -ENOMEM;
	*list = more;
	more[(*n)++] = id;
	return 0;
}

static int add_comm(struct record_filters *f, const char *glob, struct err *err)
{
	const char **more;

	if (strlen(glob) > KERNEL_GLOB_MAX)
		return err_set(err, -E2BIG,
			       "'%.40s...' is longer than the %u characters that a pattern may "
			       "have (a name has at most %u)",
			       glob, KERNEL_GLOB_MAX, TASK_COMM_LEN - 1);
	if (!*glob)
		return err_set(err, -EINVAL,
			       "an empty name matches nothing; give a glob like 'make*'");
	more = grow(f->comms, f->ncomms, sizeof(*more), err);
	if (!more)
		return -ENOMEM;
	f->comms = more;
	more[f->ncomms++] = glob;
	return 0;
}

static int add_cgroup(struct record_filters *f, const char *path, struct err *err)
{
	struct naming *names;
	uint64_t id, *more;
	int ret = naming_new(&names, "", err);

	if (ret)
		return ret;
	ret = naming_cgroup_id(names, path, &id, err);
	naming_free(names);
	if (ret)
		return ret;
	more = grow(f->cgroups, f->ncgroups, sizeof(*more), err);
	if (!more)
		return -ENOMEM;
	f->cgroups = more;
	more[f->ncgroups++] = id;
	return 0;
}

static int add_cpus(struct record_filters *f, const char *arg, struct err *err)
{
	const uint32_t limit = host_cpu_limit("");
	int ret = cpulist_parse(&f->cpus, arg, err);

	for (uint32_t cpu = limit; !ret && cpu < f->cpus.nwords * 64; cpu++)
		if (cpulist_has(&f->cpus, cpu))
			ret = err_set(err, -ENOENT, "there is no CPU %u: this machine has 0 to %u",
				      cpu, limit - 1);
	return ret;
}

/* -p 1,2,3 */
static int add_words(struct record_filters *f, enum filter_list list, const char *arg,
		     struct err *err)
{
	int ret = 0;

	for (;;) {
		const size_t len = strcspn(arg, ",");
		char word[WORD_MAX];

		if (len >= sizeof(word))
			return err_set(err, -EINVAL, "the argument is too long");
		snprintf(word, sizeof(word), "%.*s", (int)len, arg);
		ret = list == FILTER_CGROUP ? add_cgroup(f, word, err)
					    : add_id(f, list == FILTER_TID, word, err);
		if (ret || !arg[len])
			return ret;
		arg += len + 1;
	}
}

int record_filters_add(struct record_filters *f, enum filter_list list, const char *arg,
		       struct err *err)
{
	static const char *const option[] = {"-p", "--tid", "--comm", "--cgroup", "-C"};
	int ret;

	switch (list) {
	case FILTER_COMM: ret = add_comm(f, arg, err); break;
	case FILTER_CPU: ret = add_cpus(f, arg, err); break;
	default: ret = add_words(f, list, arg, err); break;
	}
	if (ret)
		return ret;
	append_quoted(f->text, sizeof(f->text), option[list]);
	append_quoted(f->text, sizeof(f->text), arg);
	return 0;
}

struct kernel_filter record_filters_of(const struct record_filters *f)
{
	return (struct kernel_filter){
		.pids = f->pids,
		.npids = f->npids,
		.tids = f->tids,
		.ntids = f->ntids,
		.comms = f->comms,
		.ncomms = f->ncomms,
		.cgroups = f->cgroups,
		.ncgroups = f->ncgroups,
		.cpus = cpulist_empty(&f->cpus) ? NULL : f->cpus.words,
		.ncpu_words = f->cpus.nwords,
	};
}

void record_filters_free(struct record_filters *f)
{
	free(f->pids);
	free(f->tids);
	free(f->comms);
	free(f->cgroups);
	cpulist_free(&f->cpus);
}
