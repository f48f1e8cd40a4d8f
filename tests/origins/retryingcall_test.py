#!/usr/bin/env python3
"""Origin 7, RetryingCall: a source's `retry`."""

import concurrent.futures
import unittest

import grpc

from scripted_http import ScriptedHttp
from support import ServerTest, details_of

OK = grpc.StatusCode.OK
NOT_FOUND = grpc.StatusCode.NOT_FOUND
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED

# What the original waited before each of its ten attempts, in seconds.
DELAYS = [0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56]
BACKOFF = "backoff: [0s, 10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, " \
          "1280ms, 2560ms]"
QUICK = "backoff: [0s, 1ms, 1ms, 1ms]"


class RetryingCall(ServerTest):
    def asking(self, *statuses, retry, table="one"):
        """Asks a server that answers with these statuses, the last one for
        ever; tells the code and the report."""
        self.http = ScriptedHttp(lambda number, path: (
            statuses[min(number, len(statuses)) - 1], "v"))
        self.addCleanup(self.http.stop)
        lookups = self.lookups(self.server(f"""
sources:
  names:
    http: {{ url: "http://{self.http.address}/{{key}}" }}
    timeout: 20s
    retry: {{ {retry} }}
tables:
  one: {{ race: [names], deadline: 25s, coalesce: false }}
  two: {{ race: [names], deadline: 25s, coalesce: false }}
  shared: {{ race: [names], deadline: 25s }}
"""))
        self.stub = lookups
        try:
            answer = lookups.get("k", table=table, include_report=True)
            return OK, answer.report.entrants[0]
        except grpc.RpcError as error:
            self.error = error
            return error.code(), details_of(error)[
                "frontrunner.v1.RaceReport"].entrants[0]

    def assert_waited(self, *delays):
        times = self.http.times()
        self.assertEqual(len(times), len(delays) + 1)
        for before, after, delay in zip(times, times[1:], delays):
            # Never before the wait is over; it begins when a turn of the
            # server's loop does, a moment before the failure is looked at.
            self.assertGreater(after - before, delay * 0.9)

    def test_it_calls_until_it_succeeds(self):
        code, report = self.asking(503, 503, 200, retry=QUICK)
        self.assertEqual((code, report.attempts), (OK, 3))
        self.assertEqual(len(self.http.times()), 3)

    def test_a_success_is_not_followed_by_another_call(self):
        code, report = self.asking(200, retry=QUICK)
        self.assertEqual((code, report.attempts), (OK, 1))
        self.assertEqual(len(self.http.times()), 1)

    def test_the_waits_come_from_a_list_one_attempt_for_each(self):
        code, report = self.asking(503, retry=BACKOFF)
        self.assertEqual((code, report.attempts), (UNAVAILABLE, 10))
        self.assert_waited(*DELAYS[1:])

    def test_or_from_a_schedule_that_grows_to_its_cap(self):
        code, report = self.asking(503, retry=(
            "initial: 100ms, multiplier: 3, max: 500ms, attempts: 5, "
            "jitter: 0%"))
        self.assertEqual((code, report.attempts), (UNAVAILABLE, 5))
        self.assert_waited(0.1, 0.3, 0.5, 0.5)

    def test_the_tester_decides_which_failures_may_be_retried(self):
        code, report = self.asking(400, 200, retry=QUICK)
        self.assertEqual((code, report.attempts), (INVALID_ARGUMENT, 1))
        self.assertEqual(len(self.http.times()), 1)
        code, report = self.asking(
            400, 200, retry=QUICK + ", codes: [INVALID_ARGUMENT]")
        self.assertEqual((code, report.attempts), (OK, 2))

    def test_it_may_keep_state_one_404_is_tolerated_the_second_is_final(self):
        at_most = QUICK + ", at_most: { NOT_FOUND: 1 }"
        code, report = self.asking(404, 200, retry=at_most)
        self.assertEqual((code, report.attempts), (OK, 2))
        code, report = self.asking(404, 404, 200, retry=at_most)
        self.assertEqual((code, report.attempts), (NOT_FOUND, 2))
        self.assertEqual(len(self.http.times()), 2)
        # Without it not even one is.
        code, report = self.asking(404, 200, retry=QUICK)
        self.assertEqual((code, report.attempts), (NOT_FOUND, 1))

    def test_when_delays_run_out_the_first_failure_is_reported(self):
        code, report = self.asking(504, 503, 503, 503, retry=(
            QUICK + ", codes: [UNAVAILABLE, DEADLINE_EXCEEDED]"))
        self.assertEqual((code, report.attempts), (DEADLINE_EXCEEDED, 4))
        self.assertEqual(report.code, DEADLINE_EXCEEDED.value[0])
        self.assertIn("504", report.message)
        self.assertNotIn("503", report.message)
        self.assertEqual(len(self.http.times()), 4)

    def test_no_wait_goes_beyond_the_deadline(self):
        # Nor in a table that coalesces, as they do by default.
        for table in ("one", "shared"):
            code, report = self.asking(503, retry="backoff: [0s, 1m]",
                                       table=table)
            self.assertEqual((code, report.attempts), (UNAVAILABLE, 1))

    def test_the_whole_source_shares_a_budget(self):
        self.asking(503, retry=QUICK + ", budget: 0%")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            errors = list(pool.map(
                lambda i: self.stub.fails(f"k{i}", table=("one", "two")[i % 2]),
                range(39)))
        for error in errors:
            self.assertEqual(error.code(), UNAVAILABLE)
        # Forty lookups of two tables, three retries each if they could; ten
        # are what a source gets however small its share is.
        self.assertEqual(len(self.http.times()), 40 + 10)

    def test_any_source_that_is_retried_has_a_budget(self):
        lookups = self.lookups(self.server(f"""
sources:
  redis:
    redis: {{ address: "127.0.0.1:1" }}
    retry: {{ {QUICK}, budget: 0% }}
tables:
  t: {{ race: [redis], coalesce: false }}
"""))
        attempts = [details_of(lookups.fails(f"k{i}", table="t"))[
            "frontrunner.v1.RaceReport"].entrants[0].attempts
                    for i in range(40)]
        self.assertEqual(sum(attempts), 40 + 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
