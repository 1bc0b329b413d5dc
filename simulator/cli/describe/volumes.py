"""The volumes of a pod or pod template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simulator.cli.describe.page import Json, Page, write_annotations, write_labels
from simulator.model.quantities import QuantityError, parse_quantity


def write_volumes(page: Page, volumes: Sequence[Json], space: str = "") -> None:
    """The part `Volumes:`; a source that kubectl has no words for is `<unknown>`."""
    if not volumes:
        page.write(0, f"{space}Volumes:\t<none>\n")
        return
    page.write(0, f"{space}Volumes:\n")
    for volume in volumes:
        page.write(1, f"{' ' if space else ''}{volume.get('name') or ''}:\n")
        source = next((name for name in _SOURCES if volume.get(name) is not None), None)
        if source is None:
            page.write(1, "<unknown>\n")
        else:
            _SOURCES[source](page.nested(2), volume[source])


def _empty_dir(page: Page, source: Json) -> None:
    page.line(0, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)")
    page.line(0, "Medium", source.get("medium") or "")
    page.line(0, "SizeLimit", _positive(source.get("sizeLimit")))


def _positive(quantity: Any) -> str:
    try:
        parsed = parse_quantity(quantity)
    except QuantityError:
        return "<unset>"
    return parsed.text if parsed.value() > 0 else "<unset>"


def _config_map(page: Page, source: Json) -> None:
    page.line(0, "Type", "ConfigMap (a volume populated by a ConfigMap)")
    page.line(0, "Name", source.get("name") or "")
    page.line(0, "Optional", _truth(source.get("optional")))


def _secret(page: Page, source: Json) -> None:
    page.line(0, "Type", "Secret (a volume populated by a Secret)")
    page.line(0, "SecretName", source.get("secretName") or "")
    page.line(0, "Optional", _truth(source.get("optional")))


def _host_path(page: Page, source: Json) -> None:
    page.line(0, "Type", "HostPath (bare host directory volume)")
    page.line(0, "Path", source.get("path") or "")
    page.line(0, "HostPathType", "<none>" if source.get("type") is None else source["type"])


def _claim(page: Page, source: Json) -> None:
    page.line(0, "Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)")
    page.line(0, "ClaimName", source.get("claimName") or "")
    page.line(0, "ReadOnly", _truth(source.get("readOnly")))


def _downward_api(page: Page, source: Json) -> None:
    page.line(0, "Type", "DownwardAPI (a volume populated by information about the pod)")
    page.write(0, "Items:\n")
    for item in source.get("items") or ():
        for reference, field in (("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")):
            if item.get(reference) is not None:
                page.write(1, f"{item[reference].get(field) or ''} -> {item.get('path') or ''}\n")


def _projected(page: Page, source: Json) -> None:
    page.line(0, "Type", "Projected (a volume that contains injected data from multiple sources)")
    for part in source.get("sources") or ():
        if part.get("secret") is not None:
            page.line(0, "SecretName", part["secret"].get("name") or "")
            page.line(0, "Optional", _truth(part["secret"].get("optional")))
        elif part.get("downwardAPI") is not None:
            page.line(0, "DownwardAPI", "true")
        elif part.get("configMap") is not None:
            page.line(0, "ConfigMapName", part["configMap"].get("name") or "")
            page.line(0, "Optional", _truth(part["configMap"].get("optional")))
        elif part.get("serviceAccountToken") is not None:
            page.line(0, "TokenExpirationSeconds", part["serviceAccountToken"].get("expirationSeconds") or 0)


def _nfs(page: Page, source: Json) -> None:
    page.line(0, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)")
    page.line(0, "Server", source.get("server") or "")
    page.line(0, "Path", source.get("path") or "")
    page.line(0, "ReadOnly", _truth(source.get("readOnly")))


def _ephemeral(page: Page, source: Json) -> None:
    page.line(0, "Type", "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)")
    template = source.get("volumeClaimTemplate")
    if template is None:
        return
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    page.line(0, "StorageClass", spec.get("storageClassName") or "")
    page.line(0, "Volume", spec.get("volumeName") or "")
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
    page.line(0, "Capacity", "")  # of the claim's status, which a template has not
    page.line(0, "Access Modes", "")
    if spec.get("volumeMode") is not None:
        page.line(0, "VolumeMode", spec["volumeMode"])


def _csi(page: Page, source: Json) -> None:
    page.line(0, "Type", "CSI (a Container Storage Interface (CSI) volume source)")
    page.line(0, "Driver", source.get("driver") or "")
    page.line(0, "FSType", source.get("fsType") or "")
    page.line(0, "ReadOnly", _truth(source.get("readOnly")))
    write_labels(page, "VolumeAttributes", source.get("volumeAttributes"))


def _image(page: Page, source: Json) -> None:
    page.line(0, "Type", "Image (a container image or OCI artifact)")
    page.line(0, "Reference", source.get("reference") or "")
    page.line(0, "PullPolicy", source.get("pullPolicy") or "")


def _truth(value: Any) -> str:
    return "true" if value else "false"


_SOURCES: dict[str, Callable[[Page, Json], None]] = {
    "hostPath": _host_path,
    "emptyDir": _empty_dir,
    "secret": _secret,
    "configMap": _config_map,
    "nfs": _nfs,
    "persistentVolumeClaim": _claim,
    "ephemeral": _ephemeral,
    "downwardAPI": _downward_api,
    "projected": _projected,
    "csi": _csi,
    "image": _image,
}
