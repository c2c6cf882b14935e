/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * source: where events come from. A trace file, a pipe and the running kernel are all read through
 * this; record/ and replay/ meet here and nowhere else.
 */
#ifndef RSTAT_FORMAT_SOURCE_H
#define RSTAT_FORMAT_SOURCE_H

#include "base/err.h"
#include "format/event.h"

struct source {
	/*
	 * The next events of the machine in time order, merged over CPUs.
	 *
	 * A source begins with EV_CHECKPOINT (unless the start of the trace is damaged: then with
	 * EV_GAPs). Inside one CPU the order is the kernel's; across CPUs it is by ts, and ts may
	 * run backwards slightly. Segment starts give further EV_CHECKPOINTs.
	 *
	 * @events  set to an array, valid until the next call
	 * Returns how many (> 0), 0 at the end, a negative errno with err set. A damaged place is
	 * no error: it is an EV_GAP.
	 */
	int (*next)(struct source *src, const struct event **events, struct err *err);
	void (*close)(struct source *src);
};

#endif
