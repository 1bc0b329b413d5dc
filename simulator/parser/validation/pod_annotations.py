"""Validation of the annotations that pods had before there were fields: seccomp, AppArmor, tolerations, deletion cost."""

from __future__ import annotations

import re

from simulator.model.quoting import go_quoted
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.paths import validate_descending
from simulator.parser.validation.security import containers_with_paths

SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_MIRROR = "kubernetes.io/config.mirror"
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_LOCAL = "localhost/"


def validate_pod_annotations(annotations: dict[str, str], spec: Tree, errors: Errors, path: str) -> None:
    """What Kubernetes itself reads from a pod's annotations."""
    if _MIRROR in annotations and not spec.get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        errors.invalid(f"{path}[{_MIRROR}]", annotations[_MIRROR], detail)
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not _is_int32(cost):
        errors.invalid(f"{path}[{_DELETION_COST}]", cost, "must be a 32bit integer")
    for key, profile in sorted(annotations.items()):
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            _seccomp(profile, errors, f"{path}.{key}")
    names = {container.get("name", "") for container, _ in containers_with_paths(spec, "")}
    for key, profile in sorted(annotations.items()):
        if not key.startswith(APP_ARMOR):
            continue
        name = key.removeprefix(APP_ARMOR)
        if name not in names:
            errors.invalid(f"{path}[{key}]", name, "container not found")
        if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(_LOCAL):
            errors.invalid(f"{path}[{key}]", profile, f"invalid AppArmor profile name: {go_quoted(profile)}")


def _is_int32(text: str) -> bool:
    plain = re.fullmatch(r"-?(0|[1-9][0-9]*)", text, re.ASCII)
    return plain is not None and -(2**31) <= int(text) < 2**31


def _seccomp(profile: str, errors: Errors, path: str) -> None:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith(_LOCAL):
        validate_descending(profile.removeprefix(_LOCAL), errors, path)
    else:
        errors.invalid(path, profile, "must be a valid seccomp profile")


def validate_annotations_match_fields(annotations: dict[str, str], spec: Tree, errors: Errors, path: str) -> None:
    """Where annotation and field are both given, they say the same."""
    pod_context = spec.get("securityContext") or {}
    if SECCOMP_POD in annotations and pod_context.get("seccompProfile") is not None:
        where = f"{path}.securityContext.seccompProfile"
        _match("seccomp", annotations[SECCOMP_POD], pod_context["seccompProfile"], errors, where)
    for container, container_path in containers_with_paths(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        key = SECCOMP_CONTAINER + container.get("name", "")
        if profile is not None and key in annotations:
            _match("seccomp", annotations[key], profile, errors, f"{container_path}.securityContext.seccompProfile")
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for container, container_path in containers_with_paths(spec, path):
        context = container.get("securityContext") or {}
        profile = context.get("appArmorProfile") or pod_context.get("appArmorProfile")
        key = APP_ARMOR + container.get("name", "")
        if profile is not None and key in annotations:
            _match("apparmor", annotations[key], profile, errors, f"{container_path}.securityContext.appArmorProfile")


def _match(system: str, annotation: str, profile: Tree, errors: Errors, path: str) -> None:
    kind = profile.get("type")
    defaults = ("runtime/default", "docker/default") if system == "seccomp" else ("runtime/default",)
    same_type = {
        "Unconfined": annotation == "unconfined",
        "RuntimeDefault": annotation in defaults,
        "Localhost": annotation.startswith(_LOCAL),
    }.get(str(kind), True)
    if not same_type:
        errors.forbidden(f"{path}.type", f"{system} type in annotation and field must match")
    elif kind == "Localhost" and annotation.removeprefix(_LOCAL) != profile.get("localhostProfile"):
        errors.forbidden(f"{path}.localhostProfile", f"{system} profile in annotation and field must match")
