// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/buffer_arg.h"

#include <errno.h>

#include "base/units.h"

#define BUFFER_MIN 4096
#define BUFFER_MAX (UINT64_C(1) << 28) /* the verifier follows offsets up to 2^29 */

int buffer_arg_parse(const char *arg, uint64_t *ring_bytes, struct err *err)
{
	int ret = parse_size(arg, ring_bytes, err);

	if (!ret && (*ring_bytes < BUFFER_MIN || *ring_bytes > BUFFER_MAX))
		ret = err_set(err, -ERANGE, "'%.64s' is not between 4K and 256M per CPU", arg);
	return ret;
}
