#!/usr/bin/env python3
"""Prefetch through the whole server: twenty thousand keys, over restarts and a
crash, end up in the caches, and none is fetched twice after a clean stop."""

import unittest

import grpc

from support import (ServerTest, WAIT, admin_pb2, eventually, free_port,
                     lookup_pb2)

CONFIG = """
state_dir: {state}
sources:
  redis: {{ timeout: 5s, redis: {{ address: "{redis}" }} }}
  names:
    grpc: {{ target: "{backend}" }}
    timeout: 5s
    limit: {{ width: 16, max_pending: 1000 }}
  nobody: {{ http: {{ url: "http://127.0.0.1:1/{{key}}" }} }}
tables:
  unicode:
    {table}
    write_back: {{ ttl: 1h }}
  bare: {{ race: [names] }}
"""
PATIENT = """race: [redis, { source: names, start_after: others_fail }]
    deadline: 20s"""
IMPATIENT = """race: [redis, nobody, names]
    deadline: 1s"""
CONCURRENCY = 64  # the default of prefetch.concurrency
CHUNK = 1000


def names(count):
    """Keys that the backend has."""
    with open("/usr/share/unicode/UnicodeData.txt", encoding="ascii") as data:
        fields = (line.split(";", 2) for line in data)
        keys = [f"U+{code}".encode() for code, name, _ in fields
                if not name.startswith("<")]
    assert len(keys) >= count
    return keys[:count]


class Prefetch(ServerTest):
    def setUp(self):
        super().setUp()
        self.cache = self.redis()
        self.names = self.backend("--median", "1ms", "--slow-ratio", "0")
        self.port, self.admin_port = free_port(), free_port()

    def start(self, table=PATIENT):
        path = self.write_config(
            f'listen: ["127.0.0.1:{self.port}"]\n'
            f'admin_listen: "127.0.0.1:{self.admin_port}"\n'
            'http_listen: "127.0.0.1:0"\n'
            "drain: { lame_duck: 0s, grace: 10s }\n" + CONFIG.format(
                state=self.scratch / "state", redis=self.cache.address,
                backend=self.names.address, table=table))
        self.frontrunner = self.frontrunnerd(path)
        return self.admin(self.frontrunner)

    def send(self, admin, name, keys, table="unicode"):
        """Every key, acknowledged."""
        for begin in range(0, len(keys), CHUNK):
            answer = admin.Prefetch(admin_pb2.PrefetchRequest(
                id=name, table=table, keys=keys[begin:begin + CHUNK],
                last=begin + CHUNK >= len(keys)), timeout=WAIT)
        return answer.accepted

    def progress(self, admin, name):
        for prefetch in admin.ListPrefetches(
                admin_pb2.ListPrefetchesRequest(), timeout=WAIT).prefetches:
            if prefetch.id == name:
                return prefetch
        self.fail(f"there is no prefetch {name}")

    def finish(self, admin, name):
        """Watches it to its end; the last that was told."""
        last = None
        for progress in admin.WatchPrefetch(
                admin_pb2.WatchPrefetchRequest(id=name), timeout=120):
            last = progress
        self.assertTrue(last.finished)
        return last

    def cached(self, keys):
        """How many of the keys the caches alone have."""
        stub = self.lookups(self.frontrunner).stub
        found = 0
        for begin in range(0, len(keys), 5000):
            for answer in stub.BatchLookup(lookup_pb2.BatchLookupRequest(
                    table="unicode", keys=keys[begin:begin + 5000],
                    cache_policy=lookup_pb2.ONLY), timeout=60):
                found += answer.HasField("found")
        return found

    def stored(self, admin, at_least):
        def look():
            return self.progress(admin, "all").stored >= at_least
        eventually(look, f"{at_least} keys are stored")

    def test_20000_keys_over_three_stops_and_a_crash(self):
        keys = names(20000)
        admin = self.start()
        self.assertEqual(self.send(admin, "all", keys), 20000)
        for at_least in (500, 3000, 6000):
            self.stored(admin, at_least)
            self.assertEqual(self.frontrunner.stop(), 0,
                             self.frontrunner.said())
            calls = self.backend_count(self.names, "calls")
            admin = self.start()
            # What was underway at the stop was finished and written down.
            self.assertGreaterEqual(
                self.progress(admin, "all").stored, calls - CONCURRENCY)
        calls = self.backend_count(self.names, "calls")
        self.stored(admin, 9000)
        self.frontrunner.kill()
        admin = self.start()
        done = self.finish(admin, "all")
        self.assertEqual((done.accepted, done.stored, done.failed,
                          done.pending, done.underway),
                         (20000, 20000, 0, 0, 0), self.frontrunner.said())
        self.assertEqual(self.cached(keys), 20000)
        # None twice after the clean stops; after the crash at most those that
        # were underway, and of these the caches had some already.
        calls = self.backend_count(self.names, "calls")
        self.assertGreaterEqual(calls, 20000)
        self.assertLessEqual(calls, 20000 + CONCURRENCY)

    def test_keys_sent_again_are_counted_once(self):
        admin = self.start()
        keys = names(50)
        for _ in range(2):
            answer = admin.Prefetch(admin_pb2.PrefetchRequest(
                id="twice", table="unicode", keys=keys), timeout=WAIT)
            self.assertEqual(answer.accepted, 50)
        self.send(admin, "twice", keys)
        self.assertEqual(self.finish(admin, "twice").stored, 50)
        self.assertEqual(self.backend_count(self.names, "calls"), 50)

    def test_failures_are_summed_up_by_code(self):
        admin = self.start()
        self.send(admin, "some", names(5) + [b"U+0378", b"U+0379"])
        done = self.finish(admin, "some")
        self.assertEqual((done.stored, done.failed), (5, 2))
        self.assertEqual([(failure.code, failure.count)
                          for failure in done.failures],
                         [(grpc.StatusCode.NOT_FOUND.value[0], 2)])
        self.assertTrue(done.failures[0].message)
        self.assertNotIn("U+0378", done.failures[0].message)

    def test_it_yields_to_lookups_in_the_queue(self):
        admin = self.start()
        admin.PauseQueue(admin_pb2.PauseQueueRequest(queue="names"),
                         timeout=WAIT)
        keys = names(200)
        self.send(admin, "slow", keys[:100])
        queue = lambda: admin.GetQueue(  # noqa: E731
            admin_pb2.GetQueueRequest(queue="names"), timeout=WAIT)
        eventually(lambda: queue().queue.pending == CONCURRENCY,
                   "the window is full")
        lookup = self.lookups(self.frontrunner)
        call = lookup.stub.Lookup.future(lookup.request(keys[150].decode()),
                                         timeout=WAIT)
        eventually(lambda: queue().queue.pending == CONCURRENCY + 1,
                   "the lookup is queued")
        self.assertEqual(queue().pending[0].key, keys[150])
        admin.ResumeQueue(admin_pb2.ResumeQueueRequest(queue="names"),
                          timeout=WAIT)
        self.assertTrue(call.result().value)
        self.assertEqual(self.finish(admin, "slow").stored, 100)

    def paused(self, table):
        """With a prefetch whose keys wait for their turn, past deadlines."""
        admin = self.start(table)
        admin.PauseQueue(admin_pb2.PauseQueueRequest(queue="names"),
                         timeout=WAIT)
        self.send(admin, "all", names(100))
        eventually(lambda: admin.GetQueue(
            admin_pb2.GetQueueRequest(queue="names"), timeout=WAIT
        ).queue.counters.cancelled > CONCURRENCY, "deadlines are over")
        return admin

    def has_not_failed(self, table):
        admin = self.paused(table)
        admin.ResumeQueue(admin_pb2.ResumeQueueRequest(queue="names"),
                          timeout=WAIT)
        done = self.finish(admin, "all")
        self.assertEqual((done.stored, done.failed), (100, 0))

    def test_a_key_whose_turn_has_not_come_has_not_failed(self):
        self.has_not_failed(IMPATIENT)

    def test_nor_has_it_where_the_table_does_not_coalesce(self):
        self.has_not_failed(IMPATIENT + "\n    coalesce: false")

    def test_nor_has_one_that_a_drain_found_waiting_beside_a_failure(self):
        self.paused(IMPATIENT)
        self.assertEqual(self.frontrunner.stop(), 0, self.frontrunner.said())
        done = self.finish(self.start(), "all")
        self.assertEqual((done.stored, done.failed), (100, 0))

    def test_an_operator_cancels_it(self):
        admin = self.start()
        admin.PauseQueue(admin_pb2.PauseQueueRequest(queue="names"),
                         timeout=WAIT)
        self.send(admin, "gone", names(500))
        eventually(lambda: self.progress(admin, "gone").underway
                   == CONCURRENCY, "the window is full")
        admin.CancelPrefetch(admin_pb2.CancelPrefetchRequest(id="gone"),
                             timeout=WAIT)
        admin.ResumeQueue(admin_pb2.ResumeQueueRequest(queue="names"),
                          timeout=WAIT)
        done = self.finish(admin, "gone")
        self.assertEqual((done.stored, done.cancelled),
                         (CONCURRENCY, 500 - CONCURRENCY))

    def test_what_cannot_be_prefetched_is_refused(self):
        admin = self.start()
        for request, code in (
                (dict(id="x", table="nicode", keys=[b"k"]),
                 grpc.StatusCode.INVALID_ARGUMENT),
                (dict(id="x", table="bare", keys=[b"k"]),
                 grpc.StatusCode.FAILED_PRECONDITION),
                (dict(id="x y", table="unicode", keys=[b"k"]),
                 grpc.StatusCode.INVALID_ARGUMENT),
                (dict(id="x", table="unicode", keys=[b""]),
                 grpc.StatusCode.INVALID_ARGUMENT)):
            with self.subTest(request):
                with self.assertRaises(grpc.RpcError) as caught:
                    admin.Prefetch(admin_pb2.PrefetchRequest(**request),
                                   timeout=WAIT)
                self.assertEqual(caught.exception.code(), code)

    def test_a_damaged_journal_is_set_aside_with_a_clear_message(self):
        admin = self.start()
        self.send(admin, "first", names(10))
        self.finish(admin, "first")
        self.assertEqual(self.frontrunner.stop(), 0)
        state = self.scratch / "state"
        for path in state.iterdir():
            if path.name.startswith("prefetch.db"):
                path.write_bytes(b"this is no journal" * 1000)
        admin = self.start()
        self.assertIn("set aside", self.frontrunner.said())
        self.send(admin, "second", names(10))
        self.assertEqual(self.finish(admin, "second").stored, 10)

    def test_two_servers_do_not_share_a_journal(self):
        self.start()
        first = self.frontrunner
        self.port, self.admin_port = free_port(), free_port()
        with self.assertRaisesRegex(AssertionError, "state_dir|journal"):
            self.start()
        self.assertIsNone(first.process.poll())


class NoStateDir(ServerTest):
    def test_without_a_state_dir_prefetching_is_refused(self):
        server = self.server("sources: { near: { memory: {} } }\n"
                             "tables: { t: { race: [near] } }\n")
        with self.assertRaises(grpc.RpcError) as caught:
            self.admin(server).Prefetch(admin_pb2.PrefetchRequest(
                id="x", table="t", keys=[b"k"]), timeout=WAIT)
        self.assertEqual(caught.exception.code(),
                         grpc.StatusCode.FAILED_PRECONDITION)
        self.assertIn("state_dir", caught.exception.details())


if __name__ == "__main__":
    unittest.main(verbosity=2)
