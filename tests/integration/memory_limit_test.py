#!/usr/bin/env python3
"""The configuration of the sidecar overlay, in the memory that the overlay gives
it, under everything that takes memory: a full cache, large values, callers that
wait, more callers than it admits, and all of them at once."""

import asyncio
import collections
import pathlib
import re
import tempfile
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
    """A limit of memory for a process that enters it."""

    def __init__(self, most):
        lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
        mine = {kinds: path.lstrip("/")
                for _, kinds, path in (line.split(":", 2) for line in lines)}
        # Version 1 has a tree for memory alone; version 2 has one tree.
        self._old = "memory" in mine
        tree = pathlib.Path("/sys/fs/cgroup", "memory" if self._old else "")
        parent = tree / mine["memory" if self._old else ""]
        self.path = pathlib.Path(tempfile.mkdtemp(
            prefix="frontrunner.", dir=parent if parent.is_dir() else tree))
        try:
            self._write("memory.limit_in_bytes" if self._old else "memory.max",
                        most)
        except OSError:
            self.path.rmdir()
            raise

    def _write(self, name, value):
        (self.path / name).write_text(str(value))

    def kills(self):
        """How many processes were killed for it."""
        text = (self.path / ("memory.oom_control" if self._old
                             else "memory.events")).read_text()
        return int(re.search(r"^oom_kill (\d+)$", text, re.M)[1])

    def entered(self, argv):
        """The command that runs `argv` inside."""
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"',
                self.path / "cgroup.procs", *argv]


def large_value(key):
    """Of a key "SIZE/NUMBER"."""
    size = int(key.split(b"/")[0])
    return (key * (size // len(key) + 1))[:size]


def large_keys(size):
    return [f"{size}/{number}".encode() for number in range(LARGE[size])]


async def each(items, call, at_once=200):
    """`call(item)` for all items, so many of them at once."""
    left = iter(items)

    async def caller():
        for item in left:
            await call(item)
    await asyncio.gather(*(caller() for _ in range(at_once)))


class Callers:
    """Callers on connections of their own."""

    def __init__(self, address, connections):
        self._channels = [
            grpc.aio.insecure_channel(address, options=[
                ("grpc.enable_http_proxy", 0),
                ("grpc.use_local_subchannel_pool", 1)])
            for _ in range(connections)]
        self._stubs = [lookup_pb2_grpc.LookupServiceStub(channel)
                       for channel in self._channels]
        self._outcomes = collections.Counter()

    def _stub(self, key):
        return self._stubs[hash(key) % len(self._stubs)]

    async def put(self, key):
        await self._stub(key).Put(lookup_pb2.PutRequest(
            table="unicode", key=key, value=large_value(key)), timeout=WAIT)

    async def lookup(self, key, timeout=WAIT, **fields):
        request = lookup_pb2.LookupRequest(table="unicode", key=key, **fields)
        try:
            answer = await self._stub(key).Lookup(request, timeout=timeout)
            right = answer.value == large_value(key)
            self._outcomes["right" if right else "wrong"] += 1
        except grpc.aio.AioRpcError as error:
            self._outcomes[error.code().name] += 1

    async def batch(self, points):
        """Many small values at once."""
        request = lookup_pb2.BatchLookupRequest(
            table="unicode", keys=[f"U+{c:04X}".encode() for c in points])
        async for answer in self._stub(points[0]).BatchLookup(request,
                                                              timeout=WAIT):
            right = answer.found.value == (b"CJK UNIFIED IDEOGRAPH-"
                                           + answer.key.removeprefix(b"U+"))
            self._outcomes["right" if right else answer.failed.message] += 1

    async def close(self):
        for channel in self._channels:
            await channel.close()

    def outcomes(self):
        """How many lookups came to what, since it was asked last."""
        outcomes, self._outcomes = self._outcomes, collections.Counter()
        return dict(outcomes)


class MemoryLimit(ServerTest, unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        names = self.backend()
        plugin = BUILD / "deploy/demo/unicode_names/libunicode_names.so"
        backend = self.server(BACKEND.format(plugin=plugin,
                                             nobody=names.address))
        self.admin(backend).PauseQueue(
            admin_pb2.PauseQueueRequest(queue="never"), timeout=WAIT)
        filler = Callers(backend.address, 4)
        for size in LARGE:
            await each(large_keys(size), filler.put)
        await filler.close()
        self.start(backend.address)

    def start(self, backend):
        """The sidecar, as the overlay has it but for its addresses."""
        self.cgroup = Cgroup(limit())
        self.addCleanup(lambda: self.cgroup.path.rmdir())
        text = (SIDECAR / "frontrunner.yaml").read_text()
        for old, new in (("/run/frontrunner/", f"{self.scratch}/"),
                         ("dns:///frontrunner-names:50051", backend),
                         ("0.0.0.0:7980", f"127.0.0.1:{free_port()}"),
                         ("127.0.0.1:7979", "127.0.0.1:0"),
                         ("127.0.0.1:7981", "127.0.0.1:0")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.sidecar = Child(
            self.cgroup.entered([BUILD / "server/frontrunnerd", "--config",
                                 self.write_config(text)]),
            self.scratch / "sidecar.log")
        self.addCleanup(self.sidecar.stop)
        self.sidecar.admin = self.sidecar.wait_for("admin on ")
        self.callers = Callers(f"unix:{self.scratch}/frontrunner.sock", 20)

    def expect(self, what, outcomes):
        self.assertEqual(self.callers.outcomes(), outcomes)
        self.show(what)

    def show(self, what):
        status = pathlib.Path(
            f"/proc/{self.sidecar.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024
        print(f"{what}: {peak:.1f} MiB resident at most", flush=True)

    async def test_it_holds_the_sidecar_under_load(self):
        self.assertEqual(limit(), 64 * MIB)
        self.show("at first")
        lookup = self.callers.lookup
        batches = [SMALL[i:i + 250] for i in range(0, len(SMALL), 250)]
        await each(batches, self.callers.batch, at_once=1)
        self.expect("small values", {"right": len(SMALL)})
        for size in LARGE:
            await each(large_keys(size), lookup)
            self.expect(f"values of {size}", {"right": LARGE[size]})
        # Everybody at once: callers who wait for values that nobody puts, more
        # than it admits of others, and large answers.
        waiters = [lookup(b"1/waiter %d" % i, timeout=3, wait_for_value=True)
                   for i in range(1_000)]
        others = [lookup(b"1/other %d" % i) for i in range(1_000)]
        await asyncio.gather(*waiters, *others,
                             each(large_keys(16_000) * 3, lookup, at_once=400))
        outcomes = self.callers.outcomes()
        self.show(f"everybody, {outcomes}")
        self.assertGreater(outcomes["right"], 0)
        self.assertGreater(outcomes["RESOURCE_EXHAUSTED"], 0)
        self.assertLessEqual(set(outcomes), {
            "right", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})
        # And then it is as before.
        await each(large_keys(3_000), lookup, at_once=50)
        self.expect("afterwards", {"right": LARGE[3_000]})
        await self.callers.close()
        self.assertEqual(self.cgroup.kills(), 0)
        self.assertEqual(self.sidecar.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
