// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "format/block.h"

enum place {
	PLACE_NEW, /* nothing there */
	PLACE_TRACE, /* a trace, to be kept as FILE.old */
	PLACE_EMPTY, /* an empty file: nothing to lose */
	PLACE_DIRECT, /* a pipe or /dev/null: written as it is */
};

/* major 1 in Documentation/admin-guide/devices.txt; any other device is not for traces. */
static bool is_null_or_full(dev_t dev)
{
	return major(dev) == 1 && (minor(dev) == 3 || minor(dev) == 7);
}

/* Splits the path; the folder is opened, so that later steps cannot land in another one. */
static int open_folder(struct output *out, struct err *err)
{
	const char *slash = strrchr(out->path, '/');
	const char *name = slash ? slash + 1 : out->path;
	char folder[sizeof(out->path)];

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_set(err, -EISDIR,
			       "cannot write '%s': it names a folder; give a file, "
			       "e.g. -o rstat.data",
			       out->path);
	/* ".old" and the temporary name's decoration must fit too */
	if (strlen(name) > 200)
		return err_set(err, -ENAMETOOLONG,
			       "cannot write '%s': the file name is longer "
			       "than 200 bytes; choose a shorter one",
			       out->path);
	snprintf(out->name, sizeof(out->name), "%.200s", name);
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - out->path + 1), out->path);
	else
		strcpy(folder, ".");
	out->dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dir_fd < 0)
		return err_errno(err, -errno,
				 "cannot write '%s': its folder does not open "
				 "(create it, or choose another place with -o)",
				 out->path);
	return 0;
}

static bool is_trace(int dir_fd, const char *name)
{
	char magic[MAGIC_BYTES] = {0};
	ssize_t got;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false;
	do {
		got = read(fd, magic, sizeof(magic));
	} while (got < 0 && errno == EINTR);
	close(fd);
	return got == MAGIC_BYTES && !memcmp(magic, FILE_MAGIC, MAGIC_BYTES);
}

/* FILE.old is overwritten: only if it is what rstat would have put there. */
static int judge_old(const struct output *out, struct err *err)
{
	char old[sizeof(out->name) + 8];
	struct stat st;

	snprintf(old, sizeof(old), "%s.old", out->name);
	if (fstatat(out->dir_fd, old, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return 0;
		return err_errno(err, -errno, "cannot keep the existing '%s'", out->path);
	}
	if (S_ISREG(st.st_mode) && (!st.st_size || is_trace(out->dir_fd, old)))
		return 0;
	return err_set(err, -EEXIST,
		       "the existing '%s' would be kept as '%s', which exists and is not a trace "
		       "(move either away, or choose another file with -o)",
		       out->path, old);
}

static int judge_regular(const struct output *out, const struct stat *st, enum place *place,
			 struct err *err)
{
	*place = PLACE_EMPTY;
	if (st->st_size == 0)
		return 0;
	*place = PLACE_TRACE;
	if (is_trace(out->dir_fd, out->name))
		return judge_old(out, err);
	return err_set(err, -EEXIST,
		       "'%s' exists and is not a trace; it is left alone (move it away, or choose "
		       "another file with -o)",
		       out->path);
}

static int judge_place(const struct output *out, enum place *place, struct err *err)
{
	struct stat st;

	*place = PLACE_NEW;
	if (fstatat(out->dir_fd, out->name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			return err_errno(err, -errno, "cannot write '%s'", out->path);
		return 0;
	}
	if (S_ISREG(st.st_mode))
		return judge_regular(out, &st, place, err);
	if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && is_null_or_full(st.st_rdev))) {
		*place = PLACE_DIRECT;
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return err_set(err, -ELOOP,
			       "'%s' is a symbolic link, which rstat does not follow (give the "
			       "file it points to; '-o -' is standard output)",
			       out->path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR,
			       "cannot write '%s': it is a folder; give a file in it, e.g. -o "
			       "%s/rstat.data",
			       out->path, out->path);
	return err_set(err, -EEXIST,
		       "cannot write '%s': it is a device or a socket; choose a file with -o",
		       out->path);
}

static int check_stdout(struct err *err)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st))
		return err_errno(err, -errno, "cannot write the trace to standard output");
	if (isatty(STDOUT_FILENO))
		return err_set(err, -ENOTTY,
			       "a trace is binary and standard output is a terminal; "
			       "write to a file with -o FILE, or pipe it: rstat record -o - | ...");
	return 0;
}

static int begin(struct output *out, const char *path, enum place *place, struct err *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	out->fd = out->dir_fd = -1;
	*place = PLACE_DIRECT;
	if (strlen(path) >= sizeof(out->path))
		return err_set(err, -ENAMETOOLONG, "the output's path is longer than %zu bytes",
			       sizeof(out->path) - 1);
	strcpy(out->path, path);
	if (!strcmp(path, "-"))
		return check_stdout(err);
	ret = open_folder(out, err);
	if (!ret)
		ret = judge_place(out, place, err);
	return ret;
}

static void drop_folder(struct output *out)
{
	if (out->dir_fd >= 0)
		close(out->dir_fd);
	out->dir_fd = -1;
}

int output_check(const char *path, struct err *err)
{
	struct output out;
	enum place place;
	int ret = begin(&out, path, &place, err);

	if (!ret && place != PLACE_DIRECT && faccessat(out.dir_fd, ".", W_OK | X_OK, AT_EACCESS))
		ret = err_errno(err, -errno,
				"cannot write '%s': its folder is not writable "
				"(choose another place with -o)",
				path);
	if (!ret && place == PLACE_DIRECT && out.dir_fd >= 0 &&
	    faccessat(out.dir_fd, out.name, W_OK, AT_EACCESS))
		ret = err_errno(err, -errno, "cannot write '%s'", path);
	drop_folder(&out);
	return ret;
}

static int open_direct(struct output *out, struct err *err)
{
	if (!strcmp(out->path, "-"))
		out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		out->fd = openat(out->dir_fd, out->name,
				 O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (out->fd < 0)
		return err_errno(err, -errno, "cannot write '%s'", out->path);
	drop_folder(out);
	out->committed = true;
	return 0;
}

static int open_temporary(struct output *out, uid_t uid, gid_t gid, struct err *err)
{
	/* O_EXCL makes a name that somebody planted fail instead of being written to */
	snprintf(out->temporary, sizeof(out->temporary), ".%.200s.%d.tmp", out->name, getpid());
	out->fd = openat(out->dir_fd, out->temporary,
			 O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out->fd < 0) {
		int ret = err_errno(err, -errno,
				    "cannot create '%s' (choose another place with "
				    "-o)",
				    out->path);

		out->temporary[0] = '\0';
		return ret;
	}
	if (fchmod(out->fd, 0600))
		return err_errno(err, -errno, "cannot make '%s' private", out->path);
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(out->fd, uid, gid))
		return err_errno(err, -errno, "cannot give '%s' to the user who called sudo",
				 out->path);
	return 0;
}

int output_open(struct output *out, const char *path, uid_t uid, gid_t gid, struct err *err)
{
	enum place place;
	int ret = begin(out, path, &place, err);

	if (!ret)
		ret = place == PLACE_DIRECT ? open_direct(out, err)
					    : open_temporary(out, uid, gid, err);
	if (ret)
		output_close(out, NULL);
	return ret;
}

int output_commit(struct output *out, struct err *err)
{
	char old[sizeof(out->name) + 8];
	enum place place;
	int ret;

	if (out->committed)
		return 0;
	/* again: the place may have changed since output_open() */
	ret = judge_place(out, &place, err);
	if (ret)
		return ret;
	snprintf(old, sizeof(old), "%s.old", out->name);
	if (place == PLACE_DIRECT)
		return err_set(err, -EEXIST,
			       "'%s' became a pipe or a device while the recording "
			       "began; choose another file with -o",
			       out->path);
	if (place == PLACE_TRACE && renameat(out->dir_fd, out->name, out->dir_fd, old))
		return err_errno(err, -errno, "cannot keep the existing '%s' as '%s.old'",
				 out->path, out->path);
	if (renameat2(out->dir_fd, out->temporary, out->dir_fd, out->name,
		      place == PLACE_EMPTY ? 0 : RENAME_NOREPLACE) &&
	    (errno != EINVAL || renameat(out->dir_fd, out->temporary, out->dir_fd, out->name)))
		return err_errno(err, -errno, "cannot create '%s'", out->path);
	out->committed = true;
	drop_folder(out);
	return 0;
}

int output_close(struct output *out, struct err *err)
{
	int ret = 0;

	if (!out->committed && out->dir_fd >= 0 && out->temporary[0])
		unlinkat(out->dir_fd, out->temporary, 0);
	/* a network file system reports a failed write as late as here */
	if (out->fd >= 0 && close(out->fd) && errno != EINTR)
		ret = err_errno(err, -errno, "writing '%s' failed", out->path);
	out->fd = -1;
	drop_folder(out);
	return ret;
}

static uint32_t id_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	unsigned long id;

	if (!text || *text < '0' || *text > '9')
		return UINT32_MAX;
	errno = 0;
	id = strtoul(text, &end, 10);
	return *end || errno || id >= UINT32_MAX ? UINT32_MAX : (uint32_t)id;
}

void output_sudo_owner(uid_t *uid, gid_t *gid)
{
	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (geteuid())
		return; /* a leftover variable: this process cannot give files away anyway */
	*uid = id_of("SUDO_UID");
	*gid = id_of("SUDO_GID");
}
