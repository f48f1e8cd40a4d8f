#!/usr/bin/env python3
"""Origin 3, DeferredDict: a lookup with wait_for_value, and Put."""

import unittest

import grpc

from support import ServerTest, WAIT, admin_pb2, eventually, lookup_pb2

HERE = """
sources:
  near: { memory: { capacity: 16MiB } }
tables:
  t: { race: [near], max_wait: 10m }
"""

SHARED = """
sources:
  near: {{ memory: {{ capacity: 16MiB }} }}
  redis: {{ redis: {{ address: "{redis}" }}, timeout: 10s }}
tables:
  t: {{ race: [near, redis], deadline: 20s, max_wait: 10m }}
"""


class DeferredDict(ServerTest):
    """A server, as a dictionary whose values are promises."""

    def here(self):
        return self.server(HERE)

    def get(self, server, key, timeout=WAIT):
        return self.lookups(server).stub.Lookup.future(
            lookup_pb2.LookupRequest(table="t", key=key, wait_for_value=True),
            timeout=timeout)

    def set(self, server, key, value):
        self.lookups(server).stub.Put(
            lookup_pb2.PutRequest(table="t", key=key, value=value),
            timeout=WAIT)

    def waiting_is(self, server, count):
        admin = self.admin(server)
        eventually(lambda: admin.ListOutstanding(
            admin_pb2.ListOutstandingRequest(), timeout=WAIT).waiting == count,
                   f"{count} wait")

    def test_a_key_that_is_not_there_gives_a_promise_kept_by_whoever_sets_it(
            self):
        server = self.here()
        promise = self.get(server, b"k")
        self.waiting_is(server, 1)
        self.set(server, b"another key", b"not this")
        self.waiting_is(server, 1)
        self.assertFalse(promise.done())
        self.set(server, b"k", b"v")
        answer = promise.result()
        self.assertEqual((answer.value, answer.source), (b"v", "put"))

    def test_every_waiter_is_answered(self):
        server = self.here()
        promises = [self.get(server, b"k") for _ in range(50)]
        self.waiting_is(server, 50)
        self.set(server, b"k", b"v")
        self.assertEqual([promise.result().value for promise in promises],
                         [b"v"] * 50)
        self.waiting_is(server, 0)

    def test_a_key_that_is_there_answers_at_once(self):
        server = self.here()
        self.set(server, b"k", b"v")
        answer = self.get(server, b"k").result()
        self.assertEqual((answer.value, answer.source), (b"v", "near"))

    def test_a_promise_that_nobody_keeps_ends_at_its_deadline(self):
        server = self.here()
        promise = self.get(server, b"k", timeout=0.5)
        self.assertEqual(promise.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.waiting_is(server, 0)

    def test_a_put_on_any_server_that_shares_a_redis_keeps_the_promise(self):
        config = SHARED.format(redis=self.redis().address)
        a, b, c = (self.server(config) for _ in range(3))
        promises = [self.get(a, b"k"), self.get(b, b"k"), self.get(b, b"k")]
        self.waiting_is(a, 1)
        self.waiting_is(b, 2)
        self.set(c, b"k", b"v")
        for promise in promises:
            answer = promise.result()
            self.assertEqual((answer.value, answer.source), (b"v", "put"))

    def test_what_was_put_on_one_server_is_there_on_another(self):
        config = SHARED.format(redis=self.redis().address)
        a, b = self.server(config), self.server(config)
        self.set(a, b"k", b"v")
        answer = self.get(b, b"k").result()
        self.assertEqual((answer.value, answer.source), (b"v", "redis"))

    def test_without_a_redis_a_put_elsewhere_keeps_nothing(self):
        a, b = self.here(), self.here()
        promise = self.get(a, b"k", timeout=2)
        self.waiting_is(a, 1)
        self.set(b, b"k", b"v")
        self.assertEqual(promise.code(), grpc.StatusCode.DEADLINE_EXCEEDED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
