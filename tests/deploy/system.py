"""A Debian system to install into that is thrown away: the machine's own root
file system with a layer over it, in namespaces of its own. Needs root."""

import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

INSIDE = "FRONTRUNNER_TEST_INSIDE"


def enter_namespaces():
    """Starts this program again where mounts, processes and ports are its own;
    returns only there."""
    if os.environ.get(INSIDE):
        _raise_loopback()
        return
    if os.geteuid() != 0:
        sys.exit("this test mounts and installs in a namespace: run it as root")
    if not shutil.which("unshare"):
        sys.exit("this test needs unshare")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--fork",
                          "--kill-child", "--mount-proc", sys.executable,
                          *sys.argv])


def _raise_loopback():
    up, set_flags = 0x1, 0x8914  # IFF_UP, SIOCSIFFLAGS
    with socket.socket() as s:
        fcntl.ioctl(s, set_flags, struct.pack("16sh14x", b"lo", up))


class System:
    """One layer. What is done in it is in `layer`, and gone at the end."""

    def __init__(self):
        self._base = pathlib.Path(tempfile.mkdtemp())
        self._mount("-t", "tmpfs", "layer", self._base)
        self.layer = self._base / "layer"
        work = self._base / "work"
        self.root = self._base / "root"
        for folder in (self.layer, work, self.root):
            folder.mkdir()
        os.chmod(self._base, 0o755)
        self._mount("-t", "overlay", "overlay", "-o",
                    f"lowerdir=/,upperdir={self.layer},workdir={work}",
                    self.root)
        self._mount("-t", "proc", "proc", self.root / "proc")
        self._mount("--rbind", "/dev", self.root / "dev")

    def close(self):
        subprocess.run(["umount", "--recursive", "--lazy", self._base],
                       check=True)
        self._base.rmdir()

    @staticmethod
    def _mount(*arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)

    def command(self, *argv):
        """What runs `argv` in here."""
        return ["chroot", str(self.root), *map(str, argv)]

    def run(self, *argv, check=True, variables=None, **options):
        """Runs it to its end, with further environment variables."""
        result = subprocess.run(self.command(*argv), capture_output=True,
                                text=True, timeout=120, check=False,
                                env={**os.environ, **(variables or {})},
                                **options)
        if check and result.returncode != 0:
            raise AssertionError(
                f"{argv} ended with {result.returncode}:\n"
                f"{result.stdout}{result.stderr}")
        return result

    def path(self, absolute):
        return self.root / str(absolute).lstrip("/")

    def added(self):
        """Every file, link and folder that is there now and was not before."""
        found = set()
        for folder, folders, files in os.walk(self.layer):
            for name in folders + files:
                path = pathlib.Path(folder, name)
                inside = "/" + str(path.relative_to(self.layer))
                # A hole in the layer is something that was removed.
                hole = path.is_char_device() and path.stat().st_rdev == 0
                if not hole and not os.path.lexists(inside):
                    found.add(inside)
        return found
