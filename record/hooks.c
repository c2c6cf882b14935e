// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/hooks.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/features.h"
#include "record/testing.h"

#define TABLE (sizeof(table) / sizeof(table[0]))

/* clang-format off */
static const struct hook table[] = {
	{"sched_switch", "cpu,latency,slice,sleep,idle,states,depth", 0, true, PROG_SWITCH, EV_SWITCH,
	 {{"tp_btf", "sched_switch", "on_switch"}}},
	{"sched_waking", "waking", 0, false, PROG_WAKING, EV_WAKING,
	 {{"tp_btf", "sched_waking", "on_waking"}}},
	{"sched_wakeup", "latency,sleep,states,depth", 0, true, PROG_WAKEUP, EV_WAKEUP,
	 {{"tp_btf", "sched_wakeup", "on_wakeup"}}},
	{"sched_wakeup_new", "latency,depth", 0, true, PROG_WAKEUP_NEW, EV_WAKEUP_NEW,
	 {{"tp_btf", "sched_wakeup_new", "on_wakeup_new"}}},
	{"sched_migrate_task", "migration,depth", 0, false, PROG_MIGRATE, EV_MIGRATE,
	 {{"tp_btf", "sched_migrate_task", "on_migrate"}}},
	{"fork", "life", 0, true, PROG_FORK, EV_FORK,
	 {{"tp_btf", "task_newtask", "on_newtask"},
	  {"tp_btf", "sched_process_fork", "on_fork"}}},
	{"exec", "life", 0, false, PROG_EXEC, EV_EXEC,
	 {{"tp_btf", "sched_process_exec", "on_exec"}}},
	{"exit", "life,states", 0, true, PROG_EXIT, EV_EXIT,
	 {{"tp_btf", "sched_process_exit", "on_exit"}}},
	{"rename", "life", 0, false, PROG_RENAME, EV_RENAME,
	 {{"tp_btf", "task_rename", "on_rename"}}},
	{"free", "life,states", 0, false, PROG_FREE, EV_FREE,
	 {{"tp_btf", "sched_process_free", "on_free"}}},
	{"wait", "states", 0, false, PROG_WAIT, EV_WAIT,
	 {{"tp_btf", "sched_process_wait", "on_wait"}}},
	{"release_task", "states", 0, false, PROG_REAP, EV_REAP,
	 {{"fentry", "release_task", "on_release"},
	  {"kprobe", "release_task", "on_release_kprobe"}}},
	{"cgroup_attach_task", "cgroup", 0, false, PROG_CGROUP_ATTACH, EV_CGROUP,
	 {{"tp_btf", "cgroup_attach_task", "on_cgroup_attach"}}},
	{"cgroup_mkdir", "cgroup", 0, false, PROG_CGROUP_MKDIR, EV_NAME,
	 {{"tp_btf", "cgroup_mkdir", "on_cgroup_mkdir"}}},
	{"accounts", "fs", FEATURE_FS, false, PROG_ACCOUNTS, EV_ACCT,
	 {{"iter", "task", "each_account"}}},
	{"sock_send", "net", FEATURE_NET, false, PROG_NET_SEND, EV_NET,
	 {{"tp_btf", "sock_send_length", "on_send"},
	  {"fexit", "inet_sendmsg", "on_inet_sendmsg"},
	  {"kprobe", "inet_sendmsg", "on_send_enter"}}},
	{"sock_recv", "net", FEATURE_NET, false, PROG_NET_RECV, EV_NET,
	 {{"tp_btf", "sock_recv_length", "on_recv"},
	  {"fexit", "inet_recvmsg", "on_inet_recvmsg"},
	  {"kprobe", "inet_recvmsg", "on_recv_enter"}}},
	{"tcp_splice_read", "net", FEATURE_NET, false, PROG_NET_SPLICE, EV_NET,
	 {{"fexit", "tcp_splice_read", "on_tcp_splice_read"},
	  {"kprobe", "tcp_splice_read", "on_splice_enter"}}},
	{"inet_sock_set_state", "net", FEATURE_NET, false, PROG_SOCKET_STATE, EV_SOCKET_STATE,
	 {{"tp_btf", "inet_sock_set_state", "on_socket_state"}}},
	{"tcp_retransmit_skb", "net", FEATURE_NET, false, PROG_RETRANSMIT, EV_RETRANSMIT,
	 {{"tp_btf", "tcp_retransmit_skb", "on_retransmit"}}},
	{"tcp_retransmit_synack", "net", FEATURE_NET, false, PROG_SYNACK, EV_RETRANSMIT,
	 {{"tp_btf", "tcp_retransmit_synack", "on_synack"}}},
	{"tcp_send_reset", "net", FEATURE_NET, false, PROG_RESET_SENT, EV_RESET,
	 {{"tp_btf", "tcp_send_reset", "on_reset_sent"}}},
	{"tcp_receive_reset", "net", FEATURE_NET, false, PROG_RESET_RECEIVED, EV_RESET,
	 {{"tp_btf", "tcp_receive_reset", "on_reset_received"}}},
	{"open_sockets", "net", FEATURE_NET, false, PROG_OPEN_SOCKETS, EV_SOCKET,
	 {{"iter", "task_file", "each_file"}}},
	{"tcp_sockets", "net", FEATURE_NET, false, PROG_TCP_SOCKETS, EV_SOCKET,
	 {{"iter", "tcp", "each_tcp"}}},
	{"block_io_start", "io", FEATURE_IO, false, PROG_IO_START, EV_IO_START,
	 {{"tp_btf", "block_io_start", "on_io_start"},
	  {"fentry", "blk_add_rq_to_plug", "on_io_plug"},
	  {"kprobe", "blk_add_rq_to_plug", "on_io_plug_kprobe"}}},
	{"block_rq_issue", "io", FEATURE_IO, false, PROG_IO_ISSUE, EV_IO_ISSUE,
	 {{"tp_btf", "block_rq_issue", "on_io_issue"}}},
	{"block_rq_complete", "io", FEATURE_IO, false, PROG_IO_DONE, EV_IO_DONE,
	 {{"tp_btf", "block_rq_complete", "on_io_done"}}},
	{"block_rq_requeue", "io", FEATURE_IO, false, PROG_IO_REQUEUE, EV_IO_REQUEUE,
	 {{"tp_btf", "block_rq_requeue", "on_io_requeue"}}},
	{"block_bio_backmerge", "io", FEATURE_IO, false, PROG_IO_MERGE, EV_IO_MERGE,
	 {{"tp_btf", "block_bio_backmerge", "on_io_backmerge"}}},
	{"block_bio_frontmerge", "io", FEATURE_IO, false, PROG_IO_FRONT_MERGE, EV_IO_MERGE,
	 {{"tp_btf", "block_bio_frontmerge", "on_io_frontmerge"}}},
	{"block_rq_merge", "io", FEATURE_IO, false, PROG_IO_ABSORB, EV_IO_MERGE,
	 {{"tp_btf", "block_rq_merge", "on_io_absorb"}}},
	{"irq_handler", "irq", FEATURE_IRQ, false, PROG_IRQ, EV_IRQ,
	 {{"tp_btf", "irq_handler_exit", "on_irq_exit"}}},
	{"softirq", "irq", FEATURE_IRQ, false, PROG_SOFTIRQ, EV_IRQ,
	 {{"tp_btf", "softirq_exit", "on_softirq_exit"}}},
};

/* Their first argument was a request_queue before Linux 5.11, so they are not for our programs. */
static const struct { const char *tracepoint; unsigned args; } layouts[] = {
	{"block_rq_issue", 1}, {"block_rq_complete", 3}, {"block_rq_requeue", 1},
	{"block_rq_merge", 1}, {"block_bio_backmerge", 1}, {"block_bio_frontmerge", 1},
	{"block_getrq", 1}, {"block_rq_insert", 1},
};

/*
 * What the program `with` does not see of its hook: used along with it where the kernel has it, not
 * missed where it has not.
 */
static const struct {
	const char *with;
	struct hook_way way;
} also[] = {
	/* bpf/io_old.h */
	{"on_io_plug", {"tp_btf", "block_getrq", "on_io_getrq"}},
	{"on_io_plug", {"tp_btf", "block_rq_insert", "on_io_insert"}},
	{"on_io_plug", {"fentry", "blk_insert_flush", "on_io_insert_flush"}},
	{"on_io_plug_kprobe", {"tp_btf", "block_getrq", "on_io_getrq"}},
	{"on_io_plug_kprobe", {"tp_btf", "block_rq_insert", "on_io_insert"}},
	{"on_io_plug_kprobe", {"kprobe", "blk_insert_flush", "on_io_insert_flush_kprobe"}},
	/* where it began; attached after what ends it, so that what begins is seen to end */
	{"on_irq_exit", {"tp_btf", "irq_handler_entry", "on_irq_entry"}},
	{"on_softirq_exit", {"tp_btf", "softirq_entry", "on_softirq_entry"}},
	/* until 6.5 what sendfile() sends is no sendmsg */
	{"on_send", {"fexit", "inet_sendpage", "on_inet_sendpage"}},
	{"on_inet_sendmsg", {"fexit", "inet6_sendmsg", "on_inet6_sendmsg"}},
	{"on_inet_sendmsg", {"fexit", "unix_stream_sendmsg", "on_unix_stream_sendmsg"}},
	{"on_inet_sendmsg", {"fexit", "unix_dgram_sendmsg", "on_unix_dgram_sendmsg"}},
	{"on_inet_sendmsg", {"fexit", "unix_seqpacket_sendmsg", "on_unix_seqpacket_sendmsg"}},
	{"on_inet_sendmsg", {"fexit", "inet_sendpage", "on_inet_sendpage"}},
	{"on_inet_recvmsg", {"fexit", "inet6_recvmsg", "on_inet6_recvmsg"}},
	{"on_inet_recvmsg", {"fexit", "unix_stream_recvmsg", "on_unix_stream_recvmsg"}},
	{"on_inet_recvmsg", {"fexit", "unix_dgram_recvmsg", "on_unix_dgram_recvmsg"}},
	{"on_inet_recvmsg", {"fexit", "unix_seqpacket_recvmsg", "on_unix_seqpacket_recvmsg"}},
	{"on_send_enter", {"kretprobe", "inet_sendmsg", "on_send_leave"}},
	{"on_send_enter", {"kprobe", "inet6_sendmsg", "on_send_enter"}},
	{"on_send_enter", {"kretprobe", "inet6_sendmsg", "on_send_leave"}},
	{"on_send_enter", {"kprobe", "unix_stream_sendmsg", "on_send_enter"}},
	{"on_send_enter", {"kretprobe", "unix_stream_sendmsg", "on_send_leave"}},
	{"on_send_enter", {"kprobe", "unix_dgram_sendmsg", "on_send_enter"}},
	{"on_send_enter", {"kretprobe", "unix_dgram_sendmsg", "on_send_leave"}},
	{"on_send_enter", {"kprobe", "unix_seqpacket_sendmsg", "on_send_enter"}},
	{"on_send_enter", {"kretprobe", "unix_seqpacket_sendmsg", "on_send_leave"}},
	{"on_send_enter", {"kprobe", "inet_sendpage", "on_send_enter"}},
	{"on_send_enter", {"kretprobe", "inet_sendpage", "on_send_leave"}},
	{"on_recv_enter", {"kretprobe", "inet_recvmsg", "on_recv_leave"}},
	{"on_recv_enter", {"kprobe", "inet6_recvmsg", "on_recv_enter"}},
	{"on_recv_enter", {"kretprobe", "inet6_recvmsg", "on_recv_leave"}},
	{"on_recv_enter", {"kprobe", "unix_stream_recvmsg", "on_recv_enter"}},
	{"on_recv_enter", {"kretprobe", "unix_stream_recvmsg", "on_recv_leave"}},
	{"on_recv_enter", {"kprobe", "unix_dgram_recvmsg", "on_recv_enter"}},
	{"on_recv_enter", {"kretprobe", "unix_dgram_recvmsg", "on_recv_leave"}},
	{"on_recv_enter", {"kprobe", "unix_seqpacket_recvmsg", "on_recv_enter"}},
	{"on_recv_enter", {"kretprobe", "unix_seqpacket_recvmsg", "on_recv_leave"}},
	{"on_splice_enter", {"kretprobe", "tcp_splice_read", "on_splice_leave"}},
};
#define ALSO (sizeof(also) / sizeof(also[0]))
/* clang-format on */
static_assert(TABLE <= HOOKS_MAX, "HOOKS_MAX");

static int find_typedef(const struct btf *vmlinux, const char *tracepoint)
{
	char name[80];

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	return btf__find_by_name_kind(vmlinux, name, BTF_KIND_TYPEDEF);
}

unsigned hooks_tracepoint_args(const struct btf *vmlinux, const char *tracepoint)
{
	int id = find_typedef(vmlinux, tracepoint);
	const struct btf_type *t;

	if (id < 0)
		return 0;
	t = btf__type_by_id(vmlinux, btf__type_by_id(vmlinux, (unsigned)id)->type);
	if (!t || !btf_is_ptr(t))
		return 0;
	t = btf__type_by_id(vmlinux, t->type);
	if (!t || !btf_is_func_proto(t) || !btf_vlen(t))
		return 0;
	return btf_vlen(t) - 1u; /* the first one is the tracepoint's own data */
}

static bool has_layout(const struct btf *vmlinux, const char *tracepoint)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (!strcmp(layouts[i].tracepoint, tracepoint))
			return hooks_tracepoint_args(vmlinux, tracepoint) == layouts[i].args;
	return true;
}

/* Loads and attaches a program that does nothing: some kernels offer the type but not the use. */
static int try_function(const struct btf *vmlinux, const char *function, enum bpf_attach_type type)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type);
	int id = btf__find_by_name_kind(vmlinux, function, BTF_KIND_FUNC);
	int fd, link;

	if (id < 0)
		return -ENOENT;
	opts.attach_btf_id = (__u32)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "rstat_probe", "Dual BSD/GPL", insns, 2, &opts);
	if (fd < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(NULL, fd);
	close(fd);
	if (link < 0)
		return -errno;
	close(link);
	return 0;
}

/* For tests only: a kernel that has the first alternative of a hook says nothing of its last one. */
static bool taken_out(const char *word)
{
	return testing_lists("RSTAT_HOOKS_WITHOUT", word);
}

/* Returns whether it is worth loading; if not, why. */
static bool way_exists(const struct btf *vmlinux, const struct hook_way *way, char *why, size_t len)
{
	const bool fentry = !strcmp(way->how, "fentry");
	char name[80];
	int r;

	if (taken_out(way->how) || taken_out(way->target)) {
		snprintf(why, len, "%s %s: taken out by RSTAT_HOOKS_WITHOUT", way->how,
			 way->target);
		return false;
	}
	if (!strcmp(way->how, "tp_btf")) {
		if (find_typedef(vmlinux, way->target) < 0) {
			snprintf(why, len, "tp_btf: this kernel has no such tracepoint");
			return false;
		}
		if (has_layout(vmlinux, way->target))
			return true;
		snprintf(why, len, "tp_btf: the tracepoint has other arguments");
		return false;
	}
	if (!strcmp(way->how, "iter")) {
		snprintf(name, sizeof(name), "bpf_iter_%s", way->target);
		if (btf__find_by_name_kind(vmlinux, name, BTF_KIND_FUNC) >= 0)
			return true;
		snprintf(why, len, "iter: this kernel cannot list them");
		return false;
	}
	if (fentry || !strcmp(way->how, "fexit")) {
		r = try_function(vmlinux, way->target, fentry ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT);
		if (r)
			snprintf(why, len, "%s %s: %s", way->how, way->target, strerror(-r));
		return !r;
	}
	if (!access("/sys/bus/event_source/devices/kprobe/type", F_OK))
		return true;
	snprintf(why, len, "kprobe: not built into this kernel");
	return false;
}

static void say_why(struct meta_hook *meta, const char *why)
{
	size_t used = strlen(meta->why);

	snprintf(meta->why + used, sizeof(meta->why) - used, "%s%s", used ? "; " : "", why);
}

/* way: exists; NULL: none is left. */
static void choose(struct hooks *hooks, size_t i, const struct hook_way *way)
{
	struct meta_hook *meta = &hooks->meta[i];
	char why[120];
	size_t a;

	hooks->chosen[i] = way;
	hooks->nparts[i] = 0;
	meta->live = way != NULL;
	snprintf(meta->alternative, sizeof(meta->alternative), "%s", way ? way->how : "");
	if (!way)
		return;
	hooks->parts[i][hooks->nparts[i]++] = *way;
	for (a = 0; a < ALSO && hooks->nparts[i] < HOOK_PARTS_MAX; a++)
		if (!strcmp(also[a].with, way->program) &&
		    way_exists(hooks->vmlinux, &also[a].way, why, sizeof(why)))
			hooks->parts[i][hooks->nparts[i]++] = also[a].way;
}

/* The first way from `from` on that this kernel has. */
static void choose_from(struct hooks *hooks, size_t i, size_t from)
{
	const struct hook *hook = hooks->hook[i];
	char why[120];
	size_t w;

	choose(hooks, i, NULL);
	for (w = from; w < HOOK_ALTERNATIVES && hook->ways[w].how; w++) {
		if (way_exists(hooks->vmlinux, &hook->ways[w], why, sizeof(why))) {
			choose(hooks, i, &hook->ways[w]);
			return;
		}
		say_why(&hooks->meta[i], why);
	}
}

void hooks_probe(struct hooks *hooks, const struct btf *vmlinux, uint32_t features)
{
	size_t t;

	memset(hooks, 0, sizeof(*hooks));
	hooks->vmlinux = vmlinux;
	for (t = 0; t < TABLE; t++) {
		const struct hook *hook = &table[t];
		struct meta_hook *meta = &hooks->meta[hooks->n];

		if (hook->feature && !(hook->feature & features))
			continue;
		hooks->hook[hooks->n] = hook;
		snprintf(meta->name, sizeof(meta->name), "%s", hook->name);
		snprintf(meta->needed, sizeof(meta->needed), "%s", hook->needed);
		snprintf(meta->feature, sizeof(meta->feature), "%s", feature_name(hook->feature));
		meta->required = hook->required;
		choose_from(hooks, hooks->n++, 0);
	}
}

void hooks_reject(struct hooks *hooks, size_t i, const char *why)
{
	char text[160];

	if (hooks->nparts[i] > 1) {
		snprintf(text, sizeof(text), "%s and more: %.120s", hooks->parts[i][1].target, why);
		hooks->nparts[i] = 1;
		say_why(&hooks->meta[i], text);
		return;
	}
	snprintf(text, sizeof(text), "%s: %.120s", hooks->chosen[i]->how, why);
	say_why(&hooks->meta[i], text);
	choose_from(hooks, i, (size_t)(hooks->chosen[i] - hooks->hook[i]->ways) + 1);
}

void hooks_refuse(struct hooks *hooks, uint32_t feature, const char *why)
{
	for (size_t i = 0; i < hooks->n; i++)
		if (hooks->hook[i]->feature == feature && hooks->chosen[i]) {
			say_why(&hooks->meta[i], why);
			choose(hooks, i, NULL);
		}
}

static int set_autoload(struct bpf_object *obj, const char *program, bool on, struct err *err)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, program);

	if (!prog)
		return err_set(err, -EINVAL, "the program %s is not in the binary", program);
	bpf_program__set_autoload(prog, on);
	return 0;
}

int hooks_select(const struct hooks *hooks, struct bpf_object *obj, struct err *err)
{
	size_t i, w;
	int r = 0;

	for (i = 0; i < TABLE; i++)
		for (w = 0; !r && w < HOOK_ALTERNATIVES && table[i].ways[w].how; w++)
			r = set_autoload(obj, table[i].ways[w].program, false, err);
	for (i = 0; !r && i < ALSO; i++)
		r = set_autoload(obj, also[i].way.program, false, err);
	for (i = 0; i < hooks->n; i++)
		for (w = 0; !r && w < hooks->nparts[i]; w++)
			r = set_autoload(obj, hooks->parts[i][w].program, true, err);
	return r;
}

bool hooks_uses(const struct hooks *hooks, const char *program)
{
	size_t i, n;

	for (i = 0; i < hooks->n; i++)
		for (n = 0; n < hooks->nparts[i]; n++)
			if (!strcmp(hooks->parts[i][n].program, program))
				return true;
	return false;
}

bool hooks_feature_live(const struct hooks *hooks, uint32_t feature)
{
	for (size_t i = 0; i < hooks->n; i++)
		if (hooks->nparts[i] && hooks->hook[i]->feature == feature)
			return true;
	return false;
}

bool hooks_share(const struct hooks *hooks, size_t i)
{
	for (size_t j = 0; j < hooks->n; j++)
		if (j != i && hooks->nparts[j] && hooks->hook[j]->events == hooks->hook[i]->events)
			return true;
	return false;
}

int hooks_check_required(const struct hooks *hooks, struct err *err)
{
	size_t i;

	for (i = 0; i < hooks->n; i++)
		if (hooks->meta[i].required && !hooks->meta[i].live)
			return err_set(err, -EOPNOTSUPP,
				       "cannot record: the kernel's hook %s is needed, but: %s",
				       hooks->meta[i].name, hooks->meta[i].why);
	return 0;
}

/* NULL and errno: it cannot be attached. */
static struct bpf_link *attach(const struct hook_way *part, struct bpf_object *obj)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, part->program);

	if (strcmp(part->how, "kprobe") && strcmp(part->how, "kretprobe"))
		return bpf_program__attach(prog);
	return bpf_program__attach_kprobe(prog, part->how[1] == 'r', part->target);
}

/* What else belongs to the hook may fail; the first part may not. Returns whether it is live. */
static bool attach_parts(struct hooks *hooks, size_t i, struct bpf_object *obj)
{
	size_t n, kept = 0;

	for (n = 0; n < hooks->nparts[i]; n++) {
		const struct hook_way part = hooks->parts[i][n];
		struct bpf_link *link = attach(&part, obj);
		char why[160];

		if (link) {
			hooks->links[i][kept] = link;
			hooks->parts[i][kept++] = part;
			continue;
		}
		snprintf(why, sizeof(why), "%s %s: cannot attach: %s", part.how, part.target,
			 strerror(errno));
		say_why(&hooks->meta[i], why);
		if (!n)
			return false;
	}
	hooks->nparts[i] = kept;
	return true;
}

int hooks_attach(struct hooks *hooks, struct bpf_object *obj, struct err *err)
{
	size_t i;

	for (i = 0; i < hooks->n; i++) {
		if (!hooks->chosen[i] || !strcmp(hooks->chosen[i]->how, "iter"))
			continue;
		/* its alternatives are not loaded: too late for them */
		if (!attach_parts(hooks, i, obj))
			choose(hooks, i, NULL);
	}
	return hooks_check_required(hooks, err);
}

void hooks_detach(struct hooks *hooks)
{
	size_t i, n;

	for (i = 0; i < hooks->n; i++)
		for (n = 0; n < HOOK_PARTS_MAX; n++) {
			bpf_link__destroy(hooks->links[i][n]);
			hooks->links[i][n] = NULL;
		}
}
