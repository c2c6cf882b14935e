// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Reads to the end of fd; the kernel writes whole records, but may cut them between two reads. */
static int read_all(int fd, char **out, size_t *len)
{
	size_t size = 0, used = 0;
	char *buf = NULL;

	for (;;) {
		ssize_t got;

		if (size - used < 32768) {
			char *more = realloc(buf, size = size ? size * 2 : 131072);

			if (!more) {
				free(buf);
				return -ENOMEM;
			}
			buf = more;
		}
		got = read(fd, buf + used, size - used);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0) {
			free(buf);
			return -errno;
		}
		if (!got)
			break;
		used += (size_t)got;
	}
	*out = buf;
	*len = used;
	return 0;
}

int snapshot_iterate(const struct bpf_program *each, void **out, size_t *len)
{
	/* switches in, so that the clock of bpf/task.h is up to date */
	const struct timespec moment = {.tv_nsec = 1000};
	struct bpf_link *link = bpf_program__attach_iter(each, NULL);
	char *buf = NULL;
	int fd, r;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	r = fd < 0 ? -errno : 0;
	if (!r) {
		nanosleep(&moment, NULL);
		r = read_all(fd, &buf, len);
		close(fd);
	}
	bpf_link__destroy(link);
	*out = buf;
	return r;
}

int snapshot_read(const struct bpf_program *each_task, struct ring_snapshot **out, size_t *n,
		  struct err *err)
{
	size_t len = 0;
	void *buf = NULL;
	int r = snapshot_iterate(each_task, &buf, &len);

	if (r)
		return err_errno(err, r, "cannot read the state of the tasks");
	*out = buf;
	*n = len / sizeof(**out);
	return 0;
}
