// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system calls themselves: libcap would be one more library for these two. */
struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static int get_caps(struct caps *c)
{
	*c = (struct caps){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return syscall(SYS_capget, &c->header, c->data) ? -errno : 0;
}

static int set_caps(struct caps *c)
{
	return syscall(SYS_capset, &c->header, c->data) ? -errno : 0;
}

/* Keeps `keep` of the first 32 capabilities in permitted, nothing anywhere else. */
static int reduce(uint32_t keep)
{
	struct caps c;
	int ret = get_caps(&c);

	if (ret)
		return ret;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		c.data[i].permitted &= i ? 0 : keep;
		c.data[i].effective = 0;
		c.data[i].inheritable = 0;
	}
	return set_caps(&c);
}

#define TRACE_MASK (CAP_TO_MASK(CAP_SYS_PTRACE) | CAP_TO_MASK(CAP_DAC_READ_SEARCH))

int privilege_drop(bool trace, struct err *err)
{
	int ret = reduce(CAP_TO_MASK(CAP_SYS_ADMIN) | (trace ? TRACE_MASK : 0));

	if (!ret && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		ret = -errno;
	return ret ? err_errno(err, ret, "cannot drop capabilities") : 0;
}

struct call {
	void (*fn)(void *arg);
	void *arg;
	int ret;
};

static void *call_without(void *data)
{
	struct call *call = data;

	call->ret = reduce(0);
	if (!call->ret)
		call->fn(call->arg);
	return NULL;
}

int privilege_run_without(void (*fn)(void *arg), void *arg, struct err *err)
{
	struct call call = {.fn = fn, .arg = arg};
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, call_without, &call);

	if (ret)
		return err_errno(err, -ret, "cannot start a thread");
	pthread_join(thread, NULL);
	return call.ret ? err_errno(err, call.ret, "cannot drop capabilities") : 0;
}

static void set_effective(uint32_t mask, bool on)
{
	struct caps c;

	if (get_caps(&c))
		return;
	mask &= c.data[0].permitted;
	if (!mask)
		return;
	if (on)
		c.data[0].effective |= mask;
	else
		c.data[0].effective &= ~mask;
	set_caps(&c);
}

void privilege_admin(bool on)
{
	set_effective(CAP_TO_MASK(CAP_SYS_ADMIN), on);
}

void privilege_trace(bool on)
{
	set_effective(TRACE_MASK, on);
}
