"""A layer (system.System) with systemd running in it, as process 1 of its own
namespaces: what the unit says is done by systemd itself."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

CGROUPS = next((path for path in map(pathlib.Path, (
    "/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
    if (path / "cgroup.procs").exists()), None)
WAIT = 30
# Whatever else this machine would start stays out: what is tested is one unit.
WANTS = ["sysinit", "basic", "sockets", "timers", "paths", "multi-user",
         "local-fs", "network-online"]
ENTER = """
cd "$1" && pivot_root . mnt && cd / && umount -l /mnt &&
mount -t proc proc /proc && mount --bind /proc/sys /proc/sys &&
mount -o remount,bind,ro /proc/sys &&
exec /lib/systemd/systemd --system --unit=tested.target --show-status=no
"""


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


class Booted:
    def __init__(self, layer):
        if CGROUPS is None:
            raise unittest.SkipTest("there are no cgroups of version 2 here")
        self.layer = layer
        self._cgroup = pathlib.Path(tempfile.mkdtemp(
            prefix="frontrunner-test-", dir=CGROUPS))
        self._prepare()
        layer.path("/etc/systemd/system/tested.target").write_text(
            "[Unit]\nDefaultDependencies=no\n")
        self._process = subprocess.Popen(
            ["unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc",
             "--fork", "--kill-child", "sh", "-c", ENTER, "sh", layer.root],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=self._join_cgroup,
            env={"PATH": "/usr/sbin:/usr/bin", "container": "other"})
        until = time.monotonic() + WAIT
        while self._state() != "running":
            if time.monotonic() > until:
                self.close()
                raise unittest.SkipTest("systemd does not start here")
            time.sleep(0.05)

    def _prepare(self):
        root = self.layer.path
        for folder in ("/lib/systemd/system", "/etc/systemd/system"):
            for target in WANTS:
                shutil.rmtree(root(f"{folder}/{target}.target.wants"),
                              ignore_errors=True)
        root("/etc/fstab").write_text("")
        subprocess.run(["umount", "--recursive", "--lazy", root("/dev")],
                       check=True)
        mount("-t", "tmpfs", "dev", root("/dev"))
        for name, major, minor in (("null", 1, 3), ("zero", 1, 5),
                                   ("full", 1, 7), ("random", 1, 8),
                                   ("urandom", 1, 9), ("tty", 5, 0),
                                   ("ptmx", 5, 2)):
            os.mknod(root(f"/dev/{name}"), 0o020666, os.makedev(major, minor))
            os.chmod(root(f"/dev/{name}"), 0o666)
        root("/dev/shm").mkdir()
        mount("-t", "tmpfs", "run", root("/run"))
        mount("-t", "sysfs", "-o", "ro", "sysfs", root("/sys"))
        # The only cgroups that it sees: it makes its own in there.
        mount("--bind", self._cgroup, root("/sys/fs/cgroup"))

    def _join_cgroup(self):
        """In the child, before its new namespace takes it for the root."""
        (self._cgroup / "cgroup.procs").write_text(str(os.getpid()))

    def _main(self):
        """systemd's id as it is seen here."""
        pid = self._process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return children.split()[0] if children.split() else None

    def _state(self):
        if self._process.poll() is not None or not self._main():
            return "gone"
        return self.run("systemctl", "is-system-running",
                        check=False).stdout.strip()

    def run(self, *argv, check=True, **options):
        """Runs it beside systemd, to its end."""
        result = subprocess.run(
            ["nsenter", "--target", self._main(), "--pid", "--mount", "--uts",
             "--ipc", *argv], capture_output=True, text=True, timeout=60,
            check=False, **options)
        if check and result.returncode != 0:
            raise AssertionError(
                f"{argv} ended with {result.returncode}:\n"
                f"{result.stdout}{result.stderr}\n{self.status()}")
        return result

    def status(self):
        return self.run("systemctl", "status", "--no-pager", "frontrunner",
                        check=False).stdout

    def show(self, name):
        """A property of the service."""
        return self.run("systemctl", "show", "--value", "--property", name,
                        "frontrunner").stdout.strip()

    def close(self):
        self._process.kill()
        self._process.wait()
        # What systemd made in there goes with it, from the bottom up.
        for folder, _, _ in os.walk(self._cgroup, topdown=False):
            for _ in range(100):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
                    break
                time.sleep(0.02)
