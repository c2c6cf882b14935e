#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Where tasks are: moves from CPU to CPU against se.nr_migrations, time by cgroup against cpu.stat,
in cgroups that are there, that are made, and when processes are moved."""
import contextlib
import os
import subprocess
import time

from lib import (CPUS, Skipped, by_tid, case, check, dump, edges_ns, end, equal, expect, finish,
                 info, note, record_workload, recording, report, start, unless_hidden,
                 until_collected, wait_for, within, workload)

TRACE = "t.data"
COUNT = 100


def moves():
    """How often each was moved, and whether that was at a wake-up. A sleeper that the kernel has
    not taken off the queue yet (since 6.12) moves like one that runs, and who asks to be moved may
    sleep until it is: some of the other kind are neither's fault."""
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
        expect(moved >= COUNT // 2, f"{moved} moves only")
        equal((row["count"], totals[task["tid"]]["migrations"]), (moved, moved), task["comm"])
        equal(row["placed"] + row["balanced"], row["count"], "of both kinds")
        if task["comm"] == "sleeper":
            expect(row["placed"] >= moved // 2, f"moved when it was woken: {row}")
        else:
            expect(row["balanced"] >= moved // 10, f"moved while it ran: {row}")


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
        return self.start(workload(name, *args))

    def start(self, argv):
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                preexec_fn=lambda: self.add(0))

    def used_ns(self):
        with open(f"{self.root}{self.path}/cpu.stat", encoding="ascii") as f:
            return int(f.readline().split()[1]) * 1000

    def gone(self):
        def removed():
            with contextlib.suppress(OSError):
                os.rmdir(self.root + self.path)
            return not os.path.exists(self.root + self.path)

        wait_for(removed, f"{self.path} is empty")


def as_cpu_stat(groups):
    """groups: (path, what cpu.stat says of it alone)."""
    check(TRACE)
    equal(info(TRACE)["lost"], 0, "lost events")
    rows = {row["cgroup"]: row for row in report(TRACE, "cpu", "cgroup")}
    for path, want in groups:
        expect(path in rows, f"{path} is not among {sorted(rows, key=str)}")
        row = rows[path]
        note(f"{path}: {row['oncpu_ns']:,} ns, cpu.stat {want:,}, gap {row['gap_ns']:,}, "
             f"{row['slices']:,} slices, {row['nvcsw']:,} sleeps")
        within(row["oncpu_ns"], want, want // 50 + 2000000 + edges_ns(row) + row["gap_ns"], path)


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
    with cgroups() as make:
        outer = make(base)
        with recording(TRACE):
            inner = make(f"{base}/made later")
            procs = [outer.run("hog", 500, CPUS[0]), inner.run("hog", 300, CPUS[-1])]
            for proc in procs:
                equal(proc.wait(30), 0, "exit code")
        below = inner.used_ns()
        as_cpu_stat(((outer.path, outer.used_ns() - below), (inner.path, below)))


def moved(*argv):
    """A process is moved with all of its threads, a while after it began."""
    base = f"/rstat-test-{os.getpid()}"
    with cgroups() as make:
        first, second = make(f"{base}-a"), make(f"{base}-b")
        with recording(TRACE):
            proc = first.start(argv)
            try:
                time.sleep(0.3)
                second.add(proc.pid)
                equal(proc.wait(30), 0, "exit code")
            finally:
                end(proc)
        as_cpu_stat([(group.path, group.used_ns()) for group in (first, second)])


def filtered():
    """--cgroup: what is in it and below it, and nobody else."""
    base = f"/rstat-test-{os.getpid()}"
    with cgroups() as make:
        outer, aside = make(base), make(f"{base}-aside")
        inner = make(f"{base}/inner")
        with recording(TRACE, "--cgroup", outer.path):
            procs = [group.run("hog", 300, CPUS[-1]) for group in (inner, outer, aside)]
            for proc in procs:
                equal(proc.wait(30), 0, "exit code")
        told = {e["prev_tid"] for e in dump(TRACE, "--kind", "switch")}
        known = {row["tid"]: row["pid"] for row in report(TRACE)}
        pids = {known[tid] for tid in told if tid in known}
        expect({procs[0].pid, procs[1].pid} <= pids, f"switches of {pids}, not of {procs}")
        expect(procs[2].pid not in pids, "switches of a process that is not in it")
        as_cpu_stat(((inner.path, inner.used_ns()),
                     (outer.path, outer.used_ns() - inner.used_ns())))


def leaves():
    """--cgroup, and a process that moves out of it: nothing of what comes then is its time."""
    base = f"/rstat-test-{os.getpid()}"
    with cgroups() as make:
        inside, aside = make(base), make(f"{base}-aside")
        with recording(TRACE, "--cgroup", inside.path):
            proc = inside.run("hog", 600, CPUS[-1])
            time.sleep(0.2)
            aside.add(proc.pid)
            equal(proc.wait(30), 0, "exit code")
            time.sleep(0.3)
        as_cpu_stat([(inside.path, inside.used_ns())])
        row = by_tid(report(TRACE))[proc.pid]
        life = {row["pid"]: row for row in report(TRACE, "life", "process")}[proc.pid]
        expect(row["gap_ns"] > 100000000, f"outside is unknown: {row}")
        equal(life["exit_code"], 0, f"exit code in {life}")
        busy = sum(r["oncpu_ns"] for r in report(TRACE))
        within(busy, inside.used_ns(), inside.used_ns() // 10 + 10000000, "time of all threads")


start()
for title, test in (("moves, and whether at a wake-up, as the kernel counts them", moves),
                    ("time by cgroup, as cpu.stat has it", by_cgroup),
                    ("a process that is moved to another cgroup",
                     lambda: moved(*workload("mixed", 3, 600))),
                    ("one that is moved in the middle of a long slice",
                     lambda: moved("chrt", "-f", "1", *workload("hog", 600, CPUS[-1]))),
                    ("--cgroup, and what is below it", filtered),
                    ("--cgroup, and what moves out of it", leaves)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
