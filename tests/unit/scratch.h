/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* scratch: a folder for one test, made under TMPDIR and removed with all that is in it. */
#ifndef RSTAT_TESTS_UNIT_SCRATCH_H
#define RSTAT_TESTS_UNIT_SCRATCH_H

#include <stddef.h>

/* cmocka fixtures: *state is the folder's path. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* "FOLDER/NAME" in a buffer that the next four calls leave alone. */
const char *scratch_path(void *state, const char *name);

/* Writes a file, with the folders that lead to it. */
void scratch_write(void *state, const char *name, const void *data, size_t len);

/* Bytes read into buf, -1 when it does not open. */
long scratch_read(void *state, const char *name, void *buf, size_t size);

/* How many entries the folder has. */
int scratch_entries(void *state);

#endif
