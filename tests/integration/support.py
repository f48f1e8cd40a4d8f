"""Real servers for the integration tests: Redis, memcached, the demo backend
and frontrunnerd, on free loopback ports, and the stubs that protoc makes of our
proto files. Everything started here ends with the test."""

import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FRONTRUNNER_BUILD",
                                    ROOT / "build/release"))
PROTOS = ["frontrunner/v1/lookup.proto", "frontrunner/v1/race.proto",
          "frontrunner/v1/admin.proto", "google/rpc/status.proto",
          "google/rpc/error_details.proto", "grpc/health/v1/health.proto"]
WAIT = 30  # seconds; what should come at once has come long before


def make_stubs():
    """Runs protoc as any foreign user would, and imports what it makes."""
    directory = tempfile.TemporaryDirectory()
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}",
         f"--python_out={directory.name}",
         f"--grpc_python_out={directory.name}", *PROTOS], check=True)
    # Beside grpcio's own package "grpc", the health stub needs another name.
    (pathlib.Path(directory.name) / "grpc").rename(
        pathlib.Path(directory.name) / "grpc_protos")
    sys.path.insert(0, directory.name)
    return directory


_STUBS = make_stubs()

# pylint: disable=wrong-import-position
from frontrunner.v1 import lookup_pb2, lookup_pb2_grpc  # noqa: E402
from frontrunner.v1 import admin_pb2, admin_pb2_grpc  # noqa: E402
from frontrunner.v1 import race_pb2  # noqa: E402


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def eventually(holds, what):
    """Waits until `holds()`; fails the test, saying `what`, if it never does."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError(f"it never came to pass that {what}")


class Child:
    """A program; its output goes to a file that failures can show."""

    def __init__(self, argv, log):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [str(part) for part in argv], stdout=out, stderr=out)

    def said(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, prefix):
        """The rest of the last line that begins with `prefix`."""
        found = []

        def look():
            if self.process.poll() is not None:
                raise AssertionError(f"it ended early:\n{self.said()}")
            found[:] = [line[len(prefix):] for line in
                        self.said().splitlines() if line.startswith(prefix)]
            return bool(found)
        eventually(look, f"it printed {prefix!r}")
        return found[-1].split()[0] if found[-1] else ""

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()


class Cache:
    """A cache server that can be killed and started again on its port."""

    def __init__(self, scratch, name, argv_of_port):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._argv = argv_of_port(self.port)
        self._log = scratch / f"{name}.log"
        self.start()

    def start(self):
        self.child = Child(self._argv, self._log)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        eventually(listens, "the cache listens")

    def kill(self):
        self.child.kill()


def redis(scratch):
    return Cache(scratch, "redis", lambda port: [
        "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
        "--appendonly", "no", "--dir", scratch])


def memcached(scratch):
    return Cache(scratch, "memcached", lambda port: [
        "memcached", "-p", port, "-l", "127.0.0.1", "-U", "0", "-u", "nobody",
        "-m", "32"])


class ServerTest(unittest.TestCase):
    """A test with a scratch folder and whatever servers it starts."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = pathlib.Path(folder.name)
        os.chmod(self.scratch, 0o755)

    def owned(self, cache):
        self.addCleanup(lambda: cache.child.stop())
        return cache

    def redis(self):
        return self.owned(redis(self.scratch))

    def memcached(self):
        return self.owned(memcached(self.scratch))

    def backend(self, *flags, listen="127.0.0.1:0"):
        child = Child([BUILD / "deploy/demo/frontrunner_demo_backend",
                       "--listen", listen, *flags],
                      self.scratch / "backend.log")
        self.addCleanup(child.stop)
        child.address = child.wait_for("listening on ")
        return child

    def write_config(self, text):
        path = self.scratch / "frontrunner.yaml"
        path.write_text(text)
        return path

    def server(self, config, listen='["127.0.0.1:0"]', lame_duck="0s",
               grace="10s", http_listen="127.0.0.1:0"):
        """frontrunnerd with this configuration's sources and tables."""
        path = self.write_config(
            f'listen: {listen}\nadmin_listen: "127.0.0.1:0"\n'
            f'http_listen: "{http_listen}"\n'
            f"drain: {{ lame_duck: {lame_duck}, grace: {grace} }}\n{config}")
        return self.frontrunnerd(path)

    def frontrunnerd(self, path):
        """The server with the configuration in a file."""
        log = self.scratch / f"frontrunnerd.{random.getrandbits(32)}.log"
        child = Child([BUILD / "server/frontrunnerd", "--config", path], log)
        self.addCleanup(child.stop)
        child.http = child.wait_for("http on ")
        child.admin = child.wait_for("admin on ")
        child.address = child.wait_for("listening on ")
        return child

    def run_frontrunnerd(self, config):
        """One that is expected to end by itself."""
        return subprocess.run(
            [BUILD / "server/frontrunnerd", "--config",
             self.write_config(config)],
            capture_output=True, text=True, timeout=WAIT, check=False)

    def channel(self, address):
        channel = grpc.insecure_channel(
            # A connection of its own: not one to a server that was on this
            # port before.
            address, options=[("grpc.enable_http_proxy", 0),
                              ("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        return channel

    def admin(self, server):
        """AdminService of a server: its stub."""
        return admin_pb2_grpc.AdminServiceStub(self.channel(server.admin))

    def lookups(self, server):
        return Lookups(self.channel(server.address))

    def backend_count(self, backend, what):
        stub = lookup_pb2_grpc.LookupServiceStub(self.channel(backend.address))
        return int(stub.Lookup(lookup_pb2.LookupRequest(
            table="_stats", key=what.encode()), timeout=WAIT).value)


class Lookups:
    """LookupService for tests."""

    def __init__(self, channel):
        self.stub = lookup_pb2_grpc.LookupServiceStub(channel)

    def request(self, key, table="unicode", **fields):
        if isinstance(key, str):
            key = key.encode()
        return lookup_pb2.LookupRequest(table=table, key=key, **fields)

    def get(self, key, table="unicode", timeout=WAIT, **fields):
        return self.stub.Lookup(self.request(key, table, **fields),
                                timeout=timeout)

    def put(self, key, value, table="unicode", timeout=WAIT):
        """A future."""
        return self.stub.Put.future(lookup_pb2.PutRequest(
            table=table, key=key.encode(), value=value), timeout=timeout)

    def fails(self, key, table="unicode", timeout=WAIT, **fields):
        try:
            answer = self.get(key, table, timeout, **fields)
        except grpc.RpcError as error:
            return error
        raise AssertionError(f"it was found, by {answer.source}")


def details_of(error):
    """The rich status of a failed call: {message type: message}."""
    from google.rpc import error_details_pb2, status_pb2
    raw = dict(error.trailing_metadata())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(raw)
    assert status.code == error.code().value[0], status
    known = {"google.rpc.ErrorInfo": error_details_pb2.ErrorInfo,
             "google.rpc.RetryInfo": error_details_pb2.RetryInfo,
             "frontrunner.v1.RaceReport": race_pb2.RaceReport}
    found = {}
    for detail in status.details:
        name = detail.type_url.rsplit("/", 1)[1]
        assert name not in found, f"{name} is there twice"
        found[name] = known[name].FromString(detail.value)
    return found


@contextlib.contextmanager
def in_flight(call):
    """A call that is cancelled when the block ends."""
    try:
        yield call
    finally:
        call.cancel()


NAMES_FROM_BACKEND = """
sources:
  names: {{ grpc: {{ target: "{backend}" }}, timeout: 5s }}
tables:
  unicode: {{ race: [names], deadline: 20s }}
"""
