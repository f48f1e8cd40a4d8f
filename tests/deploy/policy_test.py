#!/usr/bin/python3
"""Every rule of policy.py complains of what it is there for."""
import copy
import unittest

import policy
from rendered import Rendered, containers


def pod_of(rendered, name="frontrunner"):
    return rendered.named("Deployment", name)["spec"]["template"]["spec"]


def server_of(rendered):
    return rendered.servers()[0].container


def configure(old, new):
    def change(rendered):
        config = rendered.servers()[0]
        for map_ in rendered.all("ConfigMap"):
            for file, text in map_["data"].items():
                assert old in text, (old, config.text)
                map_["data"][file] = text.replace(old, new)
    return change


def container(**fields):
    return lambda r: server_of(r).update(fields)


def context(**fields):
    return lambda r: server_of(r)["securityContext"].update(fields)


def probe(name, **fields):
    return lambda r: server_of(r)[name].update(fields)


def resources(**fields):
    return lambda r: server_of(r)["resources"].update(fields)


def pod(**fields):
    return lambda r: pod_of(r).update(fields)


def ours(rendered, kind):
    """The object of this kind that is Frontrunner's own."""
    return rendered.named(kind, "frontrunner")


def spec(kind, **fields):
    return lambda r: ours(r, kind)["spec"].update(fields)


def to_redis(rendered):
    """The rule that lets Frontrunner out to Redis."""
    egress = ours(rendered, "NetworkPolicy")["spec"]["egress"]
    return [r for r in egress if "to" in r][0]


def policy_types(*types):
    return spec("NetworkPolicy", policyTypes=list(types))


def of_another_user(rendered):
    containers(rendered.named("Deployment", "app"))[1]["securityContext"].update(
        runAsUser=1000)


def of_another_user_by_loopback(rendered):
    of_another_user(rendered)
    containers(rendered.named("Deployment", "app"))[1].pop("volumeMounts")


def forget(kind):
    def change(rendered):
        rendered.objects = [o for o in rendered.objects if o["kind"] != kind]
    return change


# What is done to overlays/service, and a word of the complaint.
BROKEN = [
    (pod(hostNetwork=True), "hostNetwork"),
    (pod(automountServiceAccountToken=True), "token"),
    (lambda r: pod_of(r)["volumes"].append(
        {"name": "node", "hostPath": {"path": "/"}}), "kind not allowed"),
    (lambda r: pod_of(r)["securityContext"].pop("runAsNonRoot"), "as root"),
    (context(runAsUser=0), "no user, or root"),
    (context(privileged=True), "is privileged"),
    (context(allowPrivilegeEscalation=True), "may gain privileges"),
    (context(readOnlyRootFilesystem=False), "root file system"),
    (context(seccompProfile={"type": "Unconfined"}), "no seccomp"),
    (context(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
     "has capabilities"),
    (lambda r: server_of(r)["ports"][0].update(hostPort=7979),
     "port of the node"),
    (lambda r: pod_of(r, "frontrunner-redis")["containers"][0].pop(
        "securityContext"), "frontrunner-redis/redis: has capabilities"),
    (lambda r: pod_of(r)["volumes"].append({"name": "scratch", "emptyDir": {}}),
     "may fill the node's disk"),
    (resources(requests={"memory": "512Mi"}), "requests no cpu"),
    (resources(limits={}), "no memory limit"),
    (resources(limits={"memory": "1Gi"}), "requests other memory"),
    (container(image="frontrunner"), "no version"),
    (container(image="host:5000/frontrunner:latest"), "no version"),
    (spec("Service", selector={"app": "else"}), "selects no pods"),
    (lambda r: ours(r, "Service")["spec"]["ports"][0].update(
        targetPort="lookups"), "have no port"),
    (spec("PodDisruptionBudget", selector={"matchLabels": {"a": "b"}}),
     "selects no pods"),
    (spec("NetworkPolicy", podSelector={"matchLabels": {"a": "b"}}),
     "selects no pods"),
    (spec("HorizontalPodAutoscaler",
          scaleTargetRef={"kind": "Deployment", "name": "else"}),
     "scales nothing"),
    (spec("HorizontalPodAutoscaler", minReplicas=1), "one replica"),
    (spec("Deployment", replicas=3), "replicas beside"),
    (spec("Deployment", selector={"matchLabels": {"a": "b"}}), "labels differ"),
    (lambda r: pod_of(r)["topologySpreadConstraints"][0].update(
        labelSelector={"matchLabels": {"a": "b"}}), "spreads other pods"),
    (lambda r: r.named("Service", "frontrunner-redis")["spec"]["selector"].pop(
        policy.PART_OF), "Service frontrunner-redis selects pods of others"),
    (lambda r: r.named("Deployment", "frontrunner-redis")["spec"]["selector"]
     ["matchLabels"].pop(policy.PART_OF),
     "Deployment frontrunner-redis selects pods of others"),
    (lambda r: to_redis(r)["to"][0]["podSelector"]["matchLabels"].pop(
        policy.PART_OF), "NetworkPolicy frontrunner selects pods of others"),
    (lambda r: to_redis(r)["to"][0]["podSelector"]["matchLabels"].update(
        {"app.kubernetes.io/name": "valkey"}), "no pods are"),
    (lambda r: to_redis(r)["ports"][0].update(port=6380), "{6380} of {6379}"),
    (spec("ServiceMonitor", endpoints=[{"port": "metrics"}]), "exactly once"),
    (lambda r: r.named("Service", "frontrunner-headless")["spec"]["ports"]
     .append({"name": "http", "port": 7980, "targetPort": "http"}),
     "exactly once"),
    (probe("livenessProbe", httpGet={"path": "/readyz", "port": "http"}),
     "does not ask /healthz"),
    (probe("readinessProbe", httpGet={"path": "/readyz", "port": "grpc"}),
     "port of http_listen"),
    (lambda r: server_of(r).pop("startupProbe"), "startupProbe does not ask"),
    (probe("startupProbe", httpGet={"path": "/healthz", "port": "http"}),
     "startupProbe does not ask /readyz"),
    (configure("0.0.0.0:7979", "0.0.0.0:7978"), "ports {"),
    (configure("0.0.0.0:7980", "127.0.0.1:7980"), "does not reach http_listen"),
    (configure("127.0.0.1:7981", "0.0.0.0:7981"), "not the pod's own"),
    (configure("grace: 20s", "grace: 30s"), "it may take 45"),
    (configure("lame_duck: 10s", "lame_duck: 20s"), "it may take 45"),
    (pod(terminationGracePeriodSeconds=35), "35 s to end"),
    (lambda r: pod_of(r).pop("terminationGracePeriodSeconds"), "30 s to end"),
    (container(lifecycle={}), "a hook"),
    (probe("readinessProbe", periodSeconds=5), "later than the lame duck"),
    (configure("256MiB", "300MiB"), "512 MiB where its configuration may take"),
    (configure("high: 2000", "high: 4000"), "may take 560 MiB"),
    (configure("max_value: 16KiB", "max_value: 64KiB"), "may take"),
    (configure("max_key: 4KiB", "max_key: 64KiB"), "may take"),
    (configure("max_waiters: 1000", "max_waiters: 5000"), "may take"),
    (configure("tables:\n", "tables:\n" + "".join(
        f"  t{i}: {{ race: [near] }}\n" for i in range(4))), "may take"),
    (configure(", max_waiters: 1000", ""), "may take 2005 MiB"),
    (configure("outstanding: { high: 2000, low: 1600 }", ""), "may take 864"),
    (configure("loop_threads: 2", "loop_threads: 0"), "each core of the node"),
    (configure("max_connection_age: 5m", "# "), "callers stay"),
    (configure('"0.0.0.0:7979"', '"0.0.0.0:7979", "unix:/run/fr/socket"'),
     "/run/fr can't be written to"),
    (configure("drain:", "state_dir: /var/lib/frontrunner\ndrain:"),
     "/var/lib/frontrunner can't be written to"),
    (configure("redis:6379", "redis:6380"), "lets out to"),
    (lambda r: ours(r, "NetworkPolicy")["spec"]["ingress"].pop(),
     "lets in to"),
    (forget("NetworkPolicy"), "anybody may reach"),
    (policy_types("Egress"), "anybody may reach"),
    (policy_types("Ingress"), "may reach anybody"),
    (lambda r: ours(r, "Deployment")["spec"].pop("strategy"),
     "before there are new ones"),
    (lambda r: ours(r, "Deployment")["spec"].pop("minReadySeconds"),
     "before clients know the new ones"),
    (spec("Deployment", minReadySeconds=30),
     "before clients know the new ones"),
    (lambda r: r.all("ConfigMap")[0]["metadata"].update(name="frontrunner"),
     "without a hash"),
]

# The same for overlays/sidecar.
BROKEN_SIDECARS = [
    (lambda r: server_of(r).pop("restartPolicy"), "no sidecar"),
    (of_another_user, "different users"),
    (lambda r: server_of(r)["securityContext"].pop("runAsUser"),
     "leaves ['runAsUser'] to its pod"),
    (forget("NetworkPolicy"), "anybody may reach"),
    (configure("0.0.0.0:7980", "0.0.0.0:7982"), "lets in to {7980} of {7982}"),
    (lambda r: pod_of(r, "app")["volumes"][1].pop("emptyDir"),
     "/run/frontrunner can't be written to"),
    (configure("grace: 5s", "grace: 25s"), "30 s to end"),
    (configure("16MiB", "20MiB"), "64 MiB where its configuration may take"),
    (configure("high: 300", "high: 400"), "64 MiB where"),
]


# What the guide says may be done to them.
KEPT = [
    ("overlays/service", configure("0.0.0.0:7980", "[::]:7980")),
    ("overlays/sidecar", configure("0.0.0.0:7980", "[::]:7980")),
    ("overlays/sidecar", configure("127.0.0.1:7979", "[::1]:7979")),
    ("overlays/sidecar", of_another_user_by_loopback),
]


class PolicyBites(unittest.TestCase):

    def check(self, overlay, broken):
        whole = Rendered.of(overlay)
        self.assertEqual(policy.complaints(whole), [])
        for breaking, word in broken:
            with self.subTest(word):
                rendered = Rendered(copy.deepcopy(whole.objects))
                breaking(rendered)
                # Rules look configurations up by the ConfigMap's name.
                if word == "without a hash":
                    found = list(policy.a_configuration_is_rolled_out(rendered))
                else:
                    found = policy.complaints(rendered)
                self.assertIn(word, "\n".join(found))

    def test_a_broken_service(self):
        self.check("overlays/service", BROKEN)

    def test_what_the_guide_says_may_be_done(self):
        for overlay, change in KEPT:
            rendered = Rendered.of(overlay)
            change(rendered)
            self.assertEqual(policy.complaints(rendered), [])

    def test_a_broken_sidecar(self):
        self.check("overlays/sidecar", BROKEN_SIDECARS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
