/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* width: how much room text takes on a terminal. */
#ifndef RSTAT_BASE_WIDTH_H
#define RSTAT_BASE_WIDTH_H

#include <stddef.h>

/* How many terminal columns valid UTF-8 takes. */
unsigned text_width(const char *text, size_t len);

#endif
