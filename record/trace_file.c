// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/trace_file.h"

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
static int open_folder(struct trace_file *file, struct err *err)
{
	const char *slash = strrchr(file->path, '/');
	const char *name = slash ? slash + 1 : file->path;
	char folder[sizeof(file->path)];

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_set(err, -EISDIR,
			       "cannot write '%s': it names a folder; give a file, "
			       "e.g. -o rstat.data",
			       file->path);
	/* ".old" and the temporary name's decoration must fit too */
	if (strlen(name) > 200)
		return err_set(err, -ENAMETOOLONG,
			       "cannot write '%s': the file name is longer "
			       "than 200 bytes; choose a shorter one",
			       file->path);
	snprintf(file->name, sizeof(file->name), "%.200s", name);
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file->path + 1), file->path);
	else
		strcpy(folder, ".");
	file->dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->dir_fd < 0)
		return err_errno(err, -errno,
				 "cannot write '%s': its folder does not open "
				 "(create it, or choose another place with -o)",
				 file->path);
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
static int judge_old(const struct trace_file *file, struct err *err)
{
	char old[sizeof(file->name) + 8];
	struct stat st;

	snprintf(old, sizeof(old), "%s.old", file->name);
	if (fstatat(file->dir_fd, old, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return 0;
		return err_errno(err, -errno, "cannot keep the existing '%s'", file->path);
	}
	if (S_ISREG(st.st_mode) && (!st.st_size || is_trace(file->dir_fd, old)))
		return 0;
	return err_set(err, -EEXIST,
		       "the existing '%s' would be kept as '%s', which exists and is not a trace "
		       "(move either away, or choose another file with -o)",
		       file->path, old);
}

static int judge_regular(const struct trace_file *file, const struct stat *st, enum place *place,
			 struct err *err)
{
	*place = PLACE_EMPTY;
	if (st->st_size == 0)
		return 0;
	*place = PLACE_TRACE;
	if (is_trace(file->dir_fd, file->name))
		return judge_old(file, err);
	return err_set(err, -EEXIST,
		       "'%s' exists and is not a trace; it is left alone (move it away, or choose "
		       "another file with -o)",
		       file->path);
}

static int judge_place(const struct trace_file *file, enum place *place, struct err *err)
{
	struct stat st;

	*place = PLACE_NEW;
	if (fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			return err_errno(err, -errno, "cannot write '%s'", file->path);
		return 0;
	}
	if (S_ISREG(st.st_mode))
		return judge_regular(file, &st, place, err);
	if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && is_null_or_full(st.st_rdev))) {
		*place = PLACE_DIRECT;
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return err_set(err, -ELOOP,
			       "'%s' is a symbolic link, which rstat does not follow (give the "
			       "file it points to; '-o -' is standard output)",
			       file->path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR,
			       "cannot write '%s': it is a folder; give a file in it, e.g. -o "
			       "%s/rstat.data",
			       file->path, file->path);
	return err_set(err, -EEXIST,
		       "cannot write '%s': it is a device or a socket; choose a file with -o",
		       file->path);
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

static int begin(struct trace_file *file, const char *path, enum place *place, struct err *err)
{
	int ret;

	memset(file, 0, sizeof(*file));
	file->fd = file->dir_fd = -1;
	*place = PLACE_DIRECT;
	if (strlen(path) >= sizeof(file->path))
		return err_set(err, -ENAMETOOLONG, "the output's path is longer than %zu bytes",
			       sizeof(file->path) - 1);
	strcpy(file->path, path);
	if (!strcmp(path, "-"))
		return check_stdout(err);
	ret = open_folder(file, err);
	if (!ret)
		ret = judge_place(file, place, err);
	return ret;
}

static void drop_folder(struct trace_file *file)
{
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	file->dir_fd = -1;
}

int trace_file_check(const char *path, struct err *err)
{
	struct trace_file file;
	enum place place;
	int ret = begin(&file, path, &place, err);

	if (!ret && place != PLACE_DIRECT && faccessat(file.dir_fd, ".", W_OK | X_OK, AT_EACCESS))
		ret = err_errno(err, -errno,
				"cannot write '%s': its folder is not writable "
				"(choose another place with -o)",
				path);
	if (!ret && place == PLACE_DIRECT && file.dir_fd >= 0 &&
	    faccessat(file.dir_fd, file.name, W_OK, AT_EACCESS))
		ret = err_errno(err, -errno, "cannot write '%s'", path);
	drop_folder(&file);
	return ret;
}

static int open_direct(struct trace_file *file, struct err *err)
{
	if (!strcmp(file->path, "-"))
		file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		file->fd = openat(file->dir_fd, file->name,
				  O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0)
		return err_errno(err, -errno, "cannot write '%s'", file->path);
	drop_folder(file);
	file->committed = true;
	return 0;
}

static int open_temporary(struct trace_file *file, uid_t uid, gid_t gid, struct err *err)
{
	/* O_EXCL makes a name that somebody planted fail instead of being written to */
	snprintf(file->temporary, sizeof(file->temporary), ".%.200s.%d.tmp", file->name, getpid());
	file->fd = openat(file->dir_fd, file->temporary,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0) {
		int ret = err_errno(err, -errno,
				    "cannot create '%s' (choose another place with "
				    "-o)",
				    file->path);

		file->temporary[0] = '\0';
		return ret;
	}
	if (fchmod(file->fd, 0600))
		return err_errno(err, -errno, "cannot make '%s' private", file->path);
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(file->fd, uid, gid))
		return err_errno(err, -errno, "cannot give '%s' to the user who called sudo",
				 file->path);
	return 0;
}

int trace_file_open(struct trace_file *file, const char *path, uid_t uid, gid_t gid,
		    struct err *err)
{
	enum place place;
	int ret = begin(file, path, &place, err);

	if (!ret)
		ret = place == PLACE_DIRECT ? open_direct(file, err)
					    : open_temporary(file, uid, gid, err);
	if (ret)
		trace_file_close(file, NULL);
	return ret;
}

int trace_file_commit(struct trace_file *file, struct err *err)
{
	char old[sizeof(file->name) + 8];
	enum place place;
	int ret;

	if (file->committed)
		return 0;
	/* again: the place may have changed since trace_file_open() */
	ret = judge_place(file, &place, err);
	if (ret)
		return ret;
	snprintf(old, sizeof(old), "%s.old", file->name);
	if (place == PLACE_DIRECT)
		return err_set(err, -EEXIST,
			       "'%s' became a pipe or a device while the recording "
			       "began; choose another file with -o",
			       file->path);
	if (place == PLACE_TRACE && renameat(file->dir_fd, file->name, file->dir_fd, old))
		return err_errno(err, -errno, "cannot keep the existing '%s' as '%s.old'",
				 file->path, file->path);
	if (renameat2(file->dir_fd, file->temporary, file->dir_fd, file->name,
		      place == PLACE_EMPTY ? 0 : RENAME_NOREPLACE) &&
	    (errno != EINVAL || renameat(file->dir_fd, file->temporary, file->dir_fd, file->name)))
		return err_errno(err, -errno, "cannot create '%s'", file->path);
	file->committed = true;
	drop_folder(file);
	return 0;
}

int trace_file_close(struct trace_file *file, struct err *err)
{
	int ret = 0;

	if (!file->committed && file->dir_fd >= 0 && file->temporary[0])
		unlinkat(file->dir_fd, file->temporary, 0);
	/* a network file system reports a failed write as late as here */
	if (file->fd >= 0 && close(file->fd) && errno != EINTR)
		ret = err_errno(err, -errno, "writing '%s' failed", file->path);
	file->fd = -1;
	drop_folder(file);
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

void trace_file_sudo_owner(uid_t *uid, gid_t *gid)
{
	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (geteuid())
		return; /* a leftover variable: this process cannot give files away anyway */
	*uid = id_of("SUDO_UID");
	*gid = id_of("SUDO_GID");
}
