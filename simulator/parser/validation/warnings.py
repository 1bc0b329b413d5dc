"""Warnings: what the API server accepts but finds worth a word (semantics/job.md 3, cronjob.md 2)."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.model.labels import dns_label_errors, label_value_errors
from simulator.model.quantities import parse_quantity
from simulator.model.quoting import go_quoted
from simulator.parser.structure import Tree
from simulator.parser.validation.pod_annotations import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD
from simulator.parser.validation.security import containers_with_paths

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_OLD_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}
_OLD_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_OLD_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_OLD_VOLUMES = {
    "photonPersistentDisk": ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    "gitRepo": ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    "scaleIO": ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    "flocker": ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    "storageos": ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    "quobyte": ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    "glusterfs": ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    "cephfs": ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    "rbd": ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
}
_NO_POD = "a null labelSelector results in matching no pod"


def name_warnings(name: str) -> Iterator[str]:
    """A Job's or CronJob's name goes into names and hostnames of pods."""
    problems = dns_label_errors(name)
    if problems:
        yield (
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(problems)}]"
        )


def job_spec_warnings(spec: Tree, path: str) -> Iterator[str]:
    """Those of a JobSpec and of its pod template."""
    large = (spec.get("completions") or 0) > 100_000 and (spec.get("parallelism") or 0) > 10_000
    if spec.get("completionMode") == "Indexed" and large:
        yield (
            f"{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
            "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        )
    yield from pod_warnings(spec.get("template") or {}, f"{path}.template.")


def pod_warnings(pod: Tree, path: str) -> Iterator[str]:
    """Those of a pod or pod template; `path` is empty, or ends with a dot."""
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    where = f"{path}spec"
    yield from _node_labels(spec, where)
    for key, text in _OLD_ANNOTATIONS.items():
        if key in annotations:
            yield f"{path}metadata.annotations[{key}]: {text}"
    yield from _volumes(spec.get("volumes") or [], f"{where}.volumes")
    yield from _doubles(spec, where)
    for resource in ("memory", "ephemeral-storage"):
        yield from _fraction(spec.get("overhead"), resource, f"{where}.overhead")
    if (spec.get("securityContext") or {}).get("seccompProfile") is None and SECCOMP_POD in annotations:
        yield f"{path}metadata.annotations[{SECCOMP_POD}]: {_OLD_SECCOMP}"
    for container, container_path in containers_with_paths(spec, where):
        yield from _container(container, container_path, spec, annotations, path)
    yield from _ports(spec, where)
    yield from _port_names(spec, where)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        yield f"{where}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
    yield from _pod_terms(spec.get("affinity") or {}, f"{where}.affinity")
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from _address(server, f"{where}.dnsConfig.nameservers[{index}]")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from _address(alias.get("ip", ""), f"{where}.hostAliases[{index}].ip")


def _node_labels(spec: Tree, path: str) -> Iterator[str]:
    for key in sorted(spec.get("nodeSelector") or ()):
        if key in _OLD_NODE_LABELS:
            yield f"{path}.nodeSelector[{key}]: {_OLD_NODE_LABELS[key]}"
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    for index, term in enumerate((node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from _term(term, f"{path}.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms[{index}]", check_values=False)
    for index, preferred in enumerate(node.get(_PREFERRED) or ()):
        where = f"{path}.affinity.nodeAffinity.{_PREFERRED}[{index}].preference"
        yield from _term(preferred.get("preference") or {}, where, check_values=True)
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        where, key = f"{path}.topologySpreadConstraints[{index}]", constraint.get("topologyKey", "")
        if key in _OLD_NODE_LABELS:
            yield f"{where}.topologyKey: {key} is {_OLD_NODE_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{where}.labelSelector: {_NO_POD}"


def _term(term: Tree, path: str, check_values: bool) -> Iterator[str]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        where, key = f"{path}.matchExpressions[{index}]", expression.get("key", "")
        if key in _OLD_NODE_LABELS:
            yield f"{where}.key: {key} is {_OLD_NODE_LABELS[key]}"
        for position, value in enumerate(expression.get("values") or () if check_values else ()):
            for problem in label_value_errors(value):
                yield f"{where}.values[{position}]: {value} is invalid, {problem}"


def _volumes(volumes: list[Tree], path: str) -> Iterator[str]:
    for index, volume in enumerate(volumes):
        for name, (shown, text) in _OLD_VOLUMES.items():
            if name in volume:
                yield f"{path}[{index}].{shown}: {text}"
        claim = ((volume.get("ephemeral") or {}).get("volumeClaimTemplate") or {}).get("spec") or {}
        for kind in ("requests", "limits"):
            amounts = (claim.get("resources") or {}).get(kind)
            where = f"{path}[{index}].ephemeral.volumeClaimTemplate.spec.resources.{kind}"
            yield from _fraction(amounts, "storage", where)
    yield from _overlaps(volumes)


def _overlaps(volumes: list[Tree]) -> Iterator[str]:
    """Files of a volume that are in each other's way: the same path, or one inside of the other."""
    for volume in volumes:
        name = go_quoted(volume.get("name", ""))
        for kind, shown, name_field in _FILE_VOLUMES:
            source = volume.get(kind) or {}
            label = f"{shown} {go_quoted(source.get(name_field, ''))}" if name_field else shown
            files = [(item.get("path", ""), "") for item in source.get("items") or ()]
            yield from _overlapping(files, [], f"volume {name} ({label}): overlapping paths")
        known: list[tuple[str, str]] = []
        for source in (volume.get("projected") or {}).get("sources") or ():
            if source:
                yield from _overlapping(_projected_files(source), known, f"volume {name} (Projected): overlapping paths")
            else:
                yield f"volume {name} (Projected) has no sources provided"


_FILE_VOLUMES = (
    ("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", ""),
)  # fmt: skip


def _projected_files(source: Tree) -> list[tuple[str, str]]:
    """The paths of one source of a projected volume, each with the words for where it comes from."""
    for kind, shown, name_field in _FILE_VOLUMES:
        items = (source.get(kind) or {}).get("items")
        if items:
            label = f"{shown} {go_quoted(source[kind].get('name', ''))}" if name_field else shown
            return [(item.get("path", ""), label) for item in items]
    if "serviceAccountToken" in source:
        return [(source["serviceAccountToken"].get("path", ""), "ServiceAccountToken")]
    if "clusterTrustBundle" in source:
        bundle = source["clusterTrustBundle"]
        name = bundle.get("name") or bundle.get("signerName") or ""
        return [(bundle.get("path", ""), f"ClusterTrustBundle {go_quoted(name)}")]
    certificate = source.get("podCertificate") or {}
    parts = (("certificateChainPath", "chain"), ("keyPath", "key"), ("credentialBundlePath", "credential bundle"))
    return [(certificate[field], f"PodCertificate {part}") for field, part in parts if certificate.get(field)]


def _overlapping(files: list[tuple[str, str]], known: list[tuple[str, str]], title: str) -> Iterator[str]:
    """Compare each file with those known before it, and add it to them."""
    for path, label in files:
        file = (path.rstrip("/"), label)
        for other in known:
            one, two = f"{file[0]}/", f"{other[0]}/"
            if file[0] and other[0] and (one.startswith(two) or two.startswith(one)):
                yield f"{title}: {_file_text(file)} with {_file_text(other)}"
        known.append(file)


def _file_text(file: tuple[str, str]) -> str:
    return f"{go_quoted(file[0])} ({file[1]})" if file[1] else go_quoted(file[0])


def _doubles(spec: Tree, path: str) -> Iterator[str]:
    for field, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for index, item in enumerate(spec.get(field) or ()):
            value = item.get(key, "")
            if value in seen:
                yield f"{path}.{field}[{index}].{key}: duplicate {key} {go_quoted(value)}"
            seen.add(value)
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'


def _fraction(amounts: dict[str, str] | None, resource: str, path: str) -> Iterator[str]:
    if resource in (amounts or {}):
        amount = parse_quantity(amounts[resource])  # type: ignore[index]
        if amount.milli() % 1000:
            yield f"{path}[{resource}]: fractional byte value {go_quoted(str(amount))} is invalid, must be an integer"


def _container(container: Tree, path: str, spec: Tree, annotations: dict[str, str], prefix: str) -> Iterator[str]:
    context, name = container.get("securityContext") or {}, container.get("name", "")
    if context.get("seccompProfile") is None and SECCOMP_CONTAINER + name in annotations:
        yield f"{prefix}metadata.annotations[{SECCOMP_CONTAINER}{name}]: {_OLD_SECCOMP}"
    has_profile = "appArmorProfile" in (spec.get("securityContext") or {}) or "appArmorProfile" in context
    if prefix and not has_profile and APP_ARMOR + name in annotations:
        text = 'deprecated since v1.30; use the "appArmorProfile" field instead'
        yield f"{prefix}metadata.annotations[{APP_ARMOR}{name}]: {text}"
    resources = container.get("resources") or {}
    for resource in ("memory", "ephemeral-storage"):
        for kind in ("limits", "requests"):
            yield from _fraction(resources.get(kind), resource, f"{path}.resources.{kind}")
    seen: set[str] = set()
    for index, variable in enumerate(container.get("env") or ()):
        key = variable.get("name", "")
        reference = f"$({key})"
        value = variable.get("value", "")
        keeps_old = variable.get("valueFrom") is None and reference in value and value != reference
        if key in seen and not keeps_old:
            hides = f"hides previous definition of {go_quoted(key)}, which may be dropped when using apply"
            yield f"{path}.env[{index}]: {hides}"
        seen.add(key)


def _ports(spec: Tree, path: str) -> Iterator[str]:
    known: dict[tuple[int, str], list[tuple[str, Tree]]] = {}
    for container, container_path in containers_with_paths(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            where = f"{container_path}.ports[{index}]"
            host_ip, host_port = port.get("hostIP", ""), port.get("hostPort", 0)
            number, protocol = port.get("containerPort", 0), port.get("protocol", "")
            if host_ip and not host_port:
                shown = (
                    f"{{Name:{port.get('name', '')} HostPort:0 ContainerPort:{number} Protocol:{protocol} HostIP:{host_ip}}}"
                )
                yield f"{where}: hostIP set without hostPort: {shown}"
            others = known.setdefault((number, protocol), [])
            for other_path, other in others:
                other_ip, other_port = other.get("hostIP", ""), other.get("hostPort", 0)
                if (host_ip, host_port) == (other_ip, other_port):
                    yield f"{where}: duplicate port definition with {other_path}"
                elif not host_port or not other_port:
                    yield f"{where}: overlapping port definition with {other_path}"
                elif host_port == other_port and (not host_ip) != (not other_ip):
                    yield f"{where}: dangerously ambiguous port definition with {other_path}"
            others.append((where, port))


def _port_names(spec: Tree, path: str) -> Iterator[str]:
    first: dict[str, str] = {}
    for container, container_path in containers_with_paths(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            where, name = f"{container_path}.ports[{index}]", port.get("name", "")
            if name in first:
                chosen = f"services and probes that select ports by name will use {first[name]}"
                yield f"{where}: duplicate port name {go_quoted(name)} with {first[name]}, {chosen}"
            elif name:
                first[name] = where


def _pod_terms(affinity: Tree, path: str) -> Iterator[str]:
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        for index, term in enumerate(terms.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{path}.{name}.{_REQUIRED}[{index}].labelSelector: {_NO_POD}"
        for index, weighted in enumerate(terms.get(_PREFERRED) or ()):
            if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{path}.{name}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector: {_NO_POD}"


def _address(text: str, path: str) -> Iterator[str]:
    from ipaddress import AddressValueError, IPv6Address

    try:
        canonical = str(IPv6Address(text))
    except AddressValueError:
        return
    if canonical != text:
        yield f"{path}: IPv6 address {go_quoted(text)} should be in RFC 5952 canonical format ({go_quoted(canonical)})"
