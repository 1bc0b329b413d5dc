"""Defaults of pods and pod templates (semantics/pod-on-docker.md 2): what the API server fills in where nothing is said.

Works in place on decoded trees. A pod gets a few defaults more than a template: requests from limits, host ports.
"""

from __future__ import annotations

import re
from typing import Any

from simulator.model.quantities import parse_quantity
from simulator.parser.structure import Tree


def set_pod_spec_defaults(spec: Tree) -> None:
    """Fill in a pod spec, of a pod or of a template."""
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:  # the old spelling is kept equal to the new one
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")
    for name in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(name) or ():
            _container(container)
    for volume in spec.get("volumes") or ():
        _volume(volume)
    _round_up(spec.get("overhead"))
    resources = spec.get("resources") or {}
    _round_up(resources.get("limits"))
    _round_up(resources.get("requests"))


def set_pod_defaults(spec: Tree) -> None:
    """Fill in the spec of a pod itself, after `set_pod_spec_defaults`."""
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            limits = container["resources"].get("limits")
            if limits:
                requests = container["resources"].setdefault("requests", {})
                for resource, amount in limits.items():
                    requests.setdefault(resource, amount)
    spec.setdefault("enableServiceLinks", True)
    if spec.get("hostNetwork"):
        for name in ("containers", "initContainers"):
            for container in spec.get(name) or ():
                for port in container.get("ports") or ():
                    if not port.get("hostPort"):
                        port["hostPort"] = port["containerPort"]


def default_pull_policy(image: str) -> str:
    """`Always` for the tag `latest`, written or implied, otherwise `IfNotPresent`."""
    return "Always" if _tag(image) == "latest" else "IfNotPresent"


def _tag(image: str) -> str:
    """The tag of an image reference, `latest` if it has neither tag nor digest, empty if it can't be read."""
    name, _, digest = image.partition("@")
    last = name.rpartition("/")[2]
    _, colon, tag = last.partition(":")
    if not _REFERENCE.fullmatch(image):
        return ""
    if colon and tag:
        return tag
    return "" if digest else "latest"


# The grammar of the reference library: domain, lower-case path, tag of up to 128 characters, digest.
_REFERENCE = re.compile(
    r"(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


def _container(container: Tree) -> None:
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = default_pull_policy(container.get("image", ""))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        _field_reference(source.get("fieldRef"))
        if "fileKeyRef" in source:
            source["fileKeyRef"].setdefault("optional", False)
    _round_up(container["resources"].get("limits"))
    _round_up(container["resources"].get("requests"))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is not None:
            _probe(probe)
    lifecycle = container.get("lifecycle") or {}
    for name in ("postStart", "preStop"):
        _http_get((lifecycle.get(name) or {}).get("httpGet"))


def _probe(probe: Tree) -> None:
    for field, default in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(field, default)
    _http_get(probe.get("httpGet"))
    if "grpc" in probe:
        probe["grpc"].setdefault("service", "")


def _http_get(action: Tree | None) -> None:
    if action is not None:
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")


def _field_reference(reference: Tree | None) -> None:
    if reference is not None:
        reference.setdefault("apiVersion", "v1")


def _volume(volume: Tree) -> None:
    if len(volume) == 1 and "name" in volume:
        volume["emptyDir"] = {}
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if name in volume:
            volume[name].setdefault("defaultMode", 0o644)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")
    if "image" in volume and not volume["image"].get("pullPolicy"):
        volume["image"]["pullPolicy"] = default_pull_policy(volume["image"].get("reference", ""))
    _downward_items(volume.get("downwardAPI"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        _downward_items(source.get("downwardAPI"))
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        if "podCertificate" in source:
            source["podCertificate"].setdefault("maxExpirationSeconds", 86400)
    if "ephemeral" in volume and volume["ephemeral"].get("volumeClaimTemplate"):
        claim = volume["ephemeral"]["volumeClaimTemplate"]["spec"]
        claim.setdefault("volumeMode", "Filesystem")
        _round_up((claim.get("resources") or {}).get("limits"))
        _round_up((claim.get("resources") or {}).get("requests"))
    _legacy_volume(volume)


_LEGACY_DEFAULTS: dict[str, dict[str, Any]] = {
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"fsType": "xfs", "storageMode": "ThinProvisioned"},
}


def _legacy_volume(volume: Tree) -> None:
    for name, defaults in _LEGACY_DEFAULTS.items():
        if name in volume:
            for field, default in defaults.items():
                volume[name].setdefault(field, default)


def _downward_items(source: Tree | None) -> None:
    for item in (source or {}).get("items") or ():
        _field_reference(item.get("fieldRef"))


def _round_up(amounts: dict[str, str] | None) -> None:
    """Nothing finer than a thousandth is kept; the rest is rounded up."""
    for resource, amount in (amounts or {}).items():
        quantity = parse_quantity(amount)
        if quantity.exponent < -3:
            amounts[resource] = parse_quantity(f"{quantity.milli()}m").text  # type: ignore[index]
