/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* accounts: what threads have read and written, and their memory: the recorder's side of it. */
#ifndef RSTAT_RECORD_ACCOUNTS_H
#define RSTAT_RECORD_ACCOUNTS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rstat_bpf;

/* Before the programs are loaded. */
int accounts_configure(struct rstat_bpf *skel, const struct btf *vmlinux, bool on, unsigned ncpus,
		       struct err *err);

/*
 * Records of all threads, for rings_add().
 *
 * @as_of_ns  what is read now is given out as if it had been then; 0: as it is
 * @records   malloc'd; nothing when the feature is off
 */
int accounts_read(struct rstat_bpf *skel, uint64_t as_of_ns, void **records, size_t *bytes,
		  struct err *err);

#endif
