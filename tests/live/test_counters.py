#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""report -g counters against getrusage and perf stat; -g irq against /proc/softirqs,
/proc/interrupts and /proc/stat; the time on a CPU net of interrupts."""
import json
import mmap
import os
import socket
import sys

from lib import (RSTAT, TICK_NS, case, check, dump, equal, expect, finish, good, info, note, record,
                 report, run, start, steal_ns, unless_hidden, within, workload)

TRACE = "t.data"
PROGRAM = os.path.abspath(__file__)
DATAGRAMS = 100000

# runs a command and tells what the kernel's own account of it is, from its fork on
RUSAGE = """
import json, os, subprocess, sys
proc = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(proc.pid, 0)
json.dump({"pid": proc.pid, "status": status, "minor": usage.ru_minflt, "major": usage.ru_majflt,
           "switches": usage.ru_nvcsw + usage.ru_nivcsw,
           "cpu_ns": int((usage.ru_utime + usage.ru_stime) * 1e9)}, sys.stdout)
"""


def one(rows, **want):
    found = [row for row in rows if all(row[key] == value for key, value in want.items())]
    expect(len(found) == 1, f"{want}: {found}")
    return found[0]


def against_rusage():
    counters = ["page-faults", "minor-faults", "major-faults", "context-switches", "task-clock"]
    done = good(record(TRACE, "--counters", ",".join(counters),
                       cmd=[sys.executable, "-c", RUSAGE, *workload("faults", 20000, 300)]))
    check(TRACE)
    told = json.loads(done.stdout)
    equal(told["status"], 0, "status")
    row = one(report(TRACE, "counters", "process"), pid=told["pid"])
    for name in counters:
        note(f"{name}: {row[name]:,}, {row[name + '_per_s']:,.0f} in a second on a CPU")
    note(f"the kernel: {told}")
    # what the kernel touches for it (arguments of the exec) faults for one and not for the other
    within(row["page-faults"], told["minor"] + told["major"], 40, "page-faults")
    within(row["minor-faults"] + row["major-faults"], row["page-faults"], 0, "both kinds")
    within(row["context-switches"], told["switches"], 3, "context-switches")
    within(row["context-switches"], row["slices"], 3, "one for each slice")
    within(row["task-clock"], row["oncpu_ns"], row["oncpu_ns"] // 50 + 500000, "task-clock")
    for name in counters:
        rate = row[name] * 1e9 / row["oncpu_ns"]
        within(row[name + "_per_s"], rate, rate / 1000 + 0.01, f"{name}_per_s")
    expect(row["ipc"] is None, "no IPC without cycles")
    sums_agree(counters)


def sums_agree(counters):
    """Every grouping has the same sums, which are those of the events."""
    want = [0] * len(counters)
    for event in dump(TRACE, "--kind", "counters"):
        want = [a + b for a, b in zip(want, event["values"])]
    for by in ("thread", "process", "comm", "cgroup", "user", "cpu"):
        rows = report(TRACE, "counters", by)
        equal([sum(row[name] or 0 for row in rows) for name in counters], want, f"by {by}")


def against_perf():
    """perf stat counts the same program from its exec on, itself under rstat."""
    counters = ["page-faults", "context-switches"]
    done = good(record(TRACE, "--counters", ",".join(counters),
                       cmd=["perf", "stat", "-x", ";", "-o", "stat", "-e", ",".join(counters),
                            *workload("faults", 30000, 100)]))
    with open("stat", encoding="utf-8") as f:
        want = {row[2]: int(row[0]) for row in (line.split(";") for line in f) if len(row) > 2}
    row = one(report(TRACE, "counters", "process"), pid=json.loads(done.stdout)["pid"])
    for name in counters:
        note(f"{name}: {row[name]:,}, perf stat {want[name]:,}")
    # before the exec it was a copy of perf, which touches pages of its own
    within(row["page-faults"], want["page-faults"], 250, "page-faults")
    within(row["context-switches"], want["context-switches"], 5, "context-switches")


def what_is_not_there():
    done = good(record(TRACE, "--counters", "cycles,page-faults,instructions,r00c0",
                       cmd=workload("faults", 2000, 20)))
    pid = json.loads(done.stdout)["pid"]
    dead = [c["name"] for c in info(TRACE)["counters"] if not c["live"]]
    row = one(report(TRACE, "counters", "process"), pid=pid)
    expect(row["page-faults"] >= 2000, str(row))
    table = good(run([RSTAT, "report", "-g", "counters", TRACE])).stdout
    lines = [line for line in table.splitlines() if "not counted" in line]
    if not dead:
        note("this machine has hardware counters")
        expect(row["cycles"] and row["ipc"], str(row))
        equal(lines, [], "nothing is missing")
        return
    note(lines[0])
    equal(len(lines), 1, "one line for all of them")
    for name in dead:
        expect(name in lines[0], lines[0])
        expect(row[name] is None and row[f"{name}_per_s"] is None, f"no figure is made up: {row}")
    expect(row["ipc"] is None, str(row))
    expect("CYCLES" not in table, "no column for what was not counted")


def nothing_was_recorded():
    good(record(TRACE, cmd=["true"]))
    table = good(run([RSTAT, "report", "-g", "counters,irq", TRACE])).stdout
    expect("(recorded without counters)" in table, table)
    expect("(recorded without interrupts)" in table, table)
    equal(report(TRACE, "counters") + report(TRACE, "irq"), [], "rows")


def features_of(*options):
    """What a recording with these options has besides the scheduler."""
    good(record(TRACE, *options, cmd=["true"]))
    told = info(TRACE)
    stacks = told["stacks"]
    return (stacks and (stacks["of"], stacks["user"]), [c["name"] for c in told["counters"]],
            "irq" in told["features"])


def by_name():
    """What has an option of its own is a feature too; of both, the last word counts."""
    every = ["cycles", "instructions", "page-faults"]
    equal(features_of("--with", "irq,stacks,counters"), (("all", False), every, True), "all")
    equal(features_of("--stacks=D", "--with", "stacks"), (("D", False), [], False), "D stays")
    equal(features_of("--with", "counters", "--counters", "task-clock"),
          (None, ["task-clock"], False), "named ones")
    equal(features_of("--stacks", "--counters", "task-clock", "--without", "stacks,counters"),
          (None, [], False), "taken back")


# ---- interrupts ----

def counts():
    """(kind, what) -> how many so far; of soft interrupts the name, of hard ones the number."""
    found = {}
    with open("/proc/softirqs", encoding="utf-8") as f:
        for line in f.readlines()[1:]:
            words = line.split()
            found["soft", words[0].rstrip(":")] = sum(map(int, words[1:]))
    with open("/proc/interrupts", encoding="utf-8") as f:
        cpus = len(f.readline().split())
        for line in f:
            words = line.split()
            if words[0][:-1].isdigit():
                found["hard", int(words[0][:-1])] = sum(map(int, words[1:1 + cpus]))
    return found


def ticks():
    """Of hard and of soft interrupts, so far."""
    with open("/proc/stat", encoding="utf-8") as f:
        words = f.readline().split()
    return int(words[6]), int(words[7])


def busy():
    """What is recorded: datagrams to itself, and writes past the page cache; before, after"""
    begin = ticks()
    before = counts()
    fd = os.open("file", os.O_WRONLY | os.O_CREAT | os.O_DIRECT)
    page = mmap.mmap(-1, 65536)
    to, out = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    to.bind(("127.0.0.1", 0))
    for i in range(DATAGRAMS):
        out.sendto(b"x", to.getsockname())
        to.recv(10)
        if i % 1000 == 0:
            os.pwrite(fd, page, 0)
    after = counts()
    end = ticks()
    json.dump({"pid": os.getpid(), "before": [[*key, n] for key, n in before.items()],
               "after": [[*key, n] for key, n in after.items()],
               "ticks": [e - b for b, e in zip(begin, end)]}, sys.stdout)


def as_dict(rows):
    return {(kind, what): n for kind, what, n in rows}


def record_busy():
    begin, stolen, outer = ticks(), steal_ns(), counts()
    done = good(record(TRACE, "--with", "irq", cmd=[sys.executable, PROGRAM, "busy"]))
    after, stolen, end = counts(), steal_ns() - stolen, ticks()
    check(TRACE)
    equal(info(TRACE)["lost"], 0, "events lost")
    told = json.loads(done.stdout)
    told.update(stolen_ns=stolen, all_ticks=[e - b for b, e in zip(begin, end)])
    return outer, told, after


def interrupts():
    """Between two looks from inside and two from outside of the recording."""
    before, told, after = record_busy()
    inside = as_dict(told["before"]), as_dict(told["after"])
    rows = report(TRACE, "irq")
    seen = {(row["kind"], row["name"] if row["kind"] == "soft" else row["irq"]): row
            for row in rows}
    equal(len(seen), len(rows), "a row for each interrupt")
    for key in sorted(set(after) | set(seen), key=str):
        least = inside[1].get(key, 0) - inside[0].get(key, 0)
        most = after.get(key, 0) - before.get(key, 0)
        count = seen[key]["count"] if key in seen else 0
        if most or count:
            note(f"{key}: {count}, /proc: {least} to {most}")
        # one may be going on at either end
        expect(least - 2 <= count <= most + 2, f"{key}: {count}, not {least} to {most}")
    expect(seen["soft", "NET_RX"]["count"] >= DATAGRAMS, "the packets")
    for row in rows:
        expect(0 <= row["self_ns"] <= row["total_ns"], str(row))
        expect(row["p50_ns"] <= row["p99_ns"] <= row["max_ns"], str(row))
    of_cpus = report(TRACE, "irq", "cpu")
    for row in rows:
        mine = [r for r in of_cpus if (r["kind"], r["irq"]) == (row["kind"], row["irq"])]
        for name in ("count", "total_ns", "self_ns"):
            equal(sum(r[name] for r in mine), row[name], f"{name} by CPU")
        equal(max(r["max_ns"] for r in mine), row["max_ns"], "max_ns by CPU")
    net_of_them(told["pid"])
    soft = sum(row["self_ns"] for row in rows if row["kind"] == "soft")
    hard = sum(row["self_ns"] for row in rows if row["kind"] == "hard")
    least, most = ([n * TICK_NS for n in told[key]] for key in ("ticks", "all_ticks"))
    note(f"soft {soft / 1e6:.1f} ms, hard {hard / 1e6:.1f} ms; /proc/stat: "
         f"{least[1] / 1e6:.0f} to {most[1] / 1e6:.0f} and {least[0] / 1e6:.0f} to "
         f"{most[0] / 1e6:.0f}; stolen {told['stolen_ns'] / 1e6:.0f}")
    # the kernel may only see who is there at each of its ticks, of 4 ms mostly: four sigma of that
    sigma = 4 * (4e6 * max(soft, most[1])) ** 0.5 + 2e7
    expect(least[1] - sigma <= soft <= most[1] + sigma + told["stolen_ns"],
           f"soft: {soft:,} ns, /proc/stat {least[1]:,} to {most[1]:,} +- {sigma:,.0f}")


def net_of_them(pid):
    """Against the events: the union of the interrupts that came while the thread ran."""
    row = one(report(TRACE, "cpu", "thread"), tid=pid)
    spans = sorted((e["ts_ns"] - e["duration_ns"], e["ts_ns"]) for e in dump(TRACE, "--kind", "irq")
                   if e["tid"] == pid)
    total, end = 0, 0
    for first, last in spans:
        total += max(last - max(first, end), 0)
        end = max(end, last)
    note(f"{row['oncpu_ns'] / 1e6:.1f} ms on a CPU, {total / 1e6:.1f} ms of it in interrupts")
    expect(total > 0, "no interrupt came")
    equal(row["oncpu_net_ns"], row["oncpu_ns"] - total, "oncpu_net_ns")


if sys.argv[1:] == ["busy"]:
    busy()
    sys.exit(0)
start("perf")
with case("software counters against getrusage; every grouping has the same sums"):
    unless_hidden(TRACE, against_rusage)
with case("software counters against perf stat"):
    unless_hidden(TRACE, against_perf)
with case("counters that are not there"):
    unless_hidden(TRACE, what_is_not_there)
with case("stacks and counters by --with and --without"):
    by_name()
with case("recorded without"):
    nothing_was_recorded()
with case("interrupts against /proc; net time"):
    unless_hidden(TRACE, interrupts)
finish()
