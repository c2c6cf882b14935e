#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What two groups, two groupings, two formats or two halves of a window tell, they tell alike."""
import collections
import csv
import glob
import io
import json
import os
import threading

from lib import (ROOT, RSTAT, Skipped, case, equal, expect, finish, good, note, recording, run,
                 start_anywhere, workload)

GROUPS = ("cpu,latency,waking,slice,sleep,idle,migration,totals,states,life,depth,io,fs,net,"
          "offcpu,counters,irq")
BY = ("process", "thread", "comm", "cgroup", "user")
NOT_BY_CPU = {"io", "fs", "offcpu"}
STATES = ("cpu", "oncpu_ns", "runq_ns", "blocked_ns", "dstate_ns", "zombie_ns", "slices", "nvcsw",
          "nivcsw", "migrations")
IO = ("io", "rd_ios", "wr_ios", "discards", "flushes", "rd_bytes", "wr_bytes", "discard_bytes",
      "rd_merges", "wr_merges", "errors", "unknown", "no_end", "queue_count", "dev_count")
FS = ("fs", "rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "io_rd_bytes",
      "io_wr_bytes")
NET = ("net", "tx_bytes", "rx_bytes", "tx_calls", "rx_calls")
CONNECTIONS = ("net", "conns_new", "conns_failed", "retransmits", "resets_sent", "resets_received")
WAITS = ("disk_ns", "net_ns", "lock_ns", "pipe_ns", "poll_ns", "sleep_ns", "child_ns", "other_ns")
BASES = [f"by_{b}_ns" for b in ("stack", "request", "iowait", "socket", "syscall", "waker",
                                "state")]
BANDS = ("below_10us", "below_100us", "below_1ms", "below_10ms", "below_100ms", "longer")
# What ends in a window belongs to it, what is a time is cut at its ends: two windows have it all.
# Not in these: slices (a cut one is in both), and what a wait was for, told only by its end.
HALVES = [STATES[:6] + STATES[7:], IO, FS, NET, ("net", "retransmits", "resets_sent"),
          ("latency", "count", "left_out", "total_ns"), ("slice", "count", "left_out", "total_ns"),
          ("sleep", "count", "left_out", "total_ns"), ("waking", "count", "left_out"),
          ("migration", "count", "placed", "balanced"), ("totals", "total_ns"),
          ("idle", "run_ns", "idle_ns", "other_ns", "gap_ns"), ("life", "oncpu_ns", "execs"),
          ("offcpu", "life_ns", "oncpu_ns", "runq_ns", "blocked_ns", "zombie_ns"),
          ("irq", "count", "total_ns", "self_ns")]


class Report:
    """Every group of a trace by one thing, in one window."""

    def __init__(self, trace, by, *options, groups=GROUPS):
        done = good(run([RSTAT, "report", "--all", "-g", groups, "--by", by, "--state", "all",
                         "--format", "json", *options, trace]))
        doc = json.loads(done.stdout, object_pairs_hook=no_key_twice)
        self.rows = collections.defaultdict(list)
        for row in doc["rows"]:
            self.rows[row["group"]].append(row)
        self.all = doc["rows"]
        self.window = doc["window"]

    def sum(self, group, key):
        return sum(row[key] or 0 for row in self.rows[group])

    def sums(self, group, *keys):
        return {f"{group}.{key}": self.sum(group, key) for key in keys}

    def by(self, group, what, key):
        out = collections.Counter()
        for row in self.rows[group]:
            out[row[what]] += row[key] or 0
        return +out


def no_key_twice(pairs):
    equal(sorted({k for k, _ in pairs}), sorted(k for k, _ in pairs), "keys of a row")
    return dict(pairs)


def without(*groups):
    return ",".join(g for g in GROUPS.split(",") if g not in groups)


# -- one report ------------------------------------------------------------------------------------

def states_agree(r):
    of = r.by("totals", "state", "total_ns")
    equal(sum(of[s] for s in "SDITtPN"), r.sum("cpu", "blocked_ns"), "blocked: totals and cpu")
    equal(of["D"], r.sum("cpu", "dstate_ns"), "D: totals and cpu")
    equal(of["Z"] + of["Zl"], r.sum("cpu", "zombie_ns"), "Z: totals and cpu")
    equal((of["R"], of["Rq"]), (r.sum("cpu", "oncpu_ns"), r.sum("cpu", "runq_ns")),
          "R and Rq: totals and cpu")
    clipped = collections.Counter()
    for row in r.rows["states"]:
        equal(row["dur_ns"], row["end_ns"] - row["start_ns"], "a stretch")
        clipped[row["state"]] += (min(row["end_ns"], r.window["to_ns"]) -
                                  max(row["start_ns"], r.window["from_ns"]))
    if len(r.rows["states"]) < 65536:  # the list has the longest only
        equal({s: n for s, n in clipped.items() if n and s not in "?X"},
              {s: n for s, n in of.items() if n and s not in "?X"}, "states and totals")


def slices_agree(r, what):
    for cause, key in (("voluntary", "nvcsw"), ("preempted", "nivcsw")):
        ended = collections.Counter()
        for row in r.rows["slice"]:
            if row["cause"] == cause:
                ended[row[what]] += row["count"] + row["left_out"]
        equal(+ended, r.by("cpu", what, key), f"slices that ended {cause}, by {what}")


def distributions(r):
    for group in ("latency", "waking", "slice", "sleep"):
        for row in r.rows[group]:
            equal(sum(row[b] for b in BANDS), row["count"], f"bands of {group}")
            if not row["count"]:
                continue
            order = [row[f"{q}_ns"] for q in ("p50", "p90", "p99", "p999", "max", "total")]
            equal(order, sorted(order), f"quantiles of {group}")
            expect(abs(row["total_ns"] - row["mean_ns"] * row["count"]) <= row["count"],
                   f"mean of {group}: {row}")


def lives_agree(r):
    for row in r.rows["offcpu"]:
        equal(sum(row[w] for w in WAITS), row["blocked_ns"], "waits of offcpu")
        equal(sum(row[b] for b in BASES), row["blocked_ns"], "what they rest on")
        equal(sum(row[k] for k in ("oncpu_ns", "runq_ns", "blocked_ns", "gap_ns")),
              row["life_ns"], "the parts of a life")
    keys = ("oncpu_ns", "runq_ns", "blocked_ns", "zombie_ns", "gap_ns")
    equal([r.sum("offcpu", k) for k in keys], [r.sum("cpu", k) for k in keys], "offcpu and cpu")


def cpus_agree(r):
    """By CPU: what ran there is what it was not idle, and as much as depth says on the average."""
    for row in r.rows["idle"]:
        equal(row["run_ns"] + row["idle_ns"] + row["other_ns"] + row["gap_ns"],
              r.window["duration_ns"], f"CPU {row['cpu']}")
    equal(r.by("cpu", "cpu", "oncpu_ns"), r.by("idle", "cpu", "run_ns"), "cpu and idle")
    for key in ("run_ns", "idle_ns", "other_ns", "gap_ns"):
        equal(r.sum("idle", key), r.window[key], f"idle and the window: {key}")
    if not r.window["gap_ns"]:
        queued = r.sum("cpu", "oncpu_ns") + r.sum("cpu", "runq_ns")
        depth = sum(row["depth_mean"] for row in r.rows["depth"]) * r.window["duration_ns"]
        expect(0 <= queued - depth <= len(r.rows["depth"]) * r.window["duration_ns"] / 1000 + 1,
               f"depth: {depth:,} ns, run and queued: {queued:,} ns")


def flows_agree(r):
    for device, task in (("rd_bytes", "io_rd_bytes"), ("wr_bytes", "io_wr_bytes")):
        equal(r.sum("io", device), r.sum("fs", task), f"io and fs: {device}")
    equal(r.sum("migration", "count"), r.sum("cpu", "migrations"), "migration and cpu")
    equal(r.by("life", "pid", "oncpu_ns"), r.by("cpu", "pid", "oncpu_ns"), "life and cpu")


# -- two reports -----------------------------------------------------------------------------------

def groupings_agree(trace, *options):
    first = Report(trace, "process", *options)
    states_agree(first)
    distributions(first)
    lives_agree(first)
    flows_agree(first)
    slices_agree(first, "pid")
    counted = [k for k in (first.rows["counters"] or [{}])[0]
               if f"{k}_per_s" in first.rows["counters"][0]]
    for by in BY:
        r = Report(trace, by, *options, groups=without("states", "idle", "depth", "life", "irq"))
        lives_agree(r)
        for group, *keys in (STATES + ("gap_ns",), IO, FS, NET, CONNECTIONS, ("waking", "count"),
                             ("latency", "count", "total_ns", "left_out"),
                             ("sleep", "count", "total_ns", "left_out"),
                             ("offcpu", *WAITS, *BASES), ("counters", *counted)):
            equal(r.sums(group, *keys), first.sums(group, *keys), f"by {by} and by process")
    r = Report(trace, "cpu", *options, groups=without(*NOT_BY_CPU))
    cpus_agree(r)
    slices_agree(r, "cpu")
    for group, *keys in (STATES, NET, ("latency", "count", "total_ns", "left_out"),
                         ("migration", "count"), ("counters", *counted),
                         ("irq", "count", "total_ns", "self_ns")):
        equal(r.sums(group, *keys), first.sums(group, *keys), "by cpu and by process")
    devices = Report(trace, "device", *options, groups="io")
    equal(devices.sums(*IO), first.sums(*IO), "by device and by process")
    sockets = Report(trace, "connection", *options, groups="net")
    equal(sockets.sums(*NET), first.sums(*NET), "by connection and by process")


def folded_agrees(trace):
    offcpu = Report(trace, "process", groups="offcpu")
    want = offcpu.sum("offcpu", "runq_ns") + offcpu.sum("offcpu", "blocked_ns")
    for options in ((), ("--wakers",)):
        text = good(run([RSTAT, "report", "--all", "--format", "folded", *options, trace])).stdout
        equal(sum(int(line.rpartition(" ")[2]) for line in text.splitlines()), want, "folded")
    stacks = Report(trace, "process", "--stack", groups="offcpu")
    equal(stacks.sum("offcpu_stack", "wait_ns"), want, "offcpu_stack")


def as_csv(value):
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def formats_agree(trace):
    rows = Report(trace, "thread").all
    argv = [RSTAT, "report", "--all", "-g", GROUPS, "--by", "thread", "--state", "all"]
    lines = good(run([*argv, "--format", "ndjson", trace])).stdout.splitlines()
    equal([json.loads(line) for line in lines], rows, "ndjson and json")
    table = list(csv.DictReader(io.StringIO(good(run([*argv, "--format", "csv", trace])).stdout)))
    equal(len(table), len(rows), "rows of CSV")
    for got, want in zip(table, rows):
        for key, value in want.items():
            if isinstance(value, str):
                expect("\\" in got[key] or got[key] == value, f"{key}: {got[key]!r}, {value!r}")
            elif isinstance(value, float):
                equal(float(got[key]), value, f"CSV: {key}")
            else:
                equal(got[key], as_csv(value), f"CSV: {key}")


def halves_agree(trace):
    """Where nothing was lost: a loss that shows later makes the window before it less sure."""
    whole = Report(trace, "process")
    if whole.window["gap_ns"]:
        return
    for share in (2, 3):
        at = whole.window["duration_ns"] // share
        parts = [Report(trace, "process", "--time", t) for t in (f",+{at}ns", f"+{at}ns,")]
        for part in parts:
            states_agree(part)
            lives_agree(part)
        for group, *keys in HALVES:
            got = collections.Counter()
            for part in parts:
                got.update(part.sums(group, *keys))
            equal(dict(got), whole.sums(group, *keys), f"the parts at {at} ns and the whole")


def all_agree(trace):
    groupings_agree(trace)
    groupings_agree(trace, "--time", "30%,60%")
    folded_agrees(trace)
    formats_agree(trace)
    halves_agree(trace)


def filters_agree(trace):
    """Those asked for and those left out are all; a process alone has the rows that it had."""
    groups = without("idle", "depth", "irq", "states")  # states: the longest of all, or of one
    whole = Report(trace, "process", groups=groups)
    for yes, no in ((("--kthreads", "only"), ("--kthreads", "no")),
                    (("--comm", "mixed"), ("--no-comm", "mixed"))):
        parts = [Report(trace, "process", *o, groups="cpu,latency,offcpu,migration")
                 for o in (yes, no)]
        for group, *keys in (STATES, ("latency", "count", "total_ns"), ("migration", "count"),
                             ("offcpu", "life_ns", *WAITS)):
            equal({f"{group}.{k}": sum(p.sum(group, k) for p in parts) for k in keys},
                  whole.sums(group, *keys), f"{yes} and {no}")
    pid = max(whole.rows["cpu"], key=lambda row: row["slices"])["pid"]
    alone = Report(trace, "process", "-p", str(pid), groups=groups)
    equal(sorted(map(str, alone.all)),
          sorted(str(row) for row in whole.all if row.get("pid") == pid), f"-p {pid}")
    cpus = sorted({row["cpu"] for row in Report(trace, "cpu", groups="cpu").rows["cpu"]})
    parts = [Report(trace, "thread", "-C", str(c), groups="cpu,slice,net") for c in cpus]
    for group, *keys in (STATES, NET):
        equal({f"{group}.{k}": sum(p.sum(group, k) for p in parts) for k in keys},
              whole.sums(group, *keys), "-C, one by one")


def loads():
    """Processes that compute, wait for each reason, talk, fork, die."""
    argvs = [workload("mixed", 6, 1500), workload("talk", 500), workload("short", 100),
             workload("waits", "waits.tmp"), workload("zombie"), workload("vfork_parent")]
    threads = [threading.Thread(target=lambda argv=argv: run(argv)) for argv in argvs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def live():
    if os.geteuid() or not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise Skipped("needs root and BTF")
    with recording("t.data", "--with", "irq", "--stacks=D", "--counters",
                   "page-faults,context-switches", "--buffer", "8M") as recorder:
        loads()
    equal(recorder.returncode, 0, recorder.error_text)
    all_agree("t.data")
    filters_agree("t.data")
    r = Report("t.data", "process")
    for group in GROUPS.split(","):
        note(f"{group}: {len(r.rows[group])} rows")
        expect(r.rows[group], f"{group} has nothing to agree on")


start_anywhere()
samples = sorted(glob.glob(f"{ROOT}/samples/*.rstat"))
for sample in samples:
    with case(f"what groups, groupings, formats and windows say of {os.path.basename(sample)}"):
        all_agree(sample)
with case("samples in which nothing was lost, so that halves could be compared"):
    sure = [s for s in samples if not Report(s, "cpu", groups="idle").window["gap_ns"]]
    note(f"halves of {len(sure)} of {len(samples)} samples")
    expect(len(sure) >= 2, f"only {sure}")
with case("the same of a recording of this machine, and filters"):
    live()
finish()
