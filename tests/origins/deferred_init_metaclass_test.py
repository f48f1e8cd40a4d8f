#!/usr/bin/env python3
"""Origin 12, the metaclass with a deferred `__init__`: what takes time to be
made is had when it is ready, together with how that went. Here: sources, which
are opened all at once while the server serves from those that are ready."""

import unittest

import grpc

from gate import Gate
from health import Health
from scripted_http import ScriptedHttp
from support import (ServerTest, WAIT, admin_pb2, details_of, eventually,
                     free_port, lookup_pb2)

CONFIG = """
server: {{ loop_threads: 1, edge_threads: 1 }}
sources:
  near: {{ memory: {{ capacity: 1MiB }} }}
  ready: {{ http: {{ url: "http://{ready}/{{key}}" }}, timeout: 20s }}
  redis: {{ redis: {{ address: "{redis}" }}, timeout: 20s }}
  mc: {{ memcached: {{ servers: ["{mc}"] }}, timeout: 20s }}
  names: {{ grpc: {{ target: "{names}" }}, timeout: 20s }}
  nobody: {{ grpc: {{ target: "127.0.0.1:{port}" }}, timeout: 20s }}
tables:
  all: {{ race: [near, redis, mc, names, nobody, ready], deadline: 25s }}
  redis: {{ race: [redis], deadline: 25s }}
  mc: {{ race: [mc], deadline: 25s }}
  unicode: {{ race: [names], deadline: 25s }}
  nobody: {{ race: [nobody], deadline: 25s }}
"""


class DeferredInitMetaclass(ServerTest):
    def setUp(self):
        super().setUp()
        self.real = {"redis": self.redis().address,
                     "mc": self.memcached().address,
                     "names": self.backend("--latency", "off").address}
        self.http = ScriptedHttp(lambda number, path: (200, "v"))
        self.addCleanup(self.http.stop)
        self.start()

    def start(self):
        """A server that is ready to serve, though nobody that it has to connect
        to has answered: they are behind gates that are shut."""
        self.gates = {name: Gate(address)
                      for name, address in self.real.items()}
        for gate in self.gates.values():
            self.addCleanup(gate.stop)
        self.frontrunner = self.server(CONFIG.format(
            ready=self.http.address, port=free_port(),
            **{name: gate.address for name, gate in self.gates.items()}))
        self.stub = self.admin(self.frontrunner)
        self.caller = self.lookups(self.frontrunner)

    def states(self):
        return {source.name: admin_pb2.Connectivity.Name(source.connectivity)
                for source in self.stub.ListSources(
                    admin_pb2.ListSourcesRequest(), timeout=WAIT).sources}

    def ready(self):
        return {name for name, state in self.states().items()
                if state == "CONNECTED"} - {"near", "ready"}

    def test_a_server_whose_sources_never_answer_serves_at_once_from_the_others(
            self):
        answer = self.caller.get("k", table="all", include_report=True)
        self.assertEqual((answer.value, answer.source), (b"v", "ready"))
        self.assertEqual(self.ready(), set())
        health = Health(self.channel(self.frontrunner.address))
        self.assertEqual(health.check(""), "SERVING")
        self.assertEqual(health.check("all"), "SERVING")

    def test_all_are_opened_at_once_and_not_one_after_the_other(self):
        # None has answered. An attempt to connect takes a second until it is
        # given up, so one after the other they would begin that far apart.
        spreads = []
        for _ in range(5):
            eventually(lambda: all(gate.taken for gate in self.gates.values()),
                       "all are being opened")
            begun = [gate.first_taken for gate in self.gates.values()]
            spreads.append(max(begun) - min(begun))
            if spreads[-1] < 0.8:
                return
            self.start()  # was it this machine that was slow?
        self.fail(f"they were {spreads} seconds apart")

    def test_each_is_ready_when_its_own_opening_is_over_in_any_order(self):
        opened = set()
        for name in ("names", "mc", "redis"):
            self.assertEqual(self.ready(), opened)
            self.gates[name].open()
            opened.add(name)
            eventually(lambda: self.ready() == opened, f"{name} is ready")

    def test_a_ready_source_is_had_and_answers(self):
        for gate in self.gates.values():
            gate.open()
        eventually(lambda: self.ready() == set(self.gates), "all are ready")
        self.assertEqual(self.caller.get("U+0041").value,
                         b"LATIN CAPITAL LETTER A")
        for table in ("redis", "mc"):
            self.caller.stub.Put(lookup_pb2.PutRequest(
                table=table, key=b"k", value=b"v"), timeout=WAIT)
            self.assertEqual(self.caller.get("k", table=table).source, table)

    def test_a_failed_opening_yields_its_failure(self):
        error = self.caller.fails("k", table="nobody")
        self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
        entrant, = details_of(error)["frontrunner.v1.RaceReport"].entrants
        self.assertIn("onnect", entrant.message)
        self.assertEqual(self.states()["nobody"], "DISCONNECTED")

    def test_what_can_never_be_made_is_refused_with_the_reason(self):
        refused = self.run_frontrunnerd("""
sources:
  broken: { computation: { plugin: "/no/such/plugin.so", function: f } }
tables:
  t: { race: [broken] }
""")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("broken", refused.stderr)
        self.assertIn("/no/such/plugin.so", refused.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
