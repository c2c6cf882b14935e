// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* verbs/text: what is put in comes out, wherever the buffer happens to be flushed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "verbs/text.h"

/* Lines of a length that shares no factor with the buffer: every offset is flushed at. */
static void test_padding_across_flushes(void **state)
{
	static struct text t;
	char line[128], expected[128];
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	text_init(&t, fileno(f));
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t mark;

		text_u64_padded(&t, i, 9, ' ');
		mark = text_mark(&t);
		text_str(&t, "kind");
		text_pad_to(&t, mark, 12);
		text_str(&t, "|\n");
	}
	assert_int_equal(text_flush(&t), 0);
	rewind(f);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(expected, sizeof(expected), "%9u%-12s|\n", i, "kind");
		assert_non_null(fgets(line, sizeof(line), f));
		assert_string_equal(line, expected);
	}
	assert_null(fgets(line, sizeof(line), f));
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_padding_across_flushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
