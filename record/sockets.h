/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* sockets: those that are there when a recording begins, read through BPF iterators. */
#ifndef RSTAT_RECORD_SOCKETS_H
#define RSTAT_RECORD_SOCKETS_H

#include <stddef.h>

#include "base/err.h"
#include "bpf/events.h"

/* As bpf/open_sockets.h writes them. */
struct open_socket {
	struct ring_rec rec;
	struct ring_socket socket;
};

/*
 * Each socket once for every process that holds it, those that nobody holds once; by time.
 *
 * @held  of processes, in the kernel's order: n of them
 * @all   more, of which those are kept that nobody holds
 * @out   malloc'd; *nout of them
 * Errors: -ENOMEM
 */
int sockets_merge(const struct open_socket *held, size_t n, const struct open_socket *all,
		  size_t nall, struct open_socket **out, size_t *nout, struct err *err);

#endif
