"""Validation of containers, init containers and ephemeral containers of a pod spec."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from simulator.model.labels import dns_label_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.environment import validate_env, validate_env_from
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.names import port_name_problems, port_number_problems
from simulator.parser.validation.paths import validate_descending
from simulator.parser.validation.probes import validate_lifecycle, validate_probes
from simulator.parser.validation.resources import validate_container_resources
from simulator.parser.validation.security import validate_container_security

_INIT_ONLY = "may not be set for init containers without restartPolicy=Always"
_EPHEMERAL_FORBIDDEN = (
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resizePolicy",
    "restartPolicy",
)
_EPHEMERAL = "cannot be set for an Ephemeral Container"
_PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"]
_BLOCK_ONLY = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"


class PodContext(Struct, frozen=True):
    """What a container's validation needs to know of its pod: the good volumes and so on."""

    volumes: dict[str, Tree]
    claims: set[str]
    restart_policy: str
    grace_seconds: int | None
    host_users: bool


def validate_containers(spec: Tree, pod: PodContext, errors: Errors, path: str) -> None:
    """All three lists of containers, in the server's order; `path` is that of the pod spec."""
    containers = spec.get("containers") or []
    _regular(containers, pod, errors, f"{path}.containers")
    _init(spec.get("initContainers") or [], containers, pod, errors, f"{path}.initContainers")
    _ephemeral(spec, pod, errors, f"{path}.ephemeralContainers")


def _regular(containers: list[Tree], pod: PodContext, errors: Errors, path: str) -> None:
    if not containers:
        errors.required(path)
        return
    names: set[str] = set()
    for index, container in enumerate(containers):
        where = f"{path}[{index}]"
        _common(container, pod, errors, where)
        _unique_name(container, names, errors, where, keep_empty=True)
        if container.get("lifecycle") is not None:
            validate_lifecycle(container["lifecycle"], pod.grace_seconds, errors, f"{where}.lifecycle")
        validate_probes(container, pod.grace_seconds, errors, where)
        _restart_policy(container, errors, where)
    _host_ports(((container, f"{path}[{index}]") for index, container in enumerate(containers)), errors)


def _init(containers: list[Tree], regular: list[Tree], pod: PodContext, errors: Errors, path: str) -> None:
    names = {container.get("name", "") for container in regular}
    for index, container in enumerate(containers):
        where = f"{path}[{index}]"
        _common(container, pod, errors, where)
        _restart_policy(container, errors, where)
        _unique_name(container, names, errors, where, keep_empty=False)
        _host_ports([(container, f"{path}[0]")], errors)
        if container.get("restartPolicy") == "Always":
            if container.get("lifecycle") is not None:
                validate_lifecycle(container["lifecycle"], pod.grace_seconds, errors, f"{where}.lifecycle")
            validate_probes(container, pod.grace_seconds, errors, where)
        else:
            for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
                if container.get(name) is not None:
                    errors.forbidden(f"{where}.{name}", _INIT_ONLY)


def _ephemeral(spec: Tree, pod: PodContext, errors: Errors, path: str) -> None:
    others = {container.get("name", "") for name in ("containers", "initContainers") for container in spec.get(name) or ()}
    names = set(others)
    for index, container in enumerate(spec.get("ephemeralContainers") or ()):
        where = f"{path}[{index}]"
        _common(container, pod, errors, where)
        validate_image_has_no_blanks(container, errors, where)
        _unique_name(container, names, errors, where, keep_empty=True)
        target = container.get("targetContainerName", "")
        if target and target not in others:
            errors.not_found(f"{where}.targetContainerName", target)
        for name in _EPHEMERAL_FORBIDDEN:
            if container.get(name):
                errors.forbidden(f"{where}.{name}", _EPHEMERAL)
        if container.get("resources"):
            errors.forbidden(f"{where}.resources", _EPHEMERAL)
        for position, mount in enumerate(container.get("volumeMounts") or ()):
            for name in ("subPath", "subPathExpr"):
                if mount.get(name):
                    errors.forbidden(f"{where}.volumeMounts[{position}].{name}", _EPHEMERAL)


def validate_image_has_no_blanks(container: Tree, errors: Errors, path: str) -> None:
    """Asked of pods only, not of templates."""
    image = container.get("image", "")
    if image.strip() != image:
        errors.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")


def _unique_name(container: Tree, names: set[str], errors: Errors, path: str, keep_empty: bool) -> None:
    name = container.get("name", "")
    if name in names:
        errors.duplicate(f"{path}.name", name)
    elif name or keep_empty:
        names.add(name)


def _common(container: Tree, pod: PodContext, errors: Errors, path: str) -> None:
    name = container.get("name", "")
    if name:
        errors.each_invalid(f"{path}.name", name, dns_label_errors(name))
    else:
        errors.required(f"{path}.name")
    if not container.get("image"):
        errors.required(f"{path}.image")
    policy = container.get("terminationMessagePolicy", "")
    if not policy:
        errors.required(f"{path}.terminationMessagePolicy")
    elif policy not in ("File", "FallbackToLogsOnError"):
        errors.not_supported(f"{path}.terminationMessagePolicy", policy, ["File", "FallbackToLogsOnError"])
    _ports(container.get("ports") or [], errors, f"{path}.ports")
    validate_env(container.get("env") or [], errors, f"{path}.env")
    validate_env_from(container.get("envFrom") or [], errors, f"{path}.envFrom")
    _mounts(container, pod, errors, f"{path}.volumeMounts")
    _devices(container, pod, errors, f"{path}.volumeDevices")
    pull = container.get("imagePullPolicy", "")
    if not pull:
        errors.required(f"{path}.imagePullPolicy")
    elif pull not in ("Always", "IfNotPresent", "Never"):
        errors.not_supported(f"{path}.imagePullPolicy", pull, ["Always", "IfNotPresent", "Never"])
    validate_container_resources(container.get("resources") or {}, pod.claims, errors, f"{path}.resources")
    _resize_policy(container.get("resizePolicy") or [], pod, errors, f"{path}.resizePolicy")
    validate_container_security(container.get("securityContext"), pod.host_users, errors, f"{path}.securityContext")


def _restart_policy(container: Tree, errors: Errors, path: str) -> None:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or []
    if policy is None:
        if rules:
            errors.required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
    elif policy not in ("Always", "Never", "OnFailure"):
        errors.not_supported(f"{path}.restartPolicy", policy, ["Always", "Never", "OnFailure"])
    if len(rules) > 20:
        errors.too_many(f"{path}.restartPolicyRules", len(rules), 20)
    for index, rule in enumerate(rules):
        where = f"{path}.restartPolicyRules[{index}]"
        action, codes = rule.get("action", ""), rule.get("exitCodes")
        if action not in ("Restart", "RestartAllContainers"):
            errors.not_supported(f"{where}.action", action, ["Restart", "RestartAllContainers"])
        if codes is None:
            errors.required(f"{where}.exitCodes", "must be specified")
            continue
        if codes.get("operator", "") not in ("In", "NotIn"):
            errors.not_supported(f"{where}.exitCodes.operator", codes.get("operator", ""), ["In", "NotIn"])
        if len(codes.get("values") or ()) > 255:
            errors.too_many(f"{where}.exitCodes.values", len(codes["values"]), 255)


def _ports(ports: list[Tree], errors: Errors, path: str) -> None:
    names: set[str] = set()
    for index, port in enumerate(ports):
        where, name = f"{path}[{index}]", port.get("name", "")
        if name:
            problems = port_name_problems(name)
            errors.each_invalid(f"{where}.name", name, problems)
            if not problems and name in names:
                errors.duplicate(f"{where}.name", name)
            elif not problems:
                names.add(name)
        number, host_port = port.get("containerPort", 0), port.get("hostPort", 0)
        if number:
            errors.each_invalid(f"{where}.containerPort", number, port_number_problems(number))
        else:
            errors.required(f"{where}.containerPort")
        if host_port:
            errors.each_invalid(f"{where}.hostPort", host_port, port_number_problems(host_port))
        protocol = port.get("protocol", "")
        if not protocol:
            errors.required(f"{where}.protocol")
        elif protocol not in ("SCTP", "TCP", "UDP"):
            errors.not_supported(f"{where}.protocol", protocol, ["SCTP", "TCP", "UDP"])


def _host_ports(containers: Iterable[tuple[Tree, str]], errors: Errors) -> None:
    taken: set[str] = set()
    for container, path in containers:
        for index, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            text = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if text in taken:
                errors.duplicate(f"{path}.ports[{index}].hostPort", text)
            taken.add(text)


def _mounts(container: Tree, pod: PodContext, errors: Errors, path: str) -> None:
    devices = {device.get("name", ""): device.get("devicePath", "") for device in container.get("volumeDevices") or ()}
    taken: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        where, name, target = f"{path}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            errors.required(f"{where}.name")
        if name not in pod.volumes:
            errors.not_found(f"{where}.name", name)
        if not target:
            errors.required(f"{where}.mountPath")
        if target in taken:
            errors.invalid(f"{where}.mountPath", target, "must be unique")
        taken.add(target)
        if name in devices:
            errors.invalid(f"{where}.name", name, "must not already exist in volumeDevices")
        if target in devices.values():
            errors.invalid(f"{where}.mountPath", target, "must not already exist as a path in volumeDevices")
        sub_path, expression = mount.get("subPath", ""), mount.get("subPathExpr", "")
        if sub_path:
            validate_descending(sub_path, errors, f"{path}.subPath")
        if expression:
            if sub_path:
                errors.invalid(f"{where}.subPathExpr", expression, "subPathExpr and subPath are mutually exclusive")
            validate_descending(expression, errors, f"{path}.subPathExpr")
        _mount_modes(mount, container, errors, path)


def _mount_modes(mount: Tree, container: Tree, errors: Errors, path: str) -> None:
    propagation = mount.get("mountPropagation")
    if propagation is not None:
        where = f"{path}.mountPropagation"
        if propagation not in _PROPAGATIONS:
            errors.not_supported(where, propagation, _PROPAGATIONS)
        if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
            errors.forbidden(where, "Bidirectional mount propagation is available only to privileged containers")
    recursive = mount.get("recursiveReadOnly")
    if recursive is None or recursive == "Disabled":
        return
    where = f"{path}.recursiveReadOnly"
    if recursive not in ("Enabled", "IfPossible"):
        errors.not_supported(where, recursive, ["Disabled", "Enabled", "IfPossible"])
        return
    if not mount.get("readOnly"):
        errors.forbidden(where, "may only be specified when readOnly is true")
    if propagation not in (None, "None"):
        errors.forbidden(where, "may only be specified when mountPropagation is None or not specified")


def _devices(container: Tree, pod: PodContext, errors: Errors, path: str) -> None:
    mounts = {mount.get("name", ""): mount.get("mountPath", "") for mount in container.get("volumeMounts") or ()}
    names: set[str] = set()
    targets: set[str] = set()
    for index, device in enumerate(container.get("volumeDevices") or ()):
        where, name, target = f"{path}[{index}]", device.get("name", ""), device.get("devicePath", "")
        if not name:
            errors.required(f"{where}.name")
        if name in names:
            errors.invalid(f"{where}.name", name, "must be unique")
        if name not in pod.volumes:
            errors.not_found(f"{where}.name", name)
        elif not {"persistentVolumeClaim", "ephemeral"} & set(pod.volumes[name]):
            errors.invalid(f"{where}.name", name, _BLOCK_ONLY)
        if not target:
            errors.required(f"{where}.devicePath")
        if target in targets:
            errors.invalid(f"{where}.devicePath", target, "must be unique")
        if ".." in target.split("/"):
            errors.invalid(f"{where}.devicePath", target, "can not contain backsteps ('..')")
        else:
            targets.add(target)
        if name in mounts:
            errors.invalid(f"{where}.name", name, "must not already exist in volumeMounts")
        if target in mounts.values():
            errors.invalid(f"{where}.devicePath", target, "must not already exist as a path in volumeMounts")
        if name:
            names.add(name)


def _resize_policy(policies: list[Tree], pod: PodContext, errors: Errors, path: str) -> None:
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        resource, restart = policy.get("resourceName", ""), policy.get("restartPolicy", "")
        if resource in seen:
            errors.duplicate(f"{path}[{index}]", resource)
        seen.add(resource)
        if not resource:
            errors.required(path)
        elif resource not in ("cpu", "memory"):
            errors.not_supported(path, resource, ["cpu", "memory"])
        if not restart:
            errors.required(path)
        elif restart not in ("NotRequired", "RestartContainer"):
            errors.not_supported(path, restart, ["NotRequired", "RestartContainer"])
        if pod.restart_policy == "Never" and restart != "NotRequired":
            errors.invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")
