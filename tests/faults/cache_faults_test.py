#!/usr/bin/env python3
"""The cache rows of the fault table, through the whole server: whatever a cache
does, another answers, and the report says what happened to the cache."""

import socket
import struct
import sys
import threading
import unittest

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/integration")
# pylint: disable=wrong-import-position
from support import ServerTest, lookup_pb2, race_pb2  # noqa: E402

CONFIG = """
sources:
  cache: {{ {kind}, timeout: 100ms }}
  names: {{ grpc: {{ target: "{backend}" }}, timeout: 5s }}
tables:
  unicode:
    race: [cache, {{ source: names, start_after: others_fail }}]
    deadline: 10s
    write_back: {{ ttl: 1m }}
"""

# What each protocol's greeting is answered with, so that the fault hits a
# lookup and not the connecting.
KINDS = {
    "redis": ('redis: {{ address: "{address}" }}', b"+PONG\r\n"),
    "memcached": ('memcached: {{ servers: ["{address}"] }}', b"MN\r\n"),
}


class Scripted:
    """A cache that greets well and then answers every command with `reply`;
    None: says nothing more. `reset`: breaks the connection after that."""

    def __init__(self, greeting, reply, reset=False, close=False):
        self._greeting, self._reply = greeting, reply
        self._reset, self._close = reset, close
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        try:
            connection.recv(65536)
            connection.sendall(self._greeting)
            while connection.recv(65536):
                if self._reply is not None:
                    connection.sendall(self._reply)
                if self._reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          struct.pack("ii", 1, 0))
                if self._reset or self._close:
                    connection.close()
                    return
        except OSError:
            pass

    def stop(self):
        self._listener.close()
        for connection in self._connections:
            connection.close()


class AnotherAnswers(ServerTest):
    def through(self, kind, address):
        """A server whose table has that cache, and its LookupService."""
        if not hasattr(self, "names"):
            self.names = self.backend("--latency", "off")
        source = KINDS[kind][0].format(address=address)
        return self.lookups(self.server(CONFIG.format(
            kind=source, backend=self.names.address)))

    def check(self, lookups, verdicts=(race_pb2.FAILED,)):
        for code in range(0x41, 0x46):
            answer = lookups.get(f"U+{code:04X}", include_report=True)
            self.assertEqual(answer.source, "names")
            cache = answer.report.entrants[0]
            self.assertIn(cache.verdict, verdicts, str(cache))
            if cache.verdict == race_pb2.FAILED:
                self.assertTrue(cache.message)

    def scripted(self, reply, verdicts=(race_pb2.FAILED,), **how):
        for kind, (_, greeting) in KINDS.items():
            with self.subTest(kind):
                cache = Scripted(greeting, reply, **how)
                self.addCleanup(cache.stop)
                self.check(self.through(kind, cache.address), verdicts)

    def test_Fault16_connection_refused(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.check(self.through(kind, "127.0.0.1:1"))

    def test_Fault18_accepts_and_never_replies(self):
        self.scripted(None)

    def test_Fault19_stopped_and_continued(self):
        for kind in KINDS:
            with self.subTest(kind):
                cache = getattr(self, kind)()
                lookups = self.through(kind, cache.address)
                cache.child.process.send_signal(19)  # SIGSTOP
                self.check(lookups)
                cache.child.process.send_signal(18)  # SIGCONT
                # It comes back by itself, and holds nothing that is not true.
                for _ in range(2000):
                    answer = lookups.get("U+0050")
                    self.assertEqual(answer.value, b"LATIN CAPITAL LETTER P")
                    if answer.source == "cache":
                        break
                else:
                    self.fail("the cache never answered again")

    def test_Fault20_reset_in_mid_reply(self):
        self.scripted(b"$10\r\nabc", reset=True)

    def test_Fault21_closed_in_mid_reply(self):
        self.scripted(b"VA 10 O1\r\nabc", close=True)

    def test_Fault24_a_length_larger_than_the_data(self):
        self.scripted(b"$100000\r\nabc\r\n")

    def test_Fault25_a_negative_or_overflowing_length(self):
        self.scripted(b"$-7\r\n")
        self.scripted(b"VA 99999999999999999999\r\n")

    def test_Fault26_garbage(self):
        self.scripted(b"\x00\xff\x17 nonsense \r\n")

    def test_Fault27_errors(self):
        self.scripted(b"-OOM command not allowed\r\n")
        self.scripted(b"SERVER_ERROR out of memory\r\n")

    def test_Fault30_a_stored_value_that_is_not_ours(self):
        cache = self.redis()
        lookups = self.through("redis", cache.address)
        lookups.stub.Put(lookup_pb2.PutRequest(
            table="unicode", key=b"U+0041", value=b"x"), timeout=30)
        self.assertEqual(lookups.get("U+0041").source, "cache")
        host, port = cache.address.split(":")
        with socket.create_connection((host, int(port))) as s:
            s.sendall(b"*3\r\n$3\r\nSET\r\n$19\r\nfr:unicode:0:U+0041\r\n"
                      b"$7\r\nforeign\r\n")
            self.assertEqual(s.recv(64), b"+OK\r\n")
        answer = lookups.get("U+0041", include_report=True)
        self.assertEqual(answer.source, "names")
        self.assertEqual(answer.report.entrants[0].verdict, race_pb2.MISSED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
