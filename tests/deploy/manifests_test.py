#!/usr/bin/python3
"""The Kubernetes manifests, rendered and checked without a cluster.

    manifests_test.py FRONTRUNNERD [UNITTEST-ARGUMENT…]

Needs kubectl, node and tests/deploy/node_modules (tests/deploy/run.sh).
"""
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import policy
from rendered import KUBERNETES, RENDERED, Rendered, schema_complaints

frontrunnerd = None


def check_configuration(text):
    """What frontrunnerd --check says of it; None where it is good."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([frontrunnerd, "--config", file.name, "--check"],
                              capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr


def can_delete():
    """Whether this kubectl understands `$patch: delete`: from 1.21 on."""
    said = subprocess.run(["kubectl", "version", "--client", "--output=json"],
                          check=True, capture_output=True, text=True).stdout
    minor = json.loads(said)["clientVersion"]["minor"]
    return int(re.match(r"\d+", minor)[0]) >= 21


class Manifests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.rendered = {name: Rendered.of(name) for name in RENDERED}

    def test_every_object_is_as_the_api_has_it(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                found = schema_complaints(rendered.objects)
                names = [f"{o['kind']} {o['metadata']['name']}"
                         for o in rendered.objects]
                self.assertEqual({n: c for n, c in zip(names, found) if c}, {})

    def test_our_own_rules_are_kept(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                self.assertEqual(policy.complaints(rendered), [])

    def test_each_has_a_server_whose_configuration_is_good(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                server, = rendered.servers()
                self.assertIsNone(check_configuration(server.text))

    def test_the_base_has_all_its_kinds(self):
        kinds = sorted(o["kind"] for o in self.rendered["base"].objects)
        self.assertEqual(kinds, [
            "ConfigMap", "Deployment", "HorizontalPodAutoscaler",
            "NetworkPolicy", "PodDisruptionBudget", "Service", "Service",
            "ServiceAccount", "ServiceMonitor"])
        headless = self.rendered["base"].named("Service",
                                               "frontrunner-headless")
        self.assertEqual(headless["spec"]["clusterIP"], "None")

    def test_the_demo_and_the_sidecar_want_no_prometheus_operator(self):
        wanting = [name for name, rendered in self.rendered.items()
                   if rendered.all("ServiceMonitor")]
        self.assertEqual(wanting, ["base", "overlays/service"])

    def test_the_demo_has_a_namespace_for_restricted_pods(self):
        namespaces = self.rendered["overlays/demo"].all("Namespace")
        self.assertEqual(
            namespaces[0]["metadata"]["labels"]
            ["pod-security.kubernetes.io/enforce"], "restricted")

    def test_the_sidecar_is_started_before_its_app(self):
        server = self.rendered["overlays/sidecar"].servers()[0]
        self.assertIn(server.container, server.pod["initContainers"])
        self.assertNotEqual(server.pod["containers"], [])


class TheGuide(unittest.TestCase):
    """What deploy/kubernetes/README.md shows in full does what it says."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="frontrunner."))
        self.addCleanup(shutil.rmtree, self.directory)
        self.copy = self.directory / "kubernetes"
        shutil.copytree(KUBERNETES, self.copy)
        guide = (KUBERNETES / "README.md").read_text()
        self.files = dict(re.findall(r"```yaml\n# (overlays/\S+)\n(.*?)```",
                                     guide, re.DOTALL))

    def write(self, *paths):
        for path in paths:
            (self.copy / path).parent.mkdir(exist_ok=True)
            (self.copy / path).write_text(self.files[path])

    def render(self, overlay):
        """And what the API's schemas complain of."""
        rendered = Rendered.of(self.copy / overlay)
        for secret in rendered.all("Secret"):
            # Some versions break the lines, which the API takes.
            secret["data"] = {file: "".join(text.split())
                              for file, text in secret["data"].items()}
        return rendered, sum(schema_complaints(rendered.objects), [])

    def test_a_service_without_an_autoscaler(self):
        self.write("overlays/service/autoscaler.yaml")
        if not can_delete():
            # The other way that it names.
            path = self.copy / "overlays/service/autoscaler.yaml"
            path.write_text(path.read_text().partition("---\n")[2])
            path = self.copy / "parts/server/kustomization.yaml"
            path.write_text(path.read_text().replace("  - autoscaler.yaml\n",
                                                     ""))
        rendered, complaints = self.render("overlays/service")
        server = rendered.named("Deployment", "frontrunner")
        self.assertEqual(server["spec"]["replicas"], 3)
        self.assertEqual(rendered.all("HorizontalPodAutoscaler"), [])
        self.assertEqual(complaints + policy.complaints(rendered), [])

    def test_a_configuration_that_is_a_secret(self):
        self.write("overlays/mine/kustomization.yaml",
                   "overlays/mine/secret.yaml")
        mine = self.copy / "overlays/mine"
        shutil.copy(self.copy / "overlays/service/frontrunner.yaml", mine)
        (mine / "redis-password").write_text("a password")
        rendered, complaints = self.render("overlays/mine")
        self.assertEqual(complaints, [])
        secret, = rendered.all("Secret")
        self.assertEqual(secret["data"].keys(),
                         {"frontrunner.yaml", "redis-password"})
        pod = rendered.named("Deployment", "frontrunner")["spec"]["template"]
        name = secret["metadata"]["name"]
        self.assertRegex(name, "^frontrunner-[a-z0-9]{10}$")
        self.assertEqual(pod["spec"]["volumes"],
                         [{"name": "config", "secret": {"secretName": name}}])

    def test_a_service_without_the_prometheus_operator(self):
        kustomization = self.copy / "overlays/service/kustomization.yaml"
        text = kustomization.read_text()
        self.assertIn("[../../base, ", text)
        kustomization.write_text(text.replace("[../../base, ",
                                              "[../../parts/server, "))
        rendered, complaints = self.render("overlays/service")
        self.assertEqual(rendered.all("ServiceMonitor"), [])
        self.assertEqual(complaints + policy.complaints(rendered), [])


class SchemasBite(unittest.TestCase):
    """What is broken on purpose is complained about."""

    def setUp(self):
        self.objects = copy.deepcopy(Rendered.of("overlays/service").objects)

    def broken(self, kind, breaking):
        target = [o for o in self.objects if o["kind"] == kind][0]
        self.assertEqual(schema_complaints([target]), [[]])
        breaking(target)
        return "\n".join(schema_complaints([target])[0])

    def test_a_misspelt_field(self):
        def misspell(deployment):
            pod = deployment["spec"]["template"]["spec"]
            pod["containers"][0]["livenesProbe"] = {}
        self.assertIn("/containers/0/livenesProbe is not a field",
                      self.broken("Deployment", misspell))

    def test_a_field_at_the_wrong_place(self):
        def move(deployment):
            pod = deployment["spec"]["template"]["spec"]
            pod["containers"][0]["terminationGracePeriodSeconds"] = 45
        self.assertIn("terminationGracePeriodSeconds is not a field",
                      self.broken("Deployment", move))

    def test_a_field_at_the_top(self):
        self.assertIn("/selector is not a field", self.broken(
            "Service", lambda service: service.update(selector={})))

    def test_a_value_of_the_wrong_type(self):
        def number(deployment):
            template = deployment["spec"]["template"]
            template["spec"]["terminationGracePeriodSeconds"] = "45"
        self.assertIn('breaks "type"', self.broken("Deployment", number))

    def test_a_field_that_is_missing(self):
        self.assertIn('breaks "required"', self.broken(
            "HorizontalPodAutoscaler",
            lambda scaler: scaler["spec"].pop("maxReplicas")))

    def test_a_kind_that_the_api_does_not_have(self):
        self.assertIn("the API has no Deployment in apps/v2", self.broken(
            "Deployment", lambda deployment: deployment.update(
                apiVersion="apps/v2")))

    def test_a_version_that_clusters_have_no_more(self):
        self.assertIn("policy/v1beta1 is no version to build on", self.broken(
            "PodDisruptionBudget", lambda budget: budget.update(
                apiVersion="policy/v1beta1")))

    def test_a_misspelt_field_of_a_custom_resource(self):
        self.assertIn("additionalProperties", self.broken(
            "ServiceMonitor",
            lambda monitor: monitor["spec"].update(endpoint=[])))


class ConfigurationsAreChecked(unittest.TestCase):

    def test_a_misspelt_field_of_the_configuration(self):
        text = Rendered.of("overlays/service").servers()[0].text
        self.assertIn("graze", check_configuration(
            text.replace("grace", "graze")))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    frontrunnerd = sys.argv.pop(1)
    unittest.main(verbosity=2)
