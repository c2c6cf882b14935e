#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""report -g net, by process and by connection, against what the programs counted, a proxy between
the two ends of iperf3, ss, and /proc/net/snmp of a network namespace."""
import contextlib
import json
import os
import socket
import sys
import threading

from lib import (PATIENCE, Skipped, background, case, check, equal, expect, finish, free_port, good,
                 info, note, record, record_workload, recording, report, run, start, unless_hidden,
                 wait_for)

TRACE = "t.data"
MOVED = ("tx_bytes", "rx_bytes", "tx_calls", "rx_calls")


def whole():
    equal(info(TRACE)["lost"], 0, "lost events")
    expect(" 0 uses of a socket that nothing described" in check(TRACE).stdout, "undescribed")


def connections(*options):
    return {row["cookie"]: row for row in report(TRACE, "net", "connection", *options)}


def processes():
    return {row["pid"]: row for row in report(TRACE, "net", "process")}


def summed(rows):
    return {key: sum(row[key] for row in rows) for key in MOVED}


# -- every kind of socket --------------------------------------------------------------------------

def every_socket():
    told = record_workload(TRACE, "net", 300)
    whole()
    rows, sockets = connections("--zero"), told["sockets"]
    if "tcp_splice_read" in [h["name"] for h in info(TRACE)["hooks"] if not h["live"]]:
        note("splice() from a socket is not seen: this kernel has neither fexit nor kprobes")
        sockets = [s for s in sockets if s["what"] != "splice b"]
    for s in sockets:
        if s["what"].split()[0] in ("refused", "reset"):
            continue
        row = rows[s["cookie"]]
        equal({key: row[key] for key in MOVED}, {key: s[key] for key in MOVED}, s["what"])
        equal((row["pid"], row["failed"]), (told["pid"], False), s["what"])
        if s["what"].startswith("unix"):
            equal(row["proto"], "unix", s["what"])
    refused = next(rows[s["cookie"]] for s in sockets if s["what"] == "refused a")
    equal((refused["failed"], refused["error"]), (True, "ECONNREFUSED"), "the refused one")
    want, row = summed(sockets), processes()[told["pid"]]
    note(f"{want} through {len(sockets)} sockets")
    equal({key: row[key] for key in MOVED}, want, "the process")
    equal(row["conns_failed"], 1, "connections that failed")


# -- refused and reset -----------------------------------------------------------------------------

# Runs in a network namespace of its own: what the kernel counted there is all of this.
REFUSED = r"""
import json, os, socket, struct, subprocess, sys
assert not subprocess.run(["ip", "link", "set", "lo", "up"]).returncode
NAMES = ("ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "OutRsts", "RetransSegs")
def counted():
    names, values = [l.split()[1:] for l in open("/proc/net/snmp") if l.startswith("Tcp:")]
    return {key: int(value) for key, value in zip(names, values) if key in NAMES}
listener = socket.create_server(("127.0.0.1", 0))
free = socket.create_server(("127.0.0.1", 0))
nobody = free.getsockname()
free.close()
before = counted()
child = os.fork()
if not child:
    for i in range(9):
        s, _ = listener.accept()
        s.sendall(b"x" * 100)
        if s.recv(1) == b"r":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    os._exit(0)
errors = []
for i in range(7):
    try:
        socket.create_connection(nobody)
    except OSError as e:
        errors.append(e.errno)
for i in range(9):
    s = socket.create_connection(listener.getsockname())
    got = 0
    while got < 100: got += len(s.recv(100))
    s.sendall(b"r" if i < 5 else b"c")
    try:
        s.recv(1)
    except OSError as e:
        errors.append(e.errno)
    s.close()
os.waitpid(child, 0)
after = counted()
print(json.dumps({"netns": os.stat("/proc/self/ns/net").st_ino, "client": os.getpid(),
                  "server": child, "errors": errors,
                  "snmp": {key: after[key] - before[key] for key in NAMES}}))
"""


def refused_and_reset():
    if run(["unshare", "--net", "true"]).returncode:
        raise Skipped("no network namespace of its own")
    done = good(record(TRACE, cmd=["unshare", "--net", sys.executable, "-c", REFUSED]))
    whole()
    told = json.loads(done.stdout)
    equal(told["errors"], [111] * 7 + [104] * 5, "what the client was told")
    rows = [row for row in connections("--zero").values() if row["netns"] == told["netns"]
            and row["proto"] == "tcp"]
    client, server = (processes()[told[who]] for who in ("client", "server"))
    snmp = told["snmp"]
    note(f"{snmp}")
    equal((client["conns_new"], server["conns_new"]),
          (snmp["ActiveOpens"], snmp["PassiveOpens"]), "connections begun and taken")
    equal((client["conns_active"], server["conns_active"]), (9, 9), "that came about")
    equal((client["conns_failed"], server["conns_failed"]), (7, 0), "that failed")
    equal(client["conns_failed"], snmp["AttemptFails"], "that failed, by the kernel")
    equal(server["resets_sent"], 5, "resets sent")
    # who listens nowhere resets as well, in nobody's name
    equal(snmp["OutRsts"], 7 + 5, "resets sent, by the kernel")
    expect(client["resets_received"] >= snmp["EstabResets"] - 5 >= 0, "resets received")
    errors = sorted(row["error"] for row in rows if row["error"])
    equal(errors, ["ECONNREFUSED"] * 7 + ["ECONNRESET"] * 5, "errors by connection")
    equal(sum(row["failed"] for row in rows), 7, "failed, by connection")
    equal((client["tx_bytes"], client["rx_bytes"]), (9, 900), "bytes of the client")
    equal((server["tx_bytes"], server["rx_bytes"]), (900, 9), "bytes of the server")
    equal(sum(row["retransmits"] for row in rows), snmp["RetransSegs"], "sent again")


# -- iperf3, its control connection included -------------------------------------------------------

class Proxy:
    """Stands between the two and counts."""

    def __init__(self, port, family):
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.to = (host, port)
        self.up = self.down = self.passed = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.sockets = [self.listener]
        self.threads[0].start()

    def accept(self):
        for _ in range(2):  # control, data
            client, _ = self.listener.accept()
            server = socket.create_connection(self.to)
            self.sockets += [client, server]
            for pair in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self.carry, args=pair, daemon=True)
                self.threads.append(thread)
                thread.start()

    def carry(self, source, target, up):
        while True:
            try:
                data = source.recv(1 << 17)
            except ConnectionError:
                data = b""
            with self.lock:
                self.up += len(data) * up
                self.down += len(data) * (not up)
            # the other end may be gone; what this one sends all the same still counts
            with contextlib.suppress(OSError):
                if not data:
                    target.shutdown(socket.SHUT_WR)
                sent = 0
                while sent < len(data):
                    more = target.send(data[sent:])
                    sent += more
                    with self.lock:
                        self.passed += more
            if not data:
                return

    def join(self):
        for thread in list(self.threads):
            thread.join(PATIENCE)
        for s in self.sockets:
            s.close()


def to_the_byte(family):
    port = str(free_port())
    flag = "-6" if family == socket.AF_INET6 else "-4"
    with recording(TRACE):
        with background(["iperf3", "-s", "-1", "-J", "-p", port]) as [server]:
            wait_for(lambda: f":{port} " in run(["ss", "-Hltn"]).stdout, "iperf3 listens", server)
            proxy = Proxy(int(port), family)
            argv = ["iperf3", flag, "-c", proxy.to[0], "-p", str(proxy.port), "-J", "-n", "8M"]
            with background(argv) as [client]:
                answer = json.loads(client.stdout.read())
                client.wait(PATIENCE)
            received = json.loads(server.stdout.read())["end"]["sum_received"]["bytes"]
            server.wait(PATIENCE)
            proxy.join()
    whole()
    rows = processes()
    ours, theirs = rows[client.pid], rows[server.pid]
    note(f"client sent {ours['tx_bytes']:,} (data {answer['end']['sum_sent']['bytes']:,}), "
         f"the proxy got {proxy.up:,}; server sent {theirs['tx_bytes']:,}, it got {proxy.down:,}")
    equal(ours["tx_bytes"], proxy.up, "sent by the client, as the proxy received it")
    equal(theirs["tx_bytes"], proxy.down, "sent by the server, as the proxy received it")
    expect(ours["tx_bytes"] > answer["end"]["sum_sent"]["bytes"] >= 8 << 20, "and the control")
    # when the client says that it has ended, the server leaves unread what is still under way
    unread = answer["end"]["sum_sent"]["bytes"] - received
    equal(theirs["rx_bytes"], proxy.up - unread, "received by the server")
    equal(ours["rx_bytes"], proxy.down, "received by the client")
    mine = rows[os.getpid()]
    equal((mine["tx_bytes"], mine["rx_bytes"]), (proxy.passed, proxy.up + proxy.down),
          "the proxy itself")
    equal((ours["conns_new"], theirs["conns_new"]), (2, 2), "connections")
    equal((ours["conns_failed"], theirs["conns_failed"]), (0, 0), "that failed")


# -- what was there before -------------------------------------------------------------------------

def listed():
    """Every socket that ss knows: cookie -> (protocol, state, port)."""
    found = {}
    for line in good(run(["ss", "-Htuane"])).stdout.splitlines():
        proto, state, _, _, local = line.split()[:5]
        cookie = next((int(w[3:], 16) for w in line.split() if w.startswith("sk:")), None)
        found[cookie] = (proto, state, local.rpartition(":")[2])
    return found


def as_ss_has_them():
    ends = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0),
                                                                         family=socket.AF_INET6)]
    for listener in ends[:2]:
        ends.append(socket.create_connection(listener.getsockname()[:2]))
        ends.append(listener.accept()[0])
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        ends.append(socket.socket(family, socket.SOCK_DGRAM))
        ends[-1].bind((host, 0))
    before = listed()
    good(record(TRACE, cmd=["true"]))
    after = listed()
    rows = connections("--zero")
    both = [cookie for cookie in before if before[cookie] == after.get(cookie)]
    note(f"{len(both)} sockets that ss knows before and after")
    expect(len(both) >= len(ends), "ours are among them")
    for cookie in both:
        proto, state, port = before[cookie]
        expect(cookie in rows, f"not listed: {before[cookie]}")
        row = rows[cookie]
        equal((row["proto"].rstrip("6"), row["state"], row["local"].rpartition(":")[2]),
              (proto, state, port), f"socket {cookie}")
        if state != "UNCONN":
            equal(row["origin"], "before", f"socket {cookie}")
    for s in ends:
        s.close()


start("ss", "ip", "unshare", "iperf3")
os.environ["LC_ALL"] = "C"
for title, test in (
        ("sockets of every kind, as the program counts", every_socket),
        ("refused and reset connections, as the kernel counts", refused_and_reset),
        ("iperf3 with its control connection, to the byte", lambda: to_the_byte(socket.AF_INET)),
        ("the same over v6", lambda: to_the_byte(socket.AF_INET6)),
        ("what was open before, as ss lists it", as_ss_has_them)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
