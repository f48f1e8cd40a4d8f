#!/usr/bin/env python3
"""What frontrunnerd tells the service manager that started it (sd_notify(3)),
with a socket of ours in the service manager's place."""

import os
import signal
import socket
import time
import unittest
from unittest import mock

from hanging import hanging_thread
from support import ServerTest, WAIT, admin_pb2, eventually

MEMORY_ONLY = """
sources: { near: { memory: {} } }
tables: { t: { race: [near] } }
server: { loop_threads: 2 }
"""

class Manager:
    """The service manager's end."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)

    def next(self, seconds=WAIT):
        """The next datagram as a dictionary; None if none comes in time."""
        self.socket.settimeout(seconds)
        try:
            lines = self.socket.recv(65536).decode().splitlines()
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in lines)

    def next_with(self, name):
        """The next one that has this name in it."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            told = self.next()
            if told and name in told:
                return told
        raise AssertionError(f"nobody said {name}")

    def drop(self):
        """Forgets what has come already."""
        while self.next(0.001):
            pass


class Notify(ServerTest):
    def manager(self, address=None):
        manager = Manager(address or str(self.scratch / "notify"))
        self.addCleanup(manager.socket.close)
        return manager

    def server_of(self, manager, watchdog=None, config=MEMORY_ONLY, **options):
        name = manager.socket.getsockname()
        if isinstance(name, bytes):
            name = "@" + name[1:].decode()
        variables = {"NOTIFY_SOCKET": name}
        if watchdog:
            variables["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        with mock.patch.dict(os.environ, variables):
            return self.server(config, **options)

    def test_ready_comes_when_the_ports_listen(self):
        manager = self.manager()
        # It says its addresses before; here the order is what counts, so the
        # port is one that is known beforehand.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.server_of(manager, listen=f'["127.0.0.1:{port}"]')
        told = manager.next()
        self.assertEqual(told, {"READY": "1",
                                "STATUS": f"serving on 127.0.0.1:{port}"})
        with socket.socket() as caller:
            caller.connect(("127.0.0.1", port))

    def test_nothing_is_ready_that_could_not_start(self):
        manager = self.manager()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with mock.patch.dict(os.environ, {
                    "NOTIFY_SOCKET": manager.socket.getsockname()}):
                result = self.run_frontrunnerd(
                    f'listen: ["127.0.0.1:{taken.getsockname()[1]}"]\n'
                    f'admin_listen: "127.0.0.1:0"\n{MEMORY_ONLY}')
        self.assertEqual(result.returncode, 1)
        self.assertIsNone(manager.next(0.1))

    def test_an_abstract_socket_is_told_as_well(self):
        manager = self.manager(f"\0frontrunner-notify-{os.getpid()}")
        self.server_of(manager)
        self.assertEqual(manager.next()["READY"], "1")

    def test_signs_of_life_come_again_and_again(self):
        manager = self.manager()
        self.server_of(manager, watchdog=2)
        self.assertIn("READY", manager.next())
        for _ in range(5):
            self.assertEqual(manager.next(), {"WATCHDOG": "1"})

    def test_without_a_watchdog_there_are_none(self):
        manager = self.manager()
        self.server_of(manager)
        self.assertIn("READY", manager.next())
        self.assertIsNone(manager.next(1))

    def test_a_loop_that_hangs_ends_the_signs_of_life(self):
        self.expect_silence_while_it_hangs("loop-1")

    def test_an_edge_that_hangs_ends_the_signs_of_life(self):
        self.expect_silence_while_it_hangs("edge-1")

    def expect_silence_while_it_hangs(self, name):
        manager = self.manager()
        server = self.server_of(manager, watchdog=2)
        manager.next_with("WATCHDOG")
        thread = hanging_thread(self, server, name)
        manager.drop()
        told = manager.next()
        if "WATCHDOG" in told:  # It had answered before.
            told = manager.next()
        # Half of the watchdog's time later it says why, and nothing else.
        self.assertEqual(told, {"STATUS": "a thread does not answer"})
        self.assertIsNone(manager.next(1))
        eventually(lambda: "a thread does not answer" in server.said(),
                   "the log says so too")
        thread.go_on()
        self.assertEqual(manager.next(), {"WATCHDOG": "1"})
        self.assertTrue(
            manager.next()["STATUS"].startswith("serving on "))

    def test_stopping_comes_before_the_drain_and_life_goes_on_in_it(self):
        manager = self.manager()
        server = self.server_of(manager, watchdog=2, lame_duck="2s",
                                grace="3s")
        manager.next_with("WATCHDOG")
        server.signal(signal.SIGTERM)
        told = manager.next_with("STOPPING")
        # lame_duck, grace, and more than the server's own last resort takes.
        self.assertEqual(told, {"STOPPING": "1", "STATUS": "draining",
                                "EXTEND_TIMEOUT_USEC": "15000000"})
        self.assertIsNone(server.process.poll())
        self.assertEqual(manager.next(), {"WATCHDOG": "1"})
        self.assertEqual(server.process.wait(WAIT), 0)

    def test_an_operators_drain_is_told_too(self):
        manager = self.manager()
        server = self.server_of(manager)
        self.admin(server).Drain(admin_pb2.DrainRequest(), timeout=WAIT)
        manager.next_with("STOPPING")
        self.assertEqual(server.process.wait(WAIT), 0)

    def test_a_manager_that_is_gone_costs_nothing(self):
        with mock.patch.dict(os.environ, {
                "NOTIFY_SOCKET": "/nowhere/notify",
                "WATCHDOG_USEC": "2000000"}):
            server = self.server(MEMORY_ONLY)
        server.wait_for("the service manager at /nowhere/notify can't be told")
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
