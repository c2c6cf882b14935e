// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/testing.h"

#include <stdlib.h>
#include <string.h>

bool testing_lists(const char *variable, const char *word)
{
	const char *list = getenv(variable);
	const size_t n = strlen(word);

	while (list && *list) {
		const size_t here = strcspn(list, ",");

		if (here == n && !memcmp(list, word, n))
			return true;
		list += here + (list[here] == ',');
	}
	return false;
}
