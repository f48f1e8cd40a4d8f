#!/usr/bin/env python3
"""The configuration of the sidecar overlay, in the memory that the overlay gives
it, under everything that takes memory: a full cache, large values, callers that
wait, more callers than it admits, and all of them at once."""

import collections
import concurrent.futures
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

import grpc

from support import (BUILD, ROOT, WAIT, Child, ServerTest, admin_pb2, free_port,
                     lookup_pb2, lookup_pb2_grpc)

SIDECAR = ROOT / "deploy/kubernetes/overlays/sidecar"
MIB = 1 << 20

# Another Frontrunner. It has the large values in memory, computes the small ones,
# and of what it does not have says nothing: the queue is paused.
BACKEND = """
sources:
  store: {{ memory: {{ capacity: 256MiB }} }}
  computed: {{ computation: {{ plugin: {plugin}, function: unicode_name }} }}
  never:
    grpc: {{ target: "{nobody}" }}
    limit: {{ width: 1, max_pending: 10000 }}
tables:
  unicode:
    race: [store, computed, {{ source: never, start_after: others_fail }}]
    deadline: 10s
"""
# Ideographs, whose names follow a rule: 63,712 of them.
SMALL = [*range(0x4E00, 0xA000), *range(0x20000, 0x2A6E0)]
# Bytes, and how many of each: far more than there is room for.
LARGE = {300: 2_000, 3_000: 2_000, 9_000: 2_000, 16_000: 2_000}


def limit():
    """The overlay's limit, in bytes."""
    app = (SIDECAR / "app.yaml").read_text()
    sidecar = app[app.index("initContainers:"):app.index("\n      containers:")]
    return int(re.search(r"limits: \{ memory: (\d+)Mi \}", sidecar)[1]) * MIB


class Cgroup:
    """A limit of memory for a process that enters it, as a kubelet sets one."""

    def __init__(self, most):
        lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
        mine = {kinds: path.lstrip("/")
                for _, kinds, path in (line.split(":", 2) for line in lines)}
        # Version 1 has a tree for memory alone; version 2 has one tree.
        self._old = "memory" in mine
        tree = pathlib.Path("/sys/fs/cgroup", "memory" if self._old else "")
        parent = tree / mine.get("memory" if self._old else "", "")
        self._path = pathlib.Path(tempfile.mkdtemp(
            prefix="frontrunner.", dir=parent if parent.is_dir() else tree))
        try:
            self._write("memory.limit_in_bytes" if self._old else "memory.max",
                        most)
            self._killed()
            subprocess.run(self.entered(["/bin/true"]), check=True,
                           stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            self.remove()
            raise

    def _write(self, name, value):
        (self._path / name).write_text(str(value))

    def _killed(self):
        text = (self._path / ("memory.oom_control" if self._old
                              else "memory.events")).read_text()
        return int(re.search(r"^oom_kill (\d+)$", text, re.M)[1])

    def entered(self, argv):
        """The command that runs `argv` inside."""
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"',
                self._path / "cgroup.procs", *argv]

    def exceeded(self):
        """Whether somebody was killed for it."""
        return self._killed() > 0

    def remove(self):
        self._path.rmdir()


class DataLimit:
    """A limit of the memory that a process has for itself, for machines on which
    a test can't make a cgroup. Who would exceed it is given none, and aborts."""

    def __init__(self, most):
        self._most = most

    def entered(self, argv):
        # The whole of a thread's stack counts, so they are small.
        return ["prlimit", f"--data={self._most}", f"--stack={256 << 10}", *argv]

    def exceeded(self):
        return False  # it would have ended

    def remove(self):
        pass


def limited(most):
    """The kubelet's way where this machine allows it, or else the other."""
    try:
        return Cgroup(most)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no cgroup here ({error}); limiting the data instead", flush=True)
        return DataLimit(most)


def large_value(key):
    """Of a key "SIZE/NUMBER"."""
    size = int(key.split(b"/")[0])
    return (key * (size // len(key) + 1))[:size]


def large_keys(size):
    return [f"{size}/{number}".encode() for number in range(LARGE[size])]


def each(items, call, at_once=200):
    """What `call(item)` returns, for all items, so many of them at once."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as callers:
        return collections.Counter(callers.map(call, items))


class Callers:
    """Callers on connections of their own."""

    def __init__(self, address, connections):
        self._channels = [
            grpc.insecure_channel(address, options=[
                ("grpc.enable_http_proxy", 0),
                ("grpc.use_local_subchannel_pool", 1)])
            for _ in range(connections)]
        self._stubs = [lookup_pb2_grpc.LookupServiceStub(channel)
                       for channel in self._channels]

    def _stub(self, key):
        return self._stubs[hash(key) % len(self._stubs)]

    def put(self, key):
        self._stub(key).Put(lookup_pb2.PutRequest(
            table="unicode", key=key, value=large_value(key)), timeout=WAIT)

    def start(self, key, timeout=WAIT, **fields):
        """A lookup under way, for `outcome_of`."""
        request = lookup_pb2.LookupRequest(table="unicode", key=key, **fields)
        return self._stub(key).Lookup.future(request, timeout=timeout)

    def outcome_of(self, key, started):
        if started.code() is not grpc.StatusCode.OK:
            return started.code().name
        return "right" if started.result().value == large_value(key) else "wrong"

    def lookup(self, key):
        return self.outcome_of(key, self.start(key))

    def lookup_until_admitted(self, key):
        """Asks again whenever it is refused."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            outcome = self.lookup(key)
            if outcome != "RESOURCE_EXHAUSTED":
                return outcome
            time.sleep(0.1)
        return "never admitted"

    def wrong_in_batch(self, points):
        """How many of these small values, asked for at once, are not right."""
        request = lookup_pb2.BatchLookupRequest(
            table="unicode", keys=[f"U+{c:04X}".encode() for c in points])
        right = {b"U+%04X" % c: b"CJK UNIFIED IDEOGRAPH-%04X" % c for c in points}
        for answer in self._stub(points[0]).BatchLookup(request, timeout=WAIT):
            if right.get(answer.key) == answer.found.value:
                del right[answer.key]
        return len(right)

    def close(self):
        for channel in self._channels:
            channel.close()


class MemoryLimit(ServerTest):
    def setUp(self):
        super().setUp()
        names = self.backend()
        plugin = BUILD / "deploy/demo/unicode_names/libunicode_names.so"
        backend = self.server(BACKEND.format(plugin=plugin,
                                             nobody=names.address))
        self.admin(backend).PauseQueue(
            admin_pb2.PauseQueueRequest(queue="never"), timeout=WAIT)
        filler = Callers(backend.address, 4)
        self.addCleanup(filler.close)
        for size in LARGE:
            each(large_keys(size), filler.put)
        self.start(backend.address)

    def start(self, backend):
        """The sidecar, as the overlay has it but for its addresses and its
        patience."""
        self.limit = limited(limit())
        self.addCleanup(self.limit.remove)
        text = (SIDECAR / "frontrunner.yaml").read_text()
        # Room is what is tested, not speed.
        for old, new in (("timeout: 200ms", "timeout: 10s"),
                         ("deadline: 1s", "deadline: 10s"),
                         ("/run/frontrunner/", f"{self.scratch}/"),
                         ("dns:///frontrunner-names:50051", backend),
                         ("0.0.0.0:7980", f"127.0.0.1:{free_port()}"),
                         ("127.0.0.1:7979", "127.0.0.1:0"),
                         ("127.0.0.1:7981", "127.0.0.1:0")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.sidecar = Child(
            self.limit.entered([BUILD / "server/frontrunnerd", "--config",
                                self.write_config(text)]),
            self.scratch / "sidecar.log")
        self.addCleanup(self.sidecar.stop)
        self.sidecar.admin = self.sidecar.wait_for("admin on ")
        self.callers = Callers(f"unix:{self.scratch}/frontrunner.sock", 20)
        self.addCleanup(self.callers.close)

    def show(self, what):
        status = pathlib.Path(
            f"/proc/{self.sidecar.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024
        print(f"{what}: {peak:.1f} MiB resident at most", flush=True)

    def test_it_holds_the_sidecar_under_load(self):
        self.assertEqual(limit(), 64 * MIB)
        self.show("at first")
        callers = self.callers
        batches = [SMALL[i:i + 250] for i in range(0, len(SMALL), 250)]
        self.assertEqual(each(batches, callers.wrong_in_batch, at_once=1),
                         {0: len(batches)})
        self.show("small values")
        for size in LARGE:
            self.assertEqual(each(large_keys(size), callers.lookup),
                             {"right": LARGE[size]})
            self.show(f"values of {size}")
        # Everybody at once: callers who wait for values that nobody puts, more
        # than it admits of others, and large answers.
        crowd = [(key, callers.start(key, timeout=3, wait_for_value=True))
                 for key in (b"1/waiter %d" % i for i in range(1_000))]
        crowd += [(key, callers.start(key, timeout=1))
                  for key in (b"1/other %d" % i for i in range(1_000))]
        self.assertEqual(
            each(large_keys(16_000) * 3, callers.lookup_until_admitted, 400),
            {"right": LARGE[16_000] * 3})
        outcomes = collections.Counter(callers.outcome_of(*one) for one in crowd)
        self.show(f"everybody, {dict(outcomes)}")
        self.assertEqual(set(outcomes), {"RESOURCE_EXHAUSTED",
                                         "DEADLINE_EXCEEDED"})
        # And then it is as before.
        self.assertEqual(each(large_keys(3_000), callers.lookup, at_once=50),
                         {"right": LARGE[3_000]})
        self.show("afterwards")
        callers.close()
        self.assertFalse(self.limit.exceeded())
        self.assertEqual(self.sidecar.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
