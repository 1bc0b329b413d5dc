"""Validation of the security contexts of pods and containers, and of what a pod's operating system rules out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.model.labels import dns_subdomain_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.names import id_problems
from simulator.parser.validation.paths import validate_descending

_PROFILE_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"]
_SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL_SHOWN = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_WINDOWS = "cannot be set for a windows pod"
_POD_LINUX_ONLY = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
)  # fmt: skip
_CONTAINER_LINUX_ONLY = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip


def containers_with_paths(spec: Tree, path: str) -> Iterator[tuple[Tree, str]]:
    """Every container of a pod spec: init containers, containers, ephemeral containers."""
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(name) or ()):
            yield container, f"{path}.{name}[{index}]"


def validate_pod_security(spec: Tree, errors: Errors, path: str) -> None:
    """The pod's own security context; `path` is that of the context."""
    context = spec.get("securityContext")
    if context is None:
        return
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        if context.get(name) is not None:
            errors.each_invalid(f"{path}.{name}", context[name], id_problems(context[name]))
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        errors.each_invalid(f"{path}.supplementalGroups[{index}]", group, id_problems(group))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.invalid(f"{path}.shareProcessNamespace", True, detail)
    _sysctls(context.get("sysctls") or [], spec, errors, f"{path}.sysctls")
    _one_of(context, "fsGroupChangePolicy", ["Always", "OnRootMismatch"], errors, path)
    _seccomp(context.get("seccompProfile"), errors, f"{path}.seccompProfile")
    _windows_options(context.get("windowsOptions"), errors, f"{path}.windowsOptions")
    _app_armor(context.get("appArmorProfile"), errors, f"{path}.appArmorProfile")
    _one_of(context, "supplementalGroupsPolicy", ["Merge", "Strict"], errors, path)
    _one_of(context, "seLinuxChangePolicy", ["MountOption", "Recursive"], errors, path)


def validate_container_security(context: Tree | None, host_users: bool, errors: Errors, path: str) -> None:
    """A container's security context; `host_users`: the pod shares the host's user namespace."""
    if context is None:
        return
    for name in ("runAsUser", "runAsGroup"):
        if context.get(name) is not None:
            errors.each_invalid(f"{path}.{name}", context[name], id_problems(context[name]))
    proc_mount = context.get("procMount")
    if proc_mount is not None:
        if proc_mount not in ("Default", "Unmasked"):
            errors.not_supported(f"{path}.procMount", proc_mount, ["Default", "Unmasked"])
        elif host_users and proc_mount == "Unmasked":
            errors.invalid(f"{path}.procMount", proc_mount, "`hostUsers` must be false to use `Unmasked`")
    _seccomp(context.get("seccompProfile"), errors, f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            errors.invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        for capability in (context.get("capabilities") or {}).get("add") or ():
            if capability == "CAP_SYS_ADMIN":
                detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
                errors.invalid(path, context, detail)
    _windows_options(context.get("windowsOptions"), errors, f"{path}.windowsOptions")
    _app_armor(context.get("appArmorProfile"), errors, f"{path}.appArmorProfile")


def _one_of(context: Tree, name: str, supported: list[str], errors: Errors, path: str) -> None:
    if context.get(name) is not None and context[name] not in supported:
        errors.not_supported(f"{path}.{name}", context[name], supported)


def _sysctls(sysctls: list[Tree], spec: Tree, errors: Errors, path: str) -> None:
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        where, name = f"{path}[{index}].name", sysctl.get("name", "")
        if not name:
            errors.required(where)
        elif len(name) > 253 or not re.fullmatch(_SYSCTL, name, re.ASCII):
            errors.invalid(where, name, f"must have at most 253 characters and match regex {_SYSCTL_SHOWN}")
        elif name in seen:
            errors.duplicate(where, name)
        dotted = _dotted(name)
        if spec.get("hostNetwork") and dotted.startswith("net."):
            errors.invalid(where, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and (
            dotted.startswith(("kernel.shm", "kernel.msg", "fs.mqueue.")) or dotted == "kernel.sem"
        ):
            errors.invalid(where, name, "may not be specified when 'hostIPC' is true")
        seen.add(name)


def _dotted(name: str) -> str:
    """A sysctl's name with dots between its parts; the first separator tells which of the two is meant."""
    first = next((character for character in name if character in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("./", "/."))


def _seccomp(profile: Tree | None, errors: Errors, path: str) -> None:
    if profile is None:
        return
    kind = profile.get("type", "")
    if not kind:
        errors.required(f"{path}.type", "type is required when seccompProfile is set")
    elif kind not in _PROFILE_TYPES:
        errors.not_supported(f"{path}.type", kind, _PROFILE_TYPES)
    local = profile.get("localhostProfile")
    if kind == "Localhost":
        if local is None:
            errors.required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost")
        else:
            validate_descending(local, errors, f"{path}.localhostProfile")
    elif local is not None:
        errors.invalid(f"{path}.localhostProfile", profile, "can only be set when seccomp type is Localhost")


def _app_armor(profile: Tree | None, errors: Errors, path: str) -> None:
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    where = f"{path}.localhostProfile"
    if kind == "Localhost":
        if local is None:
            errors.required(where, "must be set when AppArmor type is Localhost")
            return
        if local.strip() != local:
            errors.invalid(where, local, "must not be padded with whitespace")
        elif not local:
            errors.required(where, "must be set when AppArmor type is Localhost")
        if len(local.encode()) > 4095:
            errors.too_long(where, 4095)
    elif kind in _PROFILE_TYPES:
        if local is not None:
            errors.invalid(where, local, "can only be set when AppArmor type is Localhost")
    elif not kind:
        errors.required(f"{path}.type", "type is required when appArmorProfile is set")
    else:
        errors.not_supported(f"{path}.type", kind, _PROFILE_TYPES)


def _windows_options(options: Tree | None, errors: Errors, path: str) -> None:
    if options is None:
        return
    name = options.get("gmsaCredentialSpecName")
    if name is not None:
        errors.each_invalid(f"{path}.gmsaCredentialSpecName", name, dns_subdomain_errors(name))
    spec = options.get("gmsaCredentialSpec")
    if spec is not None and not spec:
        errors.invalid(f"{path}.gmsaCredentialSpec", spec, "gmsaCredentialSpec cannot be an empty string")
    elif spec is not None and len(spec.encode()) > 64 * 1024:
        errors.invalid(f"{path}.gmsaCredentialSpec", spec, "gmsaCredentialSpec size must be under 64 KiB")
    user = options.get("runAsUserName")
    if user is not None:
        errors.each_invalid(f"{path}.runAsUserName", user, _windows_user_problems(user))


def _windows_user_problems(user: str) -> list[str]:
    if not user:
        return ["runAsUserName cannot be an empty string"]
    if re.search(r"[\x00-\x1f\x7f]", user):
        return ["runAsUserName cannot contain control characters"]
    parts = user.split("\\")
    if len(parts) > 2:
        return ["runAsUserName cannot contain more than one backslash"]
    problems = []
    if len(parts) == 2:
        label = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
        if len(parts[0].encode()) >= 256:
            problems.append("runAsUserName's Domain length must be under 256 characters")
        net_bios = re.fullmatch(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}', parts[0])
        if not net_bios and not re.fullmatch(rf"{label}(?:\.{label})*", parts[0]):
            problems.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    name = parts[-1]
    if not name:
        problems.append("runAsUserName's User cannot be empty")
    elif len(name.encode()) > 104:
        problems.append("runAsUserName's User length must not be longer than 104 characters")
    if re.fullmatch(r"[. ]+", name):
        problems.append("runAsUserName's User cannot contain only periods or spaces")
    if re.search(r'["/\\:;|=,+*?<>@\[\]]', name):
        problems.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return problems


def validate_host_process(spec: Tree, errors: Errors, path: str) -> None:
    """Windows' host process containers: all or none of a pod's, and only on the host's network."""
    pod_wide = ((spec.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    containers = list(containers_with_paths(spec, path))
    count = 0
    for container, where in containers:
        own = ((container.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
        if pod_wide is not None and own is not None and own != pod_wide:
            detail = f"pod hostProcess value must be identical if both are specified, was {'true' if pod_wide else 'false'}"
            errors.invalid(f"{where}.securityContext.windowsOptions.hostProcess", own, detail)
        count += bool(own if own is not None else pod_wide)
    if not count:
        return
    if count != len(containers):
        detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        errors.invalid(path, "", detail)
    if not spec.get("hostNetwork"):
        errors.invalid(f"{path}.hostNetwork", False, "hostNetwork must be true if pod contains any hostProcess containers")


def validate_host_users(spec: Tree, errors: Errors, path: str) -> None:
    """A user namespace of its own goes with no other namespace of the host."""
    if spec.get("hostUsers") is False:
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(name):
                errors.forbidden(f"{path}.{name}", "when `hostUsers` is false")


def validate_os(spec: Tree, errors: Errors, path: str) -> None:
    """The pod's `os`, and the fields that this system doesn't know."""
    system = spec.get("os")
    if system is None:
        return
    name = system.get("name", "")
    if not name:
        errors.required(f"{path}.os.name", "cannot be empty")
    elif name == "linux":
        for context, where in _contexts(spec, path):
            if context.get("windowsOptions") is not None:
                errors.forbidden(f"{where}.windowsOptions", "windows options cannot be set for a linux pod")
    elif name == "windows":
        _windows_pod(spec, errors, path)
    else:
        errors.not_supported(f"{path}.os", name, ["linux", "windows"])


def _contexts(spec: Tree, path: str) -> Iterator[tuple[Tree, str]]:
    yield spec.get("securityContext") or {}, f"{path}.securityContext"
    for container, where in containers_with_paths(spec, path):
        yield container.get("securityContext") or {}, f"{where}.securityContext"


def _windows_pod(spec: Tree, errors: Errors, path: str) -> None:
    context = spec.get("securityContext") or {}
    for name in _POD_LINUX_ONLY[:2]:
        if name in context:
            errors.forbidden(f"{path}.securityContext.{name}", _WINDOWS)
    for name in ("hostUsers", "hostPID", "hostIPC"):
        if name in spec:
            errors.forbidden(f"{path}.{name}", _WINDOWS)
    for name in _POD_LINUX_ONLY[2:6]:
        if name in context:
            errors.forbidden(f"{path}.securityContext.{name}", _WINDOWS)
    if "shareProcessNamespace" in spec:
        errors.forbidden(f"{path}.shareProcessNamespace", _WINDOWS)
    for name in _POD_LINUX_ONLY[6:]:
        if name in context:
            errors.forbidden(f"{path}.securityContext.{name}", _WINDOWS)
    for container, where in containers_with_paths(spec, path):
        for name in _CONTAINER_LINUX_ONLY:
            if name in (container.get("securityContext") or {}):
                errors.forbidden(f"{where}.securityContext.{name}", _WINDOWS)
