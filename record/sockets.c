// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/sockets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* A held one before the same one as nobody's, which has no TID. */
static int by_socket(const void *a, const void *b)
{
	const struct open_socket *x = a, *y = b;

	return compare(x->socket.id, y->socket.id)
		       ?: compare(y->rec.tid, x->rec.tid) ?: compare(x->rec.ts, y->rec.ts);
}

static int by_time(const void *a, const void *b)
{
	const struct open_socket *x = a, *y = b;

	return compare(x->rec.ts, y->rec.ts) ?: by_socket(a, b);
}

int sockets_merge(const struct open_socket *held, size_t n, const struct open_socket *all,
		  size_t nall, struct open_socket **out, size_t *nout, struct err *err)
{
	struct open_socket *list = malloc((n + nall ? n + nall : 1) * sizeof(*list));
	size_t i, kept = 0;

	if (!list)
		return err_set(err, -ENOMEM, "cannot list the sockets: out of memory");
	if (n)
		memcpy(list, held, n * sizeof(*list));
	if (nall)
		memcpy(list + n, all, nall * sizeof(*list));
	qsort(list, n + nall, sizeof(*list), by_socket);
	for (i = 0; i < n + nall; i++) {
		const struct open_socket *last = kept ? &list[kept - 1] : NULL;
		const bool same = last && last->socket.id == list[i].socket.id;

		if (same && (last->rec.tid == list[i].rec.tid || !list[i].rec.tid))
			continue;
		list[kept++] = list[i];
	}
	qsort(list, kept, sizeof(*list), by_time);
	*out = list;
	*nout = kept;
	return 0;
}
