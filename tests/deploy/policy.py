"""What every rendered kustomization must keep to, beyond the API's schemas.

A rule is a function from a Rendered to its complaints. RULES are all of them.
"""
from rendered import (containers, labels_of, port_of, seconds, size, user_of)

# frontrunnerd ends so long after its grace limit, whatever hangs.
WATCHDOG = 5
# gRPC clients ask for a name's addresses no sooner than that again, and a name
# server may have kept an answer of before for the other.
ASKED_AGAIN = 30
NAMES_KEPT = 5
# The arithmetic of "Sizing" in deploy/README.md: what is the server's own when it
# does nothing, a memory cache for each byte of its capacity, what gRPC takes for
# a call, and a caller who waits for a value.
OWN = 8 << 20
PER_CAPACITY = 1.3
PER_CALL = 16 << 10
PER_WAITER = 16 << 10
# Of the configuration reference in README.md.
DEFAULTS = {"capacity": "64MiB", "high": 10000, "max_key": "64KiB",
            "max_value": "1MiB", "max_waiters": 100000}

# The label that all pods have but the app's and the server's own.
PART_OF = "app.kubernetes.io/part-of"

RULES = []


def rule(function):
    RULES.append(function)
    return function


def complaints(rendered):
    return [c for check in RULES for c in check(rendered)]


@rule
def pods_are_restricted(rendered):
    """Pod Security Standard "restricted", and a little more."""
    kinds = {"configMap", "emptyDir", "secret", "projected", "downwardAPI"}
    for workload in rendered.workloads():
        name = workload["metadata"]["name"]
        pod = workload["spec"]["template"]["spec"]
        of_pod = pod.get("securityContext", {})
        for host in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(host):
                yield f"{name}: {host}"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name}: has a token for the API"
        for volume in pod.get("volumes", []):
            if not kinds & volume.keys():
                yield f"{name}: volume {volume['name']} is of a kind not allowed"
            if "sizeLimit" not in volume.get("emptyDir", {"sizeLimit": None}):
                yield f"{name}: volume {volume['name']} may fill the node's disk"
        for container in containers(workload):
            where = f"{name}/{container['name']}"
            context = {**of_pod, **container.get("securityContext", {})}
            if context.get("runAsNonRoot") is not True:
                yield f"{where}: may run as root"
            if not context.get("runAsUser"):
                yield f"{where}: no user, or root"
            if context.get("privileged"):
                yield f"{where}: is privileged"
            if context.get("allowPrivilegeEscalation") is not False:
                yield f"{where}: may gain privileges"
            if context.get("readOnlyRootFilesystem") is not True:
                yield f"{where}: may write to its root file system"
            if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
                yield f"{where}: no seccomp profile"
            if context.get("capabilities") != {"drop": ["ALL"]}:
                yield f"{where}: has capabilities"
            for port in container.get("ports", []):
                if "hostPort" in port:
                    yield f"{where}: takes a port of the node"


@rule
def containers_say_what_they_take(rendered):
    for workload in rendered.workloads():
        for container in containers(workload):
            where = f"{workload['metadata']['name']}/{container['name']}"
            resources = container.get("resources", {})
            requests = resources.get("requests", {})
            limits = resources.get("limits", {})
            if "cpu" not in requests:
                yield f"{where}: requests no cpu"
            if "memory" not in limits:
                yield f"{where}: no memory limit"
            if requests.get("memory") != limits.get("memory"):
                yield f"{where}: requests other memory than its limit"
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            if tag in ("", "latest"):
                yield f"{where}: its image has no version"


@rule
def selectors_find_something(rendered):
    for service in rendered.all("Service"):
        name = service["metadata"]["name"]
        found = rendered.selected(service["spec"]["selector"])
        if not found:
            yield f"Service {name} selects no pods"
        for workload in found:
            names = {p["name"] for c in containers(workload)
                     for p in c.get("ports", [])}
            for port in service["spec"]["ports"]:
                if port["targetPort"] not in names:
                    yield f"Service {name}: its pods have no port {port['name']}"
    for budget in rendered.all("PodDisruptionBudget"):
        if not rendered.selected(budget["spec"]["selector"]["matchLabels"]):
            yield "the PodDisruptionBudget selects no pods"
    for policy in rendered.all("NetworkPolicy"):
        if not rendered.selected(policy["spec"]["podSelector"]["matchLabels"]):
            yield f"NetworkPolicy {policy['metadata']['name']} selects no pods"
    for scaler in rendered.all("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        workload = rendered.named(target["kind"], target["name"])
        if workload is None:
            yield "the HorizontalPodAutoscaler scales nothing"
        elif "replicas" in workload["spec"]:
            yield "the Deployment has replicas beside its autoscaler"
        if scaler["spec"]["minReplicas"] < 2:
            yield "one replica is none during a disruption"
    for workload in rendered.workloads():
        name = workload["metadata"]["name"]
        if workload["spec"]["selector"]["matchLabels"] != labels_of(workload):
            yield f"{name}: its selector and its pods' labels differ"
        pod = workload["spec"]["template"]["spec"]
        for spread in pod.get("topologySpreadConstraints", []):
            if spread["labelSelector"]["matchLabels"] != labels_of(workload):
                yield f"{name}: spreads other pods than its own"


@rule
def selectors_are_of_this_project(rendered):
    """Charts of others name their pods "redis" too."""
    own = [labels_of(s.workload) for s in rendered.servers()]
    for name, selector in selectors(rendered):
        if selector not in own and selector.get(PART_OF) != "frontrunner":
            yield f"{name} selects pods of others: {selector}"


def selectors(rendered):
    """The labels that each object goes by, and the object's name."""
    for each in rendered.objects:
        name = f"{each['kind']} {each['metadata']['name']}"
        spec = each.get("spec", {})
        if each["kind"] == "Service":
            yield name, spec["selector"]
        for field in ("selector", "podSelector"):
            if "matchLabels" in spec.get(field, {}):
                yield name, spec[field]["matchLabels"]
    for policy in rendered.all("NetworkPolicy"):
        for selector, _ in peers(policy):
            yield f"NetworkPolicy {policy['metadata']['name']}", selector


def peers(policy):
    """The labels of the pods that it names at either end, with the ports."""
    for direction, end in (("ingress", "from"), ("egress", "to")):
        for allowed in policy["spec"].get(direction, []):
            for peer in allowed.get(end, []):
                if "matchLabels" in peer.get("podSelector", {}):
                    ports = {p["port"] for p in allowed["ports"]}
                    yield (peer["podSelector"]["matchLabels"],
                           ports if end == "to" else set())


@rule
def network_policies_name_pods_that_are_there(rendered):
    """With the pods' own ports: a Service's is translated before it is held
    against the policy."""
    for policy in rendered.all("NetworkPolicy"):
        name = policy["metadata"]["name"]
        for selector, ports in peers(policy):
            found = rendered.selected(selector)
            if not found:
                yield f"NetworkPolicy {name}: no pods are {selector}"
            for workload in found:
                theirs = {p["containerPort"] for c in containers(workload)
                          for p in c.get("ports", [])}
                if not ports <= theirs:
                    yield f"NetworkPolicy {name}: {ports} of {theirs}"


@rule
def the_monitor_finds_the_metrics(rendered):
    for monitor in rendered.all("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        ports = [port["name"] for s in rendered.all("Service")
                 if wanted.items() <= s["metadata"]["labels"].items()
                 for port in s["spec"]["ports"]]
        for endpoint in monitor["spec"]["endpoints"]:
            # Twice would be every pod's metrics twice.
            if ports.count(endpoint["port"]) != 1:
                yield "the ServiceMonitor does not find the port exactly once"


@rule
def probes_ask_the_http_port(rendered):
    # /healthz answers before lookups are served.
    paths = {"startupProbe": "/readyz", "livenessProbe": "/healthz",
             "readinessProbe": "/readyz"}
    for server in rendered.servers():
        ports = {p["name"]: p["containerPort"]
                 for p in server.container["ports"]}
        for probe, path in paths.items():
            asked = server.container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path:
                yield f"{probe} does not ask {path}"
            http = server.config["http_listen"]
            if ports.get(asked.get("port")) != port_of(http):
                yield f"{probe} does not ask the port of http_listen"


@rule
def ports_are_those_of_the_configuration(rendered):
    for server in rendered.servers():
        ports = {p["containerPort"] for p in server.container["ports"]}
        if ports != server.open_ports():
            yield f"ports {ports} of {server.open_ports()}"
        if port_of(server.config["http_listen"]) not in server.open_ports():
            yield "the kubelet does not reach http_listen"
        if not server.config["admin_listen"].startswith("127.0.0.1:"):
            yield "admin_listen is not the pod's own"


@rule
def the_grace_period_is_long_enough(rendered):
    for server in rendered.servers():
        drain = server.config["drain"]
        needed = (seconds(drain["lame_duck"]) + seconds(drain["grace"]) +
                  WATCHDOG)
        given = server.pod.get("terminationGracePeriodSeconds", 30)
        if given <= needed:
            yield f"{given} s to end, and it may take {needed} s"
        if "lifecycle" in server.container:
            yield "a hook, and there is no shell to run it"


@rule
def who_is_balanced_to_says_when_it_goes(rendered):
    """A drain that an operator began is seen while lookups are still served."""
    for server in rendered.servers():
        if not server.services:
            continue
        probe = server.container["readinessProbe"]
        seen = probe["periodSeconds"] * probe["failureThreshold"]
        if seen >= seconds(server.config["drain"]["lame_duck"]):
            yield f"unready after {seen} s, later than the lame duck"


@rule
def memory_has_room(rendered):
    """For all that the configuration admits."""
    for server in rendered.servers():
        needed = memory_needed(server.config)
        limits = server.container["resources"]["limits"]
        limit = size(limits.get("memory", 0))
        if needed > limit:
            yield (f"a limit of {limit >> 20} MiB where its configuration "
                   f"may take {needed / (1 << 20):.0f} MiB")


def memory_needed(config):
    """Bytes, by the guide's arithmetic."""
    fields = {**DEFAULTS, **config.get("limits", {}),
              **config.get("outstanding", {})}
    caches = sum(size(s["memory"].get("capacity", DEFAULTS["capacity"]))
                 for s in config["sources"].values() if "memory" in s)
    call = PER_CALL + size(fields["max_key"]) + 2 * size(fields["max_value"])
    waiters = fields["max_waiters"] * len(config["tables"])
    return (OWN + PER_CAPACITY * caches + fields["high"] * call +
            waiters * PER_WAITER)


@rule
def threads_are_the_containers(rendered):
    for server in rendered.servers():
        threads = server.config.get("server", {})
        for kind in ("edge_threads", "loop_threads"):
            if not threads.get(kind):
                yield f"{kind} are one for each core of the node"


@rule
def who_is_balanced_to_sends_callers_on(rendered):
    """Or pods that were added would not be met."""
    for server in rendered.servers():
        if (server.services and
                "max_connection_age" not in server.config["server"]):
            yield "callers stay for ever"


@rule
def files_are_where_it_may_write(rendered):
    for server in rendered.servers():
        paths = [a.removeprefix("unix:").rpartition("/")[0]
                 for a in server.config["listen"] if a.startswith("unix:")]
        paths += [server.config[f] for f in ("state_dir",)
                  if f in server.config]
        for path in paths:
            if path not in server.writable():
                yield f"{path} can't be written to"


@rule
def the_network_policy_lets_it_work(rendered):
    for server in rendered.servers():
        for policy in server.policies:
            types = policy["spec"]["policyTypes"]
            into = ports_of(policy, "ingress")
            if "Ingress" in types and into != server.open_ports():
                yield f"lets in to {into} of {server.open_ports()}"
            out = ports_of(policy, "egress")
            if "Egress" in types and out != server.source_ports() | {53}:
                yield f"lets out to {out} of {server.source_ports()} and DNS"
        types = {t for p in server.policies for t in p["spec"]["policyTypes"]}
        if "Ingress" not in types:
            yield "a server that anybody may reach"
        # Whom a sidecar's pod may reach is the app's business.
        if server.services and "Egress" not in types:
            yield "a server that may reach anybody"


def ports_of(policy, direction):
    return {port["port"] for r in policy["spec"].get(direction, [])
            for port in r["ports"]}


@rule
def a_sidecar_outlives_its_app(rendered):
    for server in rendered.servers():
        inits = server.pod.get("initContainers", [])
        if server.container not in inits:
            continue
        if server.container.get("restartPolicy") != "Always":
            yield "an init container that is no sidecar"
        users = {user_of(server.workload, c)
                 for c in server.at_its_sockets()}
        if len(users) > 1:
            yield "app and sidecar are different users of one socket"
        # Who takes the container over into a pod of their own has its guards.
        guards = {"runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile"}
        missing = guards - server.container["securityContext"].keys()
        if missing:
            yield f"a sidecar that leaves {sorted(missing)} to its pod"


@rule
def a_rollout_takes_nobody_away(rendered):
    for server in rendered.servers():
        if not server.services:
            continue
        update = server.workload["spec"].get("strategy", {})
        if update.get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield "a rollout stops pods before there are new ones"
        known = server.workload["spec"].get("minReadySeconds", 0)
        if known <= ASKED_AGAIN + NAMES_KEPT:
            yield "a rollout stops pods before clients know the new ones"


@rule
def a_configuration_is_rolled_out(rendered):
    """Its ConfigMap is named after its content."""
    for config in rendered.all("ConfigMap"):
        stem, _, end = config["metadata"]["name"].rpartition("-")
        if not stem or len(end) != 10:
            yield "a ConfigMap without a hash in its name"
