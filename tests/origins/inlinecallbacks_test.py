#!/usr/bin/env python3
"""Origin 11, kinder inlineCallbacks: a function that throws for real gives the
caller the same kind of result as any other source. (inlinecallbacks_test.cc
goes through every way in which a source can misbehave.)"""

import unittest

import grpc

from scripted_http import ScriptedHttp
from support import BUILD, ServerTest, details_of, race_pb2

PLUGINS = BUILD / "tests/sources/computation/plugins"

CONFIG = """
sources:
  throwing:
    computation: {{ plugin: "{plugins}/throwing.so", function: throws }}
  patient:
    http: {{ url: "http://{http}/{{key}}" }}
    timeout: 20s
  retried:
    computation: {{ plugin: "{plugins}/throwing.so", function: throws }}
    limit: {{ width: 1 }}
    retry: {{ backoff: [0s, 1ms], codes: [INTERNAL] }}
tables:
  throwing: {{ race: [throwing], deadline: 25s }}
  patient: {{ race: [patient], deadline: 25s }}
  retried: {{ race: [retried], deadline: 25s }}
"""


class InlineCallbacks(ServerTest):
    def setUp(self):
        super().setUp()
        self.http = ScriptedHttp(
            lambda number, path: (200, "fine") if path == "/ok" else (418, ""))
        self.addCleanup(self.http.stop)
        self.frontrunner = self.server(CONFIG.format(
            plugins=PLUGINS, http=self.http.address))
        self.caller = self.lookups(self.frontrunner)

    def kind_of_failure(self, table, key):
        error = self.caller.fails(key, table=table)
        details = details_of(error)
        entrant = details["frontrunner.v1.RaceReport"].entrants[0]
        self.assertEqual(entrant.code, error.code().value[0])
        self.assertTrue(entrant.HasField("started_after"))
        self.assertTrue(entrant.HasField("finished_after"))
        return (sorted(details), details["google.rpc.ErrorInfo"].reason,
                entrant.verdict)

    def test_a_throw_is_the_same_kind_of_result_as_a_failure_that_comes_later(
            self):
        later = self.kind_of_failure("patient", "teapot")
        self.assertEqual(later[1:], ("ALL_SOURCES_FAILED", race_pb2.FAILED))
        for key in ("error", "int", "long", "odd"):
            with self.subTest(key):
                self.assertEqual(self.kind_of_failure("throwing", key), later)
                self.assertEqual(self.kind_of_failure("retried", key), later)

    def test_a_throw_says_what_it_said(self):
        error = self.caller.fails("error", table="throwing")
        self.assertEqual(error.code(), grpc.StatusCode.INTERNAL)
        self.assertIn("no luck", error.details())

    def test_a_function_that_throws_is_as_good_as_new_the_next_time(self):
        for table in ("throwing", "retried"):
            self.caller.fails("error", table=table)
            self.assertEqual(self.caller.get("k", table=table).value, b"fine")
        self.assertEqual(self.caller.get("ok", table="patient").value, b"fine")
        self.assertIsNone(self.frontrunner.process.poll())

    def test_a_throw_counts_as_an_attempt_and_is_asked_again_like_any(self):
        error = self.caller.fails("error", table="retried")
        report = details_of(error)["frontrunner.v1.RaceReport"]
        self.assertEqual(report.entrants[0].attempts, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
