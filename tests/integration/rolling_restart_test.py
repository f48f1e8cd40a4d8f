#!/usr/bin/env python3
"""Three servers are restarted one after another, as a rollout on Kubernetes does
it, behind a client that balances as deploy/kubernetes tells it to: nobody loses a
lookup."""

import http.client
import signal
import threading
import time
import unittest

import grpc

from support import (NAMES_FROM_BACKEND, ROOT, ServerTest, WAIT, Lookups,
                     admin_pb2, eventually, free_port)

KUBERNETES = ROOT / "deploy" / "kubernetes"
CLIENT = (KUBERNETES / "client.json").read_text()
PODS = 3


class Pod:
    """One of the servers, which keeps its ports when it is restarted."""

    def __init__(self, test, config):
        self._test = test
        self._config = config
        self._lookups = free_port()
        self._http = free_port()
        self.address = f"127.0.0.1:{self._lookups}"
        self.start()

    def start(self):
        """Comes back when the readiness probe has passed."""
        self.child = self._test.server(
            self._config, listen=f'["{self.address}"]', lame_duck="2s",
            http_listen=f"127.0.0.1:{self._http}")
        eventually(lambda: self.probe("/healthz") == 200, "it has started")
        eventually(lambda: self.probe("/readyz") == 200, "it is ready")

    def probe(self, path):
        """The HTTP status that the kubelet would see; 0 for none."""
        connection = http.client.HTTPConnection("127.0.0.1", self._http,
                                                timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def terminate(self):
        """As the kubelet does it: SIGTERM, and then the grace period."""
        self.child.signal(signal.SIGTERM)
        eventually(lambda: self.probe("/readyz") == 503, "it is not ready")
        # Dying is no reason to be killed.
        self._test.assertEqual(self.probe("/healthz"), 200)
        self._test.assertEqual(self.child.process.wait(WAIT), 0)


class Load:
    """Callers that share a channel and look up one key after another."""

    CALLERS = 4

    def __init__(self, channel):
        self._lookups = Lookups(channel)
        self._over = threading.Event()
        self.calls = 0
        self.failures = []
        self._mutex = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(i,))
                         for i in range(self.CALLERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, caller):
        number = caller
        while not self._over.is_set():
            number += self.CALLERS
            failure = None
            try:
                self._lookups.get(f"U+26{number % 256:02X}")
            except grpc.RpcError as error:
                failure = f"{error.code().name}: {error.details()}"
            with self._mutex:
                self.calls += 1
                if failure:
                    self.failures.append(failure)
            time.sleep(0.002)


class RollingRestart(ServerTest):
    def test_no_lookup_is_lost(self):
        backend = self.backend()
        config = NAMES_FROM_BACKEND.format(backend=backend.address)
        pods = [Pod(self, config) for _ in range(PODS)]
        channel = grpc.insecure_channel(
            "ipv4:" + ",".join(pod.address for pod in pods),
            options=[("grpc.service_config", CLIENT),
                     ("grpc.enable_http_proxy", 0),
                     ("grpc.use_local_subchannel_pool", 1),
                     # Who comes back is asked again soon.
                     ("grpc.initial_reconnect_backoff_ms", 100),
                     ("grpc.min_reconnect_backoff_ms", 100),
                     ("grpc.max_reconnect_backoff_ms", 100)])
        self.addCleanup(channel.close)
        with Load(channel) as load:
            for pod in pods:
                self.until_all_are_asked(pods)
                pod.terminate()
                pod.start()
            self.until_all_are_asked(pods)
        self.assertEqual(load.failures[:3], [])
        self.assertGreater(load.calls, 100)

    def until_all_are_asked(self, pods):
        """Or the one that goes might be one that nobody asked anyway."""
        before = [self.lookups_of(pod) for pod in pods]
        eventually(
            lambda: all(self.lookups_of(pod) > count + 10
                        for pod, count in zip(pods, before)),
            "all servers are asked")

    def lookups_of(self, pod):
        tables = self.admin(pod.child).ListTables(
            admin_pb2.ListTablesRequest(), timeout=WAIT).tables
        return tables[0].counters.lookups


class TheReadme(unittest.TestCase):
    def test_it_shows_the_client_that_is_tested(self):
        self.assertIn(f"```json\n{CLIENT}```",
                      (KUBERNETES / "README.md").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
