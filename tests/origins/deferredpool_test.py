#!/usr/bin/env python3
"""Origin 4, the pool of what is outstanding: water marks, and the drain that
waits until the pool is empty."""

import signal
import time
import unittest
import urllib.error
import urllib.request

import grpc

from support import (BUILD, Child, NAMES_FROM_BACKEND, ServerTest, WAIT,
                     admin_pb2, details_of, eventually)
# Made by support, so behind it.
from grpc_protos.health.v1 import health_pb2

MARKS = "outstanding: { high: 4, low: 2 }\n"


class DeferredPool(ServerTest):
    def start(self, median, extra="", **drain):
        self.names = self.backend("--median", median, "--slow-ratio", "0")
        self.frontrunner = self.server(
            extra + NAMES_FROM_BACKEND.format(backend=self.names.address),
            **drain)
        self.caller = self.lookups(self.frontrunner)
        self.admin_stub = self.admin(self.frontrunner)

    def ask(self, key):
        return self.caller.stub.Lookup.future(self.caller.request(key),
                                              timeout=WAIT)

    def outstanding(self):
        return self.admin_stub.ListOutstanding(
            admin_pb2.ListOutstandingRequest(), timeout=WAIT)

    def health(self, service=""):
        answer = self.channel(self.frontrunner.address).unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString)(
                health_pb2.HealthCheckRequest(service=service), timeout=WAIT)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def readiness(self):
        url = f"http://{self.frontrunner.http}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=WAIT) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def assert_refused(self, error, code, reason):
        self.assertEqual(error.code(), code, error.details())
        details = details_of(error)
        self.assertEqual(details["google.rpc.ErrorInfo"].reason, reason)
        self.assertIn("google.rpc.RetryInfo", details)

    def test_what_is_outstanding_is_counted_with_its_age(self):
        self.start("2s")
        self.assertEqual(self.outstanding().outstanding, 0)
        self.assertFalse(self.outstanding().HasField("oldest"))
        first = self.ask("U+0041")
        eventually(lambda: self.outstanding().racing == 1, "it races")
        time.sleep(0.2)
        second = self.ask("U+0042")
        eventually(lambda: self.outstanding().racing == 2, "both race")
        seen = self.outstanding()
        self.assertEqual(seen.outstanding, 2)
        self.assertEqual([lookup.key for lookup in seen.lookups],
                         [b"U+0041", b"U+0042"])
        self.assertGreaterEqual(seen.oldest.ToNanoseconds(), 200_000_000)
        self.assertEqual(seen.oldest, seen.lookups[0].age)
        for call in (first, second):
            call.result()
        self.assertEqual(self.outstanding().racing, 0)

    def test_above_the_high_mark_it_refuses_until_below_the_low_mark(self):
        self.start("700ms", MARKS)
        seen = self.outstanding()
        self.assertEqual((seen.high, seen.low), (4, 2))
        calls = [self.ask(f"U+{0x41 + i:04X}") for i in range(5)]
        eventually(lambda: self.outstanding().outstanding == 5, "five are")
        self.assertTrue(self.outstanding().overloaded)
        self.assert_refused(self.caller.fails("U+0061"),
                            grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        # The pod stays in service: others are no better off.
        self.assertEqual(self.health(), "SERVING")
        for call in calls:
            call.result()
        self.assertFalse(self.outstanding().overloaded)
        self.assertTrue(self.caller.get("U+0062").value)

    def test_what_is_outstanding_is_cancelled_by_its_caller(self):
        self.start("30s")
        call = self.ask("U+0041")
        eventually(lambda: self.outstanding().racing == 1, "it races")
        call.cancel()
        eventually(lambda: self.outstanding().outstanding == 0, "it is gone")
        eventually(lambda: self.backend_count(self.names, "cancelled") == 1,
                   "the backend hears of it")

    def drains(self, begin):
        """The sequence, however it begins."""
        self.start("1500ms", lame_duck="700ms")
        self.assertEqual(self.health(), "SERVING")
        call = self.ask("U+0041")
        eventually(lambda: self.outstanding().racing == 1, "it races")
        begin()
        # First NOT_SERVING, while new work is still taken …
        eventually(lambda: self.health() == "NOT_SERVING", "health says so")
        self.assertEqual(self.health("unicode"), "NOT_SERVING")
        self.assertTrue(self.outstanding().draining)
        late = self.ask("U+0042")
        eventually(lambda: self.outstanding().racing == 2, "it is taken")
        # … then new work is refused …
        eventually(lambda: "lookups are refused" in self.readiness(),
                   "the lame duck is over")
        self.assert_refused(self.caller.fails("U+0043"),
                            grpc.StatusCode.UNAVAILABLE, "DRAINING")
        # … and what is outstanding finishes.
        self.assertFalse(late.done())
        self.assertEqual(call.result().value, b"LATIN CAPITAL LETTER A")
        self.assertEqual(late.result().value, b"LATIN CAPITAL LETTER B")
        self.assertEqual(self.frontrunner.process.wait(WAIT), 0,
                         self.frontrunner.said())
        self.assertIn("everything was answered", self.frontrunner.said())

    def test_sigterm_drains(self):
        self.drains(lambda: self.frontrunner.signal(signal.SIGTERM))

    def test_an_operator_drains(self):
        def begin():
            answer = self.admin_stub.Drain(admin_pb2.DrainRequest(),
                                           timeout=WAIT)
            self.assertEqual(answer.outstanding, 1)
            # Asking twice is not a second signal.
            self.admin_stub.Drain(admin_pb2.DrainRequest(), timeout=WAIT)
        self.drains(begin)

    def test_when_it_is_empty_already_the_drain_ends_at_once(self):
        self.start("1ms")
        self.frontrunner.signal(signal.SIGTERM)
        self.assertEqual(self.frontrunner.process.wait(WAIT), 0)

    def test_at_the_grace_limit_the_rest_is_cancelled(self):
        self.start("30s", grace="300ms")
        call = self.ask("U+0041")
        eventually(lambda: self.outstanding().racing == 1, "it races")
        self.frontrunner.signal(signal.SIGTERM)
        self.assertEqual(self.frontrunner.process.wait(WAIT), 1)
        self.assertIsNotNone(call.exception(timeout=WAIT))
        eventually(lambda: self.backend_count(self.names, "cancelled") == 1,
                   "the backend hears of it")

    def test_those_who_wait_for_a_value_do_not_hold_the_drain(self):
        self.start("1ms")
        waiter = self.caller.stub.Lookup.future(
            self.caller.request("U+0378", wait_for_value=True), timeout=WAIT)
        eventually(lambda: self.outstanding().waiting == 1, "it waits")
        self.assertEqual(self.outstanding().outstanding, 0)
        self.frontrunner.signal(signal.SIGTERM)
        self.assert_refused(waiter.exception(timeout=WAIT),
                            grpc.StatusCode.UNAVAILABLE, "DRAINING")
        self.assertEqual(self.frontrunner.process.wait(WAIT), 0)

    def test_who_tries_again_as_it_was_told_hears_the_same(self):
        self.start("1ms")
        caller = Child([BUILD / "client/frontrunner", "lookup", "unicode",
                        "U+0378", "--wait", "--deadline", "20s", "--address",
                        self.frontrunner.address], self.scratch / "caller.log")
        self.addCleanup(caller.stop)
        eventually(lambda: self.outstanding().waiting == 1, "it waits")
        self.frontrunner.signal(signal.SIGTERM)
        self.assertEqual(caller.process.wait(WAIT), 3)
        self.assertIn("UNAVAILABLE (DRAINING)", caller.said())
        self.assertEqual(self.frontrunner.process.wait(WAIT), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
