"""What kustomize makes of the manifests, and how its objects hang together."""
import json
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
RENDERED = ["base", "overlays/service", "overlays/sidecar", "overlays/demo"]

LOOPBACK = ("127.0.0.1", "[::1]", "localhost")
# The container that runs frontrunnerd is called so.
SERVER = "frontrunner"


class Rendered:
    """The objects of one kustomization."""

    def __init__(self, objects):
        self.objects = objects

    @classmethod
    def of(cls, name):
        done = subprocess.run(
            ["kubectl", "kustomize", str(KUBERNETES / name)],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{name} can't be rendered: {done.stderr}")
        return cls([o for o in yaml.safe_load_all(done.stdout) if o])

    def all(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def named(self, kind, name):
        """The object, or None."""
        found = [o for o in self.all(kind) if o["metadata"]["name"] == name]
        return found[0] if found else None

    def workloads(self):
        return [o for o in self.objects if "template" in o.get("spec", {})]

    def selected(self, selector):
        """The workloads whose pods have all these labels."""
        return [w for w in self.workloads()
                if selector and selector.items() <= labels_of(w).items()]

    def servers(self):
        """Every container that runs frontrunnerd."""
        return [Server(self, workload, container)
                for workload in self.workloads()
                for container in containers(workload)
                if container["name"] == SERVER]


class Server:
    """A container that runs frontrunnerd, with its configuration."""

    def __init__(self, rendered, workload, container):
        self.workload = workload
        self.pod = workload["spec"]["template"]["spec"]
        self.container = container
        self.text = self._configuration(rendered)
        self.config = yaml.safe_load(self.text)
        self.services = [s for s in rendered.all("Service")
                         if workload in rendered.selected(
                             s["spec"].get("selector", {}))]
        self.policies = [p for p in rendered.all("NetworkPolicy")
                         if workload in rendered.selected(
                             p["spec"]["podSelector"].get("matchLabels", {}))]

    def _configuration(self, rendered):
        """What it finds at the path in its --config."""
        arguments = self.container["args"]
        path = pathlib.PurePosixPath(
            arguments[arguments.index("--config") + 1])
        volumes = {v["name"]: v for v in self.pod["volumes"]}
        for mount in self.container["volumeMounts"]:
            if mount["mountPath"] == str(path.parent):
                name = volumes[mount["name"]]["configMap"]["name"]
                return rendered.named("ConfigMap", name)["data"][path.name]
        raise KeyError(f"nothing is mounted at {path.parent}")

    def writable(self):
        """Directories that it may write to, and keeps while the pod lives."""
        volumes = {v["name"]: v for v in self.pod["volumes"]}
        return [m["mountPath"] for m in self.container["volumeMounts"]
                if "emptyDir" in volumes[m["name"]] and not m.get("readOnly")]

    def at_its_sockets(self):
        """Containers of the pod that have a directory with a Unix socket on
        which it listens, itself included."""
        directories = {a.removeprefix("unix:").rpartition("/")[0]
                       for a in self.config["listen"] if a.startswith("unix:")}
        volumes = {m["name"] for m in self.container["volumeMounts"]
                   if m["mountPath"] in directories}
        return [c for c in containers(self.workload)
                if volumes & {m["name"] for m in c.get("volumeMounts", [])}]

    def open_ports(self):
        """The ports on which it listens for other pods, by the configuration."""
        addresses = self.config["listen"] + [self.config["http_listen"]]
        return {port_of(a) for a in addresses
                if not a.startswith("unix:") and host_of(a) not in LOOPBACK}

    def source_ports(self):
        """The ports of all its sources."""
        addresses = []
        for source in self.config["sources"].values():
            addresses += source.get("memcached", {}).get("servers", [])
            if "redis" in source:
                addresses.append(source["redis"]["address"])
            if "grpc" in source:
                addresses.append(source["grpc"]["target"])
        return {port_of(a) for a in addresses if not a.startswith("unix:")}


def labels_of(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def containers(workload):
    pod = workload["spec"]["template"]["spec"]
    return pod.get("initContainers", []) + pod["containers"]


def user_of(workload, container):
    """The user that a container runs as."""
    pod = workload["spec"]["template"]["spec"]
    context = {**pod.get("securityContext", {}),
               **container.get("securityContext", {})}
    return context.get("runAsUser")


def host_of(address):
    return address.rpartition(":")[0]


def port_of(address):
    return int(address.rpartition(":")[2])


def seconds(duration):
    """Of "1m30s"."""
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    parts = re.findall(r"(\d+)(h|ms|m|s)", duration)
    assert "".join(n + u for n, u in parts) == duration, duration
    return sum(int(number) * units[unit] for number, unit in parts)


def size(text):
    """Bytes, of "64MiB" as Frontrunner writes it or "64Mi" as Kubernetes does."""
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi|)B?", str(text)).groups()
    return int(number) * {"": 1, "Ki": 1 << 10, "Mi": 1 << 20,
                          "Gi": 1 << 30}[unit]


def schema_complaints(objects):
    """A list of complaints for each object."""
    done = subprocess.run(
        ["node", "schemas.cjs"], cwd=pathlib.Path(__file__).parent,
        input=json.dumps(objects), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)
