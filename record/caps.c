// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

static bool has(const struct __user_cap_data_struct data[2], unsigned cap)
{
	return data[cap / 32].effective >> (cap % 32) & 1;
}

int caps_check(struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};
	bool bpf, perfmon;

	if (syscall(SYS_capget, &header, data))
		return err_errno(err, -errno, "cannot read this process's capabilities");
	if (has(data, CAP_SYS_ADMIN))
		return 0;
	bpf = has(data, CAP_BPF);
	perfmon = has(data, CAP_PERFMON);
	if (bpf && perfmon)
		return 0;
	return err_set(err, -EPERM,
		       "cannot record: missing %s; run it with sudo, or give the binary what it "
		       "needs: sudo setcap cap_bpf,cap_perfmon+ep $(which rstat)",
		       bpf	 ? "CAP_PERFMON"
		       : perfmon ? "CAP_BPF"
				 : "CAP_BPF and CAP_PERFMON");
}
