/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * array: lists that grow by doubling, and lists by a small number such as a task's id.
 */
#ifndef RSTAT_BASE_ARRAY_H
#define RSTAT_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At least doubles the array whose address *arrayp holds; see ARRAY_ROOM. */
bool array_grow(void *arrayp, uint32_t *room, uint64_t at, size_t size);

/*
 * Room for element number `at` of `array`, which has `room` of them (uint32_t; NULL and 0 at first):
 * it may be moved, and what is new is zeroed. False: no memory, nothing has changed.
 */
#define ARRAY_ROOM(array, room, at)                                                                \
	(__builtin_expect((at) < (room), 1) ||                                                     \
	 array_grow(&(array), &(room), (at), sizeof(*(array))))

#endif
