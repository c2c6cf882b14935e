// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The sources that samples are taken from. */
#include <errno.h>

#include "record/sources.h"

int samples_new(struct samples **out, const char *root, uint32_t cpu_limit, struct err *err)
{
	/* in the order of how much it matters that they are read at the time that they are told at */
	static int (*const families[])(struct samples *) = {sources_proc, sources_sys,
							    sources_schedstat};
	struct samples *s = samples_empty(root, cpu_limit);
	int ret = s ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < sizeof(families) / sizeof(families[0]); i++)
		ret = families[i](s);
	if (ret) {
		samples_free(s);
		return err_set(err, ret, "out of memory");
	}
	*out = s;
	return 0;
}
