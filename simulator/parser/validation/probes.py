"""Validation of probes, lifecycle hooks and the actions that both are made of."""

from __future__ import annotations

from typing import Any

from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.names import header_problems, port_name_problems, port_number_problems

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def validate_probes(container: Tree, grace_seconds: int | None, errors: Errors, path: str) -> None:
    """The three probes of a container."""
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is None:
            continue
        where = f"{path}.{name}"
        _probe(probe, grace_seconds, errors, where)
        if name == "readinessProbe":
            if probe.get("terminationGracePeriodSeconds") is not None:
                grace = probe["terminationGracePeriodSeconds"]
                errors.invalid(f"{where}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")
        elif probe.get("successThreshold", 0) != 1:
            errors.invalid(f"{where}.successThreshold", probe.get("successThreshold", 0), "must be 1")


def _probe(probe: Tree, grace_seconds: int | None, errors: Errors, path: str) -> None:
    _handler(probe, grace_seconds, errors, path)
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        errors.not_negative(f"{path}.{name}", probe.get(name))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        errors.invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def validate_lifecycle(lifecycle: Tree, grace_seconds: int | None, errors: Errors, path: str) -> None:
    """The hooks of a container."""
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            _handler(lifecycle[name], grace_seconds, errors, f"{path}.{name}")


def _handler(handler: Tree, grace_seconds: int | None, errors: Errors, path: str) -> None:
    found = [name for name in _HANDLERS if name in handler]
    if not found:
        errors.required(path, "must specify a handler type")
        return
    first, *others = found
    _action(first, handler[first], grace_seconds, errors, f"{path}.{first}")
    for name in others:
        errors.forbidden(f"{path}.{name}", "may not specify more than 1 handler type")


def _action(name: str, action: Tree, grace_seconds: int | None, errors: Errors, path: str) -> None:
    if name == "exec":
        if not action.get("command"):
            errors.required(f"{path}.command")
    elif name == "httpGet":
        if not action.get("path"):
            errors.required(f"{path}.path")
        validate_port_number_or_name(action.get("port", 0), errors, f"{path}.port")
        if action.get("scheme") not in ("HTTP", "HTTPS"):
            errors.not_supported(f"{path}.scheme", action.get("scheme", ""), ["HTTP", "HTTPS"])
        for header in action.get("httpHeaders") or ():
            errors.each_invalid(f"{path}.httpHeaders", header.get("name", ""), header_problems(header.get("name", "")))
    elif name in ("tcpSocket", "grpc"):
        validate_port_number_or_name(action.get("port", 0), errors, f"{path}.port")
    elif grace_seconds is not None and not 0 <= action.get("seconds", 0) <= grace_seconds:
        detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})"
        errors.invalid(path, action.get("seconds", 0), detail)


def validate_port_number_or_name(port: Any, errors: Errors, path: str) -> None:
    """A port by number or by the name of a container's port."""
    errors.each_invalid(path, port, port_name_problems(port) if isinstance(port, str) else port_number_problems(port))
