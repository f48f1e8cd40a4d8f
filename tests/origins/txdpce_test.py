#!/usr/bin/env python3
"""Origin 1, parallel command execution: the race, and its write-back."""

import unittest

import grpc

from scripted_http import ScriptedHttp
from support import (BUILD, ServerTest, details_of, eventually, lookup_pb2,
                     race_pb2)

WON, CANCELLED, MISSED, FAILED, NOT_STARTED = (
    race_pb2.WON, race_pb2.CANCELLED, race_pb2.MISSED, race_pb2.FAILED,
    race_pb2.NOT_STARTED)
THROWING = BUILD / "tests/sources/computation/plugins/throwing.so"
UNICODE_NAMES = BUILD / "deploy/demo/unicode_names/libunicode_names.so"


def verdicts(report):
    return [(entrant.source, entrant.verdict) for entrant in report.entrants]


class TxDpce(ServerTest):
    def http(self, script):
        server = ScriptedHttp(script)
        self.addCleanup(server.stop)
        return server

    def answering(self, status, body=""):
        return self.http(lambda number, path: (status, body))

    def race(self, sources, race, more=""):
        """Lookups of a table `t` with this race among these sources."""
        lines = "\n".join(f"  {name}: {{ {kind}, timeout: 30s }}"
                          for name, kind in sources.items())
        self.frontrunner = self.server(
            f"sources:\n{lines}\n"
            f"tables: {{ t: {{ race: {race}, deadline: 30s {more} }} }}\n")
        return self.lookups(self.frontrunner)

    def get(self, lookups, key, **fields):
        return lookups.get(key, table="t", include_report=True, **fields)

    def test_all_are_called_with_the_same_arguments_in_order(self):
        servers = {name: self.answering(404) for name in "bca"}
        lookups = self.race(
            {name: f'http: {{ url: "http://{server.address}/{name}/{{key}}" }}'
             for name, server in servers.items()}, "[b, c, a]")
        report = details_of(lookups.fails("one key", table="t"))[
            "frontrunner.v1.RaceReport"]
        for name, server in servers.items():
            self.assertEqual(server.paths(), [f"/{name}/one%20key"])
        self.assertEqual([entrant.source for entrant in report.entrants],
                         ["b", "c", "a"])
        starts = [entrant.started_after.ToNanoseconds()
                  for entrant in report.entrants]
        self.assertEqual(starts, sorted(starts))
        for entrant in report.entrants:
            self.assertLess(starts[-1],
                            entrant.finished_after.ToNanoseconds(),
                            "all were called before the first had answered")

    def test_a_synchronous_result_counts_like_an_asynchronous_one(self):
        names = self.backend("--median", "30s", "--slow-ratio", "0")
        lookups = self.race(
            {"names": f'grpc: {{ target: "{names.address}" }}',
             "near": "memory: {}"},
            # Memory that is not looked at beforehand: it answers inside Start.
            "[names, { source: near, start_after: 10ms }]")
        lookups.stub.Put(lookup_pb2.PutRequest(
            table="t", key=b"k", value=b"v"), timeout=30)
        answer = self.get(lookups, "k")
        self.assertEqual((answer.value, answer.source), (b"v", "near"))
        self.assertEqual(verdicts(answer.report),
                         [("names", CANCELLED), ("near", WON)])

    def test_an_exception_counts_like_an_asynchronous_failure(self):
        later = self.answering(200, "v")
        lookups = self.race(
            {"broken": f'computation: {{ plugin: "{THROWING}", '
                       "function: throws }",
             "later": f'http: {{ url: "http://{later.address}/{{key}}" }}'},
            "[broken, { source: later, start_after: others_fail }]")
        answer = self.get(lookups, "error")
        self.assertEqual((answer.value, answer.source), (b"v", "later"))
        broken = answer.report.entrants[0]
        self.assertEqual(broken.verdict, FAILED)
        self.assertEqual(broken.code, grpc.StatusCode.INTERNAL.value[0])
        self.assertIn("threw: no luck", broken.message)

    def test_the_first_success_is_the_result_and_the_others_are_cancelled(self):
        slow = self.backend("--median", "300s", "--slow-ratio", "0")
        missing = self.answering(404)
        quick = self.answering(200, "v")
        lookups = self.race(
            {"slow": f'grpc: {{ target: "{slow.address}" }}',
             "missing": f'http: {{ url: "http://{missing.address}/{{key}}" }}',
             "quick": f'http: {{ url: "http://{quick.address}/{{key}}" }}',
             "spare": f'grpc: {{ target: "{slow.address}" }}'},
            "[slow, missing, { source: quick, start_after: 2s },"
            " { source: spare, start_after: 20s }]")
        answer = self.get(lookups, "U+0041")
        self.assertEqual((answer.value, answer.source), (b"v", "quick"))
        self.assertEqual(verdicts(answer.report),
                         [("slow", CANCELLED), ("missing", MISSED),
                          ("quick", WON), ("spare", NOT_STARTED)])
        eventually(lambda: self.backend_count(slow, "cancelled") == 1,
                   "the slow one hears that it is cancelled")
        self.assertEqual(self.backend_count(slow, "underway"), 0)

    def test_if_all_fail_one_error_holds_all_failures_in_order(self):
        statuses = {"a": 500, "b": 403, "c": 404, "d": 429}
        servers = {name: self.answering(status)
                   for name, status in statuses.items()}
        lookups = self.race(
            {name: f'http: {{ url: "http://{server.address}/{{key}}" }}'
             for name, server in servers.items()}, "[d, a, c, b]")
        error = lookups.fails("k", table="t")
        self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
        details = details_of(error)
        self.assertEqual(details["google.rpc.ErrorInfo"].reason,
                         "ALL_SOURCES_FAILED")
        codes = grpc.StatusCode
        failures = [
            ("d", FAILED, codes.RESOURCE_EXHAUSTED),
            ("a", FAILED, codes.UNAVAILABLE), ("c", MISSED, codes.NOT_FOUND),
            ("b", FAILED, codes.PERMISSION_DENIED)]
        report = details["frontrunner.v1.RaceReport"]
        self.assertEqual(
            [(entrant.source, entrant.verdict, entrant.code)
             for entrant in report.entrants],
            [(name, verdict, code.value[0])
             for name, verdict, code in failures])
        places = [error.details().index(code.name) for _, _, code in failures]
        self.assertEqual(places, sorted(places), error.details())

    def test_no_functions_registered_is_an_error_at_once(self):
        refused = self.run_frontrunnerd(
            "sources: { near: { memory: {} } }\ntables: { t: { race: [] } }\n")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("race", refused.stderr)
        lookups = self.race({"near": "memory: {}"}, "[near]")
        error = lookups.fails("k", table="t",
                              cache_policy=lookup_pb2.BYPASS)
        self.assertEqual(error.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(details_of(error)["google.rpc.ErrorInfo"].reason,
                         "NO_ENTRANT")


class Example(ServerTest):
    """Its example: network call vs memcached vs local computation, where the
    local result is cached when it won and the cache did not have it."""

    def test_the_local_result_is_cached_when_it_won_and_the_cache_missed(self):
        names = self.backend("--median", "300s", "--slow-ratio", "0")
        cache = self.memcached()
        config = f"""
sources:
  mc: {{ memcached: {{ servers: ["{cache.address}"] }}, timeout: 10s }}
  names: {{ grpc: {{ target: "{names.address}" }}, timeout: 300s }}
  local:
    computation: {{ plugin: "{UNICODE_NAMES}", function: unicode_name }}
tables:
  unicode:
    race: [mc, names, {{ source: local, start_after: 2s }}]
    deadline: 30s
    write_back: {{ ttl: 10m }}
"""
        lookups = self.lookups(self.server(config))
        first = lookups.get("U+4E00", include_report=True)
        self.assertEqual(first.value, b"CJK UNIFIED IDEOGRAPH-4E00")
        self.assertEqual(verdicts(first.report),
                         [("mc", MISSED), ("names", CANCELLED),
                          ("local", WON)])

        def cached():
            try:
                return lookups.get("U+4E00", cache_policy=lookup_pb2.ONLY)
            except grpc.RpcError:
                return None
        eventually(cached, "it is in the cache")
        second = lookups.get("U+4E00", include_report=True)
        self.assertEqual(second.value, first.value)
        self.assertEqual(verdicts(second.report),
                         [("mc", WON), ("names", CANCELLED),
                          ("local", NOT_STARTED)])

    def test_the_network_wins_where_it_is_the_first(self):
        names = self.backend("--latency", "off")
        cache = self.memcached()
        lookups = self.lookups(self.server(f"""
sources:
  mc: {{ memcached: {{ servers: ["{cache.address}"] }}, timeout: 10s }}
  names: {{ grpc: {{ target: "{names.address}" }}, timeout: 30s }}
  local:
    computation: {{ plugin: "{UNICODE_NAMES}", function: unicode_name }}
tables:
  unicode: {{ race: [mc, names, local], deadline: 30s }}
"""))
        # A name that follows from no rule: the computation doesn't know it.
        answer = lookups.get("U+0041", include_report=True)
        self.assertEqual(answer.value, b"LATIN CAPITAL LETTER A")
        self.assertEqual(answer.source, "names")
        # It may have lost before it could say so.
        self.assertIn(answer.report.entrants[2].verdict, (MISSED, CANCELLED))


if __name__ == "__main__":
    unittest.main(verbosity=2)
