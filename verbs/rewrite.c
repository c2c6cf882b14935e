// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/rewrite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"

#define COMPRESSION_LEVEL 3 /* a bit smaller than what record writes; nothing is disturbed by it */

static volatile sig_atomic_t stop;

int rewrite_args_set(void *ctx, int key, const char *arg, struct err *err)
{
	struct rewrite_args *args = ctx;

	if (key != REWRITE_KEY_OUTPUT)
		return reader_args_set(&args->reader, key, arg, err);
	args->output = arg;
	return 0;
}

int rewrite_args_parse(const struct command *cmd, int argc, char **argv, struct rewrite_args *args,
		       struct err *err)
{
	int rc = options_parse(cmd, argc, argv, args, err);

	if (rc <= 0)
		return rc;
	rc = reader_args_operands(&args->reader, argc, argv, rc, err);
	if (!rc && !args->output)
		rc = err_set(err, -EINVAL, "name the new trace with -o FILE");
	return rc ? rc : 1;
}

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	/* a reader that goes away is a write that fails, and is told */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

static const char *output_name(const struct rewrite *w)
{
	return strcmp(w->out.path, "-") ? w->out.path : "standard output";
}

static void name_output(const struct rewrite *w, struct err *err)
{
	err_context(err, "%s", output_name(w));
}

int rewrite_open(struct rewrite *w, const char *verb, const char *path, const struct meta *meta,
		 uint64_t from_ns, uint64_t to_ns, struct err *err)
{
	struct trace_writer_options opt = {.level = COMPRESSION_LEVEL, .background = true};
	uid_t uid;
	gid_t gid;
	int rc;

	*w = (struct rewrite){.verb = verb};
	if (!path)
		return err_set(err, -EINVAL, "name the new trace with -o FILE");
	trace_file_sudo_owner(&uid, &gid);
	rc = trace_file_open(&w->out, path, uid, gid, err);
	if (rc)
		return rc;
	w->is_open = true;
	catch_signals();
	rc = trace_writer_new(&w->writer, w->out.fd, &opt, meta, err);
	if (rc)
		name_output(w, err);
	else
		rc = copy_init(&w->copy, w->writer, meta_cpu_limit(meta), from_ns, to_ns, err);
	w->copy.stop = &stop;
	return rc;
}

int rewrite_copy(struct rewrite *w, struct source *src, struct err *err)
{
	int rc = copy_run(&w->copy, src, err);

	src->close(src);
	if (rc && w->copy.write_failed)
		name_output(w, err);
	return rc;
}

struct meta_end rewrite_end(const struct rewrite *w, const struct meta_end *own, uint64_t end_ns,
			    const char *stopped_by)
{
	struct meta_end end = {0};

	if (own)
		end = *own;
	end.end_ns = end_ns;
	end.cut = false; /* the copy has what the reader made of it: gaps */
	end.lost = w->copy.lost;
	if (stopped_by)
		snprintf(end.stopped_by, sizeof(end.stopped_by), "%s", stopped_by);
	return end;
}

static void print_summary(const struct rewrite *w, uint64_t end_ns)
{
	char name[300], length[UNITS_BUF], count[UNITS_BUF], size[UNITS_BUF], lost[UNITS_BUF];
	uint64_t events, bytes;

	trace_writer_totals(w->writer, &events, &bytes);
	escape_terminal(name, sizeof(name), output_name(w), strlen(output_name(w)));
	fprintf(stderr, "rstat %s: %s: %s, %s events, %s, %s lost\n", w->verb, name,
		format_ns(end_ns > w->copy.from_ns ? end_ns - w->copy.from_ns : 0, length),
		format_count(events, count), format_bytes(bytes, size),
		format_count(w->copy.lost, lost));
}

int rewrite_finish(struct rewrite *w, const struct meta_end *end, struct err *err)
{
	int rc = copy_finish(&w->copy, err);

	if (!rc)
		rc = trace_writer_finish(w->writer, end, err);
	if (rc)
		name_output(w, err);
	else
		rc = trace_file_commit(&w->out, err);
	if (rc)
		return rc;
	w->is_open = false;
	rc = trace_file_close(&w->out, err);
	if (!rc)
		print_summary(w, end->end_ns);
	return rc;
}

void rewrite_abort(struct rewrite *w)
{
	trace_writer_free(w->writer);
	copy_free(&w->copy);
	if (w->is_open)
		trace_file_close(&w->out, NULL);
	*w = (struct rewrite){0};
}
