/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* elfsyms: names of the functions in a program file or library. */
#ifndef RSTAT_RECORD_ELFSYMS_H
#define RSTAT_RECORD_ELFSYMS_H

#include <stddef.h>
#include <stdint.h>

struct elfsyms;

/* Reads .symtab, or .dynsym where that is all there is. NULL: nothing to be had (no ELF, no names). */
struct elfsyms *elfsyms_read(int fd);
void elfsyms_free(struct elfsyms *e); /* NULL is fine */
size_t elfsyms_bytes(const struct elfsyms *e); /* of memory */

/*
 * The function that a place in the file belongs to, NULL when none.
 *
 * @offset  in the file, as /proc/PID/maps counts
 */
const char *elfsyms_name(const struct elfsyms *e, uint64_t offset);

#endif
