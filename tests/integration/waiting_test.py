#!/usr/bin/env python3
"""Waiting for a value, across two frontrunnerd that share a Redis."""

import signal
import socket
import threading
import unittest

import grpc

from support import ServerTest, WAIT, eventually, lookup_pb2, lookup_pb2_grpc

from frontrunner.v1 import admin_pb2, admin_pb2_grpc  # made by support

WAITERS = 10_000

SHARED_REDIS = """
sources:
  redis: {{ redis: {{ address: "{redis}" }}, timeout: 5s }}
tables:
  t: {{ race: [redis], deadline: 20s, max_wait: 10m }}
"""


class Waiting(ServerTest):
    def setUp(self):
        super().setUp()
        self.shared = self.redis()
        config = SHARED_REDIS.format(redis=self.shared.address)
        self.a = self.server(config)
        self.b = self.server(config)
        self.lookups_a = self.lookups(self.a)
        self.lookups_b = self.lookups(self.b)
        self.admin_a = admin_pb2_grpc.AdminServiceStub(
            self.channel(self.a.admin))

    def wait_on(self, stub, key, timeout=WAIT):
        return stub.Lookup.future(
            lookup_pb2.LookupRequest(table="t", key=key, wait_for_value=True),
            timeout=timeout)

    def stub_of_its_own(self, server):
        """On a connection that others do not share: each takes 2048 calls."""
        channel = grpc.insecure_channel(server.address, options=[
            ("grpc.enable_http_proxy", 0),
            ("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        return lookup_pb2_grpc.LookupServiceStub(channel)

    def put_on(self, lookups, key, value):
        def put():
            try:
                lookups.stub.Put(lookup_pb2.PutRequest(
                    table="t", key=key, value=value), timeout=WAIT)
                return True
            except grpc.RpcError as error:
                # Redis has only just come back.
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
                return False
        eventually(put, "the Put is confirmed")

    def outstanding(self):
        return self.admin_a.ListOutstanding(
            admin_pb2.ListOutstandingRequest(max_lookups=1), timeout=WAIT)

    def waiting_is(self, count):
        eventually(lambda: self.outstanding().waiting == count,
                   f"{count} wait")

    def channels_are(self, count):
        """Keys that somebody listens to, as redis-server counts them."""
        def listened():
            host, port = self.shared.address.split(":")
            return command(host, int(port), "PUBSUB CHANNELS") == f"*{count}"
        eventually(listened, f"{count} keys are watched")

    def test_a_waiter_on_a_is_answered_by_a_put_on_b(self):
        call = self.wait_on(self.lookups_a.stub, b"k")
        self.channels_are(1)
        self.put_on(self.lookups_b, b"k", b"v")
        answer = call.result()
        self.assertEqual(answer.value, b"v")
        self.assertEqual(answer.source, "put")
        self.assertLess(answer.age.seconds, WAIT)
        self.waiting_is(0)
        self.channels_are(0)

    def test_a_put_on_its_own_server_answers_too(self):
        call = self.wait_on(self.lookups_a.stub, b"k")
        self.waiting_is(1)
        self.put_on(self.lookups_a, b"k", b"v")
        self.assertEqual(call.result().value, b"v")
        self.channels_are(0)

    def test_also_when_redis_was_restarted_before_the_put(self):
        call = self.wait_on(self.lookups_a.stub, b"k")
        self.channels_are(1)
        self.shared.kill()
        self.shared.start()
        self.put_on(self.lookups_b, b"k", b"v")
        answer = call.result()
        self.assertEqual(answer.value, b"v")
        self.assertEqual(answer.source, "put")
        # And the next one, once that key's connection is there again.
        eventually(lambda: self.lookups_a.fails(b"l", "t").code() ==
                   grpc.StatusCode.NOT_FOUND, "Redis is asked again")
        call = self.wait_on(self.lookups_a.stub, b"l")
        self.channels_are(1)
        self.put_on(self.lookups_b, b"l", b"w")
        self.assertEqual(call.result().value, b"w")

    def test_Fault67_waiters_that_time_out_or_leave_are_not_listened_for(self):
        calls = [self.wait_on(self.lookups_a.stub, b"k%d" % i, timeout=2)
                 for i in range(100)]
        left = [self.wait_on(self.lookups_a.stub, b"l%d" % i)
                for i in range(100)]
        self.waiting_is(200)
        self.channels_are(200)
        for call in left:
            call.cancel()
        for call in calls:
            self.assertEqual(call.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.waiting_is(0)
        self.channels_are(0)

    def test_draining_ends_those_who_wait_and_the_server_exits_with_0(self):
        calls = [self.wait_on(self.lookups_a.stub, b"k%d" % (i % 10))
                 for i in range(500)]
        self.waiting_is(500)
        self.assertEqual(self.outstanding().outstanding, 0)
        self.a.signal(signal.SIGTERM)
        for call in calls:
            self.assertEqual(call.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertIn("going away", call.details())
        self.assertEqual(self.a.process.wait(WAIT), 0, self.a.said())
        self.channels_are(0)

    def test_Fault66_ten_thousand_waiters_on_a_and_one_put_on_b(self):
        stubs = [self.stub_of_its_own(self.a) for _ in range(8)]
        answers = []
        all_answered = threading.Event()

        def answered(call):
            answers.append(call)
            if len(answers) == WAITERS:
                all_answered.set()

        for i in range(WAITERS):
            self.wait_on(stubs[i % len(stubs)], b"k",
                         timeout=10 * WAIT).add_done_callback(answered)
        self.waiting_is(WAITERS)
        self.channels_are(1)
        self.assertEqual(answers, [])
        # They take up nothing that others need.
        self.assertEqual(self.outstanding().outstanding, 0)
        self.put_on(self.lookups_b, b"k", b"v")
        self.assertTrue(all_answered.wait(WAIT), len(answers))
        self.assertEqual({call.result().value for call in answers}, {b"v"})
        self.assertEqual({call.result().source for call in answers}, {"put"})
        self.waiting_is(0)
        self.channels_are(0)
        self.assertEqual(len(answers), WAITERS)


def command(host, port, line):
    """The first line that Redis answers."""
    with socket.create_connection((host, port), timeout=WAIT) as s:
        s.sendall(line.encode() + b"\r\n")
        return s.makefile("rb").readline().decode().strip()


if __name__ == "__main__":
    unittest.main(verbosity=2)
