// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"

static int add_item(struct select_list *list, const char *text, size_t len, struct err *err)
{
	struct select_item *items = realloc(list->items, (list->n + 1) * sizeof(*items));
	struct select_item *it;

	if (!items)
		return err_set(err, -ENOMEM, "out of memory");
	list->items = items;
	it = &items[list->n];
	*it = (struct select_item){.text = strndup(text, len)};
	if (!it->text)
		return err_set(err, -ENOMEM, "out of memory");
	list->n++;
	return 0;
}

static int add_numbers(struct select_list *list, const char *text, struct err *err)
{
	for (;;) {
		const char *end = strchrnul(text, ',');
		struct select_item *it;
		int rc = add_item(list, text, (size_t)(end - text), err);

		if (rc)
			return rc;
		it = &list->items[list->n - 1];
		/* the largest PID a kernel gives, PID_MAX_LIMIT */
		rc = parse_u32(it->text, 4u << 20, &it->number, err);
		if (rc)
			return rc;
		it->is_number = true;
		if (!*end)
			return 0;
		text = end + 1;
	}
}

int select_add(struct select *s, enum select_kind kind, bool negative, const char *text,
	       struct err *err)
{
	struct select_list *list = negative ? &s->not [kind] : &s->want[kind];
	struct err ignored = {0};
	struct select_item *it;
	int rc;

	if (kind == SELECT_PID || kind == SELECT_TID)
		return add_numbers(list, text, err);
	if (!*text)
		return err_set(err, -EINVAL, "an empty name");
	rc = add_item(list, text, strlen(text), err);
	if (rc)
		return rc;
	it = &list->items[list->n - 1];
	it->is_number = !parse_u32(text, UINT32_MAX, &it->number, &ignored);
	return 0;
}

int select_kthreads(struct select *s, const char *text, struct err *err)
{
	if (!strcmp(text, "yes"))
		s->kthreads = KTHREADS_YES;
	else if (!strcmp(text, "no"))
		s->kthreads = KTHREADS_NO;
	else if (!strcmp(text, "only"))
		s->kthreads = KTHREADS_ONLY;
	else
		return err_set(err, -EINVAL, "'%.100s': yes, no or only", text);
	return 0;
}

static void free_list(struct select_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].text);
	free(list->items);
}

void select_free(struct select *s)
{
	for (unsigned k = 0; k < SELECT_KINDS; k++) {
		free_list(&s->want[k]);
		free_list(&s->not [k]);
	}
	cpulist_free(&s->cpus);
	cpulist_free(&s->no_cpus);
	*s = (struct select){0};
}

/* "/a/b" and "a/b" are one; a group's name also means all below it. */
static bool match_cgroup(const struct select_item *it, const struct task_info *info,
			 const struct engine *e)
{
	const char *path = e ? engine_name(e, NAME_CGROUP, info->cgroup_id) : NULL;
	const char *want = it->text;
	size_t len;

	if (it->is_number && it->number == info->cgroup_id)
		return true;
	if (!path)
		return false;
	path += strspn(path, "/");
	want += strspn(want, "/");
	len = strlen(want);
	while (len && want[len - 1] == '/')
		len--;
	if (!strncmp(path, want, len) && (!len || !path[len] || path[len] == '/'))
		return true;
	return !fnmatch(want, path, 0);
}

static bool match_user(const struct select_item *it, const struct task_info *info,
		       const struct engine *e)
{
	const char *name = e ? engine_name(e, NAME_USER, info->uid) : NULL;

	if (it->is_number && it->number == info->uid)
		return true;
	return name && !strcmp(name, it->text);
}

static bool match(enum select_kind kind, const struct select_item *it, const struct task_info *info,
		  const struct engine *e)
{
	switch (kind) {
	case SELECT_PID: return info->tgid == it->number;
	case SELECT_TID: return info->tid == it->number;
	case SELECT_COMM: return !fnmatch(it->text, info->comm, 0);
	case SELECT_CGROUP: return match_cgroup(it, info, e);
	case SELECT_USER: return match_user(it, info, e);
	default: return false;
	}
}

static bool match_list(enum select_kind kind, struct select_list *list,
		       const struct task_info *info, const struct engine *e)
{
	bool any = false;

	for (size_t i = 0; i < list->n; i++) {
		if (!match(kind, &list->items[i], info, e))
			continue;
		list->items[i].hit = true;
		any = true;
	}
	return any;
}

bool select_task(struct select *s, const struct task_info *info, const struct engine *e)
{
	bool kthread = info->flags & TASKF_KTHREAD;
	bool in = s->kthreads == KTHREADS_YES || kthread == (s->kthreads == KTHREADS_ONLY);

	/* every list is asked, so that each item knows whether it matched something */
	for (unsigned k = 0; k < SELECT_KINDS; k++) {
		if (s->want[k].n && !match_list(k, &s->want[k], info, e))
			in = false;
		if (s->not [k].n && match_list(k, &s->not [k], info, e))
			in = false;
	}
	return in;
}

bool select_has_cpus(const struct select *s)
{
	return !cpulist_empty(&s->cpus) || !cpulist_empty(&s->no_cpus);
}

bool select_cpu(const struct select *s, uint32_t cpu)
{
	if (!cpulist_empty(&s->cpus) && !cpulist_has(&s->cpus, cpu))
		return false;
	return cpulist_empty(&s->no_cpus) || !cpulist_has(&s->no_cpus, cpu);
}

bool select_names_tasks(const struct select *s)
{
	for (unsigned k = 0; k < SELECT_KINDS; k++)
		if (s->want[k].n)
			return true;
	return false;
}

bool select_has_tasks(const struct select *s)
{
	for (unsigned k = 0; k < SELECT_KINDS; k++)
		if (s->not [k].n)
			return true;
	return select_names_tasks(s) || s->kthreads != KTHREADS_YES;
}

bool select_may_change(const struct select *s)
{
	for (unsigned k = 0; k < SELECT_KINDS; k++)
		if (k != SELECT_PID && (s->want[k].n || s->not [k].n))
			return true;
	return s->kthreads != KTHREADS_YES;
}

int select_check(const struct select *s, struct err *err)
{
	static const char *const what[SELECT_KINDS] = {"PID", "TID", "comm", "cgroup", "user"};
	char name[300];

	for (unsigned k = 0; k < SELECT_KINDS; k++) {
		for (size_t i = 0; i < s->want[k].n; i++) {
			const struct select_item *it = &s->want[k].items[i];

			if (it->hit)
				continue;
			escape_terminal(name, sizeof(name), it->text, strlen(it->text));
			if (k == SELECT_PID || k == SELECT_TID)
				return err_set(err, -EINVAL,
					       "%s %s is not in this part of the trace; "
					       "'rstat report --all' lists what is",
					       what[k], name);
			return err_set(err, -EINVAL, "no task here has the %s '%s'", what[k], name);
		}
	}
	return 0;
}
