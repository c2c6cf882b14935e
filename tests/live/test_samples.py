#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Samples of the machine against the files themselves, read before and after the recording."""
import os
import re
import subprocess
import time

from lib import (CPUS, RSTAT, case, check, dump, equal, expect, finish, good, info, note, record,
                 record_workload, report, run, start, within)

TRACE = "t.data"
SECOND = 1000000000
TICKS = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest",
         "guest_nice"]
MEMORY = {"MemTotal": "mem.total_kb", "MemFree": "mem.free_kb", "MemAvailable": "mem.available_kb",
          "Buffers": "mem.buffers_kb", "Cached": "mem.cached_kb", "SwapTotal": "swap.total_kb",
          "SwapFree": "swap.free_kb", "Dirty": "mem.dirty_kb", "Writeback": "mem.writeback_kb",
          "Shmem": "mem.shmem_kb", "Slab": "mem.slab_kb"}


def lines(path):
    """The words of each line; none when there is no such file."""
    try:
        with open(path, encoding="utf-8") as f:
            return [line.split() for line in f]
    except FileNotFoundError:
        return []


def counters():
    """What only goes up, from the files, by the names that rstat gives them."""
    told = {}
    for words in lines("/proc/stat"):
        if re.fullmatch(r"cpu\d+", words[0]):
            told.update({f"{words[0]}.{name}_ticks": int(n)
                         for name, n in zip(TICKS, words[1:])})
        elif words[0] in ("ctxt", "processes"):
            told[f"stat.{words[0]}"] = int(words[1])
    for words in lines("/proc/vmstat"):
        if words[0] in ("pgmajfault", "pswpin", "pswpout", "oom_kill"):
            told[f"vm.{words[0]}"] = int(words[1])
    for what in ("cpu", "io", "memory", "irq"):
        for words in lines(f"/proc/pressure/{what}"):
            told[f"psi.{what}.{words[0]}_us"] = int(words[-1].partition("=")[2])
    return told


def load_now():
    """In hundredths; it changes every five seconds."""
    return round(100 * float(lines("/proc/loadavg")[0][0]))


def memory():
    return {MEMORY[words[0].rstrip(":")]: int(words[1]) for words in lines("/proc/meminfo")
            if words[0].rstrip(":") in MEMORY}


def machine(trace, *options):
    return {row["metric"]: row for row in report(trace, "machine", "process", *options)}


def brackets():
    """Read here <= first sample <= last sample <= read here, for everything that counts up."""
    loads = set()
    before, kb_before = counters(), memory()
    argv = [RSTAT, "record", "-q", "-o", TRACE, "--duration", "2500ms"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as recorder:
        while recorder.poll() is None:
            loads.add(load_now())
            time.sleep(0.05)
    equal(recorder.returncode, 0, "exit code")
    after, kb_after = counters(), memory()
    loads.add(load_now())
    check(TRACE)
    rows = machine(TRACE)
    expect(len(before) > 2 * len(TICKS), f"only {sorted(before)}")
    for name, least in before.items():
        expect(name in rows, f"{name} is not in the trace")
        row = rows[name]
        # the kernel itself lets these two go back a little (proc(5))
        slack = 2 if re.search(r"\.(idle|iowait)_ticks$", name) else 0
        expect(least - slack <= row["first"] and row["last"] <= after[name] + slack,
               f"{name}: {least} <= {row['first']} .. {row['last']} <= {after[name]}")
        expect(row["first"] <= row["last"] + slack, f"{name} goes back: {row}")
    expect(rows["stat.ctxt"]["change"] > 0, "switches were made")
    for name, kb in kb_before.items():
        # memory goes up and down; what the test can say is that it is of the same size
        within(rows[name]["first"], kb, max(kb // 4, 262144), f"{name}, first")
        within(rows[name]["last"], kb_after[name], max(kb // 4, 262144), f"{name}, last")
    equal(rows["mem.total_kb"]["first"], kb_before["mem.total_kb"], "mem.total_kb")
    expect(rows["load.1m_centi"]["last"] in loads, f"load {rows['load.1m_centi']}, was {loads}")
    seen = {name for name in rows if name.startswith("cpu") and name.endswith("user_ticks")}
    equal(seen, {f"cpu{cpu}.user_ticks" for cpu in range(os.cpu_count())}, "CPUs")
    # at 0, 1, 2 and 2.5 s; who is held up takes none for the time that has passed
    expect(2 <= rows["stat.ctxt"]["samples"] <= 4, f"samples: {rows['stat.ctxt']}")


def times(tries=6):
    """The first at the start, the last at the end, between them so often as was asked for: all of
    them if nothing holds the recorder up, which happens, but not every time."""
    for _ in range(tries):
        good(record(TRACE, "--duration", "1s", "--sample-interval", "50ms"))
        at = sorted({event["ts_ns"] for event in dump(TRACE) if event["kind"] == "sample"})
        note(f"{len(at)} samples, the first at {at[0]:,} ns")
        equal(at[-1], SECOND - 1, "the last sample")
        slots = [(ts - at[0]) // (SECOND // 20) for ts in at[:-1]]
        equal(len(slots), len(set(slots)), f"one in each 50 ms, not in {slots}")
        rows = machine(TRACE)
        equal(rows["stat.ctxt"]["samples"], len(at), "samples of a metric")
        equal(rows["stat.ctxt"]["last_at_ns"], at[-1], "its last one")
        if at[0] < SECOND // 20 and len(at) >= 20:
            return
    expect(False, f"{len(at)} samples in 1 s, 50 ms apart, the first at {at[0]:,} ns")


def windows():
    """A window's figures are those of the samples in it, also of what did not change there."""
    good(record(TRACE, "--sample-interval", "20ms", cmd=["sleep", "1"]))
    value, names, samples = {}, {}, []
    for event in dump(TRACE):
        if event["kind"] == "name" and event["of"] == "metric":
            names[event["id"]] = event["name"]
        elif event["kind"] == "sample":
            equal(event["metric"], names[event["id"]], "name of a sample")
            value[event["metric"]] = event["value"]
            if not samples or samples[-1][0] != event["ts_ns"]:
                samples.append((event["ts_ns"], {}))
            samples[-1][1].update(value)
    note(f"{len(samples)} samples")
    low, high = samples[len(samples) // 4][0], samples[-1 - len(samples) // 4][0] + 1
    inside = [told for at, told in samples if low <= at < high]
    expect(0 < len(inside) < len(samples), f"{len(inside)} of {len(samples)} samples")
    window = ("--time", f"+{low}ns,+{high}ns")
    rows = machine(TRACE, *window)
    equal(sorted(rows), sorted(name for name in value if not name.startswith("schedstat.")),
          "metrics")
    for name, row in rows.items():
        told = [sample[name] for sample in inside]
        equal([row[key] for key in ("first", "last", "min", "max", "samples")],
              [told[0], told[-1], min(told), max(told), len(told)], name)
    cut = good(run([RSTAT, "cut", *window, "-o", "cut.data", TRACE]))
    expect(not cut.stdout, "cut prints nothing")
    equal(machine("cut.data").keys(), rows.keys(), "metrics of a cut")
    for name, row in machine("cut.data").items():
        equal([row[key] for key in ("first", "last", "min", "max", "samples")],
              [rows[name][key] for key in ("first", "last", "min", "max", "samples")],
              f"{name} of a cut")


def hog():
    """Its CPU was busy at least as long as it ran."""
    told = record_workload(TRACE, "hog", 1500, CPUS[-1],
                           options=("--sample-interval", "100ms"))
    rows = machine(TRACE)
    tick = SECOND // os.sysconf("SC_CLK_TCK")
    busy = sum(rows[f"cpu{CPUS[-1]}.{name}_ticks"]["change"] * tick
               for name in ("user", "nice", "system", "irq", "softirq", "steal"))
    ran = told["tasks"][0]["oncpu_ns"]
    note(f"hog ran {ran:,} ns, its CPU was busy for {busy:,} ns")
    expect(busy + ran // 20 + 3 * tick >= ran, f"busy for {busy:,} ns, and {ran:,} ns were run")


def without():
    done = good(record(TRACE, "--without", "samples", "--duration", "300ms"))
    expect("sample" not in done.stderr, done.stderr)
    equal(info(TRACE)["events_by_kind"].get("sample", 0), 0, "samples")
    text = good(run([RSTAT, "report", "-g", "machine,schedstat", TRACE])).stdout
    equal(text.count("(recorded without samples)"), 2, "what the report says")


def absent():
    """What a host lacks is said once, with -v, and is not in the trace."""
    said = good(record(TRACE, "-v", "--duration", "300ms")).stderr
    lacking = re.findall(r"this host has no figures of: (.*)", said)
    expect(len(lacking) <= 1, said)
    lacks = lacking[0].split(", ") if lacking else []
    note(f"this host lacks {', '.join(lacks) or 'nothing'}")
    equal("schedstat" in lacks, not os.path.exists("/proc/schedstat"), "schedstat is lacking")
    text = good(run([RSTAT, "report", "-g", "schedstat", TRACE])).stdout
    equal("(this host has no /proc/schedstat)" in text, "schedstat" in lacks, "the report says so")


def reads():
    """CPU time of a look at the files that are sampled, from here."""
    begin = time.process_time_ns()
    for _ in range(100):
        counters()
        memory()
        load_now()
    return (time.process_time_ns() - begin) // 100


def cost(tries=6):
    """Of the recorder's CPU time and of the trace, per sample: less than what the same look costs
    here. What else is busy makes either longer, and never shorter: the least of some tries."""
    kinds = (("--sample-interval", "10ms"), ("--without", "samples"))
    cpu_ns, told, here = [[], []], [None, None], []
    for _ in range(tries):
        here.append(reads())
        for i, options in enumerate(kinds):
            good(record(TRACE, "--only", *options, cmd=["sleep", "1"]))
            told[i] = info(TRACE)
            cpu_ns[i].append(told[i]["recorder"]["cpu_ns"])
            if not i:
                samples = len({event["ts_ns"] for event in dump(TRACE, "--kind", "sample")})
        took_ns = min(cpu_ns[0]) - min(cpu_ns[1])
        events, without = (t["events_by_kind"].get("sample", 0) for t in told)
        size = told[0]["bytes"] - told[1]["bytes"]
        note(f"{events / samples:.1f} events, {size / samples:.0f} bytes, "
             f"{took_ns // samples:,} ns of CPU per sample, {min(here):,} ns here")
        equal(without, 0, "samples of a recording without")
        if took_ns < samples * min(here):
            return
    expect(False, f"{cpu_ns}, {samples} samples, {here}")


start()
for title, test in (("counters, memory and load against /proc", brackets),
                    ("when samples are taken", times), ("windows and cuts", windows),
                    ("a busy CPU", hog), ("without", without), ("what this host lacks", absent),
                    ("what a sample costs", cost)):
    with case(title):
        test()
finish()
