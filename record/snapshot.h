/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* snapshot: what the kernel has of a kind, and its word on every task, read through BPF iterators. */
#ifndef RSTAT_RECORD_SNAPSHOT_H
#define RSTAT_RECORD_SNAPSHOT_H

#include <bpf/libbpf.h>
#include <stddef.h>

#include "base/err.h"
#include "bpf/events.h"

/* Reads all that an iterator program writes; @out is malloc'd. Returns 0 or a negative errno. */
int snapshot_iterate(const struct bpf_program *each, void **out, size_t *len);

/*
 * @each_task  the loaded iterator program
 * @out        malloc'd, in order of time; *n of them
 */
int snapshot_read(const struct bpf_program *each_task, struct ring_snapshot **out, size_t *n,
		  struct err *err);

#endif
