// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/accounts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "bpf/events.h"
#include "bpf/rstat.skel.h"
#include "record/snapshot.h"
#include "record/vmlinux.h"

/* Summing a counter reads a word per CPU: the more of them, the more rarely. */
#define RSS_MIN_NS     10000000u
#define RSS_PER_CPU_NS 1000000u

int accounts_configure(struct rstat_bpf *skel, const struct btf *vmlinux, bool on, unsigned ncpus,
		       struct err *err)
{
	long rq = vmlinux_percpu_offset(vmlinux, "runqueues");
	long base = vmlinux_percpu_offset(vmlinux, "this_cpu_off");

	skel->rodata->acct_on = on;
	if (!on)
		return 0;
	skel->rodata->acct_page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
	skel->rodata->acct_rss_every_ns = RSS_PER_CPU_NS * (uint64_t)ncpus;
	if (skel->rodata->acct_rss_every_ns < RSS_MIN_NS)
		skel->rodata->acct_rss_every_ns = RSS_MIN_NS;
	if (rq >= 0 && base >= 0 && ncpus <= ACCT_CPUS_MAX) {
		skel->rodata->acct_base_from_rq = base - rq;
		skel->rodata->acct_ncpus = ncpus;
	}
	if (bpf_map__set_max_entries(skel->maps.acct_slots, ACCT_SLOTS) ||
	    bpf_map__set_max_entries(skel->maps.acct_bases, ncpus))
		return err_set(err, -EINVAL, "cannot size the maps");
	return 0;
}

int accounts_read(struct rstat_bpf *skel, uint64_t as_of_ns, void **records, size_t *bytes,
		  struct err *err)
{
	int r;

	*records = NULL;
	*bytes = 0;
	if (!bpf_program__autoload(skel->progs.each_account))
		return 0;
	skel->bss->accounts_until_ns = as_of_ns;
	r = snapshot_iterate(skel->progs.each_account, records, bytes);
	return r ? err_errno(err, r, "cannot read what threads have read and written") : 0;
}
