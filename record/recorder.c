// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/recorder.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/exit.h"
#include "record/recording.h"
#include "record/show.h"
#include "record/signals.h"

void recording_blame_output(const struct recording *r, const char *what, struct err *err)
{
	if (strcmp(r->opt->output, "-"))
		err_context(err, "%s'%s'", what, r->opt->output);
	else
		err_context(err, "%sstandard output", what);
}

static void release(struct recording *r)
{
	trace_writer_free(r->writer);
	frames_free(r->frames);
	kernel_close(r->kernel);
	engine_free(r->engine);
	naming_free(r->names);
	sampler_close(&r->sampler);
	child_close(&r->child);
	meta_free(&r->meta);
}

/*
 * The command's code. One that followed the signal by which the user ended the recording did
 * what was asked.
 */
static int exit_code_of(struct recording *r, bool failed)
{
	const int signal = signals_first(NULL);

	if (!r->child.pid)
		return EXIT_OK;
	if (!child_reap(&r->child, false)) {
		if (!r->opt->quiet)
			show_note("the recording has %s, the command runs on; waiting for it",
				  failed ? "failed" : "ended");
		signals_allow_abort("the trace is as it is, the command is left running");
		child_reap(&r->child, true);
	}
	if (signal && WIFSIGNALED(r->child.status) &&
	    (WTERMSIG(r->child.status) == signal || WTERMSIG(r->child.status) == SIGTERM))
		return EXIT_OK;
	return child_exit_code(r->child.status);
}

/* A command that runs without being recorded is not what was asked for. */
static void end_command(struct recording *r)
{
	if (!r->child.pid || r->child.go_fd >= 0 || child_reap(&r->child, false))
		return;
	kill(r->child.pid, SIGTERM);
	signals_allow_abort("the recording did not begin, the command is left running");
	child_reap(&r->child, true);
}

int recorder_run(const struct recorder_options *opt, int *exit_code, struct err *err)
{
	struct recording r = {.opt = opt, .file = {.fd = -1, .dir_fd = -1}};
	struct err later;
	int ret, end;

	*exit_code = EXIT_RECORD;
	ret = recording_start(&r, exit_code, err);
	if (ret) {
		end_command(&r);
		release(&r);
		trace_file_close(&r.file, NULL);
		return ret;
	}
	ret = recording_loop(&r, err);
	end = recording_finish(&r, ret ? &later : err);
	if (!ret)
		ret = end;
	if (ret && r.pump.write_failed)
		recording_blame_output(&r, "", err);
	kernel_close(r.kernel);
	r.kernel = NULL;
	trace_writer_free(r.writer);
	r.writer = NULL;
	end = trace_file_close(&r.file, ret ? &later : err);
	if (!ret)
		ret = end;
	*exit_code = exit_code_of(&r, ret != 0);
	if (ret)
		*exit_code = EXIT_RECORD;
	release(&r);
	return ret;
}
