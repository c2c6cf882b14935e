/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* testing: what the project's own tests ask for through the environment (tests/README.md). */
#ifndef RSTAT_RECORD_TESTING_H
#define RSTAT_RECORD_TESTING_H

#include <stdbool.h>

/* Whether a variable is a comma-separated list with this word in it. */
bool testing_lists(const char *variable, const char *word);

#endif
