"""Values that a pod takes from itself: `fieldRef` and `resourceFieldRef`. Source: semantics/pod-on-docker.md 2.2."""

from __future__ import annotations

import re

from simulator.model.kubernetes import core_v1
from simulator.model.quantities import Quantity, parse_quantity
from simulator.pods.resources import (
    all_containers,
    amounts,
    has_pod_resources,
    limits_of,
    pod_limits_as_written,
)
from simulator.pods.sources import ConfigError, Placement

_SUBSCRIPT = re.compile(r"(.*)\['(.*)'\]", re.DOTALL)
_NAME_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", re.ASCII)
_NAME_PART_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_PREFIX_TEXT = (
    "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_KNOWN_ELSEWHERE = frozenset({"spec.restartPolicy", "spec.schedulerName", "spec.hostNetwork", "status.phase"})
_NODE_STANDS_IN = ("cpu", "memory", "ephemeral-storage")


def needs_pod_ip(pod: core_v1.Pod) -> bool:
    """Whether any container's environment shows the pod's own address."""
    return any(
        variable.valueFrom is not None
        and variable.valueFrom.fieldRef is not None
        and variable.valueFrom.fieldRef.fieldPath in ("status.podIP", "status.podIPs")
        for container in all_containers(pod)
        for variable in container.env or ()
    )


def field_value(pod: core_v1.Pod, reference: core_v1.ObjectFieldSelector, placement: Placement) -> str:
    """The value of a `fieldRef` in an environment; raises ConfigError."""
    if reference.apiVersion != "v1":
        raise ConfigError(f"unsupported pod version: {reference.apiVersion or ''}")
    path = reference.fieldPath
    match = _SUBSCRIPT.fullmatch(path)
    if match is not None:
        return _subscripted(pod, path, match[1], match[2])
    assert pod.metadata is not None
    assert pod.spec is not None
    match path:
        case "metadata.name":
            return pod.metadata.name or ""
        case "metadata.namespace":
            return pod.metadata.namespace or ""
        case "metadata.uid":
            return pod.metadata.uid or ""
        case "spec.nodeName" | "spec.host":
            return pod.spec.nodeName or ""
        case "spec.serviceAccountName":
            return pod.spec.serviceAccountName or ""
        case "status.hostIP":
            return placement.host_ips[0] if placement.host_ips else ""
        case "status.hostIPs":
            return ",".join(placement.host_ips)
        case "status.podIP":
            return ",".join(_pod_ips(placement)[:1])
        case "status.podIPs":
            return ",".join(_pod_ips(placement))
    if path in _KNOWN_ELSEWHERE:
        raise ConfigError(f"unsupported fieldPath: {path}")
    raise ConfigError(f"field label not supported: {path}")


def _pod_ips(placement: Placement) -> list[str]:
    """The pod's addresses, first those of the family of the node's first address."""
    is_first_v6 = ":" in (placement.host_ips[0] if placement.host_ips else "")
    return sorted(placement.pod_ips, key=lambda address: (":" in address) != is_first_v6)


def _subscripted(pod: core_v1.Pod, path: str, field: str, key: str) -> str:
    assert pod.metadata is not None
    if field == "metadata.annotations":
        _check_key(path, key.lower())
        annotations: dict[str, str] = pod.metadata.annotations or {}
        return annotations.get(key, "")
    if field == "metadata.labels":
        _check_key(path, key)
        labels: dict[str, str] = pod.metadata.labels or {}
        return labels.get(key, "")
    raise ConfigError(f"field label does not support subscript: {path}")


def _check_key(path: str, key: str) -> None:
    """Raise ConfigError unless `key` is a qualified name."""
    prefix, slash, name = key.rpartition("/")
    problems = []
    if slash:
        if not prefix:
            problems.append("prefix part must be non-empty")
        elif not _PREFIX.fullmatch(prefix):
            problems.append(_PREFIX_TEXT)
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _NAME_PART.fullmatch(name):
        problems.append(f"name part {_NAME_PART_TEXT}")
    if problems:
        raise ConfigError(f"invalid key subscript in {path}: {';'.join(problems)}")


def resource_value(
    pod: core_v1.Pod,
    container: core_v1.Container,
    reference: core_v1.ResourceFieldSelector,
    placement: Placement,
    *,
    is_volume: bool = False,
) -> str:
    """The value of a `resourceFieldRef` in the environment of `container`; raises ConfigError.

    `is_volume`: it is for a file; limits of the pod as a whole are not looked at there.
    """
    assert pod.spec is not None
    name = reference.containerName or container.name
    target = next((item for item in all_containers(pod) if item.name == name), None)
    if target is None:
        raise ConfigError(f"container {name} not found")
    kind, _, resource = reference.resource.partition(".")
    if kind not in ("limits", "requests") or not (resource in _NODE_STANDS_IN or resource.startswith("hugepages-")):
        raise ConfigError(f"unsupported container resource : {reference.resource}")
    divisor = parse_quantity(reference.divisor) if reference.divisor else None
    if kind == "requests":
        amount = amounts(target.resources.requests if target.resources else None).get(resource)
    else:
        amount = limits_of(target).get(resource)
        is_main = any(item.name == name for item in pod.spec.containers)
        if (amount is None or not amount.unscaled) and (is_main or name == container.name):
            amount = _limit_in_its_place(pod, resource, placement, is_volume)
    return str(_divided(amount, divisor, resource))


def _limit_in_its_place(pod: core_v1.Pod, resource: str, placement: Placement, is_volume: bool) -> Quantity | None:
    """The pod's own limit, else what the node can give."""
    if resource not in _NODE_STANDS_IN:
        return None
    if has_pod_resources(pod) and not is_volume:
        whole = pod_limits_as_written(pod).get(resource)
        if whole is not None and whole.unscaled:
            return whole
    return placement.allocatable.get(resource)


def _divided(amount: Quantity | None, divisor: Quantity | None, resource: str) -> int:
    """`amount / divisor`, rounded up."""
    if amount is None:
        return 0
    if divisor is None or not divisor.unscaled:
        divisor = parse_quantity("1")
    if resource == "cpu":
        return -(-amount.milli() // divisor.milli())
    return -(-amount.value() // divisor.value())
