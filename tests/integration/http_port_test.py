#!/usr/bin/env python3
"""The read-only HTTP port of frontrunnerd, as probes, Prometheus and an operator
see it."""

import http.client
import os
import re
import signal
import socket
import time
import unittest

import grpc

from hanging import hanging_thread
from support import (BUILD, Child, NAMES_FROM_BACKEND, ServerTest, WAIT, eventually,
                     in_flight)

MEMORY_ONLY = """
sources: { near: { memory: {} } }
tables: { t: { race: [near] } }
"""
SAMPLE = re.compile(
    r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? '
    r"([0-9]+(?:\.[0-9]+)?)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """{(name, ((label, value), …)): number}; raises where the format is not
    that of Prometheus, or not ours."""
    samples, families, family = {}, {}, None
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            assert family not in families, f"{family} is there twice"
            families[family] = None
            assert len(line.split(" ", 3)[3]) > 10, line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and families[name] is None, line
            assert kind in ("counter", "gauge", "summary"), line
            assert name.startswith("frontrunner_"), line
            assert (kind == "counter") == name.endswith("_total"), line
            families[name] = kind
        else:
            match = SAMPLE.match(line)
            assert match, f"no sample: {line!r}"
            name, labels, value = match.groups()
            base = name
            if families[family] == "summary":
                base = re.sub("_(sum|count)$", "", name)
            assert base == family, f"{name} among those of {family}"
            key = (name, tuple(LABEL.findall(labels or "")))
            assert key not in samples, f"{key} is there twice"
            samples[key] = float(value)
    return samples


class HttpPort(ServerTest):
    def ask(self, server, path, method="GET"):
        connection = http.client.HTTPConnection(server.http, timeout=WAIT)
        self.addCleanup(connection.close)
        connection.request(method, path)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer

    def code(self, server, path):
        return self.ask(server, path).status

    def metrics(self, server):
        answer = self.ask(server, "/metrics")
        self.assertEqual(answer.getheader("Content-Type"),
                         "text/plain; version=0.0.4; charset=utf-8")
        return parse_metrics(answer.text)


class Pages(HttpPort):
    def test_each_path_answers(self):
        server = self.server(MEMORY_ONLY)
        self.assertEqual(self.ask(server, "/healthz").text, "ok\n")
        self.assertEqual(self.ask(server, "/readyz").text, "ready\n")
        self.assertEqual(self.code(server, "/metrics"), 200)
        self.assertEqual(self.code(server, "/configz"), 200)
        for path in ("/healthz", "/readyz", "/metrics", "/configz"):
            head = self.ask(server, path, "HEAD")
            self.assertEqual((head.status, head.text), (200, ""))
            self.assertIsNone(head.getheader("Server"))
            post = self.ask(server, path, "POST")
            self.assertEqual(post.status, 405)
            self.assertEqual(post.getheader("Allow"), "GET, HEAD")
        other = self.ask(server, "/")
        self.assertEqual(other.status, 404)
        self.assertIn("/healthz\n/metrics\n/readyz\n", other.text)

    def test_a_unix_socket_serves_too(self):
        path = self.scratch / "http.sock"
        server = self.server(MEMORY_ONLY, http_listen=f"unix:{path}")
        self.assertEqual(server.http, f"unix:{path}")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(path))
            s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            self.assertTrue(s.recv(100).startswith(b"HTTP/1.0 200 OK"))
        self.assertEqual(server.stop(), 0)
        self.assertFalse(path.exists())

    def test_a_taken_port_is_a_clear_error(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = self.run_frontrunnerd(
                'listen: ["127.0.0.1:0"]\nadmin_listen: "127.0.0.1:0"\n'
                f'http_listen: "{address}"\n' + MEMORY_ONLY)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"cannot listen on {address}: Address already in use",
                      result.stderr)

    def test_configz_shows_what_runs_and_no_secret(self):
        password = self.scratch / "password"
        password.write_text("open sesame\n")
        server = self.server(f"""
sources:
  redis: {{ redis: {{ address: "127.0.0.1:1", password_file: {password} }} }}
  web:
    http:
      url: "http://127.0.0.1:1/{{key}}"
      headers: {{ Authorization: "Bearer hunter2" }}
tables:
  t: {{ race: [redis, web] }}
""")
        text = self.ask(server, "/configz").text
        self.assertNotIn("sesame", text)
        self.assertNotIn("hunter2", text)
        self.assertIn('Authorization: "***"', text)
        self.assertIn(str(password), text)
        # With defaults, and as a configuration that would be read.
        self.assertIn("deadline: 1s", text)
        again = self.write_config(text)
        child = Child([BUILD / "server/frontrunnerd", "--check", "--config", again],
                      self.scratch / "check.log")
        self.assertEqual(child.process.wait(WAIT), 0, child.said())

    def test_nothing_of_a_stranger_gets_into_the_log(self):
        server = self.server(MEMORY_ONLY)
        before = server.said()
        host, port = server.http.rsplit(":", 1)
        for garbage in (b"\x00\xff\r\n\r\n", b"POST / HTTP/1.1\r\n"
                        b"Connection: keep-alive\r\n\r\n", b"x" * 20000):
            with socket.create_connection((host, int(port)), WAIT) as s:
                s.sendall(garbage)
        self.assertEqual(self.code(server, "/healthz"), 200)
        self.assertEqual(server.said(), before)


class Readiness(HttpPort):
    def test_a_dead_backend_costs_its_table_and_not_the_pod(self):
        backend = self.backend("--latency", "off")
        server = self.server(f"""
sources:
  near: {{ memory: {{}} }}
  redis: {{ redis: {{ address: "127.0.0.1:1" }} }}
  names: {{ grpc: {{ target: "{backend.address}" }} }}
tables:
  unicode: {{ race: [near, redis, names] }}
  dead: {{ race: [redis] }}
  local: {{ race: [near] }}
""")
        eventually(lambda: self.code(server, "/readyz?table=unicode") == 200,
                   "the table is ready")
        self.assertEqual(self.code(server, "/readyz?table=local"), 200)
        dead = self.ask(server, "/readyz?table=dead")
        self.assertEqual((dead.status, dead.text),
                         (503, "the table has nobody to ask\n"))
        self.assertEqual(self.code(server, "/readyz?table=none"), 404)
        self.assertEqual(self.code(server, "/readyz?tabel=dead"), 400)
        backend.stop()
        eventually(lambda: self.code(server, "/readyz?table=unicode") == 503,
                   "the table is not ready")
        self.assertEqual(self.code(server, "/readyz"), 200)
        self.assertEqual(self.code(server, "/healthz"), 200)

    def test_readyz_goes_before_lookups_do_and_healthz_stays_to_the_end(self):
        backend = self.backend("--median", "4s", "--slow-ratio", "0")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address),
            lame_duck="2s", grace="20s")
        lookups = self.lookups(server)
        with in_flight(lookups.stub.Lookup.future(
                lookups.request("U+0041"), timeout=WAIT)) as call:
            eventually(lambda: self.backend_count(backend, "underway") == 1,
                       "the backend works on it")
            self.assertEqual(self.code(server, "/readyz"), 200)
            server.signal(signal.SIGTERM)
            eventually(lambda: self.code(server, "/readyz") == 503,
                       "it is not ready any more")
            self.assertEqual(self.ask(server, "/readyz").text,
                             "lame duck: send new lookups elsewhere\n")
            self.assertEqual(self.code(server, "/healthz"), 200)
            eventually(lambda: self.ask(server, "/readyz").text ==
                       "draining: lookups are refused\n", "it drains")
            self.assertFalse(call.done())
            self.assertEqual(self.code(server, "/healthz"), 200)
            self.assertEqual(
                self.metrics(server)[("frontrunner_draining", ())], 1)
            self.assertEqual(call.result().value, b"LATIN CAPITAL LETTER A")
        self.assertEqual(server.process.wait(WAIT), 0, server.said())

    def test_a_busy_backend_does_not_matter_to_healthz(self):
        backend = self.backend("--latency", "off")
        server = self.server(
            NAMES_FROM_BACKEND.format(backend=backend.address))
        os.kill(backend.process.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.assertEqual(self.code(server, "/healthz"), 200)
            self.assertEqual(self.code(server, "/readyz"), 200)
            self.assertEqual(self.code(server, "/metrics"), 200)
            self.assertLess(time.monotonic() - began, 5)
        finally:
            os.kill(backend.process.pid, signal.SIGCONT)


class Metrics(HttpPort):
    def test_every_counter_moves_with_what_it_counts(self):
        backend = self.backend("--latency", "off")
        server = self.server(f"""
sources:
  near: {{ memory: {{}} }}
  names: {{ grpc: {{ target: "{backend.address}" }}, timeout: 5s,
            limit: {{ width: 4 }} }}
tables:
  unicode: {{ race: [near, names], deadline: 20s, write_back: {{ ttl: 1m }} }}
""")
        lookups = self.lookups(server)
        self.assertEqual(lookups.get("U+0041").source, "names")
        eventually(lambda: lookups.get("U+0041").source == "near",
                   "memory has it")
        self.assertEqual(lookups.fails("U+0378").code(),
                         grpc.StatusCode.NOT_FOUND)
        metrics = {}

        def of(name, **labels):
            return metrics[(f"frontrunner_{name}", tuple(labels.items()))]

        def is_over():
            metrics.update(self.metrics(server))
            return (of("outstanding") == 0 and
                    of("table_write_backs_total", table="unicode") > 0)
        # What comes after an answer: its call ends, and it was written back.
        eventually(is_over, "all is over")
        names = {"source": "names", "kind": "grpc"}
        self.assertGreaterEqual(of("table_lookups_total", table="unicode"), 3)
        self.assertGreaterEqual(
            of("table_memory_hits_total", table="unicode"), 1)
        self.assertGreaterEqual(of("table_races_total", table="unicode"), 2)
        self.assertEqual(of("table_serving", table="unicode"), 1)
        self.assertEqual(of("source_connected", **names), 1)
        self.assertGreaterEqual(
            of("source_attempts_total", **names, outcome="succeeded"), 1)
        self.assertGreaterEqual(
            of("source_attempts_total", **names, outcome="missed"), 1)
        self.assertGreater(of("source_latency_seconds_sum", **names), 0)
        self.assertGreaterEqual(of("source_latency_seconds_count", **names), 2)
        self.assertGreaterEqual(of("source_budget_lookups_total", **names), 2)
        self.assertEqual(of("queue_width", source="names"), 4)
        self.assertGreaterEqual(of("queue_jobs_started_total", source="names"),
                                2)
        self.assertEqual(of("ready"), 1)
        self.assertEqual(of("outstanding_limit", limit="high"), 10000)
        self.assertGreaterEqual(of("http_port_requests_total"), 1)
        again = self.metrics(server)
        for key, value in metrics.items():
            if key[0].endswith(("_total", "_sum", "_count")):
                self.assertGreaterEqual(again[key], value, key)

    def test_no_key_and_no_value_is_in_it(self):
        server = self.server(MEMORY_ONLY)
        lookups = self.lookups(server)
        lookups.put("a-very-private-key", b"a-very-private-value",
                    table="t").result()
        lookups.get("a-very-private-key", table="t")
        self.assertNotIn("private", self.ask(server, "/metrics").text)


class Hanging(HttpPort):
    def test_a_loop_that_hangs_is_told_to_probes_until_it_goes_on(self):
        self.expect_it_told("loop-1")

    def test_an_edge_that_hangs_is_told_to_probes_until_it_goes_on(self):
        self.expect_it_told("edge-1")

    def expect_it_told(self, name):
        server = self.server(
            MEMORY_ONLY + "server: { loop_threads: 2, edge_threads: 2 }\n")
        thread = hanging_thread(self, server, name)
        self.assertEqual(self.code(server, "/healthz"), 200)
        self.assertEqual(self.code(server, "/readyz"), 200)
        eventually(lambda: self.code(server, "/healthz") == 503,
                   "liveness fails")
        answer = self.ask(server, "/readyz")
        self.assertEqual((answer.status, answer.text),
                         (503, "a thread does not answer\n"))
        eventually(lambda: "a thread does not answer" in server.said(),
                   "the log says so")
        thread.go_on()
        eventually(lambda: self.code(server, "/healthz") == 200,
                   "it is alive again")
        self.assertEqual(self.code(server, "/readyz"), 200)


class Visitors(HttpPort):
    def test_a_probe_gets_in_among_silent_connections(self):
        server = self.server(MEMORY_ONLY)
        host, port = server.http.rsplit(":", 1)
        silent = [socket.create_connection((host, int(port)), WAIT)
                  for _ in range(400)]
        for s in silent:
            self.addCleanup(s.close)
        began = time.monotonic()
        self.assertEqual(self.code(server, "/healthz"), 200)
        self.assertLess(time.monotonic() - began, 5)

    def test_who_sends_a_byte_a_second_is_closed(self):
        server = self.server(MEMORY_ONLY)
        host, port = server.http.rsplit(":", 1)
        closed_after = None
        with socket.create_connection((host, int(port)), WAIT) as s:
            s.settimeout(1)
            began = time.monotonic()
            for byte in b"GET /healthz HTTP/1.1\r\nHost: somewhere\r\n":
                try:
                    s.sendall(bytes([byte]))
                    if s.recv(1) == b"":
                        closed_after = time.monotonic() - began
                        break
                except socket.timeout:
                    continue
                except OSError:
                    closed_after = time.monotonic() - began
                    break
        self.assertIsNotNone(closed_after)


if __name__ == "__main__":
    unittest.main(verbosity=2)
