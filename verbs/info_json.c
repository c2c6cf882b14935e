// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/info.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

/* NULL is out of memory, and so is every object that was to hold it: told once, at the end. */
static json_t *string(const char *s)
{
	size_t len = strlen(s), room = ESCAPE_ROOM(len);
	char *valid = malloc(room);
	json_t *j;

	if (!valid)
		return NULL;
	escape_utf8(valid, room, s, len);
	j = json_string(valid);
	free(valid);
	return j;
}

static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static bool put(json_t *object, const char *key, json_t *value)
{
	return object && value && !json_object_set_new(object, key, value);
}

/* Takes `one` over, when it is whole; drops the list, which is NULL then, when it cannot. */
static json_t *append(json_t *list, json_t *one, bool whole)
{
	if (whole && one && !json_array_append(list, one)) {
		json_decref(one);
		return list;
	}
	json_decref(one);
	json_decref(list);
	return NULL;
}

/* The object when it is whole. */
static json_t *whole_or_none(json_t *object, bool whole)
{
	if (whole)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *cpus(const struct meta *meta)
{
	json_t *list = json_array(), *one;

	for (size_t i = 0; list && i < meta->ncpus; i++) {
		const struct meta_cpu *c = &meta->cpus[i];

		one = json_pack("{s:i,s:i,s:i,s:i,s:i,s:i}", "cpu", (int)c->cpu, "core", c->core,
				"l3", c->l3, "die", c->die, "package", c->package, "node", c->node);
		list = append(list, one, true);
	}
	return list;
}

/* Traces before 1.1 do not say: they have the scheduler's events. */
static json_t *features(const struct meta *meta)
{
	const char *at = meta->features[0] ? meta->features : "sched";
	json_t *list = json_array();
	char name[sizeof(meta->features)];

	for (; list && *at; at += strcspn(at, ","), at += *at == ',') {
		size_t len = strcspn(at, ",");

		memcpy(name, at, len);
		name[len] = 0;
		list = append(list, string(name), true);
	}
	return list;
}

static json_t *hooks(const struct meta *meta)
{
	json_t *list = json_array(), *one;
	bool ok;

	for (size_t i = 0; list && i < meta->nhooks; i++) {
		const struct meta_hook *h = &meta->hooks[i];

		one = json_object();
		ok = put(one, "name", string(h->name)) &&
		     put(one, "feature", string(h->feature[0] ? h->feature : "sched")) &&
		     put(one, "live", json_boolean(h->live)) &&
		     put(one, "alternative",
			 h->alternative[0] ? string(h->alternative) : json_null()) &&
		     put(one, "required", json_boolean(h->required)) &&
		     put(one, "why", h->why[0] ? string(h->why) : json_null()) &&
		     put(one, "needed", string(h->needed));
		list = append(list, one, ok);
	}
	return list;
}

static json_t *counters(const struct meta *meta)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < meta->ncounters; i++) {
		const struct meta_counter *c = &meta->counters[i];
		json_t *one = json_object();
		bool ok = put(one, "name", string(c->name)) &&
			  put(one, "live", json_boolean(c->live)) &&
			  put(one, "why", c->why[0] ? string(c->why) : json_null());

		list = append(list, one, ok);
	}
	return list;
}

/* null: none were asked for */
static json_t *stacks(const struct info *info)
{
	const struct meta *m = info->meta;
	json_t *object;
	bool ok;

	if (!m->stacks[0])
		return json_null();
	object = json_object();
	ok = put(object, "of", string(m->stacks)) &&
	     put(object, "user", json_boolean(m->user_stacks)) &&
	     put(object, "kernel_symbols", json_boolean(m->kernel_symbols)) &&
	     put(object, "taken", info->end ? number(info->end->stacks) : json_null()) &&
	     put(object, "lost", info->end ? number(info->end->stacks_lost) : json_null());
	return whole_or_none(object, ok);
}

static json_t *program(const struct meta_program *p)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "mean_ns", (json_int_t)info_program_mean_ns(p),
			 "runs", (json_int_t)p->runs, "run_ns", (json_int_t)p->run_ns, "events",
			 (json_int_t)p->events, "missed", (json_int_t)p->missed);
}

static json_t *recorder(const struct info *info)
{
	const struct meta_end *end = info->end;
	json_t *object = json_object(), *ns = json_object(), *programs = json_object();
	bool ok = ns && programs && put(object, "version", string(info->meta->version)) &&
		  put(object, "ring_bytes", number(info->meta->ring_bytes)) &&
		  put(object, "args_limit", number(info->meta->args_limit)) &&
		  put(object, "cpu_ns", end ? number(end->cpu_ns) : json_null()) &&
		  put(object, "max_rss_bytes", end ? number(end->max_rss_bytes) : json_null()) &&
		  put(object, "stopped_by", end ? string(end->stopped_by) : json_null()) &&
		  put(object, "program_sample_ns",
		      end ? number(end->program_sample_ns) : json_null());

	for (size_t i = 0; ok && end && i < end->nprograms; i++) {
		const struct meta_program *p = &end->programs[i];

		ok = put(ns, p->name, number(info_program_ns(p))) &&
		     put(programs, p->name, program(p));
	}
	ok = ok && !json_object_set(object, "program_ns", ns) &&
	     !json_object_set(object, "programs", programs);
	json_decref(ns);
	json_decref(programs);
	return whole_or_none(object, ok);
}

/* @ns of damage @d, since the start of the trace; null when it cost no events */
static json_t *damage_time(const struct trace_damage *d, uint64_t ns, uint64_t start)
{
	if (!d->to_ns)
		return json_null();
	return number(ns > start ? ns - start : 0);
}

static json_t *damage(const struct info *info)
{
	json_t *list = json_array(), *one;
	uint64_t start = info->reader->span.start_ns;
	bool ok;

	for (size_t i = 0; list && i < info->ndamages; i++) {
		const struct trace_damage *d = &info->damages[i];

		one = json_object();
		ok = put(one, "offset", number(d->offset)) &&
		     put(one, "from_ns", damage_time(d, d->from_ns, start)) &&
		     put(one, "to_ns", damage_time(d, d->to_ns, start)) &&
		     put(one, "cpu", d->cpu == CPU_NONE ? json_null() : json_integer(d->cpu)) &&
		     put(one, "events", number(d->events)) && put(one, "what", string(d->what));
		list = append(list, one, ok);
	}
	return list;
}

static json_t *by_kind(const struct info *info)
{
	json_t *object = json_object();
	bool ok = true;

	for (int kind = 1; ok && kind < EV_KIND_END; kind++) {
		const char *name = event_kind_name((enum event_kind)kind);

		if (name && kind != EV_CHECKPOINT)
			ok = put(object, name, number(info->by_kind[kind]));
	}
	return whole_or_none(object, ok);
}

static json_t *lost_by_cpu(const struct info *info)
{
	json_t *object = json_object();
	char name[16];
	bool ok = true;

	for (size_t i = 0; ok && i < info->meta->ncpus; i++) {
		uint16_t cpu = info->meta->cpus[i].cpu;

		snprintf(name, sizeof(name), "%u", cpu);
		ok = put(object, name, number(info->lost_by_cpu[cpu]));
	}
	return whole_or_none(object, ok);
}

static json_t *child(const struct info *info)
{
	const struct meta *m = info->meta;
	const struct meta_end *end = info->end;
	json_t *object;
	bool ok;

	if (!m->child_pid)
		return json_null();
	object = json_object();
	ok = put(object, "command", string(m->child_command)) &&
	     put(object, "pid", number(m->child_pid)) &&
	     put(object, "status",
		 end && end->child_exited ? json_integer(end->child_status) : json_null());
	return whole_or_none(object, ok);
}

static bool fill(json_t *o, const struct info *info)
{
	const struct meta *m = info->meta;
	char version[16], utc[40];
	uint16_t major, minor;

	trace_version(info->reader->trace, &major, &minor);
	snprintf(version, sizeof(version), "%u.%u", major, minor);
	return put(o, "schema", json_string("rstat.info/1")) &&
	       put(o, "file", string(info->reader->name)) &&
	       put(o, "version", json_string(version)) &&
	       put(o, "complete", json_boolean(info->complete)) && put(o, "damage", damage(info)) &&
	       put(o, "host", string(m->hostname)) && put(o, "kernel", string(m->kernel)) &&
	       put(o, "arch", string(m->arch)) && put(o, "os", string(m->os)) &&
	       put(o, "cpus", cpus(m)) && put(o, "command_line", string(m->command_line)) &&
	       put(o, "child", child(info)) &&
	       put(o, "filters", m->filtered ? string(m->filters) : json_null()) &&
	       put(o, "start_utc",
		   m->start_utc_ns ? json_string(format_utc(m->start_utc_ns, utc)) : json_null()) &&
	       put(o, "start_utc_ns", number(m->start_utc_ns)) &&
	       put(o, "start_monotonic_ns", number(m->start_ns)) &&
	       put(o, "boottime_offset_ns", json_integer((json_int_t)m->boottime_offset_ns)) &&
	       put(o, "duration_ns", number(info->duration_ns)) &&
	       put(o, "events", number(info->events)) && put(o, "events_by_kind", by_kind(info)) &&
	       put(o, "lost", number(info->lost)) && put(o, "lost_by_cpu", lost_by_cpu(info)) &&
	       put(o, "gaps", number(info->gaps)) &&
	       put(o, "bytes", info->bytes ? number(info->bytes) : json_null()) &&
	       put(o, "segments", number(info->segments)) && put(o, "reap", string(m->reap)) &&
	       put(o, "features", features(m)) && put(o, "stacks", stacks(info)) &&
	       put(o, "counters", counters(m)) && put(o, "hooks", hooks(m)) &&
	       put(o, "recorder", recorder(info));
}

int info_print_json(const struct info *info, struct err *err)
{
	json_t *object = json_object();
	char *text = NULL;

	if (fill(object, info))
		text = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(object);
	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	for (const char *s = text; *s; s++) {
		/* DEL is the one control character that jansson leaves; it can only be in a string */
		if (*s == 0x7f)
			fputs("\\u007f", stdout);
		else
			putchar(*s);
	}
	putchar('\n');
	free(text);
	return 0;
}
