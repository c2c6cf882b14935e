/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * frames: what the ids of stacks mean, as symbols, said once in every segment that uses them: the
 * trace is read on another machine, and from the middle.
 */
#ifndef RSTAT_RECORD_FRAMES_H
#define RSTAT_RECORD_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/event.h"
#include "record/kernel.h"

struct frames;

/*
 * Reads the kernel's symbols while it may. That they are not to be had is no failure: then frames
 * of the kernel have no names.
 *
 * @root  "" for this machine, or a folder with a copy of its /proc (tests)
 * @user  user stacks too
 */
int frames_new(struct frames **out, struct kernel *kernel, const char *root, bool user,
	       struct err *err);
void frames_free(struct frames *f); /* NULL is fine */
bool frames_has_kernel_symbols(const struct frames *f);
const char *frames_why(const struct frames *f); /* it has not, NULL when it has */

/* From now on every id is to be said again. */
void frames_new_segment(struct frames *f);

/* A process runs another program from now on. */
void frames_exec(struct frames *f, uint32_t tgid);

/* There is a new process of this number: what is known of it is of one that is gone. */
void frames_fork(struct frames *f, uint32_t tgid);

/*
 * The EV_FRAMES that must come before the first use of a stack.
 *
 * @tgid  the process of a user stack; 0: a kernel stack
 * @ts    of the use: a user stack from before its process began another program gets no names
 * @info  valid until the next call
 * Returns 1; 0: said already; or -ENOMEM.
 */
int frames_define(struct frames *f, uint32_t tgid, uint32_t id, uint64_t ts,
		  struct frames_info *info, struct err *err);

#endif
