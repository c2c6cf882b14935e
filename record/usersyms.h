/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * usersyms: names for addresses in running programs: what is mapped there (/proc/PID/maps), and
 * that file's own symbols, read once per file and kept.
 */
#ifndef RSTAT_RECORD_USERSYMS_H
#define RSTAT_RECORD_USERSYMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define USERSYM_ROOM 512u /* bytes of a name; longer ones are cut */

struct usersyms;

int usersyms_new(struct usersyms **out, struct err *err);
void usersyms_free(struct usersyms *u); /* NULL is fine */

/* The process runs another program now: its maps are others. */
void usersyms_forget(struct usersyms *u, uint32_t tgid);

/*
 * "func"; "[libc.so.6+0x1234]" where the file has no name for it; "[vdso]"; "[unknown]" for memory
 * that is no file's; "[gone]" when the process is.
 */
void usersyms_name(struct usersyms *u, uint32_t tgid, uint64_t address, char name[USERSYM_ROOM]);

/* When what that told of had been read (CLOCK_MONOTONIC); 0: it is not known any more. */
uint64_t usersyms_read_ns(const struct usersyms *u, uint32_t tgid);

#endif
