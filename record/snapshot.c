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

int snapshot_read(const struct bpf_program *each_task, struct ring_snapshot **out, size_t *n,
		  struct err *err)
{
	/* switches in, so that the clock the program compares with is up to date: see bpf/task.h */
	const struct timespec moment = {.tv_nsec = 1000};
	struct bpf_link *link = bpf_program__attach_iter(each_task, NULL);
	char *buf = NULL;
	size_t len = 0;
	int fd, r;

	if (!link)
		return err_errno(err, -errno, "cannot read the state of the tasks");
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		r = -errno;
		bpf_link__destroy(link);
		return err_errno(err, r, "cannot read the state of the tasks");
	}
	nanosleep(&moment, NULL);
	r = read_all(fd, &buf, &len);
	close(fd);
	bpf_link__destroy(link);
	if (r)
		return err_errno(err, r, "cannot read the state of the tasks");
	*out = (struct ring_snapshot *)buf;
	*n = len / sizeof(**out);
	return 0;
}
