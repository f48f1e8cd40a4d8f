#!/usr/bin/env python3
"""5,000 random code points, with every cache on, while Redis and memcached are
killed and started again: each answer is the true one."""

import collections
import random
import threading
import time
import unittest

import grpc

from support import BUILD, ServerTest, lookup_pb2, race_pb2

UNICODE_DATA = "/usr/share/unicode/UnicodeData.txt"
SEED = 20231001

CONFIG = """
sources:
  near: {{ memory: {{ capacity: 64KiB }} }}
  redis: {{ redis: {{ address: "{redis}" }}, timeout: 200ms }}
  mc: {{ memcached: {{ servers: ["{memcached}"] }}, timeout: 200ms }}
  names: {{ grpc: {{ target: "{backend}" }}, timeout: 5s }}
  computed:
    computation: {{ plugin: "{plugin}", function: unicode_name, threads: 2 }}
tables:
  unicode:
    race:
      - near
      - redis
      - mc
      - {{ source: names, start_after: 1ms }}
      - computed
    deadline: 10s
    write_back: {{ ttl: 10m, jitter: 10% }}
"""


def true_names():
    """Code point → name: what is listed, and what follows from a rule."""
    names = {}
    ranges = []
    first = None
    with open(UNICODE_DATA, encoding="ascii") as data:
        for line in data:
            code, name = line.split(";")[:2]
            code = int(code, 16)
            if name.endswith(", First>"):
                first = code
            elif name.endswith(", Last>"):
                ranges.append((first, code, name[1:-len(", Last>")]))
            elif name != "<control>":
                names[code] = name
    for first, last, kind in ranges:
        for code in range(first, last + 1):
            name = name_by_rule(kind, code)
            if name:
                names[code] = name
    return names


def name_by_rule(kind, code):
    """Unicode Standard 4.8: rules NR1 and NR2."""
    if kind.startswith("CJK Ideograph"):
        return f"CJK UNIFIED IDEOGRAPH-{code:04X}"
    if kind.startswith("Tangut Ideograph"):
        return f"TANGUT IDEOGRAPH-{code:04X}"
    if kind == "Hangul Syllable":
        index = code - 0xAC00
        lead = ("G GG N D DD R M B BB S SS _ J JJ C K T P H").split()
        vowel = ("A AE YA YAE EO E YEO YE O WA WAE OE YO U WEO WE WI YU EU YI "
                 "I").split()
        trail = ("_ G GG GS N NJ NH D L LG LM LB LS LT LP LH M B BS S SS NG J "
                 "C K T P H").split()
        parts = (lead[index // 588], vowel[index % 588 // 28],
                 trail[index % 28])
        return "HANGUL SYLLABLE " + "".join(p.replace("_", "") for p in parts)
    return None


class Truth(ServerTest):
    def break_caches(self, caches, over):
        """Kills and restarts each of them, again and again, until `over`."""
        while not over.is_set():
            for name, cache in caches.items():
                cache.kill()
                self.kills[name] += 1
                over.wait(0.3)
                cache.start()
                over.wait(0.5)

    def ask_all(self, lookups, keys):
        """Every key's answer or failure, 32 at a time."""
        answers = {}
        slots = threading.Semaphore(32)

        def keep(key):
            def done(call):
                answers[key] = call
                slots.release()
            return done
        for key in keys:
            slots.acquire()
            call = lookups.stub.Lookup.future(
                lookups.request(f"U+{key:04X}"), timeout=30)
            call.add_done_callback(keep(key))
        for _ in range(32):
            slots.acquire()
        return answers

    def test_5000_random_code_points_while_the_caches_come_and_go(self):
        caches = {"redis": self.redis(), "memcached": self.memcached()}
        backend = self.backend("--median", "2ms", "--seed", "7")
        config = CONFIG.format(
            redis=caches["redis"].address,
            memcached=caches["memcached"].address, backend=backend.address,
            plugin=BUILD / "deploy/demo/unicode_names/libunicode_names.so")
        server = self.server(config)
        lookups = self.lookups(server)
        truth = true_names()
        choose = random.Random(SEED)
        assigned = choose.sample(sorted(truth), 4500)
        unassigned = [code for code in choose.sample(range(0x110000), 5000)
                      if code not in truth][:500]
        self.assertEqual(len(unassigned), 500)
        keys = assigned + unassigned
        choose.shuffle(keys)

        self.kills = collections.Counter()
        over = threading.Event()
        breaker = threading.Thread(target=self.break_caches,
                                   args=(caches, over))
        breaker.start()
        sources = collections.Counter()
        try:
            rounds = 0
            # Twice at least, so that what was stored is read back; and until
            # each cache has been down several times.
            while rounds < 2 or min(self.kills.values(), default=0) < 3 or len(
                    self.kills) < 2:
                rounds += 1
                answers = self.ask_all(lookups, keys)
                self.assertEqual(len(answers), 5000)
                for key in keys:
                    self.check(key, truth.get(key), answers[key], sources)
        finally:
            over.set()
            breaker.join()
        self.assertGreaterEqual(sources["names"], 1)
        self.assertGreaterEqual(sources["computed"], 1)
        server.stop()
        self.check_what_the_caches_hold(config, assigned[:200], truth, sources)
        print(f"{rounds} rounds; kills {dict(self.kills)}; "
              f"winners {dict(sources)}")

    def check_what_the_caches_hold(self, config, keys, truth, sources):
        """With the caches up again, what they answer alone is true as well."""
        before = sources["redis"] + sources["mc"]
        until = time.monotonic() + 60
        while sources["redis"] + sources["mc"] == before:
            self.assertLess(time.monotonic(), until, sources)
            stores = self.server(config)
            self.ask_all(self.lookups(stores), keys)
            stores.stop()
            # Another one, whose own memory has nothing.
            reads = self.server(config)
            lookups = self.lookups(reads)
            for key in keys:
                try:
                    answer = lookups.get(f"U+{key:04X}",
                                         cache_policy=lookup_pb2.ONLY)
                except grpc.RpcError:
                    continue  # not stored, or still connecting
                self.assertEqual(answer.value.decode(), truth[key])
                sources[answer.source] += 1
            reads.stop()

    def check(self, key, name, call, sources):
        where = f"U+{key:04X}"
        if name is not None:
            error = call.exception()
            self.assertIsNone(error, f"{where}: {error}")
            self.assertEqual(call.result().value.decode(), name, where)
            sources[call.result().source] += 1
        else:
            self.assertEqual(call.code(), grpc.StatusCode.NOT_FOUND, where)

    def test_after_a_restart_of_the_server_redis_answers(self):
        cache = self.redis()
        backend = self.backend("--latency", "off")
        config = """
sources:
  redis: {{ redis: {{ address: "{redis}" }} }}
  names: {{ grpc: {{ target: "{backend}" }} }}
tables:
  unicode:
    race: [redis, {{ source: names, start_after: others_fail }}]
    write_back: {{ ttl: 10m }}
""".format(redis=cache.address, backend=backend.address)
        server = self.server(config)
        self.assertEqual(self.lookups(server).get("U+0041").source, "names")
        deadline = time.monotonic() + 10
        lookups = self.lookups(server)
        while lookups.get("U+0041").source != "redis":
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(server.stop(), 0)
        again = self.lookups(self.server(config)).get("U+0041")
        self.assertEqual((again.source, again.value),
                         ("redis", b"LATIN CAPITAL LETTER A"))
        self.assertGreater(again.fresh_for.ToNanoseconds(), 0)
        self.assertGreater(again.age.ToNanoseconds(), 0)

    def test_put_and_forget_reach_every_cache(self):
        cache, second = self.redis(), self.memcached()
        config = """
sources:
  near: {{ memory: {{}} }}
  redis: {{ redis: {{ address: "{redis}" }} }}
  mc: {{ memcached: {{ servers: ["{memcached}"] }} }}
tables:
  unicode: {{ race: [near, redis, mc] }}
""".format(redis=cache.address, memcached=second.address)
        lookups = self.lookups(self.server(config))
        lookups.stub.Put(lookup_pb2.PutRequest(
            table="unicode", key=b"k", value=b"v"), timeout=30)
        self.assertEqual(lookups.get("k").source, "near")
        # Another server, with an empty memory: the shared caches have it.
        other = self.lookups(self.server(config))
        answer = other.get("k", include_report=True)
        self.assertIn(answer.source, ("redis", "mc"))
        other.stub.Forget(lookup_pb2.ForgetRequest(table="unicode", key=b"k"),
                          timeout=30)
        error = other.fails("k")
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(lookups.get("k").source, "near")

    def test_a_put_that_a_dead_cache_misses_names_it(self):
        cache = self.redis()
        config = """
sources:
  near: {{ memory: {{}} }}
  redis: {{ redis: {{ address: "{redis}" }} }}
tables:
  unicode: {{ race: [near, redis] }}
""".format(redis=cache.address)
        lookups = self.lookups(self.server(config))
        cache.kill()
        with self.assertRaises(grpc.RpcError) as caught:
            lookups.stub.Put(lookup_pb2.PutRequest(
                table="unicode", key=b"k", value=b"v"), timeout=30)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertIn("redis", caught.exception.details())
        report = lookups.get("k", include_report=True).report
        self.assertEqual(report.entrants[0].verdict, race_pb2.WON)


if __name__ == "__main__":
    unittest.main(verbosity=2)
