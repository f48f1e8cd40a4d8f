#!/usr/bin/env python3
"""Origin 2, the resizable dispatch queue: a source's `limit`, and the operator's
hand on it, seen from outside while lookups are under way."""

import collections
import random
import signal
import threading
import time
import unittest

import grpc

from support import (NAMES_FROM_BACKEND, ServerTest, WAIT, admin_pb2,
                     details_of, eventually)

LIMITED = """
sources:
  names:
    grpc: {{ target: "{backend}" }}
    timeout: 20s
    limit: {{ width: {width}, max_pending: {max_pending} }}
tables:
  unicode: {{ race: [names], deadline: 25s, coalesce: {coalesce} }}
"""


class Load:
    """So many callers who each look up one key after the other."""

    def __init__(self, lookups, callers):
        self.answered = 0
        self.failed = collections.Counter()
        self._ends = False
        self._lock = threading.Lock()
        self._lookups = lookups
        self._threads = [threading.Thread(target=self._run, args=(i,))
                         for i in range(callers)]
        for thread in self._threads:
            thread.start()

    def _run(self, caller):
        number = 0
        while not self._ends:
            number += 1
            key = f"U+{0x4E00 + (caller * 97 + number) % 20000:04X}"
            try:
                self._lookups.get(key)
                code = None
            except grpc.RpcError as error:
                code = error.code()
            with self._lock:
                if code in (None, grpc.StatusCode.NOT_FOUND):
                    self.answered += 1
                else:
                    self.failed[code] += 1

    def end(self):
        self._ends = True
        for thread in self._threads:
            thread.join()


class Queue:
    """The queue `names` of a server."""

    def __init__(self, admin):
        self._admin = admin

    def show(self, max_jobs=10000):
        return self._admin.GetQueue(admin_pb2.GetQueueRequest(
            queue="names", max_jobs=max_jobs), timeout=WAIT)

    def width(self, width):
        return self._admin.SetQueueWidth(admin_pb2.SetQueueWidthRequest(
            queue="names", width=width), timeout=WAIT)

    def pause(self):
        return self._admin.PauseQueue(
            admin_pb2.PauseQueueRequest(queue="names"), timeout=WAIT)

    def resume(self, **width):
        return self._admin.ResumeQueue(
            admin_pb2.ResumeQueueRequest(queue="names", **width), timeout=WAIT)

    def cancel(self, job):
        self._admin.CancelJob(
            admin_pb2.CancelJobRequest(queue="names", id=job), timeout=WAIT)

    def reprioritise(self, job, priority):
        self._admin.ReprioritiseJob(admin_pb2.ReprioritiseJobRequest(
            queue="names", id=job, priority=priority), timeout=WAIT)

    def clear(self):
        return self._admin.ClearQueue(
            admin_pb2.ClearQueueRequest(queue="names"), timeout=WAIT).cancelled


class TxRdq(ServerTest):
    def start(self, width, *flags, max_pending=2000, coalesce="true"):
        self.names = self.backend("--slow-ratio", "0", *flags)
        self.frontrunner = self.server(LIMITED.format(
            backend=self.names.address, width=width, max_pending=max_pending,
            coalesce=coalesce))
        self.queue = Queue(self.admin(self.frontrunner))
        self.caller = self.lookups(self.frontrunner)

    def ask(self, key, **fields):
        return self.caller.stub.Lookup.future(
            self.caller.request(key, **fields), timeout=WAIT)

    def assert_code(self, call, code):
        error = call.exception(timeout=WAIT)
        self.assertIsNotNone(error)
        self.assertEqual(error.code(), code, error.details())
        return error

    def assert_admin_fails(self, code, call, *args, **kwargs):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code(), code)

    def test_at_most_width_jobs_run_at_once_under_load(self):
        self.start(5, "--median", "10ms")
        load = Load(self.caller, 200)
        eventually(lambda: load.answered > 500, "lookups are answered")
        load.end()
        self.assertEqual(load.failed, {})
        self.assertEqual(self.backend_count(self.names, "max_underway"), 5)
        self.assertEqual(self.queue.show().queue.underway, 0)

    def test_the_width_changes_live_and_takes_effect_within_a_job(self):
        self.start(5, "--median", "10ms")
        load = Load(self.caller, 200)
        eventually(lambda: load.answered > 200, "lookups are answered")
        self.assertEqual(self.queue.width(20).width, 20)
        eventually(
            lambda: self.backend_count(self.names, "max_underway") == 20,
            "the backend has twenty at once")
        narrowed = self.queue.width(2)
        # What was underway finishes; nothing else starts until two are left.
        finished = narrowed.counters.finished
        seen = []

        def narrow():
            queue = self.queue.show(1).queue
            seen.append((queue.underway, queue.counters.finished - finished))
            return queue.underway <= 2
        eventually(narrow, "two are left")
        # From twenty to two: eighteen ended, give or take those that ended
        # between the count and the look at it.
        self.assertLessEqual(seen[-1][1], 18 + 60)
        for _ in range(20):
            self.assertLessEqual(
                self.backend_count(self.names, "underway"), 2)
        answered = load.answered
        eventually(lambda: load.answered > answered + 50, "it goes on")
        load.end()
        self.assertEqual(load.failed, {})

    def test_pause_holds_all_and_resume_loses_none(self):
        self.start(5, "--median", "10ms")
        load = Load(self.caller, 200)
        eventually(lambda: load.answered > 200, "lookups are answered")
        paused = self.queue.pause()
        self.assertTrue(paused.paused)
        self.assertEqual(paused.width, 5)
        eventually(lambda: self.queue.show(1).queue.underway == 0,
                   "what was underway has finished")
        eventually(lambda: self.queue.show(1).queue.pending == 200,
                   "all callers wait")
        calls = self.backend_count(self.names, "calls")
        answered = load.answered
        time.sleep(0.2)
        self.assertEqual(self.backend_count(self.names, "calls"), calls)
        self.assertEqual(load.answered, answered)
        resumed = self.queue.resume(width=10)
        self.assertFalse(resumed.paused)
        self.assertEqual(resumed.width, 10)
        eventually(lambda: load.answered > answered + 400, "it goes on")
        load.end()
        self.assertEqual(load.failed, {})
        counters = self.queue.show().queue.counters
        self.assertEqual(counters.queued, counters.finished)

    def test_a_wish_that_makes_no_sense_is_an_error(self):
        self.start(1, "--latency", "off")
        self.assert_admin_fails(grpc.StatusCode.INVALID_ARGUMENT,
                                self.queue.width, -1)
        self.assert_admin_fails(grpc.StatusCode.INVALID_ARGUMENT,
                                self.queue.resume, width=-1)
        self.assert_admin_fails(grpc.StatusCode.NOT_FOUND,
                                self.queue.cancel, 12345)
        self.assert_admin_fails(grpc.StatusCode.NOT_FOUND,
                                self.queue.reprioritise, 12345, 1)
        self.assertEqual(self.queue.show().queue.width, 1)

    def test_width_0_holds_everything_and_jobs_are_listed(self):
        self.start(0, "--latency", "off")
        calls = [self.ask("U+0041", priority=5), self.ask("U+0042", priority=1)]
        eventually(lambda: self.queue.show().queue.pending == 2, "both wait")
        shown = self.queue.show()
        self.assertEqual([(job.key, job.priority, job.table)
                          for job in shown.pending],
                         [(b"U+0042", 1, "unicode"), (b"U+0041", 5, "unicode")])
        self.assertFalse(shown.pending[0].HasField("started_ago"))
        self.assertEqual(self.backend_count(self.names, "calls"), 0)
        self.queue.width(1)
        for call in calls:
            self.assertEqual(call.result().source, "names")
        ended = self.queue.show().ended
        self.assertEqual([job.key for job in ended], [b"U+0041", b"U+0042"])
        for job in ended:
            self.assertTrue(job.HasField("started_ago"))
            self.assertTrue(job.HasField("ended_ago"))
            self.assertEqual(job.code, 0)

    def test_a_pending_job_is_reprioritised_an_underway_one_is_an_error(self):
        self.start(1, "--median", "300ms")
        underway = self.ask("U+0041")
        eventually(lambda: self.queue.show().queue.underway == 1, "it runs")
        last = self.ask("U+0042")
        eventually(lambda: self.queue.show().queue.pending == 1, "it waits")
        before = self.ask("U+0043")
        eventually(lambda: self.queue.show().queue.pending == 2, "it waits")
        shown = self.queue.show()
        self.queue.reprioritise(shown.pending[1].id, -1)
        self.assert_admin_fails(grpc.StatusCode.FAILED_PRECONDITION,
                                self.queue.reprioritise,
                                shown.underway[0].id, 3)
        for call in (underway, before, last):
            call.result(timeout=WAIT)
        self.assertEqual([job.key for job in self.queue.show().ended],
                         [b"U+0042", b"U+0043", b"U+0041"])

    def test_a_cancelled_job_fails_and_says_which_it_was(self):
        self.start(1, "--median", "30s")
        calls = {"underway": self.ask("U+0041")}
        eventually(lambda: self.queue.show().queue.underway == 1, "it runs")
        calls["pending"] = self.ask("U+0042")
        eventually(lambda: self.queue.show().queue.pending == 1, "it waits")
        shown = self.queue.show()
        jobs = {"underway": shown.underway[0].id,
                "pending": shown.pending[0].id}
        self.queue.pause()  # or the second would take the place of the first
        for which, job in jobs.items():
            self.queue.cancel(job)
            error = self.assert_code(calls[which], grpc.StatusCode.ABORTED)
            self.assertIn(str(job), error.details())
        eventually(lambda: self.backend_count(self.names, "cancelled") == 1,
                   "the backend hears of it")
        self.assertEqual(self.queue.show().queue.counters.aborted, 2)

    def test_the_pending_list_is_cleared(self):
        self.start(0, "--latency", "off")
        calls = [self.ask(f"U+{0x41 + i:04X}") for i in range(10)]
        eventually(lambda: self.queue.show().queue.pending == 10, "all wait")
        self.assertEqual(self.queue.clear(), 10)
        for call in calls:
            self.assert_code(call, grpc.StatusCode.ABORTED)
        self.assertEqual(self.queue.show().queue.pending, 0)

    def test_a_cancelled_lookup_leaves_the_queue_at_once(self):
        self.start(0, "--latency", "off")
        call = self.ask("U+0041")
        eventually(lambda: self.queue.show().queue.pending == 1, "it waits")
        call.cancel()
        eventually(lambda: self.queue.show().queue.pending == 0, "it has left")
        self.assertEqual(self.queue.show().queue.counters.cancelled, 1)

    def test_a_full_queue_fails_fast_with_overloaded(self):
        self.start(0, "--latency", "off", max_pending=2)
        held = [self.ask(key) for key in ("U+0041", "U+0042")]
        eventually(lambda: self.queue.show().queue.pending == len(held),
                   "it is full")
        error = self.caller.fails("U+0043")
        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        details = details_of(error)
        self.assertEqual(details["google.rpc.ErrorInfo"].reason, "OVERLOADED")
        self.assertIn("google.rpc.RetryInfo", details)
        self.assertEqual(self.queue.show().queue.counters.refused, 1)

    def test_a_thousand_jobs_with_cancels_and_reprioritisations(self):
        self.start(0, "--latency", "off")
        rng = random.Random(7)
        calls = {}
        # One job after the other, so that the order of their coming is known.
        for i in range(1000):
            key = f"U+{0x4E00 + i:04X}"
            calls[key.encode()] = self.ask(key, priority=rng.randrange(5))
            if i % 50 == 49:
                eventually(lambda n=i + 1: self.queue.show(1).queue.pending
                           == n, "it is pending")
        expected = [(job.priority, job.key, job.id)
                    for job in self.queue.show().pending]
        self.assertEqual(len(expected), 1000)
        self.assertEqual([job[0] for job in expected],
                         sorted(job[0] for job in expected))
        aborted = set()
        for _ in range(200):
            index = rng.randrange(len(expected))
            before, key, job = expected[index]
            if rng.random() < 0.5:
                self.queue.cancel(job)
                aborted.add(key)
                del expected[index]
                continue
            priority = rng.randrange(5)
            self.queue.reprioritise(job, priority)
            if priority == before:
                continue  # it keeps its place
            del expected[index]
            behind = [i for i, other in enumerate(expected)
                      if other[0] > priority]
            expected.insert(behind[0] if behind else len(expected),
                            (priority, key, job))
        self.assertEqual([(job.priority, job.key, job.id)
                          for job in self.queue.show().pending], expected)
        self.queue.resume(width=1)
        for key, call in calls.items():
            if key in aborted:
                self.assert_code(call, grpc.StatusCode.ABORTED)
            else:
                call.exception(timeout=WAIT)
                self.assertIn(call.code(), (grpc.StatusCode.OK,
                                            grpc.StatusCode.NOT_FOUND))
        shown = self.queue.show()
        counters = shown.queue.counters
        self.assertEqual(counters.queued, 1000)
        self.assertEqual(counters.aborted, len(aborted))
        self.assertEqual(counters.finished, 1000 - len(aborted))
        # The last of them, as far as they are remembered, ended in order.
        ended = [job.key for job in reversed(shown.ended)]
        self.assertGreater(len(ended), 10)
        self.assertEqual(ended, [key for _, key, _ in expected][-len(ended):])

    def test_stop_lets_underway_jobs_finish_and_ends_those_never_started(self):
        self.start(1, "--median", "500ms")
        underway = self.ask("U+0041")
        eventually(lambda: self.queue.show().queue.underway == 1, "it runs")
        pending = self.ask("U+0042")
        eventually(lambda: self.queue.show().queue.pending == 1, "it waits")
        self.frontrunner.signal(signal.SIGTERM)
        error = self.assert_code(pending, grpc.StatusCode.UNAVAILABLE)
        details = details_of(error)
        self.assertEqual(details["google.rpc.ErrorInfo"].reason, "DRAINING")
        self.assertIn("google.rpc.RetryInfo", details)
        self.assertFalse(underway.done())
        self.assertEqual(underway.result().value, b"LATIN CAPITAL LETTER A")
        self.assertEqual(self.frontrunner.process.wait(WAIT), 0,
                         self.frontrunner.said())

    def test_the_rate_spaces_the_starts(self):
        self.names = self.backend("--latency", "off")
        self.frontrunner = self.server(f"""
sources:
  names:
    grpc: {{ target: "{self.names.address}" }}
    limit: {{ width: 100, per_second: 20, burst: 5 }}
tables:
  unicode: {{ race: [names], deadline: 25s }}
""")
        caller = self.lookups(self.frontrunner)
        caller.get("U+0040")  # connected from here on
        time.sleep(0.3)
        began = time.monotonic()
        calls = [caller.stub.Lookup.future(
            caller.request(f"U+{0x41 + i:04X}"), timeout=WAIT)
            for i in range(15)]
        for call in calls:
            call.result()
        # Five at once, ten more at twenty a second: never sooner.
        self.assertGreaterEqual(time.monotonic() - began, 0.45)


class NoQueue(ServerTest):
    def test_a_source_without_limit_has_no_queue(self):
        names = self.backend("--latency", "off")
        server = self.server(NAMES_FROM_BACKEND.format(backend=names.address))
        with self.assertRaises(grpc.RpcError) as caught:
            Queue(self.admin(server)).show()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)


if __name__ == "__main__":
    unittest.main(verbosity=2)
