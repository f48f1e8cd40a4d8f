#!/usr/bin/python3
"""The images: built of programs that are there, looked at, and started.

    image_test.py BUILD_DIR [UNITTEST-ARGUMENT…]

BUILD_DIR has a release build. As root, since buildah and chroot have to be.
The images are kept nowhere: their storage goes when the test ends.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OVERLAYS = ROOT / "deploy" / "kubernetes" / "overlays"
USER = 65532

build_dir = None

# What a container runtime does, as far as it takes no container: a file system
# that can't be written to, but for a directory (an emptyDir), with a
# configuration in its place (a ConfigMap), and a user who is not root. Neither
# /proc nor /dev is there.
START = """
set -e
mount --bind "$ROOTFS" "$ROOTFS"
mount --bind "$CONFIG" "$ROOTFS/etc/frontrunner"
mount --bind "$SHARED" "$ROOTFS/tmp"
mount -o remount,bind,ro "$ROOTFS"
exec chroot --userspec=65532:65532 "$ROOTFS" "$@"
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Image:
    """A built image, and its root file system while it is mounted."""

    def __init__(self, storage, name):
        self._storage = storage
        self.name = name
        self.config = json.loads(self._buildah(
            "inspect", "--type", "image", name))["OCIv1"]["config"]
        self._container = self._buildah("from", "--pull-never", name).strip()
        self.rootfs = self._buildah("mount", self._container).strip()

    def remove(self):
        self._buildah("umount", self._container)
        self._buildah("rm", self._container)

    def files(self):
        """Paths from the root, of all but directories."""
        found = []
        for directory, _, names in os.walk(self.rootfs):
            found += [os.path.join(directory, n) for n in names]
        return [f.removeprefix(self.rootfs) for f in found]

    def bytes(self):
        return sum(os.lstat(self.rootfs + f).st_size for f in self.files())

    def _buildah(self, *arguments):
        return subprocess.run(
            ["buildah", "--root", f"{self._storage}/root", "--runroot",
             f"{self._storage}/run", "--storage-driver",
             os.environ.get("STORAGE_DRIVER", "overlay"), *arguments],
            check=True, capture_output=True, text=True).stdout


class Images(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.storage = tempfile.mkdtemp(prefix="frontrunner-images.")
        cls.addClassCleanup(shutil.rmtree, cls.storage)
        subprocess.run(
            [ROOT / "deploy" / "image.sh", "--prebuilt", build_dir,
             "--storage", cls.storage], check=True)
        cls.server = Image(cls.storage, "localhost/frontrunner:0.1.0")
        cls.addClassCleanup(cls.server.remove)
        cls.demo = Image(cls.storage, "localhost/frontrunner-demo:0.1.0")
        cls.addClassCleanup(cls.demo.remove)

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="frontrunner."))
        self.addCleanup(shutil.rmtree, self.directory)
        self.config = self.directory / "config"
        self.shared = self.directory / "shared"
        self.config.mkdir()
        self.shared.mkdir()
        self.directory.chmod(0o755)
        os.chown(self.shared, USER, USER)

    def start(self, image, *command):
        """As the container of a pod is started. Stopped when the test ends."""
        process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private",
             "sh", "-c", START, "sh", *command],
            env={**os.environ, "ROOTFS": image.rootfs,
                 "CONFIG": str(self.config), "SHARED": str(self.shared)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_in(self, image, *command):
        """Its exit code and what it said."""
        process = self.start(image, *command)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def serve(self, image):
        """By the image's entry point and command."""
        process = self.start(image, *image.config["Entrypoint"],
                             *image.config["Cmd"])
        self.expect(process, "admin on ")
        return process

    def expect(self, process, words):
        """Waits for a line that begins so, and returns the next word. What it
        said before is in the failure where it ends without."""
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith(words):
                return line.removeprefix(words).split()[0]
        self.fail("".join(said) or "it said nothing")

    def configure(self, overlay, **addresses):
        """The overlay's own configuration, on ports that are free here, and with
        these addresses for its Services."""
        text = (OVERLAYS / overlay / "frontrunner.yaml").read_text()
        text = text.replace("/run/frontrunner/", "/tmp/")
        ports = {}
        for port in ("7979", "7980", "7981"):
            ports[port] = free_port()
            text = re.sub(rf'"[0-9.]+:{port}"', f'"127.0.0.1:{ports[port]}"',
                          text)
        for old, new in addresses.items():
            self.assertIn(f"frontrunner-{old}:", text)
            text = re.sub(rf"frontrunner-{old}:\d+", new, text)
        (self.config / "frontrunner.yaml").write_text(text)
        return ports

    def stop(self, process):
        """Its exit code after a SIGTERM, as the kubelet sends one."""
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=60)

    def test_the_server_runs_with_the_sidecars_configuration(self):
        ports = self.configure("sidecar")
        server = self.serve(self.server)
        socket_file = "unix:/tmp/frontrunner.sock"
        for address in (socket_file, f"127.0.0.1:{ports['7979']}"):
            code, output = self.run_in(
                self.server, "/usr/bin/frontrunner", "--address", address,
                "put", "unicode", "U+E000", "MY OWN")
            self.assertEqual(code, 0, output)
        code, output = self.run_in(
            self.server, "/usr/bin/frontrunner", "--address", socket_file,
            "lookup", "unicode", "U+E000")
        self.assertEqual((code, output), (0, "MY OWN\n"))
        self.assertEqual(self.stop(server), 0)

    def test_the_demo_races_its_backend_and_its_plugin(self):
        backend = self.start(self.demo, "/usr/bin/frontrunner_demo_backend",
                             "--listen", "127.0.0.1:0")
        ports = self.configure(
            "demo", redis="127.0.0.1:1", memcached="127.0.0.1:1",
            names=self.expect(backend, "listening on "))
        server = self.serve(self.demo)
        for key, value in (("U+2603", "SNOWMAN"),
                           ("U+AC00", "HANGUL SYLLABLE GA")):
            code, output = self.run_in(
                self.demo, "/usr/bin/frontrunner", "--address",
                f"127.0.0.1:{ports['7979']}", "lookup", "unicode", key)
            self.assertEqual((code, output), (0, f"{value}\n"))
        self.assertEqual(self.stop(server), 0)
        self.assertEqual(self.stop(backend), 0)

    def test_it_runs_as_nobody_in_particular(self):
        for image in (self.server, self.demo):
            self.assertEqual(image.config["User"], f"{USER}:{USER}")
            self.assertEqual(image.config["Entrypoint"],
                             ["/usr/bin/frontrunnerd"])
            self.assertEqual(sorted(image.config["ExposedPorts"]),
                             ["7979/tcp", "7980/tcp"])

    def test_it_says_what_it_is(self):
        labels = self.server.config["Labels"]
        prefix = "org.opencontainers.image."
        self.assertEqual(labels[f"{prefix}title"], "frontrunner")
        code, output = self.run_in(self.server, "/usr/bin/frontrunnerd",
                                   "--version")
        self.assertEqual((code, output.strip()),
                         (0, labels[f"{prefix}version"]))

    def test_there_is_nothing_to_run_but_our_programs(self):
        programs = {"frontrunner", "frontrunnerd"}
        self.assertEqual(set(os.listdir(f"{self.server.rootfs}/usr/bin")),
                         programs)
        self.assertEqual(set(os.listdir(f"{self.demo.rootfs}/usr/bin")),
                         programs | {"frontrunner_demo_backend"})
        for path in ("/bin/sh", "/usr/sbin", "/usr/bin/apt"):
            self.assertFalse(os.path.exists(self.server.rootfs + path), path)

    def test_no_file_gets_anybody_more_rights(self):
        for path in self.server.files():
            self.assertEqual(
                os.lstat(self.server.rootfs + path).st_mode & 0o6000, 0, path)

    def test_every_library_comes_with_its_package_and_licence(self):
        files = self.server.files()
        packages = {f.rpartition("/")[2] for f in files
                    if f.startswith("/var/lib/dpkg/status.d/")}
        self.assertLessEqual({"libc6", "libgrpc29", "libcurl4", "libssl3"},
                             packages)
        for package in packages:
            self.assertIn(f"/usr/share/doc/{package}/copyright", files)

    def test_all_files_have_one_time(self):
        times = {int(os.lstat(self.server.rootfs + f).st_mtime)
                 for f in self.server.files()}
        self.assertEqual(len(times), 1)

    def test_it_is_small(self):
        for image, most in ((self.server, 60), (self.demo, 65)):
            size = image.bytes()
            print(f"{image.name}: {size / 1e6:.1f} MB", file=sys.stderr)
            self.assertLess(size, most * 1e6)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("image_test.py: buildah and chroot have to be run as root")
    build_dir = sys.argv.pop(1)
    unittest.main(verbosity=2)
