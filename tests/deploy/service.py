"""Starts the installed service as its unit says, in systemd's place."""

import contextlib
import os
import pathlib
import resource
import shlex
import signal
import socket
import subprocess
import time

UNIT = "/lib/systemd/system/frontrunner.service"
USER = 61184  # the first of those that DynamicUser takes
WAIT = 60  # seconds; what should come at once has come long before


def read_unit(text):
    """{key: [value, …]} of all sections."""
    found = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def running(name):
    """The ids of the processes with this name."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text() == name + "\n":
                found.append(int(entry.name))
    return found


class Service:
    """The main process of the unit, with a user, directories, limits and a
    notify socket as systemd would give them."""

    def __init__(self, system, under=()):
        self.system = system
        self.unit = read_unit(system.path(UNIT).read_text())
        for key, place in (("StateDirectory", "/var/lib"),
                           ("RuntimeDirectory", "/run")):
            folder = system.path(f"{place}/{self.unit[key][0]}")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chown(folder, USER, USER)
        for command in self.unit["ExecStartPre"]:
            system.run(*self._argv(command))
        name = system.path("/run/frontrunner-test-notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(name))
        os.chmod(name, 0o777)
        self.log = system.path("/run/frontrunner-test-log")
        # As many as this machine gives.
        files = min(int(self.unit["LimitNOFILE"][0]),
                    resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                system.command(*self._argv(self.unit["ExecStart"][0],
                                           under)),
                stdout=log, stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin",
                     "NOTIFY_SOCKET": "/run/frontrunner-test-notify",
                     "WATCHDOG_USEC": str(2_000_000)},
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_NOFILE, (files, files)))

    @staticmethod
    def _argv(command, under=()):
        return ["setpriv", f"--reuid={USER}", f"--regid={USER}",
                "--clear-groups", "--no-new-privs", "--inh-caps=-all",
                "--bounding-set=-all", *under, *shlex.split(command)]

    def told(self, name):
        """Waits until the service manager is told `name`; the datagram."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            self.socket.settimeout(1)
            try:
                lines = self.socket.recv(65536).decode().splitlines()
            except TimeoutError:
                if self.process.poll() is not None:
                    break
                continue
            found = dict(line.split("=", 1) for line in lines)
            if name in found:
                return found
        raise AssertionError(f"nobody said {name}; the log:\n{self.said()}")

    def said(self):
        return self.log.read_text()

    def pid(self):
        """Of the server itself, where another program runs it."""
        (found,) = running("frontrunnerd")
        return found

    def stop(self):
        """As systemd does. The exit status."""
        if self.process.poll() is None:
            os.kill(self.pid(), getattr(signal, self.unit["KillSignal"][0]))
        return self.process.wait(int(self.unit["TimeoutStopSec"][0][:-1]))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.socket.close()
