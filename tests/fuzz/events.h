/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * fuzz_events: bytes as a stream of events. Every byte string is one. Ids come from small ranges, so
 * that they collide; what an event points to is what a reader promises and no more: text ends in a
 * NUL, lists of text too, arrays have their length.
 *
 * An event: kind (0: a checkpoint that an engine made), time, CPU, TID, peer, flags, aux and value
 * (a number each), then what the kind carries, in the order of its struct. See struct input.
 */
#ifndef RSTAT_TESTS_FUZZ_EVENTS_H
#define RSTAT_TESTS_FUZZ_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/checkpoint.h"
#include "format/event.h"

#define FUZZ_START     UINT64_C(1000000000)
#define FUZZ_CPUS      4u
#define FUZZ_TIDS      16u
#define FUZZ_KIND_SELF 0 /* a checkpoint: the caller makes it */

struct input {
	const uint8_t *p, *end; /* behind the end there are zeroes */
	uint64_t ts; /* of the last event */
	bool steady; /* time does not run backwards, nor to its end */
	void *kept[256]; /* what the last event points to */
	size_t nkept;
	struct checkpoint stored;
};

/*
 * One byte up to 0xbf is itself, 0xc0 to 0xdf a power of two, 0xe0 to 0xef one of the largest
 * numbers of 64, 32, 16 and 8 bits, from 0xf0 on the next 8 bytes.
 */
uint64_t input_number(struct input *in);

/* False: there is no more. What the event points to is good until the next call. */
bool input_event(struct input *in, struct event *ev);

/* A checkpoint as it comes back from a file, as long as an event; aborts when it does not. */
const struct checkpoint *input_stored(struct input *in, const struct checkpoint *ck);
void input_free(struct input *in);

#endif
