"""Validation of the storage systems of old, each a volume source of its own; kjsim runs none of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from simulator.model.labels import dns_label_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.names import in_range

Check = Callable[[Tree, Errors, str], None]

_INITIATORS = {
    "iqn": r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$",
    "eui": r"^eui.[A-Za-z0-9]{16}$",
    "naa": r"^naa.[A-Za-z0-9]{32}$",
}
_PAIRS = "must be a host:port pair or multiple pairs separated by commas"


def _requires(*fields: str) -> Check:
    """A source of which only some fields must be given."""

    def check(source: Tree, errors: Errors, path: str) -> None:
        for field in fields:
            if not source.get(field):
                errors.required(f"{path}.{field}")

    return check


def _disk(field: str) -> Check:
    def check(source: Tree, errors: Errors, path: str) -> None:
        if not source.get(field):
            errors.required(f"{path}.{field}")
        partition = source.get("partition", 0)
        if not 0 <= partition <= 255:
            errors.invalid(f"{path}.partition", partition, in_range(1, 255))

    return check


def _nfs(source: Tree, errors: Errors, path: str) -> None:
    _requires("server", "path")(source, errors, path)
    if not source.get("path", "").startswith("/"):
        errors.invalid(f"{path}.path", source.get("path", ""), "must be an absolute path")


def _iscsi(source: Tree, errors: Errors, path: str) -> None:
    _requires("targetPortal", "iqn")(source, errors, path)
    if source.get("iqn"):
        _initiator(source["iqn"], errors, f"{path}.iqn")
    lun = source.get("lun", 0)
    if not 0 <= lun <= 255:
        errors.invalid(f"{path}.lun", lun, in_range(0, 255))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and "secretRef" not in source:
        errors.required(f"{path}.secretRef")
    if source.get("initiatorName") is not None:
        _initiator(source["initiatorName"], errors, f"{path}.initiatorname")


def _initiator(name: str, errors: Errors, path: str) -> None:
    pattern = _INITIATORS.get(name[:3])
    if pattern is None:
        errors.invalid(path, name, "must be valid format starting with iqn, eui, or naa")
    elif not re.search(pattern, name, re.ASCII):
        errors.invalid(path, name, "must be valid format")


def _flocker(source: Tree, errors: Errors, path: str) -> None:
    name, uuid = source.get("datasetName", ""), source.get("datasetUUID", "")
    if not name and not uuid:
        errors.required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        errors.invalid(f"{path}.datasetName", name, "must not contain '/'")


def _cinder(source: Tree, errors: Errors, path: str) -> None:
    _requires("volumeID")(source, errors, path)
    _secret_reference(source, errors, path)


def _secret_reference(source: Tree, errors: Errors, path: str) -> None:
    if "secretRef" in source and not source["secretRef"].get("name"):
        errors.required(f"{path}.secretRef.name")


def _quobyte(source: Tree, errors: Errors, path: str) -> None:
    registry = source.get("registry", "")
    if not registry:
        errors.required(f"{path}.registry", _PAIRS)
    elif len(source.get("tenant", "").encode()) >= 65:
        errors.required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in registry.split(","):
            if not re.fullmatch(r"(\[[^\[\]]*\]|[^\[\]:]*):[^\[\]:]*", pair):
                errors.invalid(f"{path}.registry", registry, _PAIRS)
    if not source.get("volume"):
        errors.required(f"{path}.volume")


def _fc(source: Tree, errors: Errors, path: str) -> None:
    names, ids = source.get("targetWWNs") or [], source.get("wwids") or []
    if not names and not ids:
        errors.required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if names and ids:
        errors.invalid(f"{path}.targetWWNs", names, "targetWWNs and wwids can not be specified simultaneously")
    if names:
        lun = source.get("lun")
        if lun is None:
            errors.required(f"{path}.lun", "lun is required if targetWWNs is specified")
        elif not 0 <= lun <= 255:
            errors.invalid(f"{path}.lun", lun, in_range(0, 255))


def _flex(source: Tree, errors: Errors, path: str) -> None:
    _requires("driver")(source, errors, path)
    for key in sorted(source.get("options") or ()):
        if f".{key.partition('/')[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
            errors.invalid(f"{path}.options[{key}]", key, "kubernetes.io and k8s.io namespaces are reserved")


def _azure_disk(source: Tree, errors: Errors, path: str) -> None:
    _requires("diskName", "diskURI")(source, errors, path)
    uri, kind = source.get("diskURI", ""), source.get("kind")
    if source.get("cachingMode") is not None and source["cachingMode"] not in ("None", "ReadOnly", "ReadWrite"):
        errors.not_supported(f"{path}.cachingMode", source["cachingMode"], ["None", "ReadOnly", "ReadWrite"])
    if kind is not None and kind not in ("Dedicated", "Managed", "Shared"):
        errors.not_supported(f"{path}.kind", kind, ["Dedicated", "Managed", "Shared"])
    managed = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
    blob = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        errors.not_supported(f"{path}.diskURI", uri, [managed])
    elif kind is not None and kind != "Managed" and not uri.startswith("https://"):
        errors.not_supported(f"{path}.diskURI", uri, [blob])


def _storage_os(source: Tree, errors: Errors, path: str) -> None:
    name, namespace = source.get("volumeName", ""), source.get("volumeNamespace", "")
    if name:
        errors.each_invalid(f"{path}.volumeName", name, dns_label_errors(name))
    else:
        errors.required(f"{path}.volumeName")
    if namespace:
        errors.each_invalid(f"{path}.volumeNamespace", namespace, dns_label_errors(namespace))
    _secret_reference(source, errors, path)


LEGACY_CHECKS: dict[str, Check] = {
    "gcePersistentDisk": _disk("pdName"), "awsElasticBlockStore": _disk("volumeID"), "nfs": _nfs, "iscsi": _iscsi,
    "glusterfs": _requires("endpoints", "path"), "flocker": _flocker, "rbd": _requires("monitors", "image"),
    "cinder": _cinder, "cephfs": _requires("monitors"), "quobyte": _quobyte, "fc": _fc, "flexVolume": _flex,
    "azureFile": _requires("secretName", "shareName"), "vsphereVolume": _requires("volumePath"),
    "photonPersistentDisk": _requires("pdID"), "portworxVolume": _requires("volumeID"), "azureDisk": _azure_disk,
    "storageos": _storage_os, "scaleIO": _requires("gateway", "system", "volumeName"),
}  # fmt: skip
