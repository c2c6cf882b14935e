/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * events: what the kernel side writes and the recorder drains. Included by both worlds and by
 * nothing else; not a disk format, so it may change with every commit.
 *
 * One ring per CPU, in one mmapable array map: element c is a struct ring_page followed by
 * ring_bytes of data and RING_MARGIN. The producer is the CPU itself, interrupts included:
 *
 *   reserve  compare-and-swap of `head` (a plain store suffices where interrupts are off)
 *   fill     words 1..n-1; the time is read after the reservation, so that an interrupt which
 *            nests cannot come out older than, yet ahead of, what it interrupted
 *   commit   word 0, never 0, last (release)
 *
 * The consumer reads records from `tail` until word 0 is 0, zeroes what it read, then moves
 * `tail`. A record starts at (position & (ring_bytes - 1)) and may run into the margin: nothing
 * wraps. No record ever wakes the consumer; a ring that is half full rings the doorbell once.
 */
#ifndef RSTAT_BPF_EVENTS_H
#define RSTAT_BPF_EVENTS_H

#ifndef __bpf__
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
#endif

#define RING_HEADER_BYTES 4096u
#define RING_MARGIN 8192u      /* more than the longest record */
#define RING_ARGS_MAX 4096u    /* exec arguments are cut here at the latest */
#define RING_PATH_MAX 1024u

/* First page of a CPU's ring. */
struct ring_page {
	u64 head;     /* producer: bytes reserved since the start */
	u64 tail;     /* consumer: bytes freed since the start */
	u64 lost;     /* events dropped since the start, those announced by REC_LOST included */
	u64 unsaid;   /* of these, dropped since the last REC_LOST */
	u64 first_lost_ns, last_lost_ns; /* of the unsaid ones */
	u64 doorbell; /* head when the doorbell last rang */
};
