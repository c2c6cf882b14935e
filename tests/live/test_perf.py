#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The same events as `perf sched record` beside it, counted per thread."""
import collections
import json
import re
import subprocess

from lib import (CPUS, RSTAT, Skipped, case, dump, equal, expect, finish, good, info, note,
                 private_mounts, run, skip, start, workload)

LINE = re.compile(r"sched:(sched_\w+): .*?(?:prev_pid=(\d+) .*next_pid=(\d+)|\bpid=(\d+) prio=)")
KINDS = {"sched_waking": "waking", "sched_wakeup_new": "wakeup_new",
         "sched_migrate_task": "migrate"}


def perf_counts(path):
    """Counter of (kind, tid); a switch counts as "out" of one and "in" of the other."""
    counts = collections.Counter()
    script = ["perf", "script", "-i", path, "-F", "event,trace"]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, errors="replace") as proc:
        for line in proc.stdout:
            m = LINE.search(line)
            if not m:
                continue
            if m.group(1) == "sched_switch":
                counts["out", int(m.group(2))] += 1
                counts["in", int(m.group(3))] += 1
            elif m.group(1) in KINDS:
                counts[KINDS[m.group(1)], int(m.group(4))] += 1
    return counts


def rstat_counts(path):
    counts = collections.Counter()
    for event in dump(path):
        if event["kind"] == "switch":
            counts["out", event["prev_tid"]] += 1
            counts["in", event["next_tid"]] += 1
        elif event["kind"] in KINDS.values():
            counts[event["kind"], event["tid"]] += 1
    return counts


def perf_lost(path):
    done = run(["perf", "report", "-i", path, "--stats"])
    return sum(int(n) for n in re.findall(r"LOST(?:_SAMPLES)? events:\s*(\d+)", done.stdout))


def side_by_side(name, *args):
    inner = [RSTAT, "record", "-o", "t.data", "--buffer", "8M", "--", *workload(name, *args)]
    done = good(run(["perf", "sched", "record", "-m", "4096", "-o", "p.data", "--", *inner]))
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    if perf_lost("p.data"):
        raise Skipped("perf lost events")
    equal(info("t.data")["lost"], 0, "lost by rstat")
    perf, rstat = perf_counts("p.data"), rstat_counts("t.data")
    expect(any(kind == "waking" for kind, _ in perf), "perf recorded no wakings")
    for task in told["tasks"]:
        for kind in ("out", "in", *KINDS.values()):
            key = (kind, task["tid"])
            expect(abs(rstat[key] - perf[key]) <= perf[key] // 1000,
                   f"{task['comm']} {kind}: {rstat[key]}, perf has {perf[key]}")
        note(f"{task['comm']}: {perf['out', task['tid']]} switches, "
             f"{perf['waking', task['tid']]} wakings, perf and rstat")


private_mounts()
start("perf")
# In this private namespace only.
mount = run(["mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing"])
if run(["perf", "sched", "record", "-o", "try.data", "--", "true"]).returncode:
    skip(f"perf sched record does not work here {mount.stderr.strip()}")
for title, load in (("pipe", ("pipe", 20000, CPUS[0])), ("mixed", ("mixed", 6, 1000)),
                    ("sleeper", ("sleeper", 400, 1000))):
    with case(f"the events of perf: {title}"):
        side_by_side(*load)
finish()
