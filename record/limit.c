// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/limit.h"

#include <sys/resource.h>

bool limit_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return !setrlimit(RLIMIT_NOFILE, &limit);
}
