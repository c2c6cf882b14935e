/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* event_text: one raw event as a line for people or as a JSON object. */
#ifndef RSTAT_VERBS_EVENT_TEXT_H
#define RSTAT_VERBS_EVENT_TEXT_H

#include "engine/engine.h"
#include "format/event.h"
#include "format/meta.h"
#include "verbs/text.h"

/* Where the lines go and what their names and times refer to. */
struct event_text {
	struct text *out;
	const struct engine *engine; /* before it applies the event: who the tasks are */
	uint64_t start_ns; /* of the trace; times are printed relative to it */
	const struct meta *meta; /* NULL: system calls and counters have no names */
};

/* "     1.204567890 [001] switch      make:812 S -> cc1:813" and a newline. */
void event_text_line(const struct event_text *x, const struct event *ev);

/* {"ts_ns":1204567890,"cpu":1,"kind":"switch",...} and a newline; keys: man/rstat-dump.1. */
void event_text_json(const struct event_text *x, const struct event *ev);

#endif
