// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 4u

bool array_grow(void *arrayp, uint32_t *room, uint64_t at, size_t size)
{
	uint64_t more = *room ? *room : ROOM_MIN / 2;
	char *array, *bigger;

	do {
		more *= 2;
	} while (more <= at);
	if (more > UINT32_MAX)
		return false;
	memcpy(&array, arrayp, sizeof(array)); /* of whatever type the pointer is */
	bigger = reallocarray(array, more, size);
	if (!bigger)
		return false;
	memset(bigger + *room * size, 0, (more - *room) * size);
	memcpy(arrayp, &bigger, sizeof(bigger));
	*room = (uint32_t)more;
	return true;
}
