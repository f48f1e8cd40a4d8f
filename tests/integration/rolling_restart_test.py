#!/usr/bin/env python3
"""Three servers are restarted, or others take their places, one after another, as
a rollout on Kubernetes does it, behind a client that balances as deploy/kubernetes
tells it to: nobody loses a lookup."""

import http.client
import re
import signal
import socket
import struct
import threading
import time
import unittest

import grpc

from support import (NAMES_FROM_BACKEND, ROOT, ServerTest, WAIT, Lookups,
                     admin_pb2, eventually, free_port)

KUBERNETES = ROOT / "deploy" / "kubernetes"
CLIENT = (KUBERNETES / "client.json").read_text()
PODS = 3
# Of the time that it takes on Kubernetes.
A_TENTH = 0.1
MIN_READY = int(re.search(
    r"^  minReadySeconds: (\d+)$",
    (KUBERNETES / "parts/server/deployment.yaml").read_text(),
    re.MULTILINE)[1])
# What gRPC leaves between two questions for the same name, in seconds.
ASKED_AGAIN = 30
# How long a name's old addresses may go on being told.
NAMES_KEPT = 5


class Pod:
    """One of the servers, which keeps its ports when it is restarted."""

    def __init__(self, test, config, address=None):
        self._test = test
        self._config = config
        self._http = free_port()
        self.address = address or f"127.0.0.1:{free_port()}"
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


class Names:
    """A name server, of one name: that of the headless Service."""

    def __init__(self, test):
        self._told = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        test.addCleanup(self._close)

    def tell(self, hosts, delay=0.0):
        """The name's addresses, from then on."""
        timer = threading.Timer(delay, setattr, (self, "_told", list(hosts)))
        timer.start()
        if not delay:
            timer.join()

    def _serve(self):
        while True:
            question, peer = self._socket.recvfrom(512)
            if not question:
                return
            end = question.index(b"\0", 12) + 5
            ipv4 = question[end - 4:end - 2] == b"\0\1"
            hosts = self._told if ipv4 else []
            answer = question[:2] + struct.pack(
                "!HHHHH", 0x8580, 1, len(hosts), 0, 0) + question[12:end]
            for host in hosts:
                answer += (struct.pack("!HHHIH", 0xc00c, 1, 1, 0, 4) +
                           socket.inet_aton(host))
            self._socket.sendto(answer, peer)

    def _close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


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


class RollingUpdate(ServerTest):
    def test_no_lookup_is_lost_where_the_addresses_are_new(self):
        """Ten times as fast as on Kubernetes."""
        backend = self.backend()
        config = NAMES_FROM_BACKEND.format(backend=backend.address)
        port = free_port()

        def new_pod(i):
            return Pod(self, config, f"127.0.0.{10 + i}:{port}")

        def hosts():
            return [pod.address.partition(":")[0] for pod in pods]

        pods = [new_pod(i) for i in range(PODS)]
        names = Names(self)
        names.tell(hosts())
        channel = grpc.insecure_channel(
            f"dns://{names.address}/frontrunner-headless:{port}",
            options=[("grpc.service_config", CLIENT),
                     ("grpc.enable_http_proxy", 0),
                     ("grpc.use_local_subchannel_pool", 1),
                     ("grpc.dns_min_time_between_resolutions_ms",
                      int(1000 * ASKED_AGAIN * A_TENTH))])
        gone = []
        # Closed before the pods that are left are: who is idle holds up their end.
        with channel, Load(channel) as load:
            eventually(lambda: load.calls > 100, "lookups are made")
            # It asked for addresses long ago.
            time.sleep(1.2 * ASKED_AGAIN * A_TENTH)
            for i in range(PODS):
                pods.append(new_pod(PODS + i))
                names.tell(hosts(), NAMES_KEPT * A_TENTH)
                time.sleep(MIN_READY * A_TENTH)
                gone.append(pods.pop(0))
                names.tell(hosts(), NAMES_KEPT * A_TENTH)
                gone[-1].child.signal(signal.SIGTERM)
            for pod in gone:
                self.assertEqual(pod.child.process.wait(WAIT), 0)
            calls = load.calls
            eventually(lambda: load.calls > calls + 100, "lookups are made")
        self.assertEqual(load.failures[:3], [])


class TheReadme(unittest.TestCase):
    def test_it_shows_the_client_that_is_tested(self):
        self.assertIn(f"```json\n{CLIENT}```",
                      (KUBERNETES / "README.md").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
