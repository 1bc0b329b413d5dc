"""The tables of what Jobs meet in a cluster: nodes, services, claims. kjsim stores none of them, but may be shown some."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.api.tables.ages import age
from simulator.api.tables.column import Column

Json = dict[str, Any]

_NAME = Column("Name", format="name")
NODE_COLUMNS = (
    _NAME,
    Column("Status"),
    Column("Roles"),
    Column("Age"),
    Column("Version"),
    Column("Internal-IP", priority=1),
    Column("External-IP", priority=1),
    Column("OS-Image", priority=1),
    Column("Kernel-Version", priority=1),
    Column("Container-Runtime", priority=1),
)
SERVICE_COLUMNS = (
    _NAME,
    Column("Type"),
    Column("Cluster-IP"),
    Column("External-IP"),
    Column("Port(s)"),
    Column("Age"),
    Column("Selector", priority=1),
)
CLAIM_COLUMNS = (
    _NAME,
    Column("Status"),
    Column("Volume"),
    Column("Capacity"),
    Column("Access Modes"),
    Column("StorageClass"),
    Column("VolumeAttributesClass"),
    Column("Age"),
    Column("VolumeMode", priority=1),
)

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_ACCESS_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def node_cells(node: Json, now: datetime) -> list[Any]:
    """The cells of one node."""
    metadata, spec, status = node.get("metadata") or {}, node.get("spec") or {}, node.get("status") or {}
    info = status.get("nodeInfo") or {}
    kernel, architecture = info.get("kernelVersion") or "<unknown>", info.get("architecture")
    return [
        metadata.get("name") or "",
        _node_status(spec, status),
        _roles(metadata.get("labels") or {}),
        age(metadata.get("creationTimestamp"), now),
        info.get("kubeletVersion") or "",
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        f"{kernel} ({architecture})" if architecture else kernel,
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_status(spec: Json, status: Json) -> str:
    words = ["Unknown"]
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready":  # the last one counts
            words = ["Ready" if condition.get("status") == "True" else "NotReady"]
    return ",".join([*words, "SchedulingDisabled"] if spec.get("unschedulable") else words)


def _roles(labels: dict[str, str]) -> str:
    roles = {label.removeprefix(_ROLE_PREFIX) for label in labels if label.startswith(_ROLE_PREFIX)}
    roles.add(labels.get(_ROLE_LABEL, ""))
    return ",".join(sorted(roles - {""})) or "<none>"


def _address(status: Json, kind: str) -> str:
    addresses = status.get("addresses") or ()
    return next((address.get("address") or "" for address in addresses if address.get("type") == kind), "<none>")


def service_cells(service: Json, now: datetime) -> list[Any]:
    """The cells of one service."""
    metadata, spec = service.get("metadata") or {}, service.get("spec") or {}
    selector = ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items()))
    return [
        metadata.get("name") or "",
        spec.get("type") or "",
        next(iter(spec.get("clusterIPs") or ()), "<none>"),
        _external_address(service),
        ",".join(_port(port) for port in spec.get("ports") or ()) or "<none>",
        age(metadata.get("creationTimestamp"), now),
        selector or "<none>",
    ]


def _external_address(service: Json) -> str:
    spec = service.get("spec") or {}
    external = list(spec.get("externalIPs") or ())
    match spec.get("type"):
        case "ClusterIP" | "NodePort":
            return ",".join(external) or "<none>"
        case "LoadBalancer":
            ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
            balancers = [entry.get("ip") or entry.get("hostname") or "" for entry in ingress]
            return ",".join([*(address for address in balancers if address), *external]) or "<pending>"
        case "ExternalName":
            return spec.get("externalName") or ""
    return "<unknown>"


def _port(port: Json) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port') or 0}{node_port}/{port.get('protocol') or ''}"


def claim_cells(claim: Json, now: datetime) -> list[Any]:
    """The cells of one persistent volume claim; capacity and access modes are those of the bound volume."""
    metadata, spec, status = claim.get("metadata") or {}, claim.get("spec") or {}, claim.get("status") or {}
    bound = bool(spec.get("volumeName"))
    attributes_class, mode = spec.get("volumeAttributesClassName"), spec.get("volumeMode")
    old_class = (metadata.get("annotations") or {}).get(_CLASS_ANNOTATION)
    return [
        metadata.get("name") or "",
        "Terminating" if metadata.get("deletionTimestamp") else status.get("phase") or "",
        spec.get("volumeName") or "",
        (status.get("capacity") or {}).get("storage", "0") if bound else "",
        _access_modes(status.get("accessModes") or ()) if bound else "",
        (spec.get("storageClassName") or "") if old_class is None else old_class,
        "<unset>" if attributes_class is None else attributes_class,
        age(metadata.get("creationTimestamp"), now),
        "<unset>" if mode is None else mode,
    ]


def _access_modes(modes: Any) -> str:
    return ",".join(short for mode, short in _ACCESS_MODES.items() if mode in modes)
