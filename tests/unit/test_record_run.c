// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * record/recorder: whole recordings, of a kernel that is made up here: so without privilege, and
 * with failures when they are wanted. Each runs in a process of its own, as signals belong to one.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/exit.h"
#include "base/units.h"
#include "format/block.h"
#include "record/recorder.h"
#include "record/sampler.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/scratch.h"
#include "tests/unit/trace_helper.h"

/* ---- recordings ---- */

struct run {
	struct recorder_options opt;
	char output[4096], said[8192]; /* said: stderr and the error's message */
	rlim_t file_limit;
	int signal; /* sent when the file is there, and the tasks were read so often */
	uint32_t after_snapshots;
	bool twice; /* and once more, half a second later */
	uint64_t signals_ns; /* how long it took to send them */
	const char *word, *then_make; /* a file, when it has said that */
	int exit_code;
};

static int setup(void **state)
{
	memset(fake, 0, sizeof(*fake));
	fake->step_ns = MSEC;
	return scratch_setup(state);
}

static void run_init(struct run *run, void *dir, const char *name)
{
	*run = (struct run){
		.opt = {.level = 1, .command_line = "rstat record", .filters = ""},
	};
	snprintf(run->output, sizeof(run->output), "%s", scratch_path(dir, name));
	run->opt.output = run->output;
}

static void record_here(const struct run *run, int said_fd)
{
	struct rlimit limit = {run->file_limit, run->file_limit};
	struct err err = {0};
	int exit_code = -1, ret;

	dup2(said_fd, STDERR_FILENO);
	if (run->file_limit)
		setrlimit(RLIMIT_FSIZE, &limit);
	ret = recorder_run(&run->opt, &exit_code, &err);
	if ((ret != 0) != (err.msg[0] != '\0') || fake->opened != fake->closed)
		exit_code = 99; /* a failure has a message; what was opened is closed */
	dprintf(STDERR_FILENO, "%s\n", err.msg);
	exit(exit_code);
}

/* When it is due; the file is there. */
static void send_signals(struct run *run, pid_t pid)
{
	siginfo_t ended = {0};
	uint64_t begin;
	struct stat st;

	do
		usleep(10000);
	while ((stat(run->output, &st) || fake->snapshots < run->after_snapshots) &&
	       !waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) && !ended.si_pid);
	usleep(100000);
	begin = now_ns();
	kill(pid, run->signal);
	/* at once it is taken for the same one: timeout(1) sends two */
	kill(pid, run->signal);
	if (run->twice) {
		usleep(500000);
		kill(pid, run->signal);
	}
	run->signals_ns = now_ns() - begin;
}

static void record(struct run *run)
{
	int said[2], status, made;
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(said[0]);
		record_here(run, said[1]);
	}
	close(said[1]);
	if (run->signal)
		send_signals(run, pid);
	while ((got = read(said[0], run->said + used, sizeof(run->said) - 1 - used)) > 0) {
		used += (size_t)got;
		if (run->word && strstr(run->said, run->word)) {
			run->word = NULL;
			made = open(run->then_make, O_CREAT | O_WRONLY, 0600);
			assert_true(made >= 0);
			close(made);
		}
	}
	close(said[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	run->exit_code = WEXITSTATUS(status);
	if (run->exit_code == 99)
		fail_msg("%s", run->said);
}

struct content {
	struct trace *trace;
	struct event_list events;
	size_t checkpoints, of_kind[EV_KIND_END];
};

static void read_back(const char *path, struct content *c)
{
	memset(c, 0, sizeof(*c));
	read_trace(path, &c->events, &c->checkpoints, &c->trace);
	for (size_t i = 0; i < c->events.n; i++)
		c->of_kind[c->events.list[i].kind]++;
}

static void content_free(struct content *c)
{
	list_free(&c->events);
	trace_close(c->trace);
}

static void test_duration(void **dir)
{
	const struct meta_end *end;
	const struct meta *meta;
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	run.opt.duration_ns = 300 * MSEC;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	assert_non_null(strstr(run.said, "release_task is not live"));
	assert_non_null(strstr(run.said, "300 ms, "));

	read_back(run.output, &c);
	assert_true(trace_complete(c.trace));
	meta = trace_meta(c.trace);
	end = trace_end(c.trace);
	assert_int_equal(end->end_ns - meta->start_ns, 300 * MSEC);
	assert_string_equal(end->stopped_by, "duration");
	assert_string_equal(meta->reap, "free");
	assert_int_equal(meta->nhooks, 2);
	assert_int_equal(meta->child_pid, 0);
	assert_int_equal(end->nprograms, 1);
	assert_int_equal(end->program_sample_ns, 7);
	assert_true(end->cpu_ns > 0 && end->max_rss_bytes > 0);
	assert_int_equal(c.checkpoints, 1);
	/* a switch each millisecond of [start, end) */
	assert_in_range(c.of_kind[EV_SWITCH], 299, 301);
	for (size_t i = 0; i < c.events.n; i++)
		assert_in_range(c.events.list[i].ts, meta->start_ns, end->end_ns - 1);
	/* what was before the start is in the checkpoint, not among the events */
	assert_int_equal(c.of_kind[EV_TASK], 0);
	assert_int_equal(fake->snapshots, 1);
	content_free(&c);
}

/* A record that is finished late holds the others up, at the end of the recording too. */
static void test_slow_program(void **dir)
{
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	run.opt.duration_ns = 300 * MSEC;
	fake->busy_after_ns = 200 * MSEC;
	fake->busy_ns = 400 * MSEC;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	read_back(run.output, &c);
	assert_true(trace_complete(c.trace));
	assert_int_equal(trace_end(c.trace)->end_ns - trace_meta(c.trace)->start_ns, 300 * MSEC);
	assert_in_range(c.of_kind[EV_SWITCH], 299, 301);
	content_free(&c);
}

/* One that never is: what is behind it cannot be had, so the trace ends there and says so. */
static void test_stuck_program(void **dir)
{
	uint64_t end, length;
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	run.opt.duration_ns = 300 * MSEC;
	fake->busy_after_ns = 200 * MSEC;
	fake->busy_ns = UINT64_MAX / 2;
	record(&run);
	assert_int_equal(run.exit_code, 125);
	assert_non_null(strstr(run.said, "never finished"));
	read_back(run.output, &c);
	end = fake->opened_ns + fake->busy_after_ns;
	assert_in_range(trace_end(c.trace)->end_ns, end - fake->step_ns, end);
	length = trace_end(c.trace)->end_ns - trace_meta(c.trace)->start_ns;
	assert_in_range(c.of_kind[EV_SWITCH], length / MSEC - 1, length / MSEC + 1);
	content_free(&c);
}

static void test_quiet(void **dir)
{
	struct run run;

	run_init(&run, *dir, "t");
	run.opt.duration_ns = MSEC;
	run.opt.quiet = true;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	assert_string_equal(run.said, "\n");
}

static void test_command(void **dir)
{
	char *const command[] = {"sh", "-c", "sleep 0.1; exit 7", NULL};
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	run.opt.command = command;
	run.opt.only_command = true;
	record(&run);
	assert_int_equal(run.exit_code, 7);
	read_back(run.output, &c);
	assert_string_equal(trace_end(c.trace)->stopped_by, "command ended");
	assert_true(trace_end(c.trace)->child_exited);
	assert_int_equal(WEXITSTATUS(trace_end(c.trace)->child_status), 7);
	assert_string_equal(trace_meta(c.trace)->child_command, "sh -c sleep 0.1; exit 7");
	assert_true(trace_meta(c.trace)->child_pid > 1);
	assert_int_equal(trace_meta(c.trace)->child_pid, fake->child_pid_filter);
	assert_true(trace_meta(c.trace)->filtered);
	content_free(&c);
}

static void test_command_outlives(void **dir)
{
	char script[4300];
	char *const command[] = {"sh", "-c", script, NULL};
	struct run run;

	snprintf(script, sizeof(script), "until [ -e '%s/end' ]; do sleep 0.01; done; exit 3",
		 (char *)*dir);
	run_init(&run, *dir, "t");
	run.opt.command = command;
	run.opt.duration_ns = 50 * MSEC;
	run.word = "runs on";
	run.then_make = scratch_path(*dir, "end");
	record(&run);
	assert_int_equal(run.exit_code, 3);
	assert_non_null(strstr(run.said, "runs on"));
}

/* Nothing is left behind, what was there stays, the command has not run. */
static void expect_untouched(void *dir, const struct run *run, int code, const char *word)
{
	char buf[64] = {0};

	assert_int_equal(run->exit_code, code);
	assert_non_null(strstr(run->said, word));
	assert_int_equal(scratch_entries(dir), 1);
	scratch_read(dir, "t", buf, sizeof(buf) - 1);
	assert_string_equal(buf, FILE_MAGIC "old");
}

static void test_failures_at_the_start(void **dir)
{
	char script[4200];
	char *missing[] = {"no-such-command", NULL}, *touch[] = {"sh", "-c", script, NULL};
	struct run run;

	snprintf(script, sizeof(script), "touch '%s/ran'", (char *)*dir);
	scratch_write(*dir, "t", FILE_MAGIC "old", 11);
	run_init(&run, *dir, "t");
	run.opt.command = missing;
	record(&run);
	expect_untouched(*dir, &run, EXIT_NOT_FOUND, "no-such-command");

	run_init(&run, *dir, "t");
	run.opt.command = touch;
	fake->open_fails = -EPERM;
	record(&run);
	expect_untouched(*dir, &run, EXIT_RECORD, "CAP_BPF");
	fake->open_fails = 0;

	run_init(&run, *dir, "t");
	run.opt.command = touch;
	run.file_limit = 1;
	record(&run);
	expect_untouched(*dir, &run, EXIT_RECORD, "File too large");

	run_init(&run, *dir, "t");
	snprintf(run.output, sizeof(run.output), "%s", "/dev/full");
	record(&run);
	expect_untouched(*dir, &run, EXIT_RECORD, "No space left");
}

/* Found by name, but its interpreter is not there: known after the trace has begun. */
static void test_exec_fails(void **dir)
{
	char *command[2] = {NULL, NULL};
	struct run run;

	scratch_write(*dir, "s", "#!/no/such/interpreter\n", 23);
	command[0] = (char *)scratch_path(*dir, "s");
	assert_int_equal(chmod(command[0], 0700), 0);
	run_init(&run, *dir, "t");
	run.opt.command = command;
	record(&run);
	assert_int_equal(run.exit_code, EXIT_NOT_FOUND);
	assert_int_equal(scratch_entries(*dir), 1);
}

static void test_write_fails_later(void **dir)
{
	const struct trace_damage *damages;
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	fake->step_ns = 100;
	run.file_limit = 100000;
	run.opt.duration_ns = 20 * NSEC_PER_SEC;
	record(&run);
	assert_int_equal(run.exit_code, EXIT_RECORD);
	assert_non_null(strstr(run.said, "File too large"));
	assert_non_null(strstr(run.said, run.output));
	assert_non_null(strstr(run.said, ", an unknown number of events lost, "));
	/* all that was written can be read */
	memset(&c, 0, sizeof(c));
	read_back(run.output, &c);
	assert_false(trace_complete(c.trace));
	assert_true(trace_damages(c.trace, &damages) > 0);
	assert_true(c.of_kind[EV_SWITCH] > 1000);
	content_free(&c);
}

static void test_max_size(void **dir)
{
	struct content c;
	struct stat st;
	struct run run;

	run_init(&run, *dir, "t");
	fake->step_ns = 100;
	run.opt.max_bytes = 100000;
	run.opt.duration_ns = 20 * NSEC_PER_SEC;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	assert_int_equal(stat(run.output, &st), 0);
	assert_in_range(st.st_size, 80000, 100000);
	read_back(run.output, &c);
	assert_true(trace_complete(c.trace));
	assert_string_equal(trace_end(c.trace)->stopped_by, "max-size");
	/* nothing is missing before the end */
	assert_int_equal(c.events.list[c.events.n - 1].ts + fake->step_ns,
			 trace_end(c.trace)->end_ns);
	content_free(&c);
}

/* From the start to the end, in order among the events, each metric named before: returns how many. */
static uint64_t sampled(const struct content *c)
{
	const uint64_t start = trace_meta(c->trace)->start_ns;
	uint64_t last = 0, samples = 0;
	bool named[65536] = {false};

	for (size_t i = 0; i < c->events.n; i++) {
		const struct event *ev = &c->events.list[i];

		if (ev->kind == EV_NAME && ((const struct name_info *)ev->ext)->kind == NAME_METRIC)
			named[((const struct name_info *)ev->ext)->id & 0xffff] = true;
		if (ev->kind != EV_SAMPLE)
			continue;
		assert_true(named[ev->value & 0xffff]);
		assert_int_equal(ev->cpu, CPU_NONE);
		assert_true(ev->ts >= last);
		/* the first one is taken before what is due at the start has come */
		if (!samples && ev->ts >= start + 100 * MSEC)
			return 0;
		samples += ev->ts != last;
		last = ev->ts;
	}
	assert_int_equal(last, trace_end(c->trace)->end_ns - 1);
	assert_true(samples <= 12);
	return samples;
}

static void test_samples(void **dir)
{
	uint64_t samples = 0;
	struct content c;
	struct run run;

	/* those that are missed are not made up for: when it is held up, and it is not every time */
	for (int tries = 0; tries < 6 && samples < 9; tries++) {
		run_init(&run, *dir, "t");
		run.opt.kernel.features = FEATURE_SAMPLES;
		run.opt.sample_ns = 100 * MSEC;
		run.opt.duration_ns = 1000 * MSEC;
		record(&run);
		assert_int_equal(run.exit_code, 0);
		read_back(run.output, &c);
		samples = sampled(&c);
		content_free(&c);
	}
	assert_in_range(samples, 9, 12);

	/* they count in the size, too */
	run_init(&run, *dir, "small");
	run.opt.kernel.features = FEATURE_SAMPLES;
	run.opt.sample_ns = 10 * MSEC;
	run.opt.max_bytes = 65536;
	run.opt.duration_ns = 500 * MSEC;
	fake->step_ns = 1000;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	read_back(run.output, &c);
	assert_true(trace_complete(c.trace));
	content_free(&c);
}

/* Samples that wait for a CPU let nothing younger pass. */
static void test_samples_wait(void **dir)
{
	struct kernel_options opt = {0};
	struct sampler s = {.nevents = 1};
	struct event sample = {.cpu = CPU_NONE, .kind = EV_SAMPLE};
	struct err err = {0};
	struct pump pump = {0};
	uint64_t until;

	(void)dir;
	assert_int_equal(kernel_open(&pump.kernel, &opt, &err), 0);
	assert_int_equal(engine_new(&pump.engine, 1, 0, UINT64_MAX, &err), 0);
	fake->hiccups = true;
	sample.ts = pump.kernel->opened_ns + 10 * MSEC;
	s.events = &sample;
	until = sample.ts + 5 * MSEC;
	assert_int_equal(sampler_pump(&s, &pump, until, &err), 0);
	assert_int_equal(s.nevents, 1);
	assert_true(pump.reached_ns <= sample.ts);
	for (int i = 0; i < 10 && pump.reached_ns < until; i++)
		assert_int_equal(sampler_pump(&s, &pump, until, &err), 0);
	assert_int_equal(s.nevents, 0);
	assert_int_equal(pump.reached_ns, until);
	engine_free(pump.engine);
	kernel_close(pump.kernel);
}

static void test_loss_is_healed(void **dir)
{
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	fake->gap_after_ns = 300 * MSEC;
	run.signal = SIGTERM;
	run.after_snapshots = 2;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	assert_int_equal(fake->snapshots, 2);
	assert_non_null(strstr(run.said, "1 lost"));
	read_back(run.output, &c);
	assert_int_equal(trace_end(c.trace)->lost, 1);
	assert_int_equal(c.of_kind[EV_GAP], 1);
	assert_int_equal(c.of_kind[EV_TASK], 1);
	content_free(&c);
}

static void ended_by(void *dir, int signal, char *const *command, const char *name)
{
	struct content c;
	struct run run;

	/* two signals are one when they come at once: this process may be held up between them, and
	 * the other one */
	for (int tries = 0; tries < 6; tries++) {
		run_init(&run, dir, name);
		run.signal = signal;
		run.opt.command = command;
		record(&run);
		if (!strstr(run.said, "aborted"))
			break;
	}
	assert_int_equal(run.exit_code, 0);
	read_back(run.output, &c);
	assert_true(trace_complete(c.trace));
	assert_string_equal(trace_end(c.trace)->stopped_by,
			    signal == SIGINT ? "SIGINT" : "SIGTERM");
	content_free(&c);
}

static void test_signals(void **dir)
{
	char *const command[] = {"sleep", "600", NULL};

	ended_by(*dir, SIGINT, NULL, "int");
	ended_by(*dir, SIGTERM, NULL, "term");
	/* the command gets it too */
	ended_by(*dir, SIGTERM, command, "command");
}

/* The second one aborts, with what was flushed by then in the file. */
static void test_second_signal(void **dir)
{
	char *const command[] = {"sh", "-c", "trap '' TERM; sleep 2", NULL};
	struct content c;
	struct run run;

	/* it must come before the command's second is over, and not at once */
	for (int tries = 0; tries < 6; tries++) {
		run_init(&run, *dir, "t");
		run.signal = SIGTERM;
		run.twice = true;
		run.opt.command = command;
		record(&run);
		if (run.signals_ns < 900 * MSEC && strstr(run.said, "aborted"))
			break;
	}
	assert_int_equal(run.exit_code, EXIT_RECORD);
	assert_non_null(strstr(run.said, "aborted"));
	read_back(run.output, &c);
	assert_false(trace_complete(c.trace));
	assert_true(c.of_kind[EV_SWITCH] > 0);
	content_free(&c);
}

static void test_start_later(void **dir)
{
	uint64_t begin = now_ns();
	struct content c;
	struct run run;

	run_init(&run, *dir, "t");
	assert_int_equal(schedule_parse(&run.opt.start, "+300ms", NULL), 0);
	run.opt.duration_ns = 10 * MSEC;
	record(&run);
	assert_int_equal(run.exit_code, 0);
	read_back(run.output, &c);
	assert_in_range(trace_meta(c.trace)->start_ns, begin + 300 * MSEC, now_ns());
	content_free(&c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_duration),
		TEST(test_slow_program),
		TEST(test_stuck_program),
		TEST(test_quiet),
		TEST(test_command),
		TEST(test_command_outlives),
		TEST(test_failures_at_the_start),
		TEST(test_exec_fails),
		TEST(test_write_fails_later),
		TEST(test_max_size),
		TEST(test_samples),
		TEST(test_samples_wait),
		TEST(test_loss_is_healed),
		TEST(test_signals),
		TEST(test_second_signal),
		TEST(test_start_later),
	};

	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
