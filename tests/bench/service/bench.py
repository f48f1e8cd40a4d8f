#!/usr/bin/env python3
"""Measures frontrunnerd against floors in the same run, alternating.

    tests/bench/service/bench.py [--build build/release] [--seconds 4]
                                 [--rounds 5] [--in-flight 64] [CASE…]

Each case races one configuration of frontrunnerd against a floor: the least
that a C++ server on gRPC's completion queues can do (floor_server.cc). Rounds
alternate between the two, so that a drift of the machine hits both; figures
are medians over the rounds. CPU is that of the server process alone, user and
system, from /proc, per call answered. The ratio is the median of the rounds'
own ratios.

Cases: memory   a hit in memory                      floor: bare
       redis    memory misses, Redis hits            floor: redis
       backend  the backend answers, no cache        floor: backend
       race     redis and the backend race for real  floor: backend
"""

import argparse
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
KEYS = 1000

SOURCES = {
    "memory": """
sources:
  near: {{ memory: {{ capacity: 64MiB }} }}
tables:
  bench: {{ race: [near] }}
""",
    "redis": """
sources:
  near: {{ memory: {{ capacity: 64KiB }} }}
  redis: {{ redis: {{ address: "127.0.0.1:{redis}" }} }}
  names: {{ grpc: {{ target: "{backend}" }} }}
tables:
  bench:
    race: [near, redis, {{ source: names, start_after: 500ms }}]
""",
    # Only to put the values where the case above finds them.
    "redis-fill": """
sources:
  redis: {{ redis: {{ address: "127.0.0.1:{redis}" }} }}
tables:
  bench: {{ race: [redis] }}
""",
    "backend": """
sources:
  names: {{ grpc: {{ target: "{backend}" }} }}
tables:
  bench: {{ race: [names], coalesce: false }}
""",
    "race": """
sources:
  near: {{ memory: {{ capacity: 64KiB }} }}
  redis: {{ redis: {{ address: "127.0.0.1:{redis}", key_prefix: "none:" }} }}
  names: {{ grpc: {{ target: "{backend}" }} }}
tables:
  bench: {{ race: [near, redis, names] }}
""",
}
FLOORS = {"memory": "bare", "redis": "redis", "backend": "backend",
          "race": "backend"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A server of ours: knows where it listens, and what CPU it has used."""

    def __init__(self, command, says="listening on "):
        self.child = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, text=True)
        self.address = None
        if says:
            for line in self.child.stdout:
                if line.startswith(says):
                    self.address = line[len(says):].strip()
                    break
            if not self.address:
                sys.exit(f"{command[0]} did not come up")

    def cpu(self):
        stat = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text()
        fields = stat.rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Bench:
    def __init__(self, options):
        self.options = options
        self.bin = pathlib.Path(options.build)
        self.tools = self.bin / "tests/bench"
        self.scratch = tempfile.TemporaryDirectory()
        self.processes = []
        self.redis_port = free_port()
        self.start(Process(["redis-server", "--port", self.redis_port, "--bind",
                            "127.0.0.1", "--save", "", "--appendonly", "no",
                            "--daemonize", "no", "--loglevel", "warning"],
                           says=None))
        self.wait_for_port(self.redis_port)
        self.backend = self.start(Process([self.tools / "floor_server", "bare"]))

    def start(self, process):
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            process.stop()
        self.scratch.cleanup()

    @staticmethod
    def wait_for_port(port):
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit(f"nothing listens on port {port}")

    def load(self, address, seconds):
        out = subprocess.run(
            [self.tools / "load", address, "bench",
             str(self.options.in_flight), str(seconds), str(KEYS)],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(out)

    def measure(self, server):
        before = server.cpu()
        result = self.load(server.address, self.options.seconds)
        result["cpu_us"] = (server.cpu() - before) / result["calls"] * 1e6
        result["per_second"] = result["calls"] / result["seconds"]
        if result["failures"]:
            sys.exit(f"{result['failures']} calls failed")
        return result

    def fill_redis(self):
        """What the floor's GET finds under the bare key."""
        with socket.create_connection(("127.0.0.1", self.redis_port)) as s:
            value = b"v" * 100
            for i in range(KEYS):
                key = b"key-%d" % i
                s.sendall(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n"
                          % (len(key), key, len(value), value))
            got = b""
            while got.count(b"+OK") < KEYS:
                got += s.recv(65536)

    def frontrunnerd(self, case):
        config = pathlib.Path(self.scratch.name) / f"{case}.yaml"
        config.write_text(
            'listen: ["127.0.0.1:0"]\nadmin_listen: "127.0.0.1:0"\n'
            'http_listen: "127.0.0.1:0"\n'
            "drain: { lame_duck: 0s, grace: 5s }\n"
            + SOURCES[case].format(redis=self.redis_port,
                                   backend=self.backend.address))
        return self.start(Process(
            [self.bin / "server/frontrunnerd", "--config", config]))

    def floor(self, kind):
        extra = {"bare": [], "redis": [self.redis_port],
                 "backend": [self.backend.address]}[kind]
        return self.start(
            Process([self.tools / "floor_server", kind, *extra]))

    def prepare(self, case, ours):
        """Puts the values where the case expects them, through the service."""
        fill = lambda server: subprocess.run(
            [self.tools / "fill", server.address, "bench", str(KEYS)],
            check=True)
        if case == "memory":
            fill(ours)
        if case == "redis":
            filler = self.frontrunnerd("redis-fill")
            fill(filler)
            filler.stop()
            self.processes.remove(filler)
            self.fill_redis()

    def run(self, case):
        ours, floor = self.frontrunnerd(case), self.floor(FLOORS[case])
        self.prepare(case, ours)
        for server in (ours, floor):
            self.load(server.address, 1)  # warm up
        rounds = [(self.measure(ours), self.measure(floor))
                  for _ in range(self.options.rounds)]
        for server in (ours, floor):
            server.stop()
            self.processes.remove(server)
        return rounds


def report(case, rounds):
    print(f"\n{case} (floor: {FLOORS[case]})")
    print(f"  {'':14}{'calls/s':>10}{'p50 us':>9}{'p99 us':>9}"
          f"{'p99.9 us':>10}{'CPU us/call':>13}")
    for index, name in enumerate(("frontrunnerd", "floor")):
        row = {key: statistics.median(r[index][key] for r in rounds)
               for key in ("per_second", "p50_us", "p99_us", "p999_us",
                           "cpu_us")}
        print(f"  {name:14}{row['per_second']:10.0f}{row['p50_us']:9.0f}"
              f"{row['p99_us']:9.0f}{row['p999_us']:10.0f}"
              f"{row['cpu_us']:13.1f}")
    ratio = statistics.median(o["cpu_us"] / f["cpu_us"] for o, f in rounds)
    print(f"  CPU per call, frontrunnerd / floor: {ratio:.2f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    for case in options.cases:
        if case not in FLOORS:
            parser.error(f"no case {case!r}; there are: {', '.join(FLOORS)}")
    bench = Bench(options)
    try:
        for case in options.cases or list(FLOORS):
            report(case, bench.run(case))
            sys.stdout.flush()
    finally:
        bench.close()


if __name__ == "__main__":
    main()
