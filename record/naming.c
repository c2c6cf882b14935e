// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/naming.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "record/host.h"

/* New cgroups come by an event with their name; a walk is for what slipped through. */
#define WALK_EVERY_NS 10000000000u
#define WALK_DEPTH    64
#define UNKNOWN_SLOTS 256

struct cgroup {
	uint64_t id;
	char *path;
};

struct naming {
	char root[2048];
	char cgroup_root[4096]; /* "" none */
	struct cgroup *cgroups; /* by id */
	size_t ncgroups;
	uint32_t room;
	uint64_t walked_ns;
	char user[256];
	/* uids without a name, direct mapped: bounded, and forgets at worst */
	uint64_t unknown[UNKNOWN_SLOTS];
	char device[256];
	/* the same of devices that have been asked for, with or without a name */
	uint64_t unknown_device[UNKNOWN_SLOTS];
	char irq[256];
	uint64_t unknown_irq[UNKNOWN_SLOTS];
};

/* mountinfo writes blanks, tabs, newlines and backslashes as \ooo. */
static void unescape_octal(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* proc_pid_mountinfo(5): fields 4 and 5 are root and mount point, the type follows " - ". */
static void find_cgroup_root(struct naming *n)
{
	char path[4096], line[8192], mount[2048];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", n->root);
	f = fopen(path, "re");
	if (!f)
		return;
	while (!n->cgroup_root[0] && fgets(line, sizeof(line), f)) {
		const char *type = strstr(line, " - ");

		if (!type || strncmp(type + 3, "cgroup2 ", 8) ||
		    sscanf(line, "%*s %*s %*s %*s %2047s", mount) != 1)
			continue;
		unescape_octal(mount);
		snprintf(n->cgroup_root, sizeof(n->cgroup_root), "%s%s", n->root, mount);
	}
	fclose(f);
}

static void forget_cgroups(struct naming *n)
{
	for (size_t i = 0; i < n->ncgroups; i++)
		free(n->cgroups[i].path);
	n->ncgroups = 0;
}

static int add_cgroup(struct naming *n, uint64_t id, const char *path)
{
	if (!ARRAY_ROOM(n->cgroups, n->room, n->ncgroups))
		return -ENOMEM;
	n->cgroups[n->ncgroups].path = strdup(path);
	if (!n->cgroups[n->ncgroups].path)
		return -ENOMEM;
	n->cgroups[n->ncgroups++].id = id;
	return 0;
}

/* Adds the cgroup behind dir_fd (which it closes) and all below. A cgroup's id is its inode. */
static void walk(struct naming *n, int dir_fd, const char *path, int depth)
{
	const struct dirent *de;
	struct stat st;
	DIR *dir = fdopendir(dir_fd);

	if (!dir) {
		close(dir_fd);
		return;
	}
	if (!fstat(dir_fd, &st) && !add_cgroup(n, st.st_ino, *path ? path : "/"))
		while ((de = readdir(dir))) {
			char child[4096];
			int fd;

			if (de->d_name[0] == '.' || depth == WALK_DEPTH ||
			    (de->d_type != DT_DIR && de->d_type != DT_UNKNOWN))
				continue;
			if (snprintf(child, sizeof(child), "%s/%s", path, de->d_name) >=
			    (int)sizeof(child))
				continue;
			fd = openat(dir_fd, de->d_name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (fd >= 0)
				walk(n, fd, child, depth + 1);
		}
	closedir(dir);
}

static int compare_cgroups(const void *a, const void *b)
{
	const uint64_t x = ((const struct cgroup *)a)->id, y = ((const struct cgroup *)b)->id;

	return x < y ? -1 : x > y;
}

static void read_cgroups(struct naming *n)
{
	int fd;

	forget_cgroups(n);
	n->walked_ns = host_now();
	if (!n->cgroup_root[0])
		return;
	fd = open(n->cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	walk(n, fd, "", 0);
	if (n->ncgroups)
		qsort(n->cgroups, n->ncgroups, sizeof(*n->cgroups), compare_cgroups);
}

static const char *look_up_cgroup(const struct naming *n, uint64_t id)
{
	const struct cgroup key = {.id = id};
	const struct cgroup *found = NULL;

	if (n->ncgroups)
		found = bsearch(&key, n->cgroups, n->ncgroups, sizeof(key), compare_cgroups);
	return found ? found->path : NULL;
}

const char *naming_cgroup(struct naming *n, uint64_t id)
{
	const char *path = look_up_cgroup(n, id);

	if (path || !id || (n->walked_ns && host_now() - n->walked_ns < WALK_EVERY_NS))
		return path;
	read_cgroups(n);
	return look_up_cgroup(n, id);
}

const char *naming_user(struct naming *n, uint32_t uid)
{
	uint64_t *unknown = &n->unknown[uid % UNKNOWN_SLOTS];
	const struct passwd *pw;
	char path[4096];
	bool found = false;
	FILE *f;

	/* stored + 1, so that a zeroed slot is nobody's */
	if (*unknown == (uint64_t)uid + 1)
		return NULL;
	snprintf(path, sizeof(path), "%s/etc/passwd", n->root);
	f = fopen(path, "re");
	while (f && !found && (pw = fgetpwent(f)))
		if (pw->pw_uid == uid) {
			snprintf(n->user, sizeof(n->user), "%s", pw->pw_name);
			found = true;
		}
	if (f)
		fclose(f);
	if (!found)
		*unknown = (uint64_t)uid + 1;
	return found ? n->user : NULL;
}

/* sysfs has a link per device number, to the folder that has its name. */
const char *naming_device(struct naming *n, uint32_t dev)
{
	uint64_t *unknown = &n->unknown_device[(dev ^ dev >> 20) % UNKNOWN_SLOTS];
	char path[4096], link[sizeof(n->device)];
	const char *slash;
	ssize_t len;

	if (*unknown == (uint64_t)dev + 1)
		return NULL;
	snprintf(path, sizeof(path), "%s/sys/dev/block/%u:%u", n->root, dev >> 20, dev & 0xfffff);
	len = readlink(path, link, sizeof(link) - 1);
	if (len <= 0) {
		*unknown = (uint64_t)dev + 1;
		return NULL;
	}
	link[len] = '\0';
	slash = strrchr(link, '/');
	snprintf(n->device, sizeof(n->device), "%s", slash ? slash + 1 : link);
	return n->device;
}

/* include/linux/interrupt.h; show_softirqs() in fs/proc/softirqs.c */
static const char *const soft_names[] = {"HI",	     "TIMER",	"NET_TX", "NET_RX",  "BLOCK",
					 "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};

const char *naming_irq(struct naming *n, uint64_t id)
{
	const uint64_t soft = id - (UINT64_C(1) << 32);
	uint64_t *unknown = &n->unknown_irq[id % UNKNOWN_SLOTS];
	char path[4096];
	FILE *f;

	if (soft < sizeof(soft_names) / sizeof(soft_names[0]))
		return soft_names[soft];
	if (*unknown == id + 1)
		return NULL;
	snprintf(path, sizeof(path), "%s/sys/kernel/irq/%llu/actions", n->root,
		 (unsigned long long)id);
	f = fopen(path, "re");
	n->irq[0] = '\0';
	if (f && fgets(n->irq, sizeof(n->irq), f))
		n->irq[strcspn(n->irq, "\n")] = '\0';
	if (f)
		fclose(f);
	if (!n->irq[0])
		*unknown = id + 1;
	return n->irq[0] ? n->irq : NULL;
}

const char *naming_cgroup_root(const struct naming *n)
{
	return n->cgroup_root[0] ? n->cgroup_root : NULL;
}

int naming_cgroup_id(const struct naming *n, const char *path, uint64_t *id, struct err *err)
{
	const size_t len = strlen(n->cgroup_root);
	char full[8192];
	struct stat st;

	if (!len)
		return err_set(err, -ENOENT,
			       "--cgroup needs cgroup v2, which is not mounted "
			       "(mount -t cgroup2 none /sys/fs/cgroup)");
	if (!strncmp(path, n->cgroup_root, len) && (!path[len] || path[len] == '/'))
		path += len;
	snprintf(full, sizeof(full), "%s/%s", n->cgroup_root, path + strspn(path, "/"));
	if (stat(full, &st) || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOENT,
			       "there is no cgroup '%s' below %s (list them with "
			       "systemd-cgls or find)",
			       path, n->cgroup_root);
	*id = st.st_ino;
	return 0;
}

int naming_new(struct naming **out, const char *root, struct err *err)
{
	struct naming *n = calloc(1, sizeof(*n));

	if (!n)
		return err_set(err, -ENOMEM, "out of memory");
	snprintf(n->root, sizeof(n->root), "%s", root);
	find_cgroup_root(n);
	*out = n;
	return 0;
}

void naming_free(struct naming *n)
{
	if (!n)
		return;
	forget_cgroups(n);
	free(n->cgroups);
	free(n);
}
