#!/usr/bin/env python3
"""The fault rows about the process: what signals, a hanging exit and a jumping
clock do to lookups that are under way."""

import os
import pathlib
import signal
import sys
import threading
import time
import unittest

import grpc

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/integration")
# pylint: disable=wrong-import-position
from support import (BUILD, NAMES_FROM_BACKEND, ServerTest, WAIT,  # noqa: E402
                     details_of, eventually)

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class Callers:
    """So many callers, each looking up key after key until the server refuses
    or is gone. What each lookup came to is kept."""

    def __init__(self, lookups, callers):
        self.answered = 0
        self.refused = 0
        self.lost = []
        self._lookups = lookups
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(i,))
                         for i in range(callers)]
        for thread in self._threads:
            thread.start()

    def _run(self, caller):
        for number in range(100000):
            key = f"U+{0x4E00 + (caller * 131 + number) % 20000:04X}"
            try:
                self._lookups.get(key)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND:
                    self._ended(error)
                    return
            with self._lock:
                self.answered += 1

    def _ended(self, error):
        with self._lock:
            if "grpc-status-details-bin" in dict(error.trailing_metadata()):
                info = details_of(error)
                if info["google.rpc.ErrorInfo"].reason == "DRAINING" and \
                        "google.rpc.RetryInfo" in info:
                    self.refused += 1
                    return
            # The server is gone: nobody accepted the call.
            if "refused" in error.details() or "connect" in error.details():
                self.refused += 1
                return
            self.lost.append(error)

    def join(self):
        for thread in self._threads:
            thread.join()


class ProcessFaults(ServerTest):
    def under_way(self, backend, server, key="U+0041"):
        lookups = self.lookups(server)
        call = lookups.stub.Lookup.future(lookups.request(key), timeout=WAIT)
        eventually(lambda: self.backend_count(backend, "underway") >= 1,
                   "the backend works on it")
        return call

    def test_Fault51_sigterm_under_load_loses_no_accepted_lookup(self):
        backend = self.backend("--median", "10ms", "--slow-ratio", "0")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address),
            lame_duck="300ms")
        callers = Callers(self.lookups(server), 50)
        eventually(lambda: callers.answered > 200, "lookups are answered")
        server.signal(signal.SIGTERM)
        callers.join()
        self.assertEqual([str(error) for error in callers.lost], [])
        self.assertEqual(callers.refused, 50)
        self.assertEqual(server.process.wait(WAIT), 0, server.said())

    def test_Fault52_a_second_sigterm_exits_at_once_with_1(self):
        backend = self.backend("--median", "30s", "--slow-ratio", "0")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address))
        call = self.under_way(backend, server)
        server.signal(signal.SIGTERM)
        server.wait_for("draining")
        self.assertIsNone(server.process.poll())
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(WAIT), 1)
        self.assertIsNotNone(call.exception(timeout=WAIT))

    def test_Fault52_the_grace_limit_cancels_what_is_left_and_exits_with_1(self):
        backend = self.backend("--median", "30s", "--slow-ratio", "0")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address), grace="300ms")
        call = self.under_way(backend, server)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(WAIT), 1, server.said())
        self.assertIsNotNone(call.exception(timeout=WAIT))
        eventually(lambda: self.backend_count(backend, "underway") == 0,
                   "the backend hears of it")

    def test_Fault52_an_exit_that_hangs_is_ended_by_the_watchdog(self):
        plugin = BUILD / "tests/sources/computation/plugins/hangs_at_the_end.so"
        server = self.server(f"""
sources:
  echo: {{ computation: {{ plugin: {plugin}, function: echo }} }}
tables:
  t: {{ race: [echo] }}
""", grace="100ms")
        self.assertEqual(self.lookups(server).get("k", "t").value, b"k")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(WAIT), 1, server.said())
        self.assertIn("drain hangs", server.said())

    def test_Fault53_a_server_killed_while_it_writes_leaves_no_torn_value(self):
        redis, memcached = self.redis(), self.memcached()
        config = f"""
sources:
  redis: {{ redis: {{ address: "{redis.address}" }} }}
  mc: {{ memcached: {{ servers: ["{memcached.address}"] }} }}
tables:
  t:
    race: [redis, mc]
    write_back: {{ ttl: 10m }}
limits: {{ max_value: 1MiB }}
"""
        values = {f"k{i}": bytes([65 + i % 26]) * (300_000 + i)
                  for i in range(20)}
        for _ in range(3):
            server = self.server(config)
            lookups = self.lookups(server)
            puts = [lookups.put(key, value, "t")
                    for key, value in values.items()]
            next(iter(puts)).exception(timeout=WAIT)  # the first of them is in
            server.kill()
            again = self.lookups(self.server(config))
            for key, value in values.items():
                for cache in range(2):
                    try:
                        found = again.get(key, "t")
                    except grpc.RpcError as error:
                        self.assertEqual(error.code(),
                                         grpc.StatusCode.NOT_FOUND)
                        continue
                    self.assertEqual(found.value, value, f"{key} {cache}")

    def test_Fault57_no_timeout_fires_early_when_the_clock_jumps(self):
        backend = self.backend("--median", "1500ms", "--slow-ratio", "0")
        now = pathlib.Path(self.scratch / "now")
        now.write_text("+0")
        surroundings = dict(os.environ)
        os.environ.update({
            "LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(now),
            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
            # Of a build with the sanitizer: it need not come first.
            "ASAN_OPTIONS": "verify_asan_link_order=0"})
        try:
            server = self.server(f"""
sources:
  near: {{ memory: {{}} }}
  names: {{ grpc: {{ target: "{backend.address}" }}, timeout: 20s }}
tables:
  unicode:
    race: [near, names]
    deadline: 20s
    max_wait: 30m
    write_back: {{ ttl: 10m }}
""")
        finally:
            os.environ.clear()
            os.environ.update(surroundings)
        for jump, key in (("+3600", "U+0041"), ("-3600", "U+0042")):
            with self.subTest(jump):
                call = self.under_way(backend, server, key)
                lookups = self.lookups(server)
                waiter = lookups.stub.Lookup.future(
                    lookups.request("U+0378", wait_for_value=True),
                    timeout=WAIT)
                now.write_text(jump)
                self.assertTrue(call.result(timeout=WAIT).value)
                eventually(lambda: self.backend_count(backend, "underway")
                           == 0, "the waiter's race is over")
                time.sleep(0.3)
                self.assertFalse(waiter.done())
                waiter.cancel()


if __name__ == "__main__":
    unittest.main(verbosity=2)
