#!/usr/bin/env python3
"""A client in another language, made from the proto files with protoc, against
the real server."""

import threading
import unittest

import grpc

from support import (NAMES_FROM_BACKEND, ServerTest, WAIT, details_of,
                     eventually, in_flight, lookup_pb2, race_pb2)


class ForeignClient(ServerTest):
    def start(self, *backend_flags):
        self.names = self.backend("--latency", "off", *backend_flags)
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=self.names.address))
        return self.lookups(server)

    def test_finds_a_value(self):
        answer = self.start().get("U+1F3C1", include_report=True)
        self.assertEqual(answer.value, b"CHEQUERED FLAG")
        self.assertEqual(answer.source, "names")
        self.assertEqual(answer.report.entrants[0].verdict, race_pb2.WON)

    def test_a_miss_is_not_found_and_says_why(self):
        error = self.start().fails("U+0378")
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        details = details_of(error)
        info = details["google.rpc.ErrorInfo"]
        self.assertEqual((info.reason, info.domain),
                         ("ALL_SOURCES_FAILED", "frontrunner"))
        entrant = details["frontrunner.v1.RaceReport"].entrants[0]
        self.assertEqual((entrant.source, entrant.verdict, entrant.code),
                         ("names", race_pb2.MISSED, 5))
        self.assertNotIn("google.rpc.RetryInfo", details)

    def test_an_outage_may_be_retried(self):
        lookups = self.start("--fail-code", "UNAVAILABLE")
        error = lookups.fails("U+0041")
        self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertGreater(
            details_of(error)["google.rpc.RetryInfo"].retry_delay.ToNanoseconds(),
            0)
        self.assertIn("names", error.details())

    def test_an_unknown_table_names_those_near(self):
        error = self.start().fails("U+0041", table="unicod")
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(details_of(error)["google.rpc.ErrorInfo"].reason,
                         "UNKNOWN_TABLE")
        self.assertIn("unicode", error.details())

    def test_bad_keys_are_refused(self):
        lookups = self.start()
        for key in (b"", b"k" * (64 * 1024 + 1)):
            error = lookups.fails(key)
            self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
            self.assertEqual(details_of(error)["google.rpc.ErrorInfo"].reason,
                             "INVALID_KEY")

    def test_a_batch_streams_every_key_once(self):
        lookups = self.start()
        keys = [b"U+%04X" % i for i in range(0x41, 0x41 + 500)]
        answers = list(lookups.stub.BatchLookup(
            lookup_pb2.BatchLookupRequest(table="unicode", keys=keys + keys),
            timeout=WAIT))
        self.assertEqual(sorted(a.key for a in answers), sorted(keys))
        missing = [a for a in answers if a.HasField("failed")]
        self.assertTrue(all(a.failed.code == 5 for a in missing))
        self.assertEqual(self.backend_count(self.names, "calls"), len(keys))


class OneRace(ServerTest):
    """What reaches the backend."""

    def start(self, *flags):
        self.names = self.backend(*flags)
        return self.server(
            NAMES_FROM_BACKEND.format(backend=self.names.address))

    def test_a_hundred_lookups_of_one_cold_key_reach_the_backend_once(self):
        server = self.start("--median", "300ms", "--slow-ratio", "0")
        stub = self.lookups(server)
        stub.get("U+0042")  # connected, and counted
        before = self.backend_count(self.names, "calls")
        calls = [stub.stub.Lookup.future(
            stub.request("U+0041", include_report=True), timeout=WAIT)
            for _ in range(100)]
        answers = [call.result() for call in calls]
        self.assertEqual({a.value for a in answers},
                         {b"LATIN CAPITAL LETTER A"})
        self.assertEqual(self.backend_count(self.names, "calls") - before, 1)
        self.assertEqual(sum(a.report.coalesced for a in answers), 99)

    def test_a_cancelled_lookup_reaches_the_backend_as_a_cancellation(self):
        server = self.start("--median", "20s", "--slow-ratio", "0")
        stub = self.lookups(server)
        with in_flight(stub.stub.Lookup.future(stub.request("U+0041"),
                                               timeout=WAIT)):
            eventually(
                lambda: self.backend_count(self.names, "underway") == 1,
                "the backend works on it")
            self.assertEqual(self.backend_count(self.names, "cancelled"), 0)
        eventually(lambda: self.backend_count(self.names, "cancelled") == 1,
                   "the backend hears of the cancellation")

    def test_one_caller_leaving_does_not_disturb_the_others(self):
        server = self.start("--median", "500ms", "--slow-ratio", "0")
        stub = self.lookups(server)
        first = stub.stub.Lookup.future(stub.request("U+0041"), timeout=WAIT)
        others = [stub.stub.Lookup.future(stub.request("U+0041"), timeout=WAIT)
                  for _ in range(10)]
        first.cancel()
        self.assertEqual({call.result().value for call in others},
                         {b"LATIN CAPITAL LETTER A"})

    def test_a_callers_deadline_is_its_own(self):
        server = self.start("--median", "20s", "--slow-ratio", "0")
        stub = self.lookups(server)
        done = threading.Event()
        patient = stub.stub.Lookup.future(stub.request("U+0041"), timeout=15)
        patient.add_done_callback(lambda _: done.set())
        error = stub.fails("U+0041", timeout=0.2)
        self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertFalse(done.is_set())
        patient.cancel()


if __name__ == "__main__":
    unittest.main(verbosity=2)
