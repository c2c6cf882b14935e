#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""explain names the chain behind a wait, in order and with its times, of programs whose schedule is
known. Other programs may take the CPU meanwhile: that shows as waiting for a CPU and is not judged,
but it must add up. Times: 5 % and 2 ms."""
import json
import os
import signal
import subprocess
import sys

from lib import (PATIENCE, RSTAT, case, dump, expect, finish, good, note, record, record_workload,
                 run, start, unless_hidden, wait_for, within, workload)

MS = 1000000
TRACE = "e.data"

# Threads that wait in vain, each with its time-out; prints their TIDs.
IN_VAIN = """
import json, os, select, socket, struct, threading, time

def poll():
    p = select.poll()
    p.register(os.pipe()[0])
    p.poll(40)

def lock():
    held = threading.Lock()
    held.acquire()
    held.acquire(timeout=0.05)

def recv():
    listener = socket.create_server(("127.0.0.1", 0))
    asks = socket.create_connection(listener.getsockname())
    answers = listener.accept()[0]
    asks.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 60000))
    try:
        asks.recv(1)
    except BlockingIOError:
        pass
    asks.send(b"again")
    answers.recv(5)

told = {}

def run(wait):
    begin = time.monotonic_ns()
    wait()
    told[wait.__name__] = {"tid": threading.get_native_id(), "took_ns": time.monotonic_ns() - begin}

for wait in (poll, lock, recv):
    thread = threading.Thread(target=run, args=(wait,))
    thread.start()
    thread.join()
print(json.dumps(told))
"""

# "first" waits for another process, which never has that name, and which writes when it has seen
# "first" wait for a while. Prints their PIDs.
NAMED = """
import json, os, time
r, w = os.pipe()
second = os.fork()
if not second:
    first = f"/proc/{os.getppid()}"
    while open(f"{first}/stat").read().split()[1:3] != ["(first)", "S"]:
        time.sleep(0.001)
    time.sleep(0.05)
    os.write(w, b"x")
    os._exit(0)
with open("/proc/self/comm", "w") as comm:
    comm.write("first")
os.read(r, 1)
os.wait()
print(json.dumps({"waiter": os.getpid(), "second": second}))
"""


def explain(*options, trace=TRACE):
    done = good(run([RSTAT, "explain", "--format", "json", *map(str, options), trace]))
    told = json.loads(done.stdout)
    expect(told["schema"] == "rstat.explain/1", f"schema {told['schema']}")
    return told["rows"]


def below(rows, at):
    """The rows one step below row `at`, as (index, row)."""
    found = []
    for i in range(at + 1, len(rows)):
        if rows[i]["depth"] <= rows[at]["depth"]:
            break
        if rows[i]["depth"] == rows[at]["depth"] + 1:
            found.append((i, rows[i]))
    return found


def adds_up(rows):
    for at, row in enumerate(rows):
        steps = below(rows, at)
        if steps:
            total = sum(step["dur_ns"] for _, step in steps)
            expect(total == row["dur_ns"], f"{row} is explained by {total} ns")


def step(rows, at, what, tid, by_tid=None):
    """The step of that kind of this thread below row `at`: its index. The longest of them."""
    for i, row in below(rows, at):
        if (row["what"], row["tid"]) == (what, tid) and by_tid in (None, row["by_tid"]):
            return i
    raise AssertionError(f"no step '{what}' of {tid} (by {by_tid}) below {rows[at]}: "
                         f"{[row for _, row in below(rows, at)]}")


def time_of(rows, at, what, tid):
    """All steps of that kind of this thread below row `at`."""
    return sum(row["dur_ns"] for _, row in below(rows, at)
               if (row["what"], row["tid"]) == (what, tid))


# How long each wait of the workload lasts where nothing is late.
LASTS = {"lock": 44, "pipe": 45, "sleep": 50, "child": 40, "tcp": 40}


def near(got, want_ms, what, told):
    """A part of the wait that is known. What made the whole longer can be in any part."""
    expect(got >= want_ms * MS * 0.95 - 2 * MS, f"{what} for {got:,} ns only")
    late = max(0, told["waited_ns"] - LASTS[told["mode"]] * MS)
    within(got, want_ms * MS, want_ms * MS * 0.05 + 2 * MS + late, what)


def longest(mode, *args, by=None, what=None):
    """Records the program; its own words, and the explanation of its waiter's longest wait: for
    that other program, or of that kind. Before that it waits for the recorder to begin."""
    told = dict(record_workload(TRACE, "chains", mode, *args), mode=mode)
    rows = explain("--tid", told["waiter"], "--worst", 20, "--state", "S,D", "--least", 0)
    roots = [i for i, row in enumerate(rows) if row["depth"] == 0]
    expect(roots, "no wait at all")
    chosen = [i for i in roots if (by is None or rows[i]["by_tid"] == told[by])
              and what in (None, rows[i]["what"])]
    expect(chosen, f"no wait by {by} ({what}) among {[rows[i] for i in roots]}")
    if by:  # on a busy machine its other waits, such as for a thread to begin, may be longer
        chosen.sort(key=lambda i: abs(rows[i]["dur_ns"] - told["waited_ns"]))
    rows = rows[chosen[0]:]
    rows = rows[:next((i for i, row in enumerate(rows) if i and row["depth"] == 0), len(rows))]
    adds_up(rows)
    expect(rows[0]["tid"] == told["waiter"], f"whose wait: {rows[0]}")
    # What the program measures ends when it runs again, not when it is woken.
    expect(rows[0]["dur_ns"] <= told["waited_ns"] + 2 * MS,
           f"{rows[0]['dur_ns']:,} ns, the program itself says {told['waited_ns']:,}")
    note(f"{mode}: {rows[0]['dur_ns'] / MS:.1f} ms of {told['waited_ns'] / MS:.1f}: "
         + ", ".join(f"{row['what']} of {row['comm']} {row['dur_ns'] / MS:.1f}"
                     for _, row in below(rows, 0)))
    return told, rows


def lock():
    told, rows = longest("lock", by="holder")
    holder, hog = told["holder"], told["hog"]
    expect((rows[0]["what"], rows[0]["by_tid"]) == ("lock", holder), f"{rows[0]}")
    near(time_of(rows, 0, "run", holder), 7, "the holder ran", told)
    near(time_of(rows, 0, "sleep", holder), 5, "the holder slept", told)
    queue = step(rows, 0, "runqueue", holder)
    ran = [row for _, row in below(rows, queue) if row["tid"]]
    if {row["tid"] for row in ran} == {hog}:
        near(rows[step(rows, queue, "preempted", hog)]["dur_ns"], 30, "the hog had the CPU", told)
    else:  # others were there too: the hog may have come while the holder waited behind them
        expect(any(row["tid"] == hog and row["dur_ns"] > 5 * MS for row in ran), f"{ran}")


def pipe():
    told, rows = longest("pipe", by="second")
    second, third = told["second"], told["third"]
    expect((rows[0]["what"], rows[0]["by_tid"]) == ("pipe", second), f"{rows[0]}")
    near(time_of(rows, 0, "run", second), 5, "the second ran", told)
    at = step(rows, 0, "pipe", second, third)
    near(time_of(rows, at, "run", third), 10, "the third ran", told)
    slept = step(rows, at, "sleep", third)
    near(rows[slept]["dur_ns"], 30, "the third slept", told)
    expect(rows[slept]["by"] == "timer" and not below(rows, slept), f"no root: {rows[slept]}")


def sleep():
    told, rows = longest("sleep", what="sleep")
    expect((rows[0]["what"], rows[0]["by"]) == ("sleep", "timer"), f"{rows[0]}")
    near(rows[0]["dur_ns"], 50, "it slept", told)


def child():
    told, rows = longest("child", by="child")
    expect((rows[0]["what"], rows[0]["by_tid"]) == ("child", told["child"]), f"{rows[0]}")
    near(time_of(rows, 0, "run", told["child"]), 20, "the child ran", told)
    near(time_of(rows, 0, "sleep", told["child"]), 20, "the child slept", told)


def tcp():
    told, rows = longest("tcp", by="server")
    expect((rows[0]["what"], rows[0]["by_tid"]) == ("network", told["server"]), f"{rows[0]}")
    near(time_of(rows, 0, "run", told["server"]), 10, "the server ran", told)
    near(time_of(rows, 0, "sleep", told["server"]), 30, "the server slept", told)


def direct():
    with open("file", "wb") as f:
        f.write(os.urandom(1 << 20))
        os.fsync(f.fileno())
    told, rows = longest("direct", "file", what="disk")
    requests = [e for e in dump(TRACE, "--kind", "io_start") if e["tid"] == told["waiter"]]
    expect(requests, "the reader has made no request")
    expect(rows[0]["what"] == "disk", f"{rows[0]}")
    # Woken by the interrupt, or by a task that completed the request in its stead.
    devices = [row for row in rows if row["what"] == "device"]
    expect(devices, f"no device below {rows[0]}")
    ends = [row for row in rows if row["by"] and " read" in row["by"]]
    expect(ends, f"no request below {rows[0]}")
    if ends[0]["count"] == 1:
        expect(any(f"at sector {r['sector']}" in ends[0]["by"] for r in requests), f"{ends[0]}")


def whole():
    """All of the waiter's time: its life as the trace has it, and the same wait in it."""
    told = dict(record_workload(TRACE, "chains", "pipe"), mode="pipe")
    rows = explain("--tid", told["waiter"], "--least", 0)
    adds_up(rows)
    expect(rows[0]["what"] == "window" and rows[0]["depth"] == 0, f"{rows[0]}")
    at = step(rows, 0, "pipe", told["waiter"], told["second"])
    at = step(rows, at, "pipe", told["second"], told["third"])
    near(time_of(rows, at, "sleep", told["third"]), 30, "the third slept", told)


def in_vain(*options):
    """What ended each of the waits, by their names."""
    told = json.loads(good(record(TRACE, *options, cmd=[sys.executable, "-c", IN_VAIN])).stdout)
    ends = {}
    for name, wait in told.items():
        # on a busy machine it may wait for longer to begin
        rows = [row for row in explain("--tid", wait["tid"], "--worst", 20, "--state", "S")
                if row["depth"] == 0 and row["dur_ns"] <= wait["took_ns"]]
        # a timer can be late, as is who it wakes, but never early
        expect(rows and {"poll": 40, "lock": 50, "recv": 60}[name] * MS
               <= rows[0]["dur_ns"] + MS // 10,
               f"{name} took {wait['took_ns']:,} ns, its waits: {rows[:1]}")
        # what an interrupt leaves to do, a thread of the kernel does when there is much of it
        ends[name] = "soft interrupt" if "ksoftirqd" in (rows[0]["by"] or "") else rows[0]["by"]
    return ends


def time_out():
    """Nobody ended it, and no device: as far as that can be known."""
    ends = in_vain()
    expect(ends == {"poll": "hard interrupt", "lock": "timer or signal",
                    "recv": "soft interrupt"}, f"{ends}")


def time_out_irq():
    ends = in_vain("--with", "irq")
    x86 = os.uname().machine == "x86_64"
    expect(ends["lock"] == ends["recv"] == "timer", f"{ends}")
    expect(ends["poll"] == ("timer or kernel" if x86 else "timer"), f"{ends}")


def device():
    """In the handler or the soft interrupt of what it waits for, when requests are not recorded."""
    with open("file", "wb") as f:
        f.write(os.urandom(1 << 20))
        os.fsync(f.fileno())
    told = record_workload(TRACE, "chains", "direct", "file",
                           options=("--with", "irq", "--without", "io"))
    rows = explain("--tid", told["waiter"], "--worst", 20, "--state", "D")
    ends = [row["by"] for row in rows if row["depth"] == 0 and row["syscall"] == "pread64"]
    note(f"direct read, no requests: {ends}")
    expect(ends, f"no wait in pread64 among {rows}")
    named = [by for by in ends if by and (by.startswith("hard interrupt ") or
                                          by == "soft interrupt BLOCK")]
    tasks = [row for row in rows if row["depth"] == 0 and row["by_tid"]]
    expect(len(named) + len(tasks) >= len(ends) > 0, f"{ends}")


def window():
    """A window that ends in the middle of a wait: cut to it, and the same chain."""
    told, rows = longest("pipe", by="second")
    at = step(rows, 0, "pipe", told["second"], told["third"])
    slept = rows[step(rows, at, "sleep", told["third"])]  # not where it only waits for a CPU
    first = slept["start_ns"] + slept["dur_ns"] // 4
    last = slept["start_ns"] + slept["dur_ns"] // 2
    cut = explain("--tid", told["waiter"], "--worst", 1, "--state", "S", "--least", 0, "--time",
                  f"+{first}ns,+{last}ns")
    adds_up(cut)
    expect((cut[0]["start_ns"], cut[0]["dur_ns"]) == (first, last - first), f"{cut[0]}")
    expect((cut[0]["what"], cut[0]["by_tid"]) == ("pipe", told["second"]), f"{cut[0]}")
    at = step(cut, 0, "pipe", told["second"], told["third"])
    expect(time_of(cut, at, "sleep", told["third"]) > 0, f"{cut}")
    done = good(run([RSTAT, "explain", "--tid", str(told["waiter"]), "--worst", "1", "--state", "S",
                     "--time", f"+{first}ns,+{last}ns", TRACE]))
    expect("(after the window)" in done.stdout, done.stdout)


def filtered():
    """Who ended the wait was not recorded: so it is said, and not that something was lost."""
    told = json.loads(good(record(TRACE, "--comm", "first",
                                  cmd=[sys.executable, "-c", NAMED])).stdout)
    rows = explain("--tid", told["waiter"], "--worst", 20, "--state", "S")
    at = next((i for i, row in enumerate(rows)
               if row["depth"] == 0 and row["by_tid"] == told["second"]), None)
    expect(at is not None, f"no wait by {told['second']} among {rows}")
    steps = [(row["what"], row["tid"]) for _, row in below(rows, at)]
    expect(("filtered", told["second"]) in steps, f"{steps}")
    expect(not {"unknown", "run", "sleep"} & {what for what, _ in steps}, f"{steps}")
    done = good(run([RSTAT, "explain", "--tid", str(told["waiter"]), "--worst", "3", "--state", "S",
                     TRACE]))
    expect("because of the filters" in done.stdout and "lost" not in done.stdout, done.stdout)


def through_pipe():
    """From the recorder through a pipe: the same answer as from a file."""
    null = subprocess.DEVNULL
    with subprocess.Popen([RSTAT, "record", "-o", "-", "-q", "--", *workload("chains", "sleep")],
                          stdin=null, stdout=subprocess.PIPE, stderr=null) as recorder, \
            subprocess.Popen(["tee", TRACE], stdin=recorder.stdout,
                             stdout=subprocess.PIPE) as tee:
        done = run([RSTAT, "explain", "--worst", "20", "--state", "S", "--format", "json", "-"],
                   stdin=tee.stdout)
    rows = json.loads(good(done).stdout)["rows"]
    slept = [row for row in rows if (row["depth"], row["what"]) == (0, "sleep")]
    expect(slept and slept[0]["by"] == "timer", f"{rows}")
    expect(slept[0]["dur_ns"] >= 50 * MS - MS // 10, f"{slept[0]}")


def interrupted():
    """Ctrl-C ends the recorder at the front of the pipe; what it had is told by any reader."""
    for reader in ("explain --all --worst 1 --state S", "report --all -n 1"):
        # between the two one that Ctrl-C does not end, to see that it has begun
        line = (f"'{RSTAT}' record -q -o - | (trap '' INT; exec tee copy) | "
                f"'{RSTAT}' {reader} --format json -")
        open("copy", "wb").close()
        with subprocess.Popen(["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, start_new_session=True) as both:
            for what in ("it has begun", "something has happened"):
                size = os.path.getsize("copy")
                wait_for(lambda size=size: os.path.getsize("copy") > size, what, both)
            os.killpg(both.pid, signal.SIGINT)
            out, err = both.communicate(timeout=PATIENCE)
        expect(json.loads(out or b"{}").get("rows"), f"{reader}: {out} {err}")


def machine():
    """The worst waits of everything that was recorded add up, whatever they are."""
    rows = explain("--all", "--worst", 200, "--state", "all", "--least", 0)
    adds_up(rows)
    lengths = [row["dur_ns"] for row in rows if row["depth"] == 0]
    expect(lengths == sorted(lengths, reverse=True), "not the longest first")
    expect(len(lengths) > 20, f"{len(lengths)} waits")


start()
for name, test in (("a lock, its holder, and the hog that preempts it", lock),
                   ("a chain of three through pipes", pipe),
                   ("a sleep", sleep),
                   ("a child that exits", child),
                   ("a TCP peer that answers late", tcp),
                   ("a direct read", direct),
                   ("all of a thread's time", whole),
                   ("the machine's worst waits", machine),
                   ("time-outs", time_out),
                   ("time-outs, with interrupts recorded", time_out_irq),
                   ("a device, by its interrupt", device),
                   ("a wait that outlasts the window", window),
                   ("a waker that was not recorded", filtered),
                   ("from the recorder through a pipe", through_pipe),
                   ("the same, ended with Ctrl-C", interrupted)):
    with case(name):
        unless_hidden(TRACE, test)
finish()
