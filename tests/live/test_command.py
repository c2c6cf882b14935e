#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""record -- CMD, its exit codes; signals; limits; pipes."""
import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import time

from lib import (CPUS, PATIENCE, RSTAT, background, case, check, dump, equal, expect, finish, good,
                 info, note, record, recording, report, run, start, wait_for, within, workload)

TRACE = "t.data"


def exit_codes():
    with open("not-executable", "w", encoding="ascii") as f:
        f.write("no program\n")
    for cmd, code in ((["true"], 0), (["false"], 1), (["sh", "-c", "exit 42"], 42),
                      (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
                      (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
                      (["sh", "-c", "kill -USR1 $$"], 128 + signal.SIGUSR1),
                      (["./not-executable"], 126), (["no-such-program"], 127)):
        done = record(TRACE, cmd=cmd)
        equal(done.returncode, code, f"{cmd}: exit code ({done.stderr.strip()})")
        if code in (126, 127):
            expect(cmd[0] in done.stderr, f"the message does not name it: {done.stderr}")
        else:
            check(TRACE)


# What a program gets from who starts it, but for its PID and its parent's.
INHERITED = """
cat /proc/self/limits /proc/self/oom_score_adj /proc/$$/timerslack_ns /proc/self/cgroup
grep -E '^(Umask|[UG]id|Groups|Threads|Sig(Pnd|Blk|Ign|Cgt)|ShdPnd)' /proc/self/status
grep -E '^(Cap|NoNewPrivs|Seccomp|Spec|Cpus_allowed|Mems_allowed)' /proc/self/status
cut -d' ' -f18,19,40,41 /proc/self/stat  # priority, nice, real-time priority, policy
cat /proc/self/personality /proc/self/coredump_filter
ls /proc/$$/fd
readlink /proc/$$/fd/0
pwd
env | sort | cksum
"""


def inherits():
    """CMD has what it would have without us, whatever the recorder does to itself."""
    with open("inherits.sh", "w", encoding="ascii") as f:
        f.write(INHERITED)
    # a soft limit that the recorder has to raise, a file and an ignored signal that CMD must find
    begin = "trap '' USR2 QUIT; ulimit -S -n 150; exec 5</dev/null; exec nice -n 3 "
    for options, closed in (("--counters cpu-clock --user-stacks --start +2200ms", ""),
                            ("--nice -15 --with irq -q", ""), ("--duration 10s", "<&- 2>&-")):
        want = good(run(["sh", "-c", f"{begin} sh inherits.sh {closed}"])).stdout
        done = good(run(["sh", "-c", f"{begin} {RSTAT} record -o {TRACE} {options}"
                                     f" -- sh inherits.sh {closed}"]))
        equal(done.stdout.splitlines(), want.splitlines(), f"with {options} {closed}")
        check(TRACE)


def focus():
    """The report shows CMD and what it started, unless told otherwise."""
    good(record(TRACE, cmd=["sh", "-c", "sleep 0.1; true"]))
    done = good(run([RSTAT, "report", "--format", "json", TRACE]))
    focused = {row["comm"] for row in json.loads(done.stdout)["rows"]}
    everyone = {row["comm"] for row in report(TRACE, by="process")}
    expect({"sh", "sleep"} <= focused, f"focus: {focused}")
    expect(len(everyone) > len(focused), "the machine was recorded as well")


def ended_by(signum):
    with recording(TRACE) as recorder:
        time.sleep(0.2)
        recorder.send_signal(signum)
        equal(recorder.wait(PATIENCE), 0, f"exit code after {signal.Signals(signum).name}")
    expect(info(TRACE)["complete"], "the trace is complete")
    check(TRACE)


def ended_twice():
    with background(workload("pipe", 10**8, CPUS[0])):
        with recording(TRACE) as recorder:
            time.sleep(0.2)
            recorder.send_signal(signal.SIGINT)
            recorder.send_signal(signal.SIGTERM)
            recorder.wait(PATIENCE)
    expect(recorder.returncode >= 0, f"ended by signal {-recorder.returncode}")
    info(TRACE)
    check(TRACE)
    expect(report(TRACE), "nothing to report")


def user_signals():
    """They end most programs; a recording goes on. (CMD has them as they were: see exit_codes.)"""
    with recording("user.data") as recorder:
        for signum in (signal.SIGUSR1, signal.SIGUSR2):
            recorder.send_signal(signum)
            time.sleep(0.1)
        with subprocess.Popen(["true"]) as later_on:
            later_on.wait()
    equal(recorder.returncode, 0, "exit code")
    expect(info("user.data")["complete"], "the trace is complete")
    check("user.data")
    expect([e for e in dump("user.data") if e["kind"] == "exit" and e["tid"] == later_on.pid],
           "what came after the signals is not in the trace")


@contextlib.contextmanager
def recorded_shell(trace, script):
    """Records sh -c SCRIPT, which makes the file `ready` when it may be disturbed."""
    for path in ("ready", "told"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    with recording(trace, "--", "sh", "-c", script) as recorder:
        wait_for(lambda: os.path.exists("ready"), "the command has begun", recorder)
        yield recorder


def passed_on():
    """The first signal goes to CMD too, which has a second; then SIGTERM."""
    # deaf to that: it may be slow to end, with the code of the first all the same
    script = "trap '' TERM; trap 'exit 7' HUP; : >ready; while :; do sleep 0.05; done"
    with recorded_shell("passed.data", script) as recorder:
        recorder.send_signal(signal.SIGHUP)
        equal(recorder.wait(PATIENCE), 7, "the exit code that CMD chose")
    expect(info("passed.data")["complete"], "the trace is complete")
    # what a shell's background job is like
    with recorded_shell("grace.data", "trap '' INT; : >ready; exec sleep 200") as recorder:
        begin = time.monotonic()
        recorder.send_signal(signal.SIGINT)
        equal(recorder.wait(PATIENCE), 0, "exit code: it ended as it was asked to")
        took = time.monotonic() - begin
    expect(took >= 1, f"CMD had {took:.3f} s to end")
    note(f"CMD that ignores the signal: ended after {took:.3f} s")
    expect(info("grace.data")["complete"], "the trace is complete")


def too_early(tries=5):
    """Ctrl-C while the recorder waits for its start: CMD would have had it, so it never runs."""
    for _ in range(tries):
        begin = time.monotonic()
        pid, terminal = pty.fork()
        if not pid:
            os.execv(RSTAT, [RSTAT, "record", "-o", "early.data", "--start", "+1500ms", "--",
                             "sh", "-c", ": >ran; sleep 3"])
        # from before the fork of CMD on it is ready for signals
        wait_for(lambda: child_of(pid), "CMD is there, and waits")
        time.sleep(0.3)
        os.write(terminal, b"\x03")
        took = time.monotonic() - begin
        status = os.waitpid(pid, 0)[1]
        os.close(terminal)
        if took < 1.2:
            break
        note(f"the signal was sent after {took:.3f} s, that may be too late: once more")
        with contextlib.suppress(FileNotFoundError):
            os.unlink("ran")
    equal(os.waitstatus_to_exitcode(status), 0, "exit code: it ended as it was asked to")
    expect(not os.path.exists("ran"), "the command ran")
    expect(info("early.data")["complete"], "the trace is complete")


def child_of(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return f.read().split()
    return []


def aborted(tries=5):
    """A second signal, later than what counts as the same one, and before CMD's second is over."""
    script = ("trap '' TERM; trap ': >told' INT; : >ready; "
              "for i in $(seq 80); do sleep 0.05; done 2>/dev/null")
    for _ in range(tries):
        with recorded_shell("aborted.data", script) as recorder:
            begin = time.monotonic()
            recorder.send_signal(signal.SIGINT)
            wait_for(lambda: os.path.exists("told"), "the recorder has passed it on", recorder)
            time.sleep(0.4)
            recorder.send_signal(signal.SIGTERM)
            took = time.monotonic() - begin
            code = recorder.wait(PATIENCE)
        if took < 0.9:
            break
        note(f"the second signal was sent after {took:.3f} s, that may be too late: once more")
    equal(code, 125, "exit code")
    expect("rstat recover" in recorder.error_text, f"no advice: {recorder.error_text}")
    expect(not info("aborted.data")["complete"], "it does not look complete")
    good(run([RSTAT, "recover", "-o", "whole.data", "aborted.data"]))
    expect(info("whole.data")["complete"], "complete after recover")
    equal(info("whole.data")["events"], info("aborted.data")["events"], "events after recover")


def limits():
    begin = time.monotonic_ns()
    good(record(TRACE, "--duration", "500ms"))
    took = time.monotonic_ns() - begin
    facts = info(TRACE)
    equal((facts["duration_ns"], facts["recorder"]["stopped_by"]), (500000000, "duration"),
          "length of the trace, and why it ended")
    expect(took >= 500000000, f"took {took:,} ns")
    with background(workload("pipe", 10**8, CPUS[0])):
        good(record(TRACE, "--max-size", "300K", "--duration", "120s"))
    size = os.path.getsize(TRACE)
    note(f"--max-size 300K: {size:,} bytes")
    equal(info(TRACE)["recorder"]["stopped_by"], "max-size", "why it ended")
    within(size, 300 * 1024, 30 * 1024, "size")  # what was in memory is written to the end
    check(TRACE)


def later():
    begin = time.monotonic()
    good(record(TRACE, "--start", "+1s", "--duration", "200ms"))
    expect(time.monotonic() - begin >= 1.2, "began too early")


def missed():
    """A start that is too near: told, or the next multiple."""
    done = good(record(TRACE, "--start", "+10ms", "--duration", "50ms"))
    expect(re.search(r"the recording starts [\d.]+ \S+ late", done.stderr), done.stderr)
    for _ in range(2):
        good(record(TRACE, "--start", "/100ms", "--duration", "10ms"))
        begin = int(info(TRACE)["start_utc"].rstrip("Z").partition(".")[2].ljust(9, "0"))
        off = (begin + 50000000) % 100000000 - 50000000
        # the recorder asks two clocks for one instant, of some tries the closest
        within(off, 0, 1000000, "ns after a multiple of 100 ms")


def piped():
    """record -o - | tee | report -: both readers see the same."""
    argv = [RSTAT, "record", "-o", "-", "--", *workload("pipe", 5000, CPUS[0])]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as recorder:
        with subprocess.Popen(["tee", "copy.data"], stdin=recorder.stdout,
                              stdout=subprocess.PIPE) as tee:
            argv = [RSTAT, "report", "--format", "json", "-"]
            done = run(argv, stdin=tee.stdout)
            recorder.stdout.close()
        said = recorder.stderr.read().decode()
    equal(recorder.returncode, 0, said)
    good(done)
    # what CMD prints would be mixed into the trace: it goes to standard error
    expect('"rounds"' in said, "the command's output is not on standard error")
    whole = good(run([RSTAT, "report", "--format", "json", "copy.data"]))
    equal(done.stdout, whole.stdout, "report from a pipe and from the file")
    # a reader that goes away ends the recording; it is not a crash
    done = run(["bash", "-c", f"set -o pipefail; {RSTAT} record --duration 5s -o - | head -c 100"])
    equal(done.returncode, 125, f"exit code: {done.stderr}")
    said = [line for line in done.stderr.splitlines() if line.startswith("rstat record: ")]
    equal(len(said), 1, f"one sentence: {done.stderr}")
    expect("standard output: cannot write the trace: Broken pipe" in said[0], said[0])


def output_goes_through():
    done = good(record(TRACE, cmd=["sh", "-c", "echo out; echo err >&2"]))
    equal(done.stdout, "out\n", "standard output")
    expect("err\n" in done.stderr, "standard error")
    summary = [line for line in done.stderr.splitlines()
               if line != "err" and not line.startswith("rstat: hook ")]
    note(f"summary: {summary}")
    equal(len(summary), 1, "lines of summary")
    done = good(record(TRACE, "-q", cmd=["true"]))
    equal(done.stderr, "", "standard error with -q")


def terminal():
    """The progress line is on a terminal only, and never in what CMD prints there."""
    for cmd, shown in (([], True), (["--", "sh", "-c", "printf prompt:; sleep 2.5"], False)):
        ours, theirs = pty.openpty()
        with subprocess.Popen([RSTAT, "record", "-o", TRACE, *cmd], stdout=theirs,
                              stderr=theirs) as recorder:
            os.close(theirs)
            said = b""
            try:
                while piece := os.read(ours, 4096):
                    if shown and b"events/s" in said + piece and b"events/s" not in said:
                        recorder.send_signal(signal.SIGINT)
                    said += piece
            except OSError:  # nobody has the terminal open any more
                pass
            os.close(ours)
            equal(recorder.wait(PATIENCE), 0, "exit code")
        equal(b"events/s" in said, shown, f"a progress line, with {cmd} on a terminal: {said}")


def names():
    """Names that want to be believed go through every output unharmed, and harmless."""
    done = good(record(TRACE, cmd=workload("rename")))
    told = json.loads(done.stdout)
    renames = [e for e in dump(TRACE) if e["kind"] == "rename" and e["tid"] == told["pid"]]
    equal(len(renames), 1 + len(told["names_hex"]), "renames, the exec's first")
    for argv in (["report", "--all", "--by", "thread"], ["report", "--all", "--format", "csv"],
                 ["report", "--all", "--group", "life", "--format", "ndjson"], ["dump"], ["info"]):
        done = subprocess.run([RSTAT, *argv, TRACE], capture_output=True, check=False)
        equal(done.returncode, 0, str(argv))
        text = done.stdout.decode("utf-8") # strictly
        stray = {c for c in text if (ord(c) < 32 and c != "\n") or ord(c) == 127}
        equal(stray, set(), f"control characters in {argv}")


def gone_with_the_recorder():
    """What the recorder attaches goes away with it, also when it is killed."""
    def programs():
        return set(re.findall(r"^\d+(?=:)", good(run(["bpftool", "prog", "show"])).stdout, re.M))

    def held_by(pid):
        """The programs that it has open, by the kernel's word; others may be recording, too."""
        found = set()
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with contextlib.suppress(FileNotFoundError):
                with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
                    found.update(re.findall(r"^prog_id:\s*(\d+)", f.read(), re.M))
        return found

    with recording(TRACE) as recorder:
        loaded = held_by(recorder.pid)
        expect(loaded and loaded <= programs(), f"loaded: {loaded}")
        recorder.kill()
        recorder.wait()
    wait_for(lambda: not loaded & programs(), "the kernel has freed the programs")


start()
for title, test in (("exit codes", exit_codes), ("what CMD inherits", inherits),
                    ("the default focus is CMD", focus),
                    ("SIGINT", lambda: ended_by(signal.SIGINT)),
                    ("SIGTERM", lambda: ended_by(signal.SIGTERM)),
                    ("two signals at once", ended_twice), ("SIGUSR1 and SIGUSR2", user_signals),
                    ("CMD gets the signal too", passed_on), ("Ctrl-C before the start", too_early),
                    ("a second signal", aborted),
                    ("--duration and --max-size", limits),
                    ("--start", later), ("a start that is missed", missed),
                    ("-o - and report -", piped),
                    ("CMD's output and the summary", output_goes_through),
                    ("the progress line", terminal),
                    ("nasty names", names), ("nothing stays attached", gone_with_the_recorder)):
    with case(title):
        test()
finish()
