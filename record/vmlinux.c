// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/vmlinux.h"

#include <string.h>

long vmlinux_percpu_offset(const struct btf *vmlinux, const char *name)
{
	int id = btf__find_by_name_kind(vmlinux, ".data..percpu", BTF_KIND_DATASEC);
	const struct btf_type *sec = id < 0 ? NULL : btf__type_by_id(vmlinux, (unsigned)id);
	const struct btf_var_secinfo *var = sec ? btf_var_secinfos(sec) : NULL;
	unsigned i;

	for (i = 0; sec && i < btf_vlen(sec); i++, var++) {
		const struct btf_type *t = btf__type_by_id(vmlinux, var->type);

		if (t && !strcmp(btf__name_by_offset(vmlinux, t->name_off), name))
			return (long)var->offset;
	}
	return -1;
}

long vmlinux_member_offset(const struct btf *vmlinux, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(vmlinux, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(vmlinux, (unsigned)id);
	const struct btf_member *m;
	unsigned i;

	if (!t)
		return -1;
	for (i = 0, m = btf_members(t); i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(vmlinux, m[i].name_off), name))
			return (long)(btf_member_bit_offset(t, i) / 8);
	return -1;
}
