"""Validation of a pod's volumes: exactly one source each, and the rules of each source."""

from __future__ import annotations

from collections.abc import Callable

from simulator.model.labels import dns_label_errors, dns_subdomain_errors, label_key_errors
from simulator.model.quantities import parse_quantity
from simulator.parser.structure import Tree
from simulator.parser.validation.environment import validate_field_reference, validate_resource_reference
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.legacy_volumes import LEGACY_CHECKS
from simulator.parser.validation.metadata import validate_annotations, validate_label_selector, validate_labels
from simulator.parser.validation.paths import (
    validate_descending,
    validate_file_mode,
    validate_no_backsteps,
    validate_not_reserved,
)

_HOST_PATH_TYPES = [
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
]  # fmt: skip
_VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

# In the server's order, each with the name that errors give it where that differs from the field's: when it is one too
# many, and for what is inside of it.
_SOURCES: tuple[tuple[str, str, str], ...] = (
    ("emptyDir", "", ""), ("hostPath", "", ""), ("gitRepo", "", ""), ("gcePersistentDisk", "", "persistentDisk"),
    ("awsElasticBlockStore", "", ""), ("secret", "", ""), ("nfs", "", ""), ("iscsi", "", ""), ("glusterfs", "", ""),
    ("flocker", "", ""), ("persistentVolumeClaim", "", ""), ("rbd", "", ""), ("cinder", "", ""), ("cephfs", "cephFS", ""),
    ("quobyte", "", ""), ("downwardAPI", "downwarAPI", ""), ("fc", "", ""), ("flexVolume", "", ""), ("configMap", "", ""),
    ("azureFile", "", ""), ("vsphereVolume", "", ""), ("photonPersistentDisk", "", ""), ("portworxVolume", "", ""),
    ("azureDisk", "", ""), ("storageos", "", ""), ("projected", "", ""), ("scaleIO", "", ""), ("csi", "", ""),
    ("ephemeral", "", ""), ("image", "", ""),
)  # fmt: skip


def validate_volumes(volumes: list[Tree], pod_name: str, errors: Errors, path: str) -> dict[str, Tree]:
    """Check the volumes; the good ones by name come back, which is what mounts may refer to.

    `pod_name` is empty for a template.
    """
    claims = {f"{pod_name}-{volume.get('name', '')}" for volume in volumes if pod_name and "ephemeral" in volume}
    good: dict[str, Tree] = {}
    for index, volume in enumerate(volumes):
        where = f"{path}[{index}]"
        found = Errors()
        name = volume.get("name", "")
        _source(volume, pod_name, found, where)
        if name:
            found.each_invalid(f"{where}.name", name, dns_label_errors(name))
        else:
            found.required(f"{where}.name")
        if name in good:
            found.duplicate(f"{where}.name", name)
        if found:
            errors.extend(found)
        else:
            good[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        if claim in claims:
            detail = "must not reference a PVC that gets created for an ephemeral volume"
            errors.invalid(f"{where}.persistentVolumeClaim.claimName", claim, detail)
    return good


def _source(volume: Tree, pod_name: str, errors: Errors, path: str) -> None:
    count = 0
    for name, name_when_too_many, name_inside in _SOURCES:
        if name not in volume:
            continue
        if count:
            errors.forbidden(f"{path}.{name_when_too_many or name}", "may not specify more than 1 volume type")
        else:
            check = _CHECKS.get(name) or LEGACY_CHECKS.get(name)
            if check:
                check(volume[name], errors, f"{path}.{name_inside or name}")
            if name == "ephemeral" and pod_name and volume.get("name"):
                claim = f"{pod_name}-{volume['name']}"
                for problem in dns_subdomain_errors(claim):
                    errors.invalid(f"{path}.name", volume["name"], f'PVC name "{claim}": {problem}')
        if name == "iscsi" and volume["iscsi"].get("initiatorName") is not None:
            total = f"{volume.get('name', '')}:{volume['iscsi'].get('targetPortal', '')}"
            if len(total.encode()) > 64:
                detail = (
                    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
                    "if iscsi.initiatorName is specified."
                )
                errors.invalid(f"{path}.name", volume.get("name", ""), detail)
        count += 1
    if not count:
        errors.required(path, "must specify a volume type")


def _empty_dir(source: Tree, errors: Errors, path: str) -> None:
    limit = source.get("sizeLimit")
    if limit is not None and parse_quantity(limit) < parse_quantity("0"):
        errors.forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _host_path(source: Tree, errors: Errors, path: str) -> None:
    if not source.get("path"):
        errors.required(f"{path}.path")
        return
    validate_no_backsteps(source["path"], errors, f"{path}.path")
    if source.get("type") is not None and source["type"] not in _HOST_PATH_TYPES:
        errors.not_supported(f"{path}.type", source["type"], _HOST_PATH_TYPES)


def _git_repo(source: Tree, errors: Errors, path: str) -> None:
    if not source.get("repository"):
        errors.required(f"{path}.repository")
    validate_descending(source.get("directory", ""), errors, f"{path}.directory")


def _keys(source: Tree, name_field: str, errors: Errors, path: str) -> None:
    if not source.get(name_field):
        errors.required(f"{path}.{name_field}")
    validate_file_mode(source.get("defaultMode"), errors, f"{path}.defaultMode")
    for index, item in enumerate(source.get("items") or ()):
        _key_to_path(item, errors, f"{path}.items[{index}]")


def _secret(source: Tree, errors: Errors, path: str) -> None:
    _keys(source, "secretName", errors, path)


def _config_map(source: Tree, errors: Errors, path: str) -> None:
    _keys(source, "name", errors, path)


def _key_to_path(item: Tree, errors: Errors, path: str) -> None:
    if not item.get("key"):
        errors.required(f"{path}.key")
    if not item.get("path"):
        errors.required(f"{path}.path")
    validate_not_reserved(item.get("path", ""), errors, f"{path}.path")
    validate_file_mode(item.get("mode"), errors, f"{path}.mode")


def _claim(source: Tree, errors: Errors, path: str) -> None:
    if not source.get("claimName"):
        errors.required(f"{path}.claimName")


def _downward(source: Tree, errors: Errors, path: str) -> None:
    validate_file_mode(source.get("defaultMode"), errors, f"{path}.defaultMode")
    for item in source.get("items") or ():
        _downward_file(item, errors, path)


def _downward_file(item: Tree, errors: Errors, path: str) -> None:
    if not item.get("path"):
        errors.required(f"{path}.path")
    validate_not_reserved(item.get("path", ""), errors, f"{path}.path")
    if "fieldRef" in item:
        validate_field_reference(item["fieldRef"], _VOLUME_FIELDS, errors, f"{path}.fieldRef")
        if "resourceFieldRef" in item:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.invalid(path, "resource", detail)
    elif "resourceFieldRef" in item:
        validate_resource_reference(item["resourceFieldRef"], errors, f"{path}.resourceFieldRef", in_volume=True)
    else:
        errors.required(path, "one of fieldRef and resourceFieldRef is required")
    validate_file_mode(item.get("mode"), errors, f"{path}.mode")


def _projected(source: Tree, errors: Errors, path: str) -> None:
    validate_file_mode(source.get("defaultMode"), errors, f"{path}.defaultMode")
    taken: set[str] = set()

    def take(file: str, shown: str) -> None:
        if file and file in taken:
            errors.invalid(path, shown, "conflicting duplicate paths")
        taken.add(file)

    for index, part in enumerate(source.get("sources") or ()):
        where = f"{path}.sources[{index}]"
        for kind in ("secret", "configMap"):
            if kind not in part:
                continue
            inside, name = f"{where}.{kind}", part[kind].get("name", "")
            if not name:
                errors.required(f"{inside}.name")
            for position, item in enumerate(part[kind].get("items") or ()):
                _key_to_path(item, errors, f"{inside}.items[{position}]")
                take(item.get("path", ""), name)
        for item in (part.get("downwardAPI") or {}).get("items") or ():
            _downward_file(item, errors, f"{where}.downwardAPI")
            take(item.get("path", ""), item.get("path", ""))
        if "serviceAccountToken" in part:
            _token(part["serviceAccountToken"], errors, f"{where}.serviceAccountToken", path)
        if "clusterTrustBundle" in part:
            bundle = part["clusterTrustBundle"]
            _trust_bundle(bundle, errors, f"{where}.clusterTrustBundle")
            file = bundle.get("path", "")
            if file in taken:
                errors.invalid(path, file, "conflicting duplicate paths")
            taken.add(file)
        if len(part) > 1:
            errors.forbidden(where, "may not specify more than 1 volume type per source")


def _token(token: Tree, errors: Errors, path: str, volume_path: str) -> None:
    seconds = token.get("expirationSeconds", 0)
    if seconds < 600:
        errors.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > 2**32:
        errors.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
    if not token.get("path"):
        errors.required(f"{volume_path}.path")
    else:
        validate_not_reserved(token["path"], errors, f"{volume_path}.path")


def _trust_bundle(bundle: Tree, errors: Errors, path: str) -> None:
    name, signer = bundle.get("name"), bundle.get("signerName")
    if name is not None and signer is not None:
        errors.invalid(path, bundle, "only one of name and signerName may be used")
    elif name is not None:
        if not name:
            errors.required(f"{path}.name", "must be a valid object name")
        for problem in dns_subdomain_errors(name.rpartition(":")[2]):
            errors.invalid(f"{path}.name", name, f"not a valid clustertrustbundlename: {problem}")
        if bundle.get("labelSelector") is not None:
            detail = "labelSelector must be unset if name is specified"
            errors.invalid(f"{path}.labelSelector", bundle["labelSelector"], detail)
    elif signer is not None:
        if not signer:
            errors.required(f"{path}.signerName", "must be a valid signer name")
        validate_label_selector(bundle.get("labelSelector"), errors, f"{path}.labelSelector")
    else:
        errors.required(path, "either name or signerName must be specified")
    if not bundle.get("path"):
        errors.required(f"{path}.path")
    validate_not_reserved(bundle.get("path", ""), errors, f"{path}.path")


def _csi(source: Tree, errors: Errors, path: str) -> None:
    driver = source.get("driver", "")
    if not driver:
        errors.required(f"{path}.driver")
    else:
        if len(driver.encode()) > 63:
            errors.too_long(f"{path}.driver", 63)
        errors.each_invalid(f"{path}.driver", driver, dns_subdomain_errors(driver.lower()))
    if "nodePublishSecretRef" in source:
        name = source["nodePublishSecretRef"].get("name", "")
        if name:
            errors.each_invalid(f"{path}.name", name, dns_subdomain_errors(name))
        else:
            errors.required(f"{path}.nodePublishSecretRef.name")


def _ephemeral(source: Tree, errors: Errors, path: str) -> None:
    template = source.get("volumeClaimTemplate")
    where = f"{path}.volumeClaimTemplate"
    if template is None:
        errors.required(where)
        return
    metadata = template.get("metadata") or {}
    validate_annotations(metadata.get("annotations"), errors, f"{where}.metadata.annotations")
    validate_labels(metadata.get("labels"), errors, f"{where}.metadata.labels")
    for name in metadata:
        if name not in ("annotations", "labels"):
            errors.forbidden(f"{where}.metadata.{name}", "cannot be set")
    _claim_spec(template.get("spec") or {}, errors, f"{where}.spec")


def _claim_spec(spec: Tree, errors: Errors, path: str) -> None:
    modes = spec.get("accessModes") or []
    if not modes:
        errors.required(f"{path}.accessModes", "at least 1 access mode is required")
    validate_label_selector(spec.get("selector"), errors, f"{path}.selector")
    for mode in modes:
        if mode not in _ACCESS_MODES:
            errors.not_supported(f"{path}.accessModes", mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(mode in _ACCESS_MODES[:3] for mode in modes):
        errors.forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes")
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        errors.required(f"{path}.resources[storage]")
    elif parse_quantity(storage) <= parse_quantity("0"):
        errors.invalid(f"{path}.resources[storage]", storage, "must be greater than zero")
    if spec.get("storageClassName"):
        errors.each_invalid(
            f"{path}.storageClassName", spec["storageClassName"], dns_subdomain_errors(spec["storageClassName"])
        )
    if spec.get("volumeMode") is not None and spec["volumeMode"] not in ("Block", "Filesystem"):
        errors.not_supported(f"{path}.volumeMode", spec["volumeMode"], ["Block", "Filesystem"])


def _image(source: Tree, errors: Errors, path: str) -> None:
    if not source.get("reference"):
        errors.required(f"{path}.reference")
    policy = source.get("pullPolicy", "")
    if policy not in ("Always", "IfNotPresent", "Never"):
        errors.not_supported(f"{path}.pullPolicy", policy, ["Always", "IfNotPresent", "Never"])


_CHECKS: dict[str, Callable[[Tree, Errors, str], None]] = {
    "emptyDir": _empty_dir, "hostPath": _host_path, "gitRepo": _git_repo, "secret": _secret, "configMap": _config_map,
    "persistentVolumeClaim": _claim, "downwardAPI": _downward, "projected": _projected, "csi": _csi,
    "ephemeral": _ephemeral, "image": _image,
}  # fmt: skip


def validate_resource_claims(claims: list[Tree], errors: Errors, path: str) -> None:
    """A pod's `resourceClaims`."""
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        where, name = f"{path}[{index}]", claim.get("name", "")
        if not name:
            errors.required(f"{where}.name")
        elif name in seen:
            errors.duplicate(f"{where}.name", name)
        else:
            errors.each_invalid(f"{where}.name", name, dns_label_errors(name))
            seen.add(name)
        named = [field for field in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(field) is not None]
        if len(named) > 1:
            detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            errors.invalid(where, claim, detail)
        elif not named:
            errors.invalid(where, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for field in named:
            errors.each_invalid(f"{where}.{field}", claim[field], dns_subdomain_errors(claim[field]))


def validate_qualified_names(names: list[str], errors: Errors, path: str, unique: bool) -> None:
    """A list of label keys, such as scheduling gates."""
    for index, name in enumerate(names):
        errors.each_invalid(f"{path}[{index}]", name, label_key_errors(name))
        if unique and name in names[:index]:
            errors.duplicate(f"{path}[{index}]", name)
