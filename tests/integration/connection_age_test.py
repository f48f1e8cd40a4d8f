#!/usr/bin/env python3
"""server.max_connection_age: callers are sent on now and then, and lose nothing
by it."""

import time
import unittest

import grpc

from support import NAMES_FROM_BACKEND, Lookups, ServerTest, WAIT, eventually

READY = grpc.ChannelConnectivity.READY


class ConnectionAge(ServerTest):
    def setUp(self):
        super().setUp()
        self.names = NAMES_FROM_BACKEND.format(backend=self.backend().address)

    def connections(self, server):
        """A channel, and a list that gets an item with each of its
        connections."""
        channel = self.channel(server.address)
        made = []
        channel.subscribe(
            lambda state: made.append(state) if state == READY else None)
        return channel, made

    def test_old_connections_end_and_every_lookup_is_answered(self):
        server = self.server(self.names + "server: { max_connection_age: 1s }")
        channel, made = self.connections(server)
        lookups = Lookups(channel)

        def thrice():
            lookups.get("U+2603")
            return len(made) >= 3
        eventually(thrice, "there was a third connection")

    def test_a_call_under_way_goes_on(self):
        server = self.server(self.names + "server: { max_connection_age: 1s }")
        channel, made = self.connections(server)
        lookups = Lookups(channel)
        waiting = lookups.stub.Lookup.future(
            lookups.request("U+E000", wait_for_value=True), timeout=WAIT)
        eventually(lambda: made, "there is a connection")

        def another():
            lookups.get("U+2603")
            return len(made) >= 2
        eventually(another, "there was a second connection")
        self.assertFalse(waiting.done())
        lookups.put("U+E000", b"MINE").result()
        self.assertEqual(waiting.result().value, b"MINE")

    def test_a_connection_stays_where_nothing_is_said_of_its_age(self):
        server = self.server(self.names)
        channel, made = self.connections(server)
        lookups = Lookups(channel)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            lookups.get("U+2603")
        self.assertEqual(len(made), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
