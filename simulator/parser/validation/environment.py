"""Validation of environment variables and of what they may refer to, in containers and downward API volumes."""

from __future__ import annotations

from simulator.model.labels import dns_label_errors, dns_subdomain_errors, label_key_errors
from simulator.model.quantities import parse_quantity
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.names import config_key_problems, env_name_problems, name_prefix_problems
from simulator.parser.validation.paths import validate_not_reserved

ENV_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_FIELD_LABELS = (
    *ENV_FIELDS, "metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase",
)  # fmt: skip
_RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_SIZE_DIVISORS = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
_ONE_AT_A_TIME = "may not have more than one field specified at a time"


def validate_env(variables: list[Tree], errors: Errors, path: str) -> None:
    """The `env` of a container."""
    for index, variable in enumerate(variables):
        where = f"{path}[{index}]"
        name = variable.get("name", "")
        if name:
            errors.each_invalid(f"{where}.name", name, env_name_problems(name))
        else:
            errors.required(f"{where}.name")
        if variable.get("valueFrom") is not None:
            _value_from(variable, errors, f"{where}.valueFrom")


def _value_from(variable: Tree, errors: Errors, path: str) -> None:
    source = variable["valueFrom"]
    if "fieldRef" in source:
        validate_field_reference(source["fieldRef"], ENV_FIELDS, errors, f"{path}.fieldRef")
    if "resourceFieldRef" in source:
        validate_resource_reference(source["resourceFieldRef"], errors, f"{path}.resourceFieldRef", in_volume=False)
    if "configMapKeyRef" in source:
        _key_reference(source["configMapKeyRef"], errors, f"{path}.configMapKeyRef")
    if "secretKeyRef" in source:
        _key_reference(source["secretKeyRef"], errors, f"{path}.secretKeyRef")
    if "fileKeyRef" in source:
        _file_reference(source["fileKeyRef"], errors, f"{path}.fileKeyRef")
    count = len(source)
    if count == 0:
        known = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        errors.invalid(path, "", f"must specify one of: {known}")
    elif variable.get("value"):
        errors.invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        errors.invalid(path, "", _ONE_AT_A_TIME)


def _key_reference(reference: Tree, errors: Errors, path: str) -> None:
    name, key = reference.get("name", ""), reference.get("key", "")
    errors.each_invalid(f"{path}.name", name, dns_subdomain_errors(name))
    if key:
        errors.each_invalid(f"{path}.key", key, config_key_problems(key))
    else:
        errors.required(f"{path}.key")


def _file_reference(reference: Tree, errors: Errors, path: str) -> None:
    volume, key, file = reference.get("volumeName", ""), reference.get("key", ""), reference.get("path", "")
    if volume:
        errors.each_invalid(f"{path}.volumeName", volume, dns_label_errors(volume))
    else:
        errors.required(f"{path}.volumeName")
    if file:
        validate_not_reserved(file, errors, f"{path}.path")
    else:
        errors.required(f"{path}.path")
    if key:
        errors.each_invalid(f"{path}.key", key, env_name_problems(key))
    else:
        errors.required(f"{path}.key")


def validate_env_from(sources: list[Tree], errors: Errors, path: str) -> None:
    """The `envFrom` of a container; what concerns the choice of a source stands at the list's own path."""
    for index, source in enumerate(sources):
        where = f"{path}[{index}]"
        prefix = source.get("prefix", "")
        if prefix:
            errors.each_invalid(f"{where}.prefix", prefix, env_name_problems(prefix))
        found = [name for name in ("configMapRef", "secretRef") if name in source]
        for reference in found:
            name = source[reference].get("name", "")
            if name:
                errors.each_invalid(f"{where}.{reference}.name", name, name_prefix_problems(name))
            else:
                errors.required(f"{where}.{reference}.name")
        if not found:
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(found) > 1:
            errors.invalid(path, "", _ONE_AT_A_TIME)


def validate_field_reference(reference: Tree, supported: tuple[str, ...], errors: Errors, path: str) -> None:
    """A `fieldRef`; `supported` are the fields that may be named here."""
    field = reference.get("fieldPath", "")
    if not field:
        errors.required(f"{path}.fieldPath")
        return
    version = reference.get("apiVersion", "v1")
    name, subscript = _split_subscript(field)
    wrong = ""
    if version != "v1":
        wrong = f"unsupported pod version: {version}"
    elif subscript is not None:
        if name not in ("metadata.annotations", "metadata.labels"):
            wrong = f"field label does not support subscript: {field}"
    elif field == "spec.host":
        name = "spec.nodeName"
    elif field not in _FIELD_LABELS:
        wrong = f"field label not supported: {field}"
    if wrong:
        errors.invalid(f"{path}.fieldPath", field, f"error converting fieldPath: {wrong}")
    elif subscript is not None:
        key = subscript.lower() if name == "metadata.annotations" else subscript
        errors.each_invalid(path, key, label_key_errors(key))
    elif name not in supported:
        errors.not_supported(f"{path}.fieldPath", name, sorted(supported))


def _split_subscript(field: str) -> tuple[str, str | None]:
    name, bracket, rest = field.partition("['")
    if not bracket or not name or not rest.endswith("']"):
        return field, None
    return name, rest[:-2]


def validate_resource_reference(reference: Tree, errors: Errors, path: str, in_volume: bool) -> None:
    """A `resourceFieldRef`: in a volume it must name its container."""
    resource = reference.get("resource", "")
    if in_volume and not reference.get("containerName"):
        errors.required(f"{path}.containerName")
    elif not resource:
        errors.required(f"{path}.resource")
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.not_supported(f"{path}.resource", resource, list(_RESOURCES))
    divisor = parse_quantity(reference.get("divisor"))
    if not divisor.unscaled:
        return
    kind = resource.partition(".")[2] if resource in _RESOURCES else "hugepages" if resource.startswith(_HUGE_PAGES) else ""
    if kind == "cpu":
        if str(divisor) not in ("1m", "1"):
            detail = "only divisor's values 1m and 1 are supported with the cpu resource"
            errors.invalid(f"{path}.divisor", resource, detail)
    elif kind and str(divisor) not in _SIZE_DIVISORS.split(", "):
        named = "local ephemeral storage" if kind == "ephemeral-storage" else kind
        detail = f"only divisor's values {_SIZE_DIVISORS} are supported with the {named} resource"
        errors.invalid(f"{path}.divisor", resource, detail)
