"""Fields that are accepted but can't be honoured on one machine: one sentence for each that is set, naming its path.

Never silence: whoever adds support for a field takes it from the table here, and README's field table with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.parser.decoding import decode
from simulator.parser.pod_paths import pod_spec_of, template_path
from simulator.parser.structure import Tree

_NO_NODES = "kjsim has one node, and every pod runs there"
_NO_STORAGE = "not available on one machine: an empty directory stands in for it"

_POD_FIELDS = {
    "affinity": f"ignored: {_NO_NODES}",
    "nodeSelector": f"ignored: {_NO_NODES}",
    "nodeName": f"ignored: {_NO_NODES}",
    "tolerations": f"ignored: {_NO_NODES}, without taints",
    "topologySpreadConstraints": f"ignored: {_NO_NODES}",
    "schedulerName": "ignored: there is no scheduler to choose",
    "priorityClassName": "ignored: pods are not ranked",
    "priority": "ignored: pods are not ranked",
    "preemptionPolicy": "ignored: pods are not ranked",
    "schedulingGates": "ignored: pods start at once",
    "schedulingGroup": "ignored: pods are not scheduled in groups",
    "runtimeClassName": "ignored: containers run with the engine's default runtime",
    "overhead": "ignored: containers run with the engine's default runtime",
    "readinessGates": "ignored: nobody sets these conditions",
    "resourceClaims": "ignored: there are no device drivers",
    "resources": "not enforced: only the resources of containers are",
    "ephemeralContainers": "ignored: ephemeral containers are not run",
    "serviceAccountName": "ignored: there are no service accounts",
    "serviceAccount": "ignored: there are no service accounts",
    "hostUsers": "ignored: the engine's user namespace is used",
    "os": "ignored: containers are Linux containers",
}
_DEFAULTS: dict[str, Any] = {"schedulerName": "default-scheduler", "hostUsers": True}

_POD_SECURITY_FIELDS = {
    "fsGroupChangePolicy": "ignored: the group of a volume's files is always set",
    "seLinuxChangePolicy": "ignored: volumes are not relabelled",
    "supplementalGroupsPolicy": "ignored: groups of the image are always merged",
    "windowsOptions": "ignored: containers are Linux containers",
}
_CONTAINER_SECURITY_FIELDS = {"windowsOptions": "ignored: containers are Linux containers"}
_CONTAINER_FIELDS = {
    "livenessProbe": "not run yet",
    "readinessProbe": "not run yet",
    "startupProbe": "not run yet",
    "resizePolicy": "ignored: resources are not changed while a container runs",
    "volumeDevices": "ignored: there are no block devices",
}
_HOOK_FIELDS = {
    "httpGet": "not run: only exec and sleep hooks are",
    "tcpSocket": "not run: only exec and sleep hooks are",
}
_SUPPORTED_VOLUMES = frozenset(
    ("name", "emptyDir", "hostPath", "configMap", "secret", "downwardAPI", "projected", "persistentVolumeClaim", "ephemeral")
)
_PROJECTED = {
    "serviceAccountToken": "a placeholder is written: there are no service accounts, and no API server accepts it",
    "clusterTrustBundle": "ignored: there are no trust bundles, so nothing is written",
    "podCertificate": "ignored: there is no certificate signer, so nothing is written",
}


def unsupported_fields(obj: Tree) -> list[str]:
    """A sentence for each field of a manifest that has no effect here: `PATH: WHY`. Its structure must be right."""
    spec = pod_spec_of(decode(obj))
    if spec is None:
        return []
    path = template_path(obj["kind"])
    return list(_pod_fields(spec, f"{path}.spec" if path else "spec"))


def _pod_fields(spec: Tree, path: str) -> Iterator[str]:
    yield from _set_fields(spec, _POD_FIELDS, path)
    yield from _set_fields(spec.get("securityContext"), _POD_SECURITY_FIELDS, f"{path}.securityContext")
    for index, volume in enumerate(spec.get("volumes") or ()):
        for name in volume:
            if name not in _SUPPORTED_VOLUMES:
                yield f"{path}.volumes[{index}].{name}: {_NO_STORAGE}"
        for position, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            yield from _set_fields(source, _PROJECTED, f"{path}.volumes[{index}].projected.sources[{position}]")
    for name in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(name) or ()):
            yield from _container_fields(container, f"{path}.{name}[{index}]")


def _container_fields(container: Tree, path: str) -> Iterator[str]:
    yield from _set_fields(container, _CONTAINER_FIELDS, path)
    for hook, handler in (container.get("lifecycle") or {}).items():
        yield from _set_fields(handler if isinstance(handler, dict) else None, _HOOK_FIELDS, f"{path}.lifecycle.{hook}")
    yield from _set_fields(container.get("securityContext"), _CONTAINER_SECURITY_FIELDS, f"{path}.securityContext")
    resources = container.get("resources") or {}
    for kind in ("limits", "requests"):
        for resource in sorted(resources.get(kind) or ()):
            if resource not in ("cpu", "memory"):
                yield f"{path}.resources.{kind}[{resource}]: ignored: only cpu and memory are enforced"
    if resources.get("claims"):
        yield f"{path}.resources.claims: ignored: there are no device drivers"


def _set_fields(holder: Tree | None, table: dict[str, str], path: str) -> Iterator[str]:
    for name, why in table.items():
        value = (holder or {}).get(name)
        if value not in (None, "", [], {}) and value != _DEFAULTS.get(name, _NEVER):
            yield f"{path}.{name}: {why}"


_NEVER = object()
