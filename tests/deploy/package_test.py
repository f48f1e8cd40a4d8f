#!/usr/bin/python3
"""The Debian package: what is in it, and its life from dpkg -i to purge. It is
installed into a layer over this machine's file system, so nothing stays.

    tests/deploy/package_test.py [TEST…]      as root, after a release build

FRONTRUNNER_PACKAGE names a package that is there already."""

import os
import pathlib
import re
import subprocess
import time
import unittest

import booted
import system
from service import UNIT, USER, Service, running

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FRONTRUNNER_BUILD",
                                    ROOT / "build/release"))
CONFIG = "/etc/frontrunner/frontrunner.yaml"
EXPECTED = {
    "/etc/frontrunner/frontrunner.yaml",
    "/lib/systemd/system/frontrunner.service",
    "/usr/bin/frontrunner",
    "/usr/bin/frontrunnerd",
    "/usr/include/frontrunner/plugin_abi.h",
    "/usr/share/bash-completion/completions/frontrunner",
    "/usr/share/bash-completion/completions/frontrunnerd",
    "/usr/share/doc/frontrunner/README.md",
    "/usr/share/doc/frontrunner/changelog.Debian.gz",
    "/usr/share/doc/frontrunner/changelog.gz",
    "/usr/share/doc/frontrunner/copyright",
    "/usr/share/frontrunner/proto/frontrunner/v1/admin.proto",
    "/usr/share/frontrunner/proto/frontrunner/v1/lookup.proto",
    "/usr/share/frontrunner/proto/frontrunner/v1/race.proto",
    "/usr/share/frontrunner/proto/google/rpc/error_details.proto",
    "/usr/share/frontrunner/proto/google/rpc/status.proto",
    "/usr/share/man/man1/frontrunner.1.gz",
    "/usr/share/man/man5/frontrunner.yaml.5.gz",
    "/usr/share/man/man8/frontrunnerd.8.gz",
}
# What dpkg and its triggers keep for themselves.
BOOKKEEPING = ("/var/lib/dpkg/", "/var/log/", "/var/cache/", "/run/",
               "/var/lib/systemd/")
# What lintian says, and why it is left so.
LEFT = [
    "initial-upload-closes-no-bugs",  # it is not for Debian's archive
]


def output_of(*argv):
    return subprocess.run([str(part) for part in argv], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def the_package():
    given = os.environ.get("FRONTRUNNER_PACKAGE")
    if given:
        return pathlib.Path(given)
    subprocess.run(["cmake", "--build", BUILD, "--target", "deb"], check=True,
                   stdout=subprocess.DEVNULL)
    packages = sorted((BUILD / "package").glob("frontrunner_*.deb"),
                      key=lambda path: path.stat().st_mtime)
    return packages[-1]


class Contents(unittest.TestCase):
    """The package as a file."""

    def test_it_has_what_it_promises_and_nothing_else(self):
        lines = output_of("dpkg-deb", "-c", PACKAGE).splitlines()
        files = {line.split()[5][1:] for line in lines
                 if not line.startswith("d")}
        self.assertEqual(files, EXPECTED)
        for line in lines:
            self.assertIn(" root/root ", line)
            self.assertNotRegex(line.split()[0], "^.....w|^........w",
                                "nobody but root may write")

    def test_libraries_it_needs_are_dependencies(self):
        depends = output_of("dpkg-deb", "-f", PACKAGE, "Depends")
        for library in ("libgrpc++1.51", "libevent-2.1-7", "libcurl4",
                        "libsqlite3-0", "libhiredis0.14", "libyaml-cpp0.7"):
            self.assertIn(library, depends)
        self.assertNotIn("-dev", depends)

    def test_the_unit_lets_it_have_all_threads_that_it_may_be_told_to(self):
        unit = (ROOT / "deploy/systemd/frontrunner.service").read_text()
        most = int(re.search(r"^TasksMax=(\d+)$", unit, re.MULTILINE)[1])
        # Edge and loop threads at most, and those of one computation.
        self.assertGreater(most, 256 + 256 + 1024)

    def test_lintian_has_nothing_to_say(self):
        result = subprocess.run(
            ["lintian", "--allow-root", "--fail-on", "error,warning",
             "--suppress-tags", ",".join(LEFT), PACKAGE],
            capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, ""),
                         result.stderr)


class OnASystem(unittest.TestCase):
    """The package installed."""

    def setUp(self):
        self.system = system.System()
        self.addCleanup(self.system.close)
        self.system.path("/run/frontrunner.deb").write_bytes(
            PACKAGE.read_bytes())
        self.install()

    def install(self):
        return self.system.run("dpkg", "-i", "/run/frontrunner.deb")

    def service(self, under=()):
        started = Service(self.system, under)
        self.addCleanup(started.close)
        started.told("READY")
        return started

    def left(self):
        """What is there beyond what was before, without dpkg's own."""
        return {path for path in self.system.added()
                if not path.startswith(BOOKKEEPING)
                and path + "/" not in BOOKKEEPING}

    def test_installing_it_enables_and_starts_nothing(self):
        files = {path for path in self.left()
                 if not self.system.path(path).is_dir()}
        # /lib is a link.
        self.assertEqual(files, {re.sub("^/lib/", "/usr/lib/", path)
                                 for path in EXPECTED})
        self.assertFalse(running("frontrunnerd"))

    def test_the_service_as_its_unit_starts_it_answers(self):
        started = self.service()
        started.told("WATCHDOG")
        run = self.system.run
        run("frontrunner", "put", "example", "greeting", "hello")
        found = run("frontrunner", "lookup", "example", "greeting")
        self.assertEqual(found.stdout, "hello\n")
        status = pathlib.Path(f"/proc/{started.pid()}/status").read_text()
        self.assertIn(f"Uid:\t{USER}", status)
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertEqual(started.stop(), 0)
        self.assertIn("drained: everything was answered", started.said())

    def test_a_prefetch_is_kept_in_its_state_directory(self):
        started = self.service()
        self.system.run("frontrunner", "prefetch", "example", "--detach",
                        input="greeting\n")
        self.assertEqual(started.stop(), 0)
        self.assertTrue(list(self.system.path("/var/lib/frontrunner").iterdir()))

    def test_a_configuration_with_mistakes_is_not_started(self):
        self.system.path(CONFIG).write_text("tables: {}\n")
        with self.assertRaisesRegex(AssertionError, "tables"):
            Service(self.system)

    def test_systemd_finds_no_mistake_in_the_unit(self):
        result = self.system.run("systemd-analyze", "verify", "--man=no",
                                 "frontrunner.service")
        self.assertNotIn("frontrunner", result.stderr)

    def test_systemd_finds_the_unit_well_guarded(self):
        result = self.system.run(
            "systemd-analyze", "security", "--offline=true", "--threshold=15",
            "--no-pager", "frontrunner.service", check=False)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_what_it_does_is_what_the_unit_allows(self):
        trace = self.system.path("/run/frontrunner-trace")
        trace.touch()
        os.chmod(trace, 0o666)
        started = self.service(
            under=["strace", "-f", "-qq", "-o", "/run/frontrunner-trace"])
        run = self.system.run
        run("frontrunner", "put", "example", "greeting", "hello")
        run("frontrunner", "lookup", "example", "greeting")
        run("frontrunner", "prefetch", "example", input="greeting\n")
        self.assertEqual(started.stop(), 0)
        text = trace.read_text()
        # Up to the program itself it is strace and the loader's parent.
        text = text[text.index("execve("):]
        calls = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]", text,
                               re.MULTILINE))
        self.assertIn("sendto", calls)
        self.assertLessEqual(calls, allowed_calls(started.unit))
        families = set(re.findall(r"\bsocket(?:pair)?\((AF_[A-Z0-9]+)", text))
        self.assertLessEqual(
            families, set(started.unit["RestrictAddressFamilies"][0].split()))
        self.assertNotRegex(text, "PROT_WRITE[|A-Z_]*PROT_EXEC",
                            "MemoryDenyWriteExecute")

    def test_a_changed_configuration_outlives_an_upgrade(self):
        mine = self.system.path(CONFIG).read_text() + "# mine\n"
        self.system.path(CONFIG).write_text(mine)
        self.install()
        self.assertEqual(self.system.path(CONFIG).read_text(), mine)

    def test_removed_it_leaves_its_configuration_and_purged_nothing(self):
        started = self.service()
        self.system.run("frontrunner", "prefetch", "example", "--detach",
                        input="greeting\n")
        self.assertEqual(started.stop(), 0)
        # As systemctl enable would.
        wants = self.system.path(
            "/etc/systemd/system/multi-user.target.wants")
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "frontrunner.service").symlink_to(UNIT)

        self.system.run("dpkg", "-r", "frontrunner")
        self.assertTrue(self.system.path(CONFIG).exists())
        self.assertFalse(self.system.path("/usr/bin/frontrunnerd").exists())
        self.system.run("dpkg", "-P", "frontrunner")
        left = {path for path in self.left() if "frontrunner" in path}
        self.assertEqual(left, set())
        self.assertFalse(self.system.path("/var/lib/frontrunner").exists())

    def test_manual_pages_are_in_order(self):
        for page in ("frontrunner.1", "frontrunnerd.8", "frontrunner.yaml.5"):
            name, section = page.rsplit(".", 1)
            result = self.system.run(
                "man", "--warnings", section, name,
                variables={"LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
            self.assertEqual(result.stderr, "")
            self.assertIn("SEE ALSO", result.stdout)

    def test_manual_pages_have_every_command_and_option(self):
        for program, section in (("frontrunner", 1), ("frontrunnerd", 8)):
            page = self.system.run(
                "man", str(section), program,
                variables={"LC_ALL": "C", "MANWIDTH": "500"}).stdout
            for words in self.commands(program):
                self.assertIn(words[-1], page)
                for option in self.options(program, words):
                    self.assertIn(option, page, f"of {words}")

    def commands(self, program, words=()):
        """The command, and every one below it."""
        words = (*words, program) if not words else words
        yield words
        text = self.system.run(*words, "--help").stdout
        below = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
        for line in below[1].splitlines() if below else []:
            if re.match("  [a-z]", line):
                yield from self.commands(program, (*words, line.split()[0]))

    def options(self, _program, words):
        return re.findall(r"^  (?:-.,)?(--[a-z-]+)",
                          self.system.run(*words, "--help").stdout,
                          re.MULTILINE)

    def completed(self, line):
        """What bash offers behind `line`."""
        result = self.system.run(
            "bash", "-c", """
            . /usr/share/bash-completion/bash_completion
            . "/usr/share/bash-completion/completions/${1%% *}"
            COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
            # As readline splits it.
            read -ra COMP_WORDS <<<"${1//:/ : }"
            [[ $1 == *' ' ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            "_${1%% *}"; printf '%s\\n' "${COMPREPLY[@]}"
            """, "bash", line)
        return result.stdout.split()

    def test_completion_knows_commands_and_options(self):
        self.assertEqual(self.completed("frontrunner pre"),
                         ["prefetch", "prefetches"])
        self.assertIn("pause", self.completed("frontrunner queue "))
        self.assertIn("--watch", self.completed("frontrunner queue list --w"))
        self.assertIn("--deadline",
                      self.completed("frontrunner lookup example --d"))
        self.assertEqual(self.completed("frontrunner lookup --color a"),
                         ["auto", "always"])
        self.assertEqual(self.completed("frontrunnerd --ch"), ["--check"])

    def test_completion_asks_the_running_server_for_names(self):
        self.assertEqual(self.completed("frontrunner lookup "), [])
        self.service()
        self.assertEqual(self.completed("frontrunner lookup "), ["example"])
        self.assertEqual(
            self.completed("frontrunner --admin-address 127.0.0.1:7981 "
                           "lookup --wait --priority 3 ex"), ["example"])
        # Not where a key goes.
        self.assertEqual(self.completed("frontrunner lookup example "), [])


class UnderSystemd(unittest.TestCase):
    """The service as systemd itself runs it, with all that the unit takes away
    from it."""

    def setUp(self):
        layer = system.System()
        self.addCleanup(layer.close)
        package = layer.path("/root/frontrunner.deb")
        package.write_bytes(PACKAGE.read_bytes())
        layer.run("dpkg", "-i", "/root/frontrunner.deb")
        self.booted = booted.Booted(layer)
        self.addCleanup(self.booted.close)

    def test_it_starts_answers_and_stops(self):
        self.run_in("systemctl", "start", "frontrunner")
        self.assertEqual(self.booted.show("StatusText"),
                         "serving on 127.0.0.1:7979")
        self.run_in("frontrunner", "put", "example", "greeting", "hello")
        self.assertEqual(
            self.run_in("frontrunner", "lookup", "example", "greeting").stdout,
            "hello\n")
        self.run_in("frontrunner", "prefetch", "example", "--detach",
                    input="greeting\n")
        status = self.run_in(
            "cat", f"/proc/{self.booted.show('MainPID')}/status").stdout
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("CapBnd:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)
        self.assertNotIn("Uid:\t0\t", status)
        self.run_in("systemctl", "stop", "frontrunner")
        self.assertEqual(self.booted.show("Result"), "success")
        self.assertEqual(self.booted.show("ExecMainStatus"), "0")

    def test_one_that_is_killed_comes_back(self):
        self.run_in("systemctl", "start", "frontrunner")
        first = self.booted.show("MainPID")
        self.run_in("kill", "-KILL", first)
        self.eventually(lambda: self.booted.show("ActiveState") == "active" and
                        self.booted.show("MainPID") not in (first, "0"))

    def test_one_that_hangs_is_killed_by_the_watchdog(self):
        self.drop_in("WatchdogSec=2s")
        self.run_in("systemctl", "start", "frontrunner")
        first = self.booted.show("MainPID")
        self.run_in("kill", "-STOP", first)
        self.eventually(lambda: self.booted.show("NRestarts") == "1")

    def test_a_long_drain_gets_the_time_it_asks_for(self):
        self.drop_in("TimeoutStopSec=1s")
        config = self.booted.layer.path(CONFIG)
        config.write_text(config.read_text().replace("lame_duck: 5s",
                                                     "lame_duck: 3s"))
        self.run_in("systemctl", "start", "frontrunner")
        self.run_in("systemctl", "stop", "frontrunner")
        self.assertEqual(self.booted.show("Result"), "success")

    def test_it_is_stopped_before_it_is_removed(self):
        self.run_in("systemctl", "start", "frontrunner")
        self.remove()
        self.assertFalse(running("frontrunnerd"))

    def test_a_mistake_in_a_drop_in_keeps_nobody_from_removing_it(self):
        self.drop_in("ExecStart=")
        self.remove()

    def test_a_mistake_in_the_configuration_fails_the_start(self):
        self.booted.layer.path(CONFIG).write_text("tables: {}\n")
        result = self.run_in("systemctl", "start", "frontrunner", check=False)
        self.assertNotEqual(result.returncode, 0)

    def test_secrets_may_be_for_a_group_alone(self):
        """As deploy/README.md has it, under Security."""
        guide = (ROOT / "deploy/README.md").read_text()
        drop_in = re.search(r"```ini\n\[Service\]\n(.*?)```", guide,
                            re.DOTALL)[1]
        commands = re.search(r"```sh\n(sudo groupadd.*?)```", guide,
                             re.DOTALL)[1]
        self.run_in("sh", "-e", "-c", commands.replace("sudo ", ""))
        result = self.run_in("systemctl", "start", "frontrunner", check=False)
        self.assertNotEqual(result.returncode, 0)
        self.drop_in(drop_in)
        self.run_in("systemctl", "start", "frontrunner")

    def test_a_unix_socket_may_be_for_callers_of_other_users(self):
        config = self.booted.layer.path(CONFIG)
        path = "unix:/run/frontrunner/frontrunner.sock"
        config.write_text(config.read_text().replace("127.0.0.1:7979", path))
        put = ("setpriv", "--reuid=65534", "--clear-groups", "frontrunner",
               "--address", path, "put", "example", "greeting", "hello")
        self.run_in("systemctl", "start", "frontrunner")
        self.assertEqual(self.run_in(*put, check=False).returncode, 3)
        self.run_in("systemctl", "stop", "frontrunner")
        self.drop_in("UMask=0000")
        self.run_in("systemctl", "start", "frontrunner")
        self.run_in(*put)

    def run_in(self, *argv, **options):
        return self.booted.run(*argv, **options)

    def remove(self):
        # Where there is one, as in many containers, it stops nothing.
        policy = self.booted.layer.path("/usr/sbin/policy-rc.d")
        policy.unlink(missing_ok=True)
        self.run_in("dpkg", "-r", "frontrunner")

    def drop_in(self, line):
        folder = self.booted.layer.path(
            "/etc/systemd/system/frontrunner.service.d")
        folder.mkdir()
        (folder / "test.conf").write_text(f"[Service]\n{line}\n")
        self.run_in("systemctl", "daemon-reload")

    def eventually(self, holds):
        until = time.monotonic() + 60
        while not holds():
            self.assertLess(time.monotonic(), until, self.booted.status())
            time.sleep(0.1)


def allowed_calls(unit):
    """The system calls that SystemCallFilter lets through."""
    allowed = set()
    for line in unit["SystemCallFilter"]:
        names = set()
        for group in line.lstrip("~").split():
            names |= calls_of(group)
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def calls_of(group):
    """A group's system calls, those of groups in it included."""
    found = set()
    lines = output_of("systemd-analyze", "syscall-filter", group).splitlines()
    for word in (line.split("#")[0].strip() for line in lines[1:]):
        if word.startswith("@"):
            found |= calls_of(word)
        elif word:
            found.add(word)
    return found


if __name__ == "__main__":
    system.enter_namespaces()
    PACKAGE = the_package()
    unittest.main(verbosity=2)
