#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The same events as `perf sched record` beside it, counted per thread."""
import collections
import json
import re
import subprocess

from lib import (CPUS, RSTAT, Skipped, case, dump, equal, expect, finish, good, info, note,
                 private_mounts, run, skip, start, unless_hidden, workload)

LINE = re.compile(r"^ *(-?\d+) +\[(\d+)\] +sched:(sched_\w+): "
                  r".*?(?:prev_pid=(\d+) .*next_pid=(\d+)|\bpid=(\d+) prio=)")
KINDS = {"sched_waking": "waking", "sched_wakeup_new": "wakeup_new",
         "sched_migrate_task": "migrate"}


def perf_events(path):
    """(kind, tid, by whom, on which CPU); a switch is "out" of one task and "in" of the next.
    rstat does not keep who caused a migration."""
    script = ["perf", "script", "-i", path, "-F", "tid,cpu,event,trace"]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, errors="replace") as proc:
        for line in proc.stdout:
            m = LINE.search(line)
            if not m:
                continue
            current, cpu, kind = int(m.group(1)), int(m.group(2)), m.group(3)
            if kind == "sched_switch":
                prev, following = int(m.group(4)), int(m.group(5))
                yield "out", prev, prev, cpu
                yield "in", following, prev, cpu
            elif kind in KINDS:
                by = None if kind == "sched_migrate_task" else current
                yield KINDS[kind], int(m.group(6)), by, cpu


def rstat_events(path):
    for event in dump(path):
        if event["kind"] == "switch":
            yield "out", event["prev_tid"], event["prev_tid"], event["cpu"]
            yield "in", event["next_tid"], event["prev_tid"], event["cpu"]
        elif event["kind"] in KINDS.values():
            yield event["kind"], event["tid"], event.get("waker_tid"), event["cpu"]


def blind_cpus(events):
    """Where perf has switches to the idle task and none from it: on some kernels nothing that
    happens in the idle task of a secondary CPU reaches perf or ftrace. BPF sees it."""
    seen = collections.Counter((kind, cpu) for kind, tid, _, cpu in events if tid == 0)
    return {cpu for kind, cpu in seen if kind == "in" and not seen["out", cpu]}


def counts(events, blind):
    return collections.Counter((kind, tid) for kind, tid, by, cpu in events
                               if by or cpu not in blind)


def perf_lost(path):
    done = run(["perf", "report", "-i", path, "--stats"])
    return sum(int(n) for n in re.findall(r"LOST(?:_SAMPLES)? events:\s*(\d+)", done.stdout))


def side_by_side(name, *args):
    # A thread's last switch may come after its process is gone: let it come before the end.
    load = " ".join(workload(name, *args))
    inner = [RSTAT, "record", "-o", "t.data", "--buffer", "8M", "--", "sh", "-c",
             f"{load}; sleep 0.2"]
    for _ in range(3):
        outer = ["nice", "-n", "-19", "perf", "sched", "record", "-m", "8192", "-o", "p.data", "--"]
        done = good(run([*outer, "nice", "-n", "19", *inner]))
        if not perf_lost("p.data"):
            break
    else:
        raise Skipped("perf lost events, three times")
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    equal(info("t.data")["lost"], 0, "lost by rstat")
    events = list(perf_events("p.data"))
    blind = blind_cpus(events)
    if blind:
        note(f"perf sees nothing of the idle task of CPU {blind}: left out on both sides")
    perf, rstat = counts(events, blind), counts(rstat_events("t.data"), blind)
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
        unless_hidden("t.data", lambda: side_by_side(*load))
finish()
