#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Where tasks are: moves from CPU to CPU against se.nr_migrations, time by cgroup against cpu.stat,
in cgroups that are there, that are made, and when processes are moved."""
import contextlib
import os
import subprocess

from lib import (CPUS, PATIENCE, SLICE_NS, WAKE_UP_NS, Skipped, by_tid, case, check, dump, equal,
                 expect, finish, held, info, near_account, note, record_workload, recording, report,
                 start, steal_ns, tell, unless_hidden, until_collected, wait_for, wake_ups_ns,
                 workload)

TRACE = "t.data"
COUNT = 100


def moves():
    """How often each was moved, and whether that was at a wake-up: before the first they may be
    anywhere."""
    if CPUS[:2] != [0, 1]:
        raise Skipped("no CPUs 0 and 1")
    told = record_workload(TRACE, "moves", COUNT)
    check(TRACE)
    window = until_collected(TRACE, told)
    rows = by_tid(report(TRACE, "migration", "thread", *window))
    totals = by_tid(report(TRACE, "cpu", "thread", *window))
    for task, moved in zip(told["tasks"], told["moved"]):
        row = rows[task["tid"]]
        note(f"{task['comm']}: {row['count']} moves, {row['placed']} of them at a wake-up; "
             f"the kernel: {moved}")
        expect(moved >= COUNT - 1, f"{moved} moves only")
        equal((row["count"], totals[task["tid"]]["migrations"]), (moved, moved), task["comm"])
        equal(row["placed"] + row["balanced"], row["count"], "of both kinds")
        kind = "placed" if task["comm"] == "sleeper" else "balanced"
        expect(row[kind] >= COUNT - 1, f"{kind} by order: {row}")


# -- cgroups ---------------------------------------------------------------------------------------

def hierarchy():
    """Where cgroups of version 2 are, in this mount namespace."""
    with open("/proc/self/mounts", encoding="utf-8") as f:
        found = [line.split()[1] for line in f if line.split()[2] == "cgroup2"]
    if not found:
        raise Skipped("no cgroup v2 is mounted")
    return found[0]


class Group:
    """A cgroup of ours, as rstat names it."""

    def __init__(self, path):
        self.root = hierarchy()
        self.path = path
        os.mkdir(self.root + path)

    def add(self, pid):
        with open(f"{self.root}{self.path}/cgroup.procs", "w", encoding="ascii") as f:
            f.write(str(pid))

    def run(self, name, *args):
        """A workload that is in it from before its exec on."""
        return subprocess.Popen(workload(name, *args), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, preexec_fn=lambda: self.add(0))

    def held(self, name, *args):
        """The same, until it is told to end."""
        return held(name, *args, preexec_fn=lambda: self.add(0))

    def used_ns(self):
        with open(f"{self.root}{self.path}/cpu.stat", encoding="ascii") as f:
            return int(f.readline().split()[1]) * 1000

    def runs_for(self, ms):
        """Returns when it has used so much more."""
        until = self.used_ns() + ms * 1000000
        wait_for(lambda: self.used_ns() >= until, f"{self.path} has run for {ms} ms more")

    def gone(self):
        def removed():
            with contextlib.suppress(OSError):
                os.rmdir(self.root + self.path)
            return not os.path.exists(self.root + self.path)

        wait_for(removed, f"{self.path} is empty")


def as_cpu_stat(groups, since):
    """groups: (path, what cpu.stat says of it alone); since: the stolen time before."""
    stolen = steal_ns() - since
    check(TRACE)
    equal(info(TRACE)["lost"], 0, "lost events")
    rows = {row["cgroup"]: row for row in report(TRACE, "cpu", "cgroup")}
    wake_ups = wake_ups_ns(TRACE, "cgroup", "cgroup")
    for path, want in groups:
        expect(path in rows, f"{path} is not among {sorted(rows, key=str)}")
        row = rows[path]
        waits = max(WAKE_UP_NS * row["nvcsw"], wake_ups.get(path, 0))
        note(f"{path}: {row['oncpu_ns']:,} ns, cpu.stat {want:,}, gap {row['gap_ns']:,}, "
             f"{row['slices']:,} slices, {row['nvcsw']:,} sleeps, {waits:,} ns after them, "
             f"stolen {stolen:,}")
        near_account(row["oncpu_ns"], want, want // 50 + 2000000 + SLICE_NS * row["slices"] +
                     waits + row["gap_ns"] + stolen, path)


@contextlib.contextmanager
def cgroups():
    """A function that makes one; all of them go at the end."""
    made = []

    def make(path):
        made.append(Group(path))
        return made[-1]

    try:
        yield make
    finally:
        for group in reversed(made):
            group.gone()


def by_cgroup():
    """One that was there before, one below it that is made meanwhile."""
    base = f"/rstat-test-{os.getpid()}"
    since = steal_ns()
    with cgroups() as make:
        outer = make(base)
        with recording(TRACE):
            inner = make(f"{base}/made later")
            procs = [outer.run("hog", 500, CPUS[0]), inner.run("hog", 300, CPUS[-1])]
            for proc in procs:
                equal(proc.wait(PATIENCE), 0, "exit code")
        below = inner.used_ns()
        as_cpu_stat(((outer.path, outer.used_ns() - below), (inner.path, below)), since)


def moved(*argv, first_in_line=False):
    """A process is moved with all of its threads, a while after it began."""
    base = f"/rstat-test-{os.getpid()}"
    since = steal_ns()
    with cgroups() as make:
        first, second = make(f"{base}-a"), make(f"{base}-b")
        with recording(TRACE):
            with first.held(*argv) as proc:
                if first_in_line:
                    tasks = f"/proc/{proc.pid}/task"
                    wait_for(lambda: len(os.listdir(tasks)) == 2, "both threads are there", proc)
                    for tid in map(int, os.listdir(tasks)):
                        os.sched_setscheduler(tid, os.SCHED_FIFO, os.sched_param(1))
                first.runs_for(150)
                second.add(proc.pid)
                second.runs_for(150)
                tell(proc)
        as_cpu_stat([(group.path, group.used_ns()) for group in (first, second)], since)


def filtered():
    """--cgroup: what is in it and below it, and nobody else."""
    base = f"/rstat-test-{os.getpid()}"
    since = steal_ns()
    with cgroups() as make:
        outer, aside = make(base), make(f"{base}-aside")
        inner = make(f"{base}/inner")
        with recording(TRACE, "--cgroup", outer.path):
            procs = [group.run("hog", 300, CPUS[-1]) for group in (inner, outer, aside)]
            for proc in procs:
                equal(proc.wait(PATIENCE), 0, "exit code")
        told = {e["prev_tid"] for e in dump(TRACE, "--kind", "switch")}
        known = {row["tid"]: row["pid"] for row in report(TRACE)}
        pids = {known[tid] for tid in told if tid in known}
        expect({procs[0].pid, procs[1].pid} <= pids, f"switches of {pids}, not of {procs}")
        expect(procs[2].pid not in pids, "switches of a process that is not in it")
        as_cpu_stat(((inner.path, inner.used_ns()),
                     (outer.path, outer.used_ns() - inner.used_ns())), since)


def leaves():
    """--cgroup, and a process that moves out of it: nothing of what comes then is its time."""
    base = f"/rstat-test-{os.getpid()}"
    since = steal_ns()
    with cgroups() as make:
        inside, aside = make(base), make(f"{base}-aside")
        with recording(TRACE, "--cgroup", inside.path):
            with inside.held("hog", 0, CPUS[-1]) as proc:
                inside.runs_for(100)
                aside.add(proc.pid)
                aside.runs_for(150)
                tell(proc)
        as_cpu_stat([(inside.path, inside.used_ns())], since)
        row = by_tid(report(TRACE))[proc.pid]
        hogs = [r for r in report(TRACE) if r["pid"] == proc.pid]
        life = {row["pid"]: row for row in report(TRACE, "life", "process")}[proc.pid]
        equal(life["exit_code"], 0, f"exit code in {life}")
        gap = max(r["gap_ns"] for r in hogs)  # of two threads, one hardly runs
        expect(gap >= aside.used_ns() * 9 // 10, f"outside is unknown: {hogs}, {row}")
        busy, used = sum(r["oncpu_ns"] for r in report(TRACE)), inside.used_ns()
        near_account(busy, used, used // 10 + 10000000 + steal_ns() - since, "time of all threads")


start()
for title, test in (("moves, and whether at a wake-up, as the kernel counts them", moves),
                    ("time by cgroup, as cpu.stat has it", by_cgroup),
                    ("a process that is moved to another cgroup",
                     lambda: moved("mixed", 3, 0)),
                    ("one that is moved in the middle of a long slice",
                     lambda: moved("hog", 0, CPUS[-1], first_in_line=True)),
                    ("--cgroup, and what is below it", filtered),
                    ("--cgroup, and what moves out of it", leaves)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
