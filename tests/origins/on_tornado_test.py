#!/usr/bin/env python3
"""Origin 9, the essay on Tornado: build on the mature frameworks of your field,
don't set sockets non-blocking by hand, ship a test suite."""

import re
import subprocess
import unittest

from support import BUILD, ROOT

SERVER = ROOT / "server"
TESTS = ROOT / "tests"


def code_of(path):
    """A source file without its comments."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


def sources():
    return sorted(path for path in SERVER.rglob("*")
                  if path.suffix in (".cc", ".h"))


def rooms(folder):
    """Its folders that have something compiled in them."""
    return sorted(path.name for path in folder.iterdir()
                  if path.is_dir() and any(path.rglob("*.cc")))


def tests_in(folder):
    return [path for path in folder.rglob("*_test.*")
            if path.suffix in (".cc", ".py", ".sh")]


class OnTornado(unittest.TestCase):
    def test_the_transport_is_that_of_mature_libraries(self):
        listed = subprocess.run(
            ["readelf", "--dynamic", BUILD / "server/frontrunnerd"],
            capture_output=True, text=True, check=True).stdout
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", listed)
        for library in ("libgrpc++.so", "libevent", "libcurl.so",
                        "libhiredis.so"):
            self.assertTrue(
                any(name.startswith(library) for name in needed),
                f"{library} is not among {needed}")

    def test_no_socket_is_made_non_blocking_by_hand(self):
        # They are born so (SOCK_NONBLOCK), or left to the libraries.
        by_hand = re.compile(r"\b(fcntl|ioctl)\s*\(|F_SETFL|FIONBIO"
                             r"|\bO_NONBLOCK\b|evutil_make_socket_nonblocking")
        for path in sources():
            self.assertIsNone(by_hand.search(code_of(path)),
                              path.relative_to(ROOT))

    def test_no_event_loop_is_home_made(self):
        loop = re.compile(r"\b(epoll_create1?|epoll_wait|select|pselect|ppoll)"
                          r"\s*\(")
        for path in sources():
            self.assertIsNone(loop.search(code_of(path)),
                              path.relative_to(ROOT))
        # One library turns the loops, and one place calls it.
        self.assertEqual(
            [str(path.relative_to(SERVER)) for path in sources()
             if re.search(r"\bevent_base_(loop|dispatch)\s*\(",
                          code_of(path))],
            ["loop/event_loop.cc"])

    def test_every_room_has_a_folder_of_tests(self):
        found = rooms(SERVER)
        self.assertIn("race", found)
        for room in found:
            self.assertTrue(tests_in(TESTS / room),
                            f"tests/{room} has no tests")

    def test_every_kind_of_source_has_a_folder_of_tests(self):
        found = rooms(SERVER / "sources")
        self.assertIn("redis", found)
        for kind in found:
            self.assertTrue(tests_in(TESTS / "sources" / kind),
                            f"tests/sources/{kind} has no tests")

    def test_every_test_is_run_by_something(self):
        # CTest; or CI, for those that take root or npm.
        listed = "".join(path.read_text() for path in
                         [*TESTS.rglob("CMakeLists.txt"), ROOT / ".ci/run",
                          TESTS / "deploy/run.sh"])
        for path in tests_in(TESTS):
            # In a list of names, or in a list of files.
            name = path.stem.removesuffix("_test")
            self.assertTrue(
                path.name in listed or re.search(rf"\b{name}\b", listed),
                f"nothing runs {path.relative_to(ROOT)}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
