#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""cut, merge, recover and pipes, live: what they write reports what the whole does."""
import json
import subprocess

from lib import (CPUS, PATIENCE, RSTAT, background, case, check, equal, expect, finish, good, info,
                 note, record, report, report_command, run, start, unless_hidden,
                 workload)

TRACE = "t.data"
GROUPS = ("cpu", "latency", "waking", "slice", "sleep", "idle", "migration", "states", "life",
          "depth")
INSTANTS = ("start_ns", "end_ns", "max_at_ns")


def rows(trace, group, offset, *options):
    """The rows as a sorted list of texts, instants counted from `offset`."""
    result = []
    for row in report(trace, group, "cpu" if group == "idle" else "thread", *options):
        for key in INSTANTS:
            if row.get(key) is not None:
                row[key] -= offset
        # who ran before the cut while a task waited across it, only the whole knows
        row.pop("max_ran_comm", None)
        row.pop("max_ran_tid", None)
        result.append(json.dumps(row, sort_keys=True))
    return sorted(result)


def same_reports(whole, part, offset=0, *options):
    count = 0
    for group in GROUPS:
        want, got = rows(whole, group, offset, *options), rows(part, group, 0)
        differ = sorted(set(want) ^ set(got))
        expect(want == got, f"{group}: {len(differ)} rows differ, first: {differ[:2]}")
        count += len(got)
    return count


def sha(command):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", f"{command} | sha256sum"],
                          capture_output=True, timeout=PATIENCE, check=False)
    equal(done.returncode, 0, f"{command}: {done.stderr.decode()}")
    return done.stdout


def thirds():
    length = info(TRACE)["duration_ns"]
    windows = [(0, length // 3), (length // 3, 2 * length // 3), (length // 3, length)]
    for begin, end in windows:
        window = f"+{begin}ns,+{end}ns"
        good(run([RSTAT, "cut", "--time", window, "-o", "cut.data", TRACE]))
        check("cut.data")
        equal(info("cut.data")["duration_ns"], end - begin, "duration")
        note(f"{same_reports(TRACE, 'cut.data', begin, '--time', window)} rows are the same")


def pieces():
    length = info(TRACE)["duration_ns"]
    for i in range(3):
        window = f"+{i * length // 3}ns,+{(i + 1) * length // 3}ns"
        good(run([RSTAT, "cut", "--time", window, "-o", f"p{i}.data", TRACE]))
    good(run([RSTAT, "merge", "-o", "merged.data", "p2.data", "p0.data", "p1.data"]))
    good(run([RSTAT, "check", "--strict", "merged.data"]))
    equal(info("merged.data")["events_by_kind"], info(TRACE)["events_by_kind"], "events")
    same_reports(TRACE, "merged.data")
    overlap = run([RSTAT, "merge", "-o", "no.data", "p0.data", TRACE])
    equal(overlap.returncode, 2, "pieces that overlap")
    good(record("other.data", cmd=["true"]))
    foreign = run([RSTAT, "merge", "-o", "no.data", "p0.data", "other.data"])
    equal(foreign.returncode, 2, "a piece of another recording")
    expect("recording" in foreign.stderr, foreign.stderr)


def windows():
    """A file is read from the checkpoint before a window on, a pipe from its beginning: the same
    rows, those that sort alike in any order."""
    length = info("merged.data")["duration_ns"]
    window = f"+{length * 7 // 10}ns,+{length * 9 // 10}ns"
    for group in (*GROUPS, "offcpu", "io", "fs", "net"):
        by = "cpu" if group == "idle" else "thread"
        argv = f"{RSTAT} report -g {group} --by {by} -n 0 --format ndjson --time {window}"
        for focus in ("", "--all"):
            piped = f"cat merged.data | {argv} {focus} -; exit ${{PIPESTATUS[1]}}"
            both = [sorted(good(run(["bash", "-c", cmd])).stdout.splitlines())
                    for cmd in (piped, f"{argv} {focus} merged.data")]
            equal(both[0], both[1], f"{group} {focus}")


def pipes():
    whole = sha(f"{RSTAT} dump {TRACE}")
    equal(sha(f"cat {TRACE} | {RSTAT} dump -"), whole, "dump from a pipe")
    equal(sha(f"{RSTAT} recover {TRACE} -o - | {RSTAT} dump -"), whole, "recover to a pipe")
    first = run(["bash", "-c", f"{RSTAT} dump {TRACE} | head -1; echo ${{PIPESTATUS[0]}}"])
    equal(first.stdout.splitlines()[-1], "0", "dump into a pipe that closes")
    equal(first.stderr, "", "standard error then")


def orphan():
    """What the command started belongs to it when its parent is gone, in a part of the trace too;
    to the machine's own processes it never did."""
    argv = " ".join(workload("hog", 600, CPUS[-1]))
    script = f"( {argv} >hog.json & ); until [ -s hog.json ]; do sleep 0.02; done"
    with background(workload("hog", 60000, CPUS[-1])) as (other,):  # so that each waits for the CPU
        good(record(TRACE, cmd=["sh", "-c", script]))
    [pid] = {row["pid"] for row in report_command(TRACE, "cpu") if row["comm"] == "hog"}
    [life] = [row for row in report(TRACE, "life", "process") if row["pid"] == pid]
    middle = f"+{(life['start_ns'] + life['end_ns']) // 2}ns,"
    good(run([RSTAT, "cut", "--time", middle, "-o", "cut.data", TRACE]))
    ran = {}
    for name, trace, options in (("whole", TRACE, ()), ("window", TRACE, ("--time", middle)),
                                 ("cut", "cut.data", ())):
        argv = [RSTAT, "report", "--format", "json", *options, trace]
        rows = {row["pid"]: row for row in json.loads(good(run(argv)).stdout)["rows"]}
        hogs = [row for row in rows.values() if row["comm"] == "hog"]
        equal(len(hogs), 1, f"hogs in the {name}")
        ran[name] = hogs[0]["oncpu_ns"]
        expect(other.pid not in rows, "one that somebody else started")
        argv = [RSTAT, "explain", "--format", "json", "--least", "0", "--worst", "1000", *options,
                trace]
        waits = json.loads(good(run(argv)).stdout)["rows"]
        tids = {row["tid"] for row in waits if row["depth"] == 0 and row["comm"] == "hog"}
        expect(tids, f"explain knows no wait of the orphan in the {name}")
    expect(0 < ran["window"] < ran["whole"], f"the orphan ran: {ran}")
    equal(ran["cut"], ran["window"], "what the orphan ran in a cut and in the window of it")


def load():
    with background(workload("pipe", 60000, CPUS[0]), workload("mixed", 4, 1200)):
        good(record(TRACE, cmd=["sh", "-c", "for i in $(seq 200); do /bin/true; done; sleep 0.3"]))
    equal(info(TRACE)["lost"], 0, "lost events")


start()
with case("a cut reports what the whole does in that window"):
    unless_hidden(TRACE, load)
    thirds()
with case("pieces are joined again"):
    pieces()
with case("a window needs nothing before its checkpoint"):
    windows()
with case("pipes on both sides"):
    pipes()
with case("who belongs to the command"):
    unless_hidden(TRACE, orphan)
finish()
