#!/usr/bin/env python3
"""frontrunnerd as a process: how it starts, what it says, how it ends."""

import os
import signal
import socket
import subprocess
import time
import unittest

import grpc

from support import (BUILD, NAMES_FROM_BACKEND, ServerTest, WAIT, admin_pb2,
                     eventually)

MEMORY_ONLY = """
sources: { near: { memory: {} } }
tables: { t: { race: [near] } }
"""


class Starting(ServerTest):
    def test_every_mistake_of_a_configuration_is_told_with_its_place(self):
        result = self.run_frontrunnerd(
            "sources:\n  near: { memori: {} }\n"
            "tables:\n  t: { race: [naer], deadlin: 5s }\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("frontrunner.yaml:2:11:", result.stderr)
        self.assertIn('did you mean "memory"', result.stderr)
        self.assertIn('did you mean "deadline"', result.stderr)

    def test_check_validates_and_exits(self):
        path = self.write_config(MEMORY_ONLY)
        result = subprocess.run(
            [BUILD / "server/frontrunnerd", "--config", path, "--check"],
            timeout=WAIT, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        path.write_text("tables: {}\n")
        result = subprocess.run(
            [BUILD / "server/frontrunnerd", "--config", path, "--check"],
            timeout=WAIT, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)

    def test_a_missing_configuration_is_told(self):
        result = subprocess.run(
            [BUILD / "server/frontrunnerd", "--config",
             self.scratch / "none.yaml"],
            timeout=WAIT, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("none.yaml", result.stderr)

    def test_no_arguments_is_a_usage_error(self):
        result = subprocess.run([BUILD / "server/frontrunnerd"], timeout=WAIT,
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("--config", result.stderr)

    def test_Fault61_a_taken_port_is_a_clear_error(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = self.run_frontrunnerd(
                f'listen: ["{address}"]\nadmin_listen: "127.0.0.1:0"\n'
                'http_listen: "127.0.0.1:0"\n' + MEMORY_ONLY)
        self.assertEqual(result.returncode, 1)
        self.assertIn(address, result.stderr)

    def test_Fault50_a_plugin_that_cannot_be_loaded_is_told_with_the_reason(self):
        result = self.run_frontrunnerd(
            "sources:\n  c: { computation: { plugin: /nowhere/lib.so, "
            "function: f } }\ntables: { t: { race: [c] } }\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("source c", result.stderr)
        self.assertIn("/nowhere/lib.so", result.stderr)
        self.assertIn("No such file", result.stderr)

    def test_a_password_file_that_cannot_be_read_is_told(self):
        result = self.run_frontrunnerd(
            'sources:\n  r: { redis: { address: "127.0.0.1:1", '
            "password_file: /nowhere/password } }\n"
            "tables: { t: { race: [r] } }\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere/password", result.stderr)

    def test_redis_down_at_start_costs_only_redis(self):
        backend = self.backend("--latency", "off")
        server = self.server(f"""
sources:
  redis: {{ redis: {{ address: "127.0.0.1:1" }} }}
  names: {{ grpc: {{ target: "{backend.address}" }} }}
tables:
  unicode: {{ race: [redis, names] }}
""")
        answer = self.lookups(server).get("U+0041", include_report=True)
        self.assertEqual(answer.source, "names")
        # And a true "no such key" stays one.
        error = self.lookups(server).fails("U+0378")
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)

    def test_a_unix_socket_serves_and_a_stale_one_is_replaced(self):
        path = self.scratch / "s.sock"
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        backend = self.backend("--latency", "off")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address),
            listen=f'["unix:{path}"]')
        self.assertEqual(self.lookups(server).get("U+0041").source, "names")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(path.exists())


class Serving(ServerTest):
    def test_channelz_is_on_the_admin_port_alone(self):
        server = self.server(MEMORY_ONLY)
        method = "/grpc.channelz.v1.Channelz/GetServers"
        answer = self.channel(server.admin).unary_unary(method)(
            b"", timeout=WAIT)
        self.assertGreater(len(answer), 0)
        with self.assertRaises(grpc.RpcError) as caught:
            self.channel(server.address).unary_unary(method)(b"", timeout=WAIT)
        self.assertEqual(caught.exception.code(),
                         grpc.StatusCode.UNIMPLEMENTED)


class Ending(ServerTest):
    def test_sigterm_and_sigint_end_an_idle_server_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server(MEMORY_ONLY)
            server.signal(number)
            self.assertEqual(server.process.wait(WAIT), 0, server.said())

    def busy_server(self, backend_takes, **options):
        """With a lookup that its backend works on: both."""
        backend = self.backend("--median", backend_takes, "--slow-ratio", "0")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address), **options)
        lookups = self.lookups(server)
        call = lookups.stub.Lookup.future(lookups.request("U+0041"),
                                          timeout=WAIT)
        self.addCleanup(call.cancel)
        eventually(lambda: self.backend_count(backend, "underway") == 1,
                   "the backend works on it")
        return server, call

    def test_what_is_under_way_at_sigterm_is_answered(self):
        server, call = self.busy_server("1s")
        server.signal(signal.SIGTERM)
        self.assertEqual(call.result().value, b"LATIN CAPITAL LETTER A")
        self.assertEqual(server.process.wait(WAIT), 0, server.said())

    def test_a_second_signal_exits_at_once_with_1(self):
        server, _ = self.busy_server("30s")
        server.signal(signal.SIGTERM)
        server.wait_for("draining")
        self.assertIsNone(server.process.poll())
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(WAIT), 1)

    def wish_the_end(self, server):
        """Drains as an operator does, instead of a first signal."""
        self.admin(server).Drain(admin_pb2.DrainRequest(), timeout=WAIT)
        server.wait_for("draining")

    def test_a_first_signal_after_an_operators_drain_cuts_nothing(self):
        server, call = self.busy_server("2s")
        self.wish_the_end(server)
        server.signal(signal.SIGTERM)
        server.wait_for("already draining")
        self.assertEqual(call.result().value, b"LATIN CAPITAL LETTER A")
        self.assertEqual(server.process.wait(WAIT), 0, server.said())

    def test_a_second_signal_after_an_operators_drain_exits_at_once(self):
        server, _ = self.busy_server("30s", grace="60s")
        self.wish_the_end(server)
        server.signal(signal.SIGTERM)
        server.wait_for("already draining")
        server.signal(signal.SIGINT)
        self.assertEqual(server.process.wait(WAIT), 1)
        self.assertIn("second signal", server.said())

    def test_an_operators_wait_lasts_through_the_lame_duck_to_the_end(self):
        server = self.server(MEMORY_ONLY, lame_duck="2s")
        began = time.monotonic()
        drain = subprocess.run(
            [BUILD / "client/frontrunner", "drain", "--wait"],
            env={**os.environ, "FRONTRUNNER_ADMIN_ADDRESS": server.admin},
            timeout=WAIT, capture_output=True, text=True, check=False)
        self.assertGreaterEqual(time.monotonic() - began, 2, drain.stdout)
        self.assertEqual(drain.returncode, 0, drain.stderr)
        self.assertEqual(drain.stdout, "draining: 0 lookups outstanding\n"
                                       "the server is gone\n")
        host, port = server.admin.rsplit(":", 1)
        with socket.socket() as s:
            self.assertNotEqual(s.connect_ex((host, int(port))), 0)
        self.assertEqual(server.process.wait(WAIT), 0, server.said())

    def test_a_sigterm_leaves_no_socket_open_to_new_callers(self):
        server = self.server(MEMORY_ONLY)
        server.signal(signal.SIGTERM)
        server.process.wait(WAIT)
        host, port = server.address.rsplit(":", 1)
        with socket.socket() as s:
            self.assertNotEqual(s.connect_ex((host, int(port))), 0)
        self.assertFalse(os.path.exists(f"/proc/{server.process.pid}/stat"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
