#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Block requests, event by event, against fio's own count and /proc/diskstats."""
import os

from disk import (FILE, SIZE, TRACE, disk, few_are_hidden, fio, lay_out, wait_until_quiet,
                  watched)
from lib import (Skipped, case, check, dump, equal, expect, finish, good, info, note, record, run,
                 start, unless_hidden)

KINDS = "io_start,io_issue,io_done,io_requeue,io_merge"


def follow(events):
    """Pairs requests; returns [(start, [issues], [dones])] and what did not fit."""
    requests, live, odd = [], {}, []
    for event in events:
        kind, key = event["kind"], event["request"]
        if "unstarted" in event["flags"]:
            continue
        if kind == "io_start":
            if key in live:
                odd.append(f"started twice: {event}")
            live[key] = (event, [], [])
            requests.append(live[key])
        elif kind == "io_issue" and key in live:
            live[key][1].append(event)
        elif kind == "io_done" and key in live:
            live[key][2].append(event)
            if "partial" not in event["flags"]:
                del live[key]
        elif kind == "io_merge" and "absorbed" in event["flags"]:
            live.pop(key, None)
    return requests, odd


def whole_and_in_order(events):
    requests, odd = follow(events)
    few_are_hidden(len(odd), len(requests), "requests that begin before they have ended")
    done = [r for r in requests if r[2] and "partial" not in r[2][-1]["flags"]]
    expect(len(done) > 10, f"only {len(done)} requests")
    for first, issues, dones in done:
        expect(first["dev"] == dones[-1]["dev"] and first["op"] == dones[-1]["op"],
               f"{first} became {dones[-1]}")
        times = [e["ts_ns"] for e in (first, *issues, *dones)]
        expect(times == sorted(times), f"out of order: {first}, {issues}, {dones}")
        expect(issues or not dones[-1]["bytes"], f"never issued: {first}")
    return requests


def the_worker(events):
    """fio's thread that does the job; the others read their program from the same disk."""
    tids = [e["tid"] for e in events if e["kind"] == "io_start" and e["comm"] == "fio"]
    return max(set(tids), key=tids.count)


def direct(name, *options):
    """fio's bytes and calls are requests of its thread, one by one."""
    load = ["--direct=1", "--ioengine=psync", "--bs=4k", *options]
    fio("--number_ios=1", *load)  # its own program comes from the disk as well, once
    lay_out()
    with watched():
        job = fio("--number_ios=500", *load)
    check(TRACE)
    events = dump(TRACE, "--kind", KINDS)
    requests = whole_and_in_order(events)
    worker = the_worker(events)
    for op in ("read", "write"):
        want = job[op]["total_ios"]
        mine = [r for r in requests if r[0]["tid"] == worker and r[0]["op"] == op
                and r[0]["bytes"] == 4096 and "meta" not in r[0]["flags"]]
        done = sum(d["bytes"] for r in mine for d in r[2])
        note(f"{name}: {op}: {len(mine)} requests, {done:,} bytes; fio: {want}, "
             f"{job[op]['io_bytes']:,}")
        if not want:
            continue
        equal(len(mine), want, f"{op} requests")
        missing = sum(not r[2] for r in mine)
        few_are_hidden(missing, want, "requests of fio without an end")
        equal(done + 4096 * missing, job[op]["io_bytes"], f"{op} bytes")
        expect(all("sync" in r[0]["flags"] for r in mine), "direct IO is waited for")
    return events


def sectors_are_where_the_file_is(events):
    """A sequential read of a file goes up, and each request begins where one ended."""
    worker = the_worker(events)
    starts = [e for e in events if e["kind"] == "io_start" and e["tid"] == worker
              and e["op"] == "read" and e["bytes"] == 4096]
    follows = sum(a["sector"] + a["bytes"] // 512 == b["sector"]
                  for a, b in zip(starts, starts[1:]))
    note(f"{follows} of {len(starts)} sequential reads begin where the one before ended")
    expect(follows >= 0.9 * (len(starts) - 1), "a sequential read is sequential")
    last = max(e["sector"] + e["bytes"] // 512 for e in starts)
    with open(f"/sys/dev/block/{NUMBER}/size", encoding="ascii") as f:
        expect(last <= int(f.read()), "sectors are on the disk")


def load_of_every_kind():
    """Buffered and direct, with and without fsync, so that there are merges and flushes."""
    lay_out()
    fio("--rw=randwrite", "--bs=4k", "--number_ios=600", "--fsync=200", "--ioengine=psync")
    fio("--rw=write", "--bs=64k", "--end_fsync=1", "--ioengine=psync")
    fio("--rw=read", "--bs=64k", "--invalidate=1", "--ioengine=psync")
    fio("--rw=randrw", "--bs=8k", "--number_ios=300", "--direct=1", "--ioengine=psync")


def counted(events, since, until):
    """The same counts out of the trace, of what completed in between."""
    counts = {op: [0, 0, 0] for op in ("read", "write", "discard")}
    counts["flush"] = 0
    for event in events:
        if event["dev"] != NUMBER or not since < event["ts_ns"] < until:
            continue
        kind, op = event["kind"], event["op"]
        if kind == "io_done" and op == "flush":
            counts["flush"] += 1
        elif op not in counts:
            continue
        elif kind == "io_merge":
            counts[op][1] += 1
        elif kind == "io_done":
            counts[op][2] += event["bytes"] // 512
            counts[op][0] += "partial" not in event["flags"]
    return counts


def agrees_with_diskstats(tries=4):
    """Requests, merges and sectors of each kind, and flushes: all equal."""
    for _ in range(tries):
        with watched():
            since = wait_until_quiet()
            load_of_every_kind()
            until = wait_until_quiet()
        if not since or not until:
            continue
        begin = info(TRACE)["start_utc_ns"]
        window = since[0] - begin, until[0] - begin
        got = counted(dump(TRACE, "--kind", KINDS), *window)
        want = {op: [b - a for a, b in zip(since[1][op][:3], until[1][op][:3])]
                for op in ("read", "write", "discard")}
        want["flush"] = until[1]["flush"] - since[1]["flush"]
        note(f"[requests, merges, sectors]: {got}")
        check(TRACE)
        equal(info(TRACE)["lost"], 0, "lost events")
        equal(got, want, "the trace and /proc/diskstats")
        expect(want["flush"] > 0 and want["write"][2] > SIZE // 512, "the load was one")
        return
    raise Skipped("the disk was never quiet")


def who_writes_back():
    """What nobody waits for is written by the kernel: the thread that dirtied it is not charged."""
    with watched():
        with open("another", "wb", buffering=0) as f:  # what replaces a file is written at once
            f.write(os.urandom(4 << 20))
        good(run(["sync", "-f", "another"]))
    starts = [e for e in dump(TRACE, "--kind", "io_start")
              if e["op"] == "write" and "meta" not in e["flags"]]
    by = {}
    for event in starts:
        by[event["comm"]] = by.get(event["comm"], 0) + event["bytes"]
    note(f"submitted by: {by}")
    expect(sum(by.values()) >= 4 << 20, "it was written")
    expect(os.getpid() not in {e["tid"] for e in starts}, "not by the one that dirtied it")


def named():
    names = {e["dev"]: e["dev_name"] for e in dump(TRACE, "--kind", KINDS)}
    equal(names.get(NUMBER), NAME, "the disk's name")


def left_out():
    good(record(TRACE, "--without", "io", cmd=["sync", "-f", "."]))
    equal(dump(TRACE, "--kind", KINDS), [], "requests of a recording without io")
    expect(not any(h["feature"] == "io" for h in info(TRACE)["hooks"]), "nor its hooks")


def filtered():
    """Only the command's requests begin; that the disk completes is told of all of them."""
    lay_out()
    argv = ["fio", "--name=load", f"--filename={FILE}", f"--size={SIZE}", "--thread", "--direct=1",
            "--rw=randread", "--bs=4k", "--number_ios=200", "--output-format=json"]
    good(record(TRACE, "--only", cmd=argv))
    check(TRACE)
    starts = [e for e in dump(TRACE, "--kind", "io_start") if e["op"] == "read"]
    worker = the_worker(starts)
    equal(sum(e["tid"] == worker and e["bytes"] == 4096 for e in starts), 200, "fio's reads")
    equal({e["comm"] for e in starts} - {"fio"}, set(), "others that are told")


def no_kernel_address(events):
    """What identifies a request is not where it is: its upper half is none of a kernel's."""
    top = {int(e["request"], 16) >> 47 for e in events if e["request"]}
    expect((1 << 17) - 1 not in top, "a request's number is a kernel address")


start("fio")
NAME, NUMBER = disk()
with case("direct random reads and writes are fio's, one by one"):
    no_kernel_address(unless_hidden(TRACE, lambda: direct("random", "--rw=randrw")))
with case("direct sequential reads"):
    sectors_are_where_the_file_is(
        unless_hidden(TRACE, lambda: direct("sequential", "--rw=read")))
for title, test in (("requests, merges, sectors and flushes are those of /proc/diskstats",
                     agrees_with_diskstats),
                    ("who writes back", who_writes_back),
                    ("the disk has a name", named),
                    ("only the command's requests", filtered),
                    ("--without io", left_out)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
