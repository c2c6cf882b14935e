# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What the live tests share: recordings in a scratch folder, their reports, the tolerances.

A test is a program: it calls start(), then runs its cases with `with case("name"):`, and ends with
finish(). Every load is bounded in time, every child is waited for.
"""
import calendar
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RSTAT = os.path.abspath(os.environ.get("RSTAT", f"{ROOT}/rstat"))
WORKLOADS = os.path.abspath(os.environ.get("WORKLOADS", f"{ROOT}/build/tests/workloads"))
CPUS = sorted(os.sched_getaffinity(0))
SKIP = 77
PATIENCE = 150  # seconds for what must come in the end: a machine can be slow, or stand still
TICK_NS = 1000000000 // os.sysconf("SC_CLK_TCK")

_failed = 0
_scratch = None


def skip(reason):
    """Ends the test: it cannot run here."""
    print(reason)
    sys.exit(SKIP)


def start(*tools):
    """What every live test needs, and these tools; a scratch folder as the working directory."""
    if os.geteuid():
        skip("not root")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        skip("the kernel has no BTF")
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        skip("this is a PID namespace of its own")
    start_anywhere(*tools)


def start_anywhere(*tools):
    """The same for a test that does not record this machine."""
    global _scratch
    for tool in tools:
        if not shutil.which(tool):
            skip(f"{tool} is not installed (make deps)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the runner's time-out: tidy up
    # nohup, or a job in the background, ignores these, and all that it starts does
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _scratch = tempfile.TemporaryDirectory(prefix="rstat-test-")
    os.chmod(_scratch.name, 0o755)
    os.chdir(_scratch.name)


def finish():
    os.chdir("/")
    _scratch.cleanup()
    sys.exit(1 if _failed else 0)


def private_mounts():
    """Runs the test once more in a mount namespace of its own: what it mounts goes with it."""
    if os.environ.get("RSTAT_TEST_PRIVATE"):
        return
    if os.geteuid():
        skip("not root")
    private = ["unshare", "--mount", "--propagation", "private"]
    tried = run([*private, "true"])
    if tried.returncode:
        skip(f"no mount namespace of its own: {tried.stderr.strip()}")
    os.environ["RSTAT_TEST_PRIVATE"] = "1"
    os.execvp("unshare", [*private, sys.executable, os.path.abspath(sys.argv[0])])


class Skipped(Exception):
    """Raised inside a case that cannot run here."""


@contextlib.contextmanager
def case(name):
    """One verdict. What goes wrong inside is told, and the next case runs."""
    global _failed
    try:
        yield
        print(f"ok - {name}")
    except Skipped as reason:
        print(f"ok - {name} # SKIP {reason}")
    except Exception:  # a broken test is a failure as well
        _failed += 1
        print(f"not ok - {name}")
        print("  " + traceback.format_exc().strip().replace("\n", "\n  "))
    sys.stdout.flush()


def note(text):
    """A figure worth seeing also when everything is well."""
    print(f"# {text}")


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, want, what):
    """Tells where two values begin to differ; whole reports are too long to be read."""
    if got == want:
        return
    got, want = repr(got), repr(want)
    at = max(len(os.path.commonprefix([got, want])) - 200, 0)
    expect(False, f"{what}: from character {at} on: {got[at:at + 400]}, "
                  f"expected {want[at:at + 400]}")


def within(got, want, tolerance, what):
    expect(abs(got - want) <= tolerance,
           f"{what}: {got:,}, expected {want:,} +- {tolerance:,.0f}; off by {got - want:,}")


# -- running ---------------------------------------------------------------------------------------

def run(argv, timeout=PATIENCE, **kwargs):
    """Runs to the end; returns the CompletedProcess with text of both outputs."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(argv, timeout=timeout, capture_output=True, check=False, **kwargs)
    done.stdout = done.stdout.decode("utf-8", "surrogateescape")
    done.stderr = done.stderr.decode("utf-8", "surrogateescape")
    return done


def good(done):
    """The same, and it must have ended with 0."""
    expect(done.returncode == 0,
           f"{' '.join(map(str, done.args))}: exit code {done.returncode}\n{done.stderr.strip()}")
    return done


def workload(name, *args):
    return [f"{WORKLOADS}/{name}", *map(str, args)]


def record(trace, *options, cmd=None, timeout=PATIENCE):
    """Records to its end. Returns the CompletedProcess."""
    argv = [RSTAT, "record", "-o", trace, *map(str, options)]
    return run(argv + (["--", *cmd] if cmd else []), timeout)


def record_workload(trace, name, *args, options=(), under=()):
    """Records a workload, started by the command `under`; returns what it printed about itself, and
    "stolen_ns", for all and for each task: what the hypervisor may have taken meanwhile."""
    before = steal_ns()
    done = good(record(trace, *options, cmd=[*under, *workload(name, *args)]))
    told = json.loads(done.stdout)
    told["stolen_ns"] = steal_ns() - before
    for task in told.get("tasks", ()):
        task.update(stolen_ns=told["stolen_ns"], late_ns=told.get("late_ns", 0))
    return told


@contextlib.contextmanager
def recording(trace, *options, wait=True):
    """A recorder in the background, ended with SIGINT; gives its Popen. That it has begun is known
    from its file, so none of an earlier recording may be there."""
    for path in (trace, f"{trace}.old"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    proc = subprocess.Popen([RSTAT, "record", "-o", trace, *map(str, options)],
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if wait:
            wait_for(lambda: os.path.exists(trace) and os.path.getsize(trace) > 0,
                     "the recorder has begun", proc)
        yield proc
        if proc.poll() is None:
            proc.send_signal(signal.SIGINT)
        proc.error_text = proc.communicate(timeout=PATIENCE)[1].decode("utf-8", "replace")
    finally:
        end(proc)


def end(proc):
    """Ends a child of ours in any case."""
    if proc.poll() is None:
        proc.kill()
    proc.wait()


@contextlib.contextmanager
def held(name, *args, **kwargs):
    """A workload that stays as it is until tell() ends its standard input; killed at the end."""
    proc = subprocess.Popen(workload(name, *(args or (0,))), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, **kwargs)
    try:
        yield proc
    finally:
        end(proc)
        proc.stdin.close()
        proc.stdout.close()


def tell(proc):
    """Lets a held workload go on to its end; returns what it printed."""
    proc.stdin.close()
    told = json.loads(proc.stdout.read())
    equal(proc.wait(PATIENCE), 0, f"exit code of {proc.args}")
    return told


@contextlib.contextmanager
def background(*commands):
    """Commands that run meanwhile; killed at the end if they are still there."""
    procs = [subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
             for cmd in commands]
    try:
        yield procs
    finally:
        for proc in procs:
            end(proc)
            proc.stdout.close()


def wait_for(condition, what, proc=None, seconds=PATIENCE):
    """Polls until it holds; fails when time is up, or when proc has ended."""
    until = time.monotonic() + seconds
    while not condition():
        if proc and proc.poll() is not None:
            said = proc.stderr.read().decode("utf-8", "replace") if proc.stderr else ""
            raise AssertionError(f"ended with {proc.returncode} before: {what}\n{said}")
        expect(time.monotonic() < until, f"not within {seconds} s: {what}")
        time.sleep(0.005)


def free_port():
    """A TCP and UDP port that nobody has, below those that the kernel gives away."""
    for port in random.sample(range(20000, 32000), 100):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for family in (socket.AF_INET, socket.AF_INET6):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    s = stack.enter_context(socket.socket(family, kind))
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind(("", port))
            return port
    raise AssertionError("100 ports are all taken")


def system_call(tid):
    """The number of the system call that a task is blocked in; None: it runs, or is in none."""
    try:
        with open(f"/proc/{tid}/syscall", encoding="ascii") as f:
            word = f.read().split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(word) if word.isdigit() else None


def task_state(tid):
    """The letter that /proc gives, "" when the task is gone."""
    try:
        with open(f"/proc/{tid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def steal_ns():
    """Time the hypervisor took so far, of all CPUs; the kernel's accounts leave it out."""
    with open("/proc/stat", encoding="utf-8") as f:
        return int(f.readline().split()[8]) * TICK_NS


def switches_of(pid, tid):
    """How often a thread has left its CPU so far."""
    with open(f"/proc/{pid}/task/{tid}/status", encoding="utf-8", errors="replace") as f:
        return sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)


# -- reading ---------------------------------------------------------------------------------------

def report(trace, group="cpu", by="thread", *options):
    """The rows of one group of everything that was recorded."""
    done = good(run([RSTAT, "report", "--group", group, "--by", by, "--all", "--format", "json",
                     *map(str, options), trace]))
    return json.loads(done.stdout)["rows"]


def until_collected(trace, told):
    """--time up to the moment at which the workload read its threads' accounts."""
    start = info(trace)["start_utc"]
    seconds, _, fraction = start.rstrip("Z").partition(".")
    start_ns = calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000000000
    start_ns += int(fraction.ljust(9, "0"))
    return ["--time", f",+{told['collected_utc_ns'] - start_ns}ns"]


def report_command(trace, group, by="process"):
    """The same of the recorded command and what it started: others may have the same names."""
    done = good(run([RSTAT, "report", "--group", group, "--by", by, "--format", "json", trace]))
    return json.loads(done.stdout)["rows"]


def by_tid(rows):
    return {row["tid"]: row for row in rows}


def info(trace):
    return json.loads(good(run([RSTAT, "info", "--format", "json", trace])).stdout)


def dump(trace, *options):
    """The events, one dict each."""
    done = good(run([RSTAT, "dump", "--format", "ndjson", *map(str, options), trace]))
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(trace):
    """Structure, checksums and the engine's invariants."""
    return good(run([RSTAT, "check", trace]))


def hidden(trace):
    """Did the kernel hide events? Some hide all that happens while certain tasks run: then a switch
    shows another task than the one that was there, or a task runs that nobody has woken."""
    text = check(trace).stdout
    return sum(int(n.replace(",", "")) for n in
               re.findall(r"([\d,]+) (?:contradictions|switch-ins without a wake-up)", text))


class MaybeStolen(AssertionError):
    """More than the kernel's account has, by less than what a hypervisor can take untold."""


def unless_hidden(trace, test, tries=5):
    """Runs a test whose figures are exact only if every event is there. When it fails, it is run
    again if the kernel hid events, or some were lost, as a recorder that is held up loses them, or
    for what the hypervisor may have taken, and only then: what rstat does wrong every time, or
    without that, fails all the same. So a test that records several times judges each recording
    before it makes the next one."""
    for left in reversed(range(tries)):
        try:
            return test()
        except (AssertionError, LookupError, ValueError) as why:
            count, lost = hidden(trace), info(trace)["lost"]
            if not left or not (count or lost or isinstance(why, MaybeStolen)):
                raise
            note(f"once more; the kernel hid events in {count} places, {lost} were lost: {why!r}")


def as_long_as_told(trace, what, row, told, edge_ns=1000000):
    """What those who took part read from their clocks is around a state, but for its beginning: who
    is waited for may be seen to be there before it is. Until then it can only run, or wait for a
    CPU."""
    until = ["--time", f",+{row['start_ns']}ns"]
    edge_ns += sum(r["oncpu_ns"] + r["runq_ns"] for r in report(trace, "cpu", "thread", *until)
                   if r["tid"] == row["tid"] and r["pid"] == row["pid"])
    note(f"{what}: {row['dur_ns']:,} ns, {told['at_least_ns']:,} - {edge_ns:,} to "
         f"{told['at_most_ns']:,}")
    expect(told["at_least_ns"] - edge_ns <= row["dur_ns"] <= told["at_most_ns"],
           f"{what}: {row['dur_ns']:,} ns, not {told['at_least_ns']:,} - {edge_ns:,} to "
           f"{told['at_most_ns']:,}")


# -- tolerances ------------------------------------------------------------------------------------

# The clocks of rstat and of the kernel's account are read some instructions apart at both edges of
# a slice; and the kernel charges the way from a wake-up to the switch that it asks for as running.
SLICE_NS = 1500
WAKE_UP_NS = 10000


def wake_ups_ns(trace, by, key, *options):
    """How long that way was at most, by what is in `key`: the waits for a CPU after a wake-up. They
    are short on an idle machine, but a virtual CPU can take its time to come. A longer wait is one
    for the CPU's turn."""
    total = {}
    for row in report(trace, "latency", by, *options):
        if row["cause"] == "wakeup":
            short = (10000 * row["below_10us"] + 100000 * row["below_100us"] +
                     1000000 * row["below_1ms"])
            total[row[key]] = total.get(row[key], 0) + min(row["total_ns"], short)
    return total


def near_account(got, want, tolerance, what):
    """within(), of what rstat and the kernel say of the same time. Stolen time is told in ticks: in
    less than one, rstat's figure can be too large for no fault of its own."""
    if steal_ns() and tolerance < got - want <= tolerance + TICK_NS:
        raise MaybeStolen(f"{what}: {got:,}, expected {want:,} + {tolerance:,.0f} at most")
    within(got, want, tolerance, what)


def compare_accounts(row, task, wake_ups):
    """One thread's row against the kernel's own account of it (see KERNEL facts in man rstat).

    The sum of on-CPU and wait is tight: 1 % or 200 us, the edges of its slices, and what rstat
    itself says it does not know, or what the hypervisor took: that is running to rstat and nothing
    to the kernel. Each of the two has the wake-ups besides (wake_ups_ns() by TID), or what the
    workload says that it came too late.
    """
    who = f"{task['comm']} ({task['tid']})"
    want = task["oncpu_ns"] + task["runq_ns"]
    got = row["oncpu_ns"] + row["runq_ns"]
    tolerance = max(want // 100, 200000) + SLICE_NS * task["slices"] + row["gap_ns"]
    tolerance += task.get("stolen_ns", 0)
    each = tolerance + max(WAKE_UP_NS * task["nvcsw"], task.get("late_ns", 0),
                           wake_ups.get(task["tid"], 0))
    note(f"{who}: slices {row['slices'] - task['slices']:+d} of {task['slices']}, on-CPU "
         f"{row['oncpu_ns'] - task['oncpu_ns']:+,} of {task['oncpu_ns']:,} ns, wait "
         f"{row['runq_ns'] - task['runq_ns']:+,} of {task['runq_ns']:,} ns, "
         f"gap {row['gap_ns']:,} ns")
    within(row["slices"], task["slices"], 2, f"{who}: slices")
    near_account(got, want, tolerance, f"{who}: on-CPU + wait")
    near_account(row["oncpu_ns"], task["oncpu_ns"], each, f"{who}: on-CPU")
    near_account(row["runq_ns"], task["runq_ns"], each, f"{who}: wait")
    for kind in ("nvcsw", "nivcsw"):
        within(row[kind], task[kind], 1, f"{who}: {kind}")
