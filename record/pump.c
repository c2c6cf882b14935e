// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/pump.h"

static int write_event(struct pump *p, const struct event *ev, struct err *err)
{
	int ret = p->writer ? trace_write_event(p->writer, ev, err) : 0;

	if (ret)
		p->write_failed = true;
	return ret;
}

static int name(struct pump *p, uint64_t ts, enum name_kind kind, uint64_t id, struct err *err)
{
	struct name_info info = {.id = id, .kind = (uint8_t)kind};
	const struct event ev = {.ts = ts, .ext = &info, .cpu = CPU_NONE, .kind = EV_NAME};
	int ret;

	if (engine_name(p->engine, kind, id))
		return 0;
	info.name = kind == NAME_USER ? names_user(p->names, (uint32_t)id)
				      : names_cgroup(p->names, id);
	if (!info.name)
		return 0;
	ret = engine_apply(p->engine, &ev, 1, err);
	return ret ? ret : write_event(p, &ev, err);
}

/* Only the rare kinds carry a user or a cgroup. */
static int name_of_event(struct pump *p, const struct event *ev, struct err *err)
{
	const struct task_info *info;
	int ret;

	switch (ev->kind) {
	case EV_FORK:
	case EV_TASK:
		/* a task_snapshot begins with its task_info */
		info = ev->ext;
		ret = name(p, ev->ts, NAME_USER, info->uid, err);
		if (!ret && info->cgroup_id)
			ret = name(p, ev->ts, NAME_CGROUP, info->cgroup_id, err);
		return ret;
	case EV_EXEC:
		return name(p, ev->ts, NAME_USER, ((const struct exec_info *)ev->ext)->uid, err);
	case EV_CGROUP:
		return name(p, ev->ts, NAME_CGROUP,
			    ((const struct cgroup_info *)ev->ext)->cgroup_id, err);
	default: return 0;
	}
}

static int take(struct pump *p, const struct event *events, size_t n, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < n && !ret; i++) {
		const struct event *ev = &events[i];

		if (ev->kind == EV_GAP)
			p->saw_gap = true;
		ret = name_of_event(p, ev, err);
		if (!ret)
			ret = write_event(p, ev, err);
	}
	return ret ? ret : engine_apply(p->engine, events, n, err);
}

int pump_until(struct pump *p, uint64_t until_ns, struct err *err)
{
	const struct event *events;
	int n, ret = 0;

	while (!ret && (n = kernel_drain(p->kernel, until_ns, &events, err)) != 0) {
		if (n < 0)
			return n;
		p->drained += (uint64_t)n;
		ret = take(p, events, (size_t)n, err);
	}
	return ret;
}
