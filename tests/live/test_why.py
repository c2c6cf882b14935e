#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Why threads wait and what slices count, event by event: system calls, stacks, counters against
perf stat, interrupts against /proc. The programs block in calls that they name."""
import json
import os
import shutil

from lib import (CPUS, RSTAT, Skipped, case, check, dump, equal, expect, finish, good, info, note,
                 record, record_workload, run, start, unless_hidden, within, workload)
from why import WHERE, frames_of, longest

TRACE = "t.data"
MS = 300


def recorded(*options):
    """Records the sleepers; yields (name, what they told, length, switch, stack) of each."""
    told = record_workload(TRACE, "sleeps", MS, options=options)
    check(TRACE)
    expect(info(TRACE)["lost"] == 0, "events were lost")
    events = dump(TRACE)
    found = []
    for name in WHERE:
        if name in told:
            length, switch, stack = longest(events, told[name]["tid"])
            expect(switch, f"{name}: {told[name]} was never blocked")
            found.append((name, told[name], length, switch, stack))
    return told, events, found


def system_calls():
    _, events, found = recorded()
    for name, told, length, switch, stack in found:
        note(f"{name}: {length / 1e6:.1f} ms in system call {switch['syscall']}")
        expect(length >= MS * 990000, f"{name}: only {length:,} ns")
        equal(switch["syscall"], told["syscall"], f"{name}: system call")
        equal(switch["prev_letter"], "D" if name == "vfork" else "S", f"{name}: state")
        expect(not switch["iowait"], f"{name} is no IO wait")
        expect(not stack, "no stacks were asked for")
    for event in events:
        expect(event["kind"] not in ("block", "stack", "frames", "counters", "irq"), str(event))
        if event["kind"] == "switch" and (event["preempt"] or event["prev_state"] in (0, 128)):
            expect(event["syscall"] is None and not event["iowait"], str(event))
    kthreads = [e for e in events if e["kind"] == "switch" and e["prev_state"] & 0x402 == 0x402]
    expect(kthreads and all(e["syscall"] == -1 for e in kthreads), "kernel threads are in none")


def io_wait():
    """Reads past the page cache: D, IO wait, in the call that reads."""
    with open("file", "wb") as f:
        f.write(os.urandom(4 << 20))
        f.flush()
        os.fsync(f.fileno())
    argv = ["dd", "if=file", "of=/dev/null", "bs=64k", "iflag=direct"]
    done = record(TRACE, cmd=argv)
    if done.returncode and "Invalid argument" in done.stderr:
        raise Skipped("this file system has no direct IO")
    good(done)
    child = info(TRACE)["child"]["pid"]
    waits = [e for e in dump(TRACE, "-p", child) if e["kind"] == "switch"
             and e["prev_tid"] == child and e["iowait"]]
    note(f"{len(waits)} IO waits of dd in system calls {sorted({e['syscall'] for e in waits})}")
    expect(len(waits) >= 8, "dd never waited for IO")
    expect(sum(e["syscall"] == 0 for e in waits) > len(waits) // 2, "most are reads (x86: 0)")


def left_out():
    _, events, _ = recorded("--without", "syscall")
    for event in events:
        if event["kind"] == "switch":
            expect(event["syscall"] is None and not event["iowait"], str(event))


def stacks_of_all():
    _, events, found = recorded("--stacks")
    for name, _, _, _, stack in found:
        expect(stack and not stack["lost"], f"{name}: no stack")
        frames = frames_of(events, 0, stack["kernel_stack"], stack["ts_ns"])
        note(f"{name}: {' < '.join(frames[:5])}")
        expect(WHERE[name] & set(frames), f"{name}: {frames}")
        expect(not {"schedule", "__schedule"} & set(frames), f"{name}: {frames}")
    blocking = [e for e in events if e["kind"] == "switch" and e["syscall"] is not None]
    stacks = [e for e in events if e["kind"] == "stack"]
    equal(len(stacks), len(blocking), "every blocking switch has a stack")
    summary = info(TRACE)["stacks"]
    equal(summary["of"], "all", "info: of")
    equal(summary["taken"], len(stacks), "info: taken")
    equal(summary["lost"], sum(e["lost"] for e in stacks), "info: lost")
    expect(summary["kernel_symbols"], "the kernel told its symbols")


def stacks_of_d():
    _, events, found = recorded("--stacks=D")
    for name, _, _, _, stack in found:
        expect(bool(stack) == (name == "vfork"), f"{name}: {stack}")
    pending = {}
    for event in events:
        if event["kind"] == "stack":
            pending[event["cpu"]] = event
        elif event["kind"] == "switch":
            stack = pending.pop(event["cpu"], None)
            equal(bool(stack), event["prev_letter"] == "D", f"{event} after {stack}")
    equal(info(TRACE)["stacks"]["of"], "D", "info: of")


def user_stacks():
    told, events, found = recorded("--user-stacks")
    for name, _, _, _, stack in found:
        expect(stack and stack["user_stack"], f"{name}: no user stack")
        if name == "epoll":
            frames = frames_of(events, told["pid"], stack["user_stack"], stack["ts_ns"])
            note(f"{name}: {' < '.join(frames)}")
            expect("sleeps_outer" in frames, str(frames))
    kthreads = {e["prev_tid"] for e in events
                if e["kind"] == "switch" and e["prev_state"] & 0x402 == 0x402}
    for event in events:
        if event["kind"] == "stack" and event["tid"] in kthreads:
            expect(not event["user_stack"], f"a kernel thread has none: {event}")
    expect(info(TRACE)["stacks"]["user"], "info: user")


def before_an_exec():
    """An idle machine's rings are read 0.2 s later: what is mapped then is another program's."""
    script = "sleep 1.5; (sleep 0.003; exec sleep 0.3); true"
    good(record(TRACE, "--only", "--user-stacks", cmd=["sh", "-c", script]))
    frames, waits = {}, []
    for e in dump(TRACE, "--kind", "exec,stack,frames"):
        if e["kind"] == "frames":
            frames[e["pid"], e["stack"]] = e["frames"]
        elif e["kind"] == "exec" and e["args"] == ["sleep", "0.3"]:
            break
        elif e["kind"] == "stack" and e["user_stack"]:
            waits.append((e["tid"], frames.get((e["tid"], e["user_stack"]))))
    mine = [names for tid, names in waits if tid == e["tid"]]
    note(f"before it became another program: {mine}")
    expect(mine, "it never waited")
    for names in mine:
        expect(set(names) == {"[gone]"} or not names[0].startswith("["), f"names of later: {names}")


def around_the_ring(tries=5):
    """Stacks and their switches through rings of 64 KiB, many times around: all of them come, but
    for those that are lost, and those are few when the recorder is not held up."""
    for _ in range(tries):
        told = record_workload(TRACE, "pipe", 30000, CPUS[0],
                               options=["--stacks", "--buffer", "64K"])
        facts = info(TRACE)
        events = dump(TRACE)
        most = True
        for task in told["tasks"]:
            stacks = [e for e in events if e["kind"] == "stack" and e["tid"] == task["tid"]]
            note(f"{len(stacks):,} stacks of {task['nvcsw']:,} waits; {facts['lost']:,} lost")
            expect(len(stacks) + facts["lost"] >= task["nvcsw"] - 1, "missing, and not told")
            most = most and len(stacks) >= 0.8 * task["nvcsw"]
        if most:
            return
    expect(False, "most are missing, every time")


def with_places(n, *options, cmd):
    """Records with maps of n places, two of each kind."""
    os.environ["RSTAT_TEST_STACK_PLACES"] = str(n)
    try:
        return good(record(TRACE, *options, cmd=cmd))
    finally:
        del os.environ["RSTAT_TEST_STACK_PLACES"]


def eras(stacks, key):
    """Numbers by what they count in: a map from one emptying to the next (record/stackmaps.h)."""
    found = {}
    for number in {e[key] for e in stacks} - {0}:
        found.setdefault((number - 1) // 8192, set()).add(number)
    return found


def tiny_map():
    """Two places for all: others are lost, every one counted, none shown as another."""
    done = with_places(1, "--stacks", cmd=workload("sleeps", MS))
    stacks = [e for e in dump(TRACE) if e["kind"] == "stack"]
    lost = [e for e in stacks if e["lost"]]
    note(f"{len(lost)} of {len(stacks)} stacks were lost")
    expect(len(lost) > 5, "six sleepers do not fit into two places")
    for event in stacks:
        equal(event["lost"], event["kernel_stack"] == 0, str(event))
    expect(all(len(numbers) == 1 for numbers in eras(stacks, "kernel_stack").values()), "one place")
    summary = info(TRACE)["stacks"]
    equal((summary["taken"], summary["lost"]), (len(stacks), len(lost)), "info")
    expect("stacks could not be kept" in done.stderr, done.stderr)


def emptied_maps(tries=5):
    """Far more stacks than there are places: they are emptied in turn, and stay what they are. Who
    is held up may empty them late."""
    sleeps = " ".join(workload("sleeps", MS))
    script = (f"for i in 1 2 3 4 5 6; do {sleeps}; "
              "for j in $(seq 60); do sleep 0.001 | cat >&2; done; done")
    for _ in range(tries):
        done = with_places(256, "--user-stacks", cmd=["sh", "-c", script])
        events = dump(TRACE)
        stacks = [e for e in events if e["kind"] == "stack"]
        user = eras(stacks, "user_stack")
        taken = sum(map(len, user.values()))
        lost = sum(e["lost"] for e in stacks)
        note(f"{taken:,} user stacks in {len(user)} eras; {lost} of {len(stacks):,} lost")
        if taken > 2 * 256 and len(user) > 4 and lost < len(stacks) / 5:
            break
    expect(taken > 2 * 256 and len(user) > 4, "the maps were never emptied")
    expect(lost < len(stacks) / 5, "most have a place")
    for told in map(json.loads, done.stdout.splitlines()):
        for name in set(WHERE) & set(told):
            stack = longest(events, told[name]["tid"])[2]
            expect(stack, f"{name}: no stack")
            if stack["kernel_stack"]:
                frames = frames_of(events, 0, stack["kernel_stack"], stack["ts_ns"])
                expect(WHERE[name] & set(frames), f"{name}: {frames}")
            if stack["user_stack"] and name == "epoll":
                frames = frames_of(events, told["pid"], stack["user_stack"], stack["ts_ns"])
                expect("sleeps_outer" in frames, str(frames))


def without_symbols():
    """The kernel keeps its addresses to itself: said once, and frames without names."""
    if not shutil.which("setpriv"):
        raise Skipped("setpriv is not installed")
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="utf-8") as f:
        if int(f.read()) <= 1:
            raise Skipped("kernel.perf_event_paranoid lets everybody see them")
    argv = ["setpriv", "--bounding-set", "-syslog", RSTAT, "record", "-o", TRACE, "--stacks", "--",
            *workload("sleeps", MS)]
    done = good(run(argv))
    equal(done.stderr.count("kernel stacks have no names"), 1, "said once")
    expect(not info(TRACE)["stacks"]["kernel_symbols"], "info: kernel_symbols")
    frames = [e for e in dump(TRACE) if e["kind"] == "frames"]
    expect(frames and not any(any(e["frames"]) for e in frames), "frames have no names")


def counted(counters, *cmd):
    """Records a command; returns (what it printed, {counter: sum over the slices of a PID})."""
    done = good(record(TRACE, "--counters", ",".join(counters), cmd=cmd))
    check(TRACE)
    return done


def sums(pid, counters, last=False):
    """Of the slices that end between the program's exec and its exit; last: and of the one with the
    exit, whose end takes the memory down."""
    total = [0] * len(counters)
    events = dump(TRACE)
    times = [e["ts_ns"] for e in events if e["kind"] in ("exec", "exit") and e["tid"] == pid]
    for event in events:
        if (event["kind"] == "counters" and event["tid"] == pid
                and times[0] <= event["ts_ns"] and (last or event["ts_ns"] <= times[-1])):
            total = [a + b for a, b in zip(total, event["values"])]
            equal(event["enabled_ns"], event["running_ns"], "software is not multiplexed")
    return dict(zip(counters, total))


def counters_against_perf():
    """perf stat counts the same program from its exec on, itself under rstat."""
    counters = ["page-faults", "context-switches", "minor-faults:u", "task-clock"]
    done = counted(counters, "perf", "stat", "-x", ";", "-o", "stat", "-e", ",".join(counters),
                   *workload("faults", 20000, 200))
    told = json.loads(done.stdout)
    got = sums(told["pid"], counters)
    with open("stat", encoding="utf-8") as f:
        rows = [line.split(";") for line in f if ";" in line]
    want = {row[2]: float(row[0]) for row in rows}
    want["task-clock"] *= 1e6
    for name in counters:
        note(f"{name}: {got[name]:,}, perf stat {want[name]:,.0f}")
    # perf begins in the exec and ends in the exit: somewhere in the first and in the last slice
    for name in ("page-faults", "minor-faults:u"):
        within(got[name], want[name], 250, name)
    within(got["context-switches"], want["context-switches"], 5, "context-switches")
    most = sums(told["pid"], counters, last=True)["task-clock"]
    slack = want["task-clock"] / 50 + 3e6
    expect(got["task-clock"] - slack <= want["task-clock"] <= most + slack,
           f"task-clock: {got['task-clock']:,} to {most:,}, not {want['task-clock']:,.0f}")


def what_cannot_be_counted():
    done = counted(["cycles", "page-faults", "instructions"], *workload("faults", 2000, 20))
    told = json.loads(done.stdout)
    meta = {c["name"]: c for c in info(TRACE)["counters"]}
    got = sums(told["pid"], ["cycles", "page-faults", "instructions"])
    expect(meta["page-faults"]["live"] and got["page-faults"] >= 1800, f"{meta}, {got}")
    if meta["cycles"]["live"]:
        expect(got["cycles"] > 0, f"{got}")
        raise Skipped("this machine has hardware counters")
    lines = [line for line in done.stderr.splitlines() if "not counted" in line]
    equal(len(lines), 1, "one line for both")
    expect("cycles, instructions" in lines[0], lines[0])
    expect(meta["cycles"]["why"] and not meta["instructions"]["live"], str(meta))
    equal((got["cycles"], got["instructions"]), (0, 0), "no figure is made up")


def softirqs(path):
    with open(path, encoding="utf-8") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return {row[0].rstrip(":"): sum(map(int, row[1:])) for row in rows}


def hardirqs(path):
    """Those that devices have: number -> count."""
    with open(path, encoding="utf-8") as f:
        cpus = len(f.readline().split())
        rows = [line.split() for line in f]
    return {int(row[0][:-1]): sum(map(int, row[1:1 + cpus])) for row in rows
            if row[0][:-1].isdigit()}


def interrupts():
    """Between two looks from inside and two from outside of the recording."""
    script = ("cat /proc/softirqs >soft1; cat /proc/interrupts >hard1; "
              "dd if=/dev/zero of=file bs=64k count=64 oflag=direct 2>dd; sync -f .; sleep 0.1; "
              "cat /proc/interrupts >hard2; cat /proc/softirqs >soft2")
    outer = [(softirqs("/proc/softirqs"), hardirqs("/proc/interrupts"))]
    good(record(TRACE, "--with", "irq", cmd=["sh", "-c", script]))
    outer.append((softirqs("/proc/softirqs"), hardirqs("/proc/interrupts")))
    check(TRACE)
    expect(info(TRACE)["lost"] == 0, "events were lost")
    events = [e for e in dump(TRACE) if e["kind"] == "irq"]
    for hard, looks in enumerate(([softirqs("soft1"), softirqs("soft2")],
                                  [hardirqs("hard1"), hardirqs("hard2")])):
        for key in outer[1][hard]:
            least = looks[1].get(key, 0) - looks[0].get(key, 0)
            most = outer[1][hard][key] - outer[0][hard].get(key, 0)
            mine = [e for e in events
                    if e["soft"] != hard and e["irq" if hard else "name"] == key]
            if most or mine:
                note(f"{key}: {len(mine)} events, {least} to {most} in /proc")
            # one may be going on at either end
            expect(least - 2 <= len(mine) <= most + 2, f"{key}: {len(mine)}, {least} to {most}")
            if mine and hard:
                with open(f"/sys/kernel/irq/{key}/actions", encoding="utf-8") as f:
                    equal(mine[0]["name"], f.read().strip(), f"name of {key}")
    length = info(TRACE)["duration_ns"]
    expect(all(0 < e["duration_ns"] < length for e in events), "durations")
    expect(any(e["soft"] for e in events), "soft interrupts")
    expect(any(not e["soft"] for e in events), "hard interrupts")


start("perf")
for title, test in (("the system call of every blocking switch", system_calls),
                    ("IO wait", io_wait),
                    ("--without syscall", left_out),
                    ("--stacks", stacks_of_all),
                    ("--stacks=D", stacks_of_d),
                    ("--user-stacks", user_stacks),
                    ("user stacks of before an exec", before_an_exec),
                    ("stacks around the end of a ring", around_the_ring),
                    ("a map of stacks that is too small", tiny_map),
                    ("maps of stacks that fill up", emptied_maps),
                    ("no symbols of the kernel", without_symbols),
                    ("software counters against perf stat", counters_against_perf),
                    ("counters that are not there", what_cannot_be_counted),
                    ("interrupts against /proc", interrupts)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
