#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Sockets as they are recorded, event by event: bytes against the programs' own count, states and
errors against what they saw, open connections against ss, retransmits against /proc/net/snmp."""
import collections
import json
import os
import socket
import subprocess
import sys

from lib import (PATIENCE, RSTAT, Skipped, background, case, check, dump, expect, equal, finish,
                 free_port, good, info, note, record_workload, recording, report, run, start,
                 unless_hidden, wait_for, workload)

TRACE = "t.data"
KINDS = "socket,net,socket_state,retransmit,reset"
MOVED = ("tx_bytes", "rx_bytes", "tx_calls", "rx_calls")
COOKIE_BYTES = 37  # iperf3 opens every TCP stream with these
HELLO_BYTES = 4  # and every UDP stream with these, both ways


def events(trace=TRACE):
    """What was recorded of sockets; each of them must have been described before it is named."""
    expect(info(trace)["lost"] == 0, "events were lost")
    found = dump(trace, "--kind", KINDS)
    # 0: no socket at all
    known = {0, *(row["cookie"] for row in report(trace, "net", "connection", "--all", "--zero")
                  if row["origin"] == "before")}
    for e in found:
        if e["kind"] == "socket":
            known.add(e["socket"])
        expect(e["socket"] in known, f"nothing said before what socket {e['socket']} is: {e}")
    expect(" 0 uses of a socket that nothing described" in check(trace).stdout, "undescribed")
    return found


def sums(found):
    """Socket -> what it moved."""
    total = collections.defaultdict(collections.Counter)
    for e in found:
        if e["kind"] == "net":
            total[e["socket"]].update({key: e[key] for key in MOVED})
            expect(e["first_ns"] <= e["ts_ns"] or not e["first_ns"], f"ends before it begins: {e}")
    return total


def named(told, what):
    return next(s for s in told["sockets"] if s["what"] == what)


def of(found, kind, sock):
    return [e for e in found if e["kind"] == kind and e["socket"] == sock["cookie"]]


def states(found, sock):
    return [(e["before"], e["after"], e["error"]) for e in of(found, "socket_state", sock)]


# -- every kind of socket --------------------------------------------------------------------------

def hears_splice():
    """Else it says so, in the trace and in the report."""
    [hook] = [h for h in info(TRACE)["hooks"] if h["name"] == "tcp_splice_read"]
    told = good(run([RSTAT, "report", "--group", "net", TRACE])).stdout
    equal("tcp_splice_read" in told, not hook["live"], "the report says what it lacks")
    if not hook["live"]:
        note(f"splice() from a socket is not seen: {hook['why']}")
    return hook["live"]


def every_byte(*args):
    told = record_workload(TRACE, "net", *args)
    found = events()
    total = sums(found)
    for sock in told["sockets"]:
        got = {key: total[sock["cookie"]][key] for key in MOVED}
        if sock["what"] == "splice b" and not hears_splice():
            equal(got, dict.fromkeys(MOVED, 0), "splice() that no hook hears of")
            continue
        equal(got, {key: sock[key] for key in MOVED}, sock["what"])
    for e in found:
        if e["kind"] == "net" and e["socket"] in {s["cookie"] for s in told["sockets"]}:
            expect(e["tid"] == told["pid"], f"not the workload's thread: {e}")
    return told, found


def what_became_of_them(told, found):
    a, b = named(told, "tcp a"), named(told, "tcp b")
    expect([s[:2] for s in states(found, a)][:2] == [("CLOSE", "SYN-SENT"), ("SYN-SENT", "ESTAB")],
           f"the connecting side: {states(found, a)}")
    expect(states(found, a)[-1][1] == "CLOSE", f"the connecting side: {states(found, a)}")
    expect(("SYN-RECV", "ESTAB", None) in states(found, b), f"the accepted: {states(found, b)}")
    one, other = of(found, "socket", a)[-1], of(found, "socket", b)[-1]
    expect(one["proto"] == "tcp" and one["local"] == other["remote"] and
           one["remote"] == other["local"], f"two ends of one connection: {one}, {other}")
    for what, proto in (("tcp6 a", "tcp6"), ("udp b", "udp"), ("udp6 a", "udp6"),
                        ("unix stream a", "unix"), ("unix seqpacket b", "unix")):
        equal(of(found, "socket", named(told, what))[-1]["proto"], proto, what)
    refused = named(told, "refused a")
    equal(states(found, refused), [("CLOSE", "SYN-SENT", None),
                                   ("SYN-SENT", "CLOSE", "ECONNREFUSED")], "refused")
    a, b = named(told, "reset a"), named(told, "reset b")
    equal([e["sent"] for e in of(found, "reset", a)], [True], "who resets")
    equal([e["sent"] for e in of(found, "reset", b)], [False], "who is reset")
    equal(states(found, b)[-1], ("ESTAB", "CLOSE", "ECONNRESET"), "who is reset")


def coalesced():
    """Many small messages make few events."""
    code = ("import socket\na = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "a.bind(('127.0.0.1', 0))\na.connect(a.getsockname())\n"
            "for i in range(300):\n"
            "    for j in range(100): a.send(b'x')\n"
            "    for j in range(100): a.recv(9)\n")
    good(run([RSTAT, "record", "-o", TRACE, "--", sys.executable, "-c", code]))
    found = events()
    [total] = [t for t in sums(found).values() if t["tx_calls"] >= 30000]
    equal(dict(total), dict(zip(MOVED, (30000, 30000, 30000, 30000))), "a byte each")
    count = sum(e["kind"] == "net" for e in found)
    switches = len(dump(TRACE, "--kind", "switch"))
    note(f"60,000 messages in {count} events, {switches} switches")
    expect(count < 3000 + switches, f"{count} events for 60,000 messages")


# -- iperf3 ----------------------------------------------------------------------------------------

def iperf(*options, host="127.0.0.1"):
    """Records both sides; returns what each said, and the events."""
    port = str(free_port())
    server = ["iperf3", "-s", "-1", "-J", "-p", port]
    client = ["iperf3", "-c", host, "-p", port, "-J", *options]
    with recording(TRACE):
        with background(server) as [proc]:
            wait_for(lambda: f":{port} " in run(["ss", "-Hltn"]).stdout, "iperf3 listens", proc)
            client = json.loads(good(run(client)).stdout)
            server = json.loads(proc.communicate(timeout=PATIENCE)[0])
    return client, server, events()


def iperf_agrees(*options, host="127.0.0.1"):
    udp = "-u" in options
    client, server, found = iperf(*options, host=host)
    total = sums(found)
    [data] = client["start"]["connected"]
    rows = {}
    for e in found:
        if e["kind"] == "socket" and e["local"] and e["remote"]:
            ports = tuple(int(e[side].rpartition(":")[2]) for side in ("local", "remote")
                          if e[side].rpartition(":")[2].isdigit())
            rows[ports] = total[e["socket"]]
    ours = rows[(data["local_port"], data["remote_port"])]
    theirs = rows[(data["remote_port"], data["local_port"])]
    hello = HELLO_BYTES if udp else COOKIE_BYTES
    sent, received = client["end"]["sum_sent"]["bytes"], server["end"]["sum_received"]["bytes"]
    note(f"iperf3 {' '.join(options)}: sent {sent:,}, received {received:,}")
    equal(ours["tx_bytes"], sent + hello, "sent by the client")
    # the server stops to count when the client says that it has ended; the rest is thrown away
    equal(theirs["rx_bytes"], received + hello, "received by the server")
    equal(ours["rx_bytes"], HELLO_BYTES if udp else 0, "received by the client")
    equal(theirs["tx_bytes"], HELLO_BYTES if udp else 0, "sent by the server")


# -- what was there before -------------------------------------------------------------------------

def there_before():
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    a = socket.create_connection(("127.0.0.1", port))
    b, _ = listener.accept()
    u, v = socket.socketpair()
    ends = (listener, a, b, u)
    cookies = [int.from_bytes(s.getsockopt(socket.SOL_SOCKET, 57, 8), sys.byteorder) for s in ends]
    good(run([RSTAT, "record", "-o", TRACE, "--", "sleep", "0.1"]))
    rows = {row["cookie"]: row for row in report(TRACE, "net", "connection", "--all", "--zero")}
    ss = run(["ss", "-Htane", "sport", "=", f":{port}"]).stdout.splitlines()
    for line in ss:
        state, _, _, local, remote = line.split()[:5]
        cookie = int(next(w for w in line.split() if w.startswith("sk:"))[3:], 16)
        row = rows[cookie]
        equal(row["origin"], "before", line)
        equal(row["state"], state, line)
        equal(row["local"].replace("*", "0.0.0.0"), local, line)
        equal(row["remote"].replace("*", "0.0.0.0:*"), remote, line)
        equal(row["pid"], os.getpid(), f"who has it: {line}")
    expect(len(ss) == 2, f"a listener and a connection: {ss}")
    for cookie, state in zip(cookies[:3], ("LISTEN", "ESTAB", "ESTAB")):
        equal(rows[cookie]["state"], state, f"socket {cookie}")
    equal(rows[cookies[3]]["proto"], "unix", "the pair")
    for s in (*ends, v):
        s.close()


def still_on_the_cpu():
    """What a thread has sent is told also when it never leaves the CPU again; it is killed."""
    code = ("import socket, sys\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
            "for i in range(10): a.send(b'x' * 1000); b.recv(2000)\n"
            "print(flush=True)\nwhile True: pass\n")
    with recording(TRACE):
        with background([sys.executable, "-c", code]) as [proc]:
            proc.stdout.readline()
            pid = proc.pid
    moved = [e for e in events() if e["kind"] == "net" and e["tid"] == pid]
    equal(sum(e["tx_bytes"] for e in moved), 10000, "sent")
    equal(sum(e["rx_bytes"] for e in moved), 10000, "received")


def end_while_it_spins():
    """The same, and the recording ends first."""
    code = ("import socket, sys\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
            "sys.stdin.readline()\n"
            "for i in range(10): a.send(b'x' * 1000); b.recv(2000)\n"
            "print(flush=True)\nwhile True: pass\n")
    proc = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    try:
        with recording(TRACE):
            proc.stdin.write(b"\n")
            proc.stdin.flush()
            proc.stdout.readline()
        moved = [e for e in events() if e["kind"] == "net" and e["tid"] == proc.pid]
        equal(sum(e["tx_bytes"] for e in moved), 10000, "sent")
        equal(sum(e["rx_bytes"] for e in moved), 10000, "received")
    finally:
        proc.kill()
        proc.wait()
        proc.stdin.close()
        proc.stdout.close()


# -- filters ---------------------------------------------------------------------------------------

def only_the_filtered():
    with background([*workload("net", 10**8)]) as [other]:
        told = record_workload(TRACE, "net", 200, options=["--only"])
        expect(other.poll() is None, "the other one ended too early")
    found = events()
    mine = {s["cookie"] for s in told["sockets"]}
    total = sums(found)
    expect(set(total) <= mine, f"traffic of others: {set(total) - mine}")
    equal(total[named(told, "udp a")["cookie"]]["tx_bytes"], named(told, "udp a")["tx_bytes"],
          "its own traffic")
    strangers = {e["socket"] for e in found if e["kind"] != "socket"} - mine
    for sock in strangers:  # the workload's listeners are its own as well
        who = {e["tid"] for e in found if e["socket"] == sock}
        expect(told["pid"] in who, f"socket {sock} is not the workload's")
    expect(0 not in strangers, "a reset of no socket is nobody's")
    equal(states(found, named(told, "refused a"))[-1][2], "ECONNREFUSED", "its refused connect")


def switched_off():
    good(run([RSTAT, "record", "-o", TRACE, "--without", "net", "--", *workload("net", 50)]))
    equal(dump(TRACE, "--kind", KINDS), [], "events of sockets")


# -- a network of its own --------------------------------------------------------------------------

# Runs in a network namespace that goes with it. Prints what the kernel counted.
LOSSY = r"""
import json, os, socket, subprocess, sys, threading, time
def sh(*argv): return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True)
def counted():
    names, values = [l.split()[1:] for l in open("/proc/net/snmp") if l.startswith("Tcp:")]
    return dict(zip(names, map(int, values)))
# A FIN may be sent again long after its socket was closed: who is neither in TIME_WAIT nor LISTEN
def open_still():
    lines = [l.split() for l in open("/proc/net/tcp")][1:]
    return [l for l in lines if int(l[3], 16) not in (6, 10)]
assert sh("ip", "link", "set", "lo", "up").returncode == 0
netem = sh("tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "5%", "delay", "1ms")
how = "netem"
if netem.returncode:
    # not in every kernel; a queue that is too short loses as well
    how = "tbf"
    tbf = sh("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "40mbit", "burst", "70000",
             "limit", "80000")
    if tbf.returncode:
        print(json.dumps({"skip": "neither sch_netem nor sch_tbf"}))
        sys.exit(0)
listener = socket.create_server(("127.0.0.1", 0))
def serve():
    s, _ = listener.accept()
    while s.recv(65536): pass
    s.close()
before = counted()
threads = [threading.Thread(target=serve) for _ in range(4)]
for t in threads: t.start()
def send():
    s = socket.create_connection(listener.getsockname())
    for i in range(40): s.sendall(b"x" * 25000)
    s.close()
senders = [threading.Thread(target=send) for _ in range(4)]
for t in senders: t.start()
for t in senders + threads: t.join(60)
# a host that never answers: the SYN is sent again, then given up
s = socket.socket()
ok = [sh(*c.split()).returncode for c in (
    "ip link add v0 type veth peer name v1", "ip addr add 10.9.9.1/24 dev v0",
    "ip link set v0 up", "ip link set v1 up",
    "ip neigh add 10.9.9.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent")]
s.setsockopt(socket.IPPROTO_TCP, 7, 1)  # TCP_SYNCNT
error = None
try:
    if not any(ok): s.connect(("10.9.9.2", 9))
except OSError as e:
    error = e.errno
cookie = int.from_bytes(s.getsockopt(socket.SOL_SOCKET, 57, 8), sys.byteorder)
until = time.monotonic() + 90
while open_still() and time.monotonic() < until: time.sleep(0.01)
after = counted()
print(json.dumps({"netns": os.stat("/proc/self/ns/net").st_ino, "how": how, "error": error,
                  "pid": os.getpid(),
                  "cookie": cookie, "retransmits": after["RetransSegs"] - before["RetransSegs"]}))
"""


def sent_again():
    if run(["unshare", "--net", "true"]).returncode:
        raise Skipped("no network namespace of its own")
    done = good(run([RSTAT, "record", "-o", TRACE, "--", "unshare", "--net", sys.executable, "-c",
                     LOSSY]))
    told = json.loads(done.stdout)
    if "skip" in told:
        raise Skipped(told["skip"])
    found = events()
    here = {e["socket"] for e in found if e["kind"] == "socket" and e["netns"] == told["netns"]}
    segments = sum(e["segments"] for e in found
                   if e["kind"] == "retransmit" and e["socket"] in here)
    note(f"{told['how']}: {segments} segments sent again, the kernel counted "
         f"{told['retransmits']}")
    expect(told["retransmits"] > 5, f"{told['how']} lost nothing")
    equal(segments, told["retransmits"], "segments sent again")
    rows = [row for row in report(TRACE, "net", "connection", "--zero") if row["cookie"] in here]
    equal(sum(row["retransmits"] for row in rows), told["retransmits"], "by connection")
    rows = [row for row in report(TRACE, "net", "process") if row["pid"] == told["pid"]]
    equal(sum(row["retransmits"] for row in rows), told["retransmits"], "the process's")
    owners = {e["socket"]: e["tid"] for e in found if e["kind"] == "net"}
    for e in found:
        if e["kind"] == "retransmit" and e["socket"] in here and e["socket"] != told["cookie"]:
            expect(e["socket"] in owners, f"nobody's: {e}")
    if told["error"] is None:
        note("no veth: nobody is out of reach")
        return
    expect(told["error"] == 110, f"not a time-out: {told['error']}")
    syn = [e for e in found if e["socket"] == told["cookie"]]
    expect(any(e["kind"] == "retransmit" for e in syn), "the SYN was not sent again")
    equal([e["error"] for e in syn if e["kind"] == "socket_state"][-1], "ETIMEDOUT", "given up")


def main():
    start("ss", "ip", "tc", "unshare")
    os.environ["LC_ALL"] = "C"
    with case("every byte of every kind of socket, states, a refused and a reset connection"):
        unless_hidden(TRACE, lambda: what_became_of_them(*every_byte(500)))
    with case("the same, a message at a time"):
        unless_hidden(TRACE, lambda: every_byte(10))
    with case("many small messages are few events"):
        unless_hidden(TRACE, coalesced)
    for name, options, host in (("TCP", ("-n", "20M"), "127.0.0.1"),
                                ("TCP over v6", ("-n", "20M", "-6"), "::1"),
                                ("UDP", ("-u", "-b", "100M", "-t", "1"), "127.0.0.1"),
                                ("UDP over v6", ("-u", "-b", "100M", "-t", "1", "-6"), "::1")):
        with case(f"iperf3, {name}"):
            if run(["iperf3", "--version"]).returncode:
                raise Skipped("iperf3 does not run")
            unless_hidden(TRACE, lambda: iperf_agrees(*options, host=host))
    with case("connections that were there before, as ss has them"):
        unless_hidden(TRACE, there_before)
    with case("a sender that stays on the CPU until the end"):
        unless_hidden(TRACE, still_on_the_cpu)
        unless_hidden(TRACE, end_while_it_spins)
    with case("filters: only what matching tasks did, and their sockets"):
        unless_hidden(TRACE, only_the_filtered)
    with case("switched off"):
        switched_off()
    with case("segments sent again, as the kernel counts them; a host that never answers"):
        unless_hidden(TRACE, sent_again)
    finish()


main()
