#!/usr/bin/env python3
"""Origin 10, deferredInitMixin: lookups that come before a source is connected
are held, and then asked in order. (deferredinitmixin_test.cc shows the order and
the lack of overhead on a loop whose time stands still.)"""

import unittest

import grpc

from gate import Gate
from health import Health
from scripted_http import ScriptedHttp
from support import (ServerTest, WAIT, admin_pb2, details_of, eventually,
                     race_pb2)

CONFIG = """
server: {{ loop_threads: 1, edge_threads: 1 }}
sources:
  names:
    grpc: {{ target: "{names}" }}
    timeout: 20s
    limit: {{ width: 1 }}
  others:
    http: {{ url: "http://{others}/{{key}}" }}
    timeout: 20s
tables:
  unicode: {{ race: [names], deadline: 25s, coalesce: false }}
  both: {{ race: [names, others], deadline: 25s }}
  others: {{ race: [others], deadline: 25s }}
"""


class DeferredInitMixin(ServerTest):
    def setUp(self):
        super().setUp()
        self.real = self.backend("--latency", "off")
        self.http = ScriptedHttp(lambda number, path: (200, "from others"))
        self.addCleanup(self.http.stop)

    def start(self):
        """A server whose source `names` is behind a gate that is shut."""
        self.gate = Gate(self.real.address)
        self.addCleanup(self.gate.stop)
        self.frontrunner = self.server(CONFIG.format(
            names=self.gate.address, others=self.http.address))
        self.stub = self.admin(self.frontrunner)
        self.health = Health(self.channel(self.frontrunner.address))
        self.caller = self.lookups(self.frontrunner)

    def ask(self, key, table="unicode"):
        return self.caller.stub.Lookup.future(
            self.caller.request(key, table=table, include_report=True),
            timeout=WAIT)

    def state(self, name="names"):
        sources = self.stub.ListSources(admin_pb2.ListSourcesRequest(),
                                        timeout=WAIT).sources
        return next(admin_pb2.Connectivity.Name(source.connectivity)
                    for source in sources if source.name == name)

    def racing(self):
        return self.stub.ListOutstanding(
            admin_pb2.ListOutstandingRequest(), timeout=WAIT).racing

    def hold(self, keys):
        """These lookups, held: they have come while `names` was opening. Tried
        again where that took longer than a connection may take."""
        for _ in range(20):
            self.start()
            calls = []
            for key in keys:
                calls.append(self.ask(key))
                eventually(lambda: self.racing() == len(calls)
                           or self.state() != "OPENING", "it is held")
            done = [call.done() for call in calls]
            if self.state() == "OPENING":
                self.assertEqual(done, [False] * len(calls))
                return calls
            self.frontrunner.stop()
        raise AssertionError("this machine is too slow for this test")

    def test_what_comes_before_it_is_ready_is_held_and_then_run_in_order(self):
        keys = ["U+0043", "U+0041", "U+0044", "U+0042"]
        for _ in range(20):
            calls = self.hold(keys)
            self.gate.open()
            if all(call.exception(timeout=WAIT) is None for call in calls):
                break
            # The time to connect was over just before the gate was opened.
        self.assertEqual([call.result().value.decode()[-1] for call in calls],
                         ["C", "A", "D", "B"])
        self.assertEqual([call.result().source for call in calls],
                         ["names"] * 4)
        ended = self.stub.GetQueue(admin_pb2.GetQueueRequest(queue="names"),
                                   timeout=WAIT).ended
        self.assertEqual([job.key.decode() for job in reversed(ended)], keys)

    def test_if_it_fails_the_held_get_that_failure_from_that_source_only(self):
        self.start()
        alone, raced = self.ask("U+0041"), self.ask("U+0041", table="both")
        # Another source had the answer and did not wait.
        self.assertEqual(raced.result().source, "others")
        self.gate.refuse()
        error = alone.exception(timeout=WAIT)
        self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
        entrant, = details_of(error)["frontrunner.v1.RaceReport"].entrants
        self.assertEqual((entrant.source, entrant.verdict),
                         ("names", race_pb2.FAILED))
        self.assertEqual(entrant.code, grpc.StatusCode.UNAVAILABLE.value[0])
        self.assertEqual(self.ask("U+0042", table="others").result().source,
                         "others")

    def test_it_keeps_trying_and_is_found(self):
        self.start()
        self.gate.refuse()
        eventually(lambda: self.state() == "DISCONNECTED", "it has failed")
        taken = self.gate.taken
        eventually(lambda: self.gate.taken > taken + 1, "it tries again")
        self.gate.open()
        eventually(lambda: self.state() == "CONNECTED", "it is found")
        self.assertEqual(self.ask("U+0041").result().value,
                         b"LATIN CAPITAL LETTER A")

    def test_readiness_is_visible_in_health_for_each_source_and_table(self):
        self.start()
        for service in ("source/names", "unicode"):
            self.assertEqual(self.health.check(service), "NOT_SERVING")
        for service in ("source/others", "others", "both", ""):
            self.assertEqual(self.health.check(service), "SERVING")
        self.assertEqual(self.health.check("source/names"), "NOT_SERVING")
        self.assertIn(self.state(), ("OPENING", "DISCONNECTED"))
        self.assertEqual(self.state("others"), "CONNECTED")
        self.gate.open()
        eventually(lambda: self.health.check("source/names") == "SERVING",
                   "it is ready")
        self.assertEqual(self.state(), "CONNECTED")
        self.assertEqual(self.health.check("unicode"), "SERVING")

    def test_nobody_knows_a_source_that_is_not_there(self):
        self.start()
        self.assertEqual(self.health.check("source/nobody"), "NOT_FOUND")


if __name__ == "__main__":
    unittest.main(verbosity=2)
