"""Validation of resource amounts: requests, limits, claims, overhead, and pod-level resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator.model.labels import dns_label_errors, label_key_errors
from simulator.model.quantities import Quantity, parse_quantity
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors

_HUGE = "hugepages-"
_STANDARD = ("cpu", "memory", "ephemeral-storage")
_POD_LEVEL = ("cpu", "memory")


def validate_container_resources(resources: Tree, claims: set[str], errors: Errors, path: str) -> None:
    """The resources of a container; `claims` are the names of the pod's resource claims."""
    _requirements(resources, claims, errors, path, _container_resource_name)


def validate_overhead(overhead: dict[str, str], errors: Errors, path: str) -> None:
    """A pod's overhead, read as limits."""
    _requirements({"limits": overhead}, set(), errors, path, _container_resource_name)


def validate_pod_resources(spec: Tree, claims: set[str], errors: Errors, path: str) -> None:
    """Resources of the pod as a whole, and how its containers fit into them."""
    resources = spec.get("resources")
    if resources is None:
        return
    if resources.get("claims"):
        errors.forbidden(f"{path}.claims", "claims cannot be set for Resources at pod-level")
    _requirements(resources, claims, errors, path, _pod_resource_name)
    requests = resources.get("requests") or {}
    for resource, total in sorted(aggregate_requests(spec).items()):
        have = parse_quantity(requests.get(resource, "0"))
        if total > have:
            detail = f"must be greater than or equal to aggregate container requests of {total}"
            errors.invalid(f"{path}.requests[{resource}]", str(have), detail)
    limits = resources.get("limits") or {}
    for index, container in enumerate(spec.get("containers") or ()):
        for resource, limit in sorted((container["resources"].get("limits") or {}).items()):
            if resource in limits and parse_quantity(limit) > parse_quantity(limits[resource]):
                where = f"{path}.containers[{index}][{resource}].limits"
                errors.invalid(where, limit, f"must be less than or equal to pod limits of {limits[resource]}")


def aggregate_requests(spec: Tree) -> dict[str, Quantity]:
    """What the containers of a pod request together: the larger of the running ones and each init container's turn."""
    running: dict[str, Quantity] = {}
    for container in spec.get("containers") or ():
        _add(running, container["resources"].get("requests"))
    sidecars: dict[str, Quantity] = {}
    starting: dict[str, Quantity] = {}
    for container in spec.get("initContainers") or ():
        requests = container["resources"].get("requests")
        if container.get("restartPolicy") == "Always":
            _add(running, requests)
            _add(sidecars, requests)
            turn = dict(sidecars)
        else:
            turn = dict(sidecars)
            _add(turn, requests)
        for resource, amount in turn.items():
            if resource not in starting or amount > starting[resource]:
                starting[resource] = amount
    for resource, amount in starting.items():
        if resource not in running or amount > running[resource]:
            running[resource] = amount
    return running


def _add(total: dict[str, Quantity], amounts: dict[str, str] | None) -> None:
    for resource, text in (amounts or {}).items():
        amount = parse_quantity(text)
        if resource in total:
            before = total[resource]
            lowest = min(before.exponent, amount.exponent)
            total_units = before.scaled(lowest) + amount.scaled(lowest)
            suffix = "i" if "i" in before.text or "i" in amount.text else ""
            amount = _from_units(total_units, lowest, binary=bool(suffix))
        total[resource] = amount


def _from_units(units: int, exponent: int, binary: bool) -> Quantity:
    if binary and exponent >= 0:
        whole = units * 10**exponent
        for suffix in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
            size = 1024 ** (("Ki", "Mi", "Gi", "Ti", "Pi", "Ei").index(suffix) + 1)
            if whole and whole % size == 0:
                return parse_quantity(f"{whole // size}{suffix}")
    return parse_quantity(f"{units}e{exponent}" if exponent not in (0, -3) else f"{units}{'m' if exponent else ''}")


def _requirements(
    resources: Tree, claims: set[str], errors: Errors, path: str, check_name: Callable[[str, Errors, str], None]
) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for resource, text in sorted(limits.items()):
        _amount(resource, text, errors, f"{path}.limits[{resource}]", check_name)
    for resource, text in sorted(requests.items()):
        where = f"{path}.requests[{resource}]"
        check_name(resource, errors, where)
        _quantity(resource, parse_quantity(text), errors, where)
        amount = parse_quantity(text)
        if resource in limits:
            limit = parse_quantity(limits[resource])
            if amount != limit and not _may_overcommit(resource):
                errors.invalid(f"{path}.requests", str(amount), f"must be equal to {resource} limit of {limit}")
            elif amount > limit:
                errors.invalid(f"{path}.requests", str(amount), f"must be less than or equal to {resource} limit of {limit}")
        elif not _may_overcommit(resource):
            errors.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        _huge_pages(resource, amount, errors, where)
    named = [*limits, *requests]
    if any(name.startswith(_HUGE) for name in named) and not any(name in ("cpu", "memory") for name in named):
        errors.forbidden(path, "HugePages require cpu or memory")
    _claims(resources.get("claims") or [], claims, errors, f"{path}.claims")


def _amount(resource: str, text: str, errors: Errors, path: str, check_name: Callable[[str, Errors, str], None]) -> None:
    check_name(resource, errors, path)
    _quantity(resource, parse_quantity(text), errors, path)
    _huge_pages(resource, parse_quantity(text), errors, path)


def _quantity(resource: str, amount: Quantity, errors: Errors, path: str) -> None:
    if amount < parse_quantity("0"):
        errors.invalid(path, str(amount), "must be greater than or equal to 0")
    if _is_extended(resource) and amount.milli() % 1000:
        errors.invalid(path, str(amount), "must be an integer")


def _huge_pages(resource: str, amount: Quantity, errors: Errors, path: str) -> None:
    if not resource.startswith(_HUGE):
        return
    try:
        size = parse_quantity(resource.removeprefix(_HUGE)).value()
    except ValueError:
        size = 0
    if size <= 0 or amount.value() % size:
        errors.invalid(path, str(amount), f"{amount} is not positive integer multiple of {resource}")


def _is_native(resource: str) -> bool:
    return "/" not in resource or "kubernetes.io/" in resource


def _is_extended(resource: str) -> bool:
    return not _is_native(resource) and not resource.startswith("requests.")


def _may_overcommit(resource: str) -> bool:
    return _is_native(resource) and not resource.startswith(_HUGE)


def _resource_name(resource: str, errors: Errors, path: str) -> bool:
    problems = label_key_errors(resource)
    errors.each_invalid(path, resource, problems)
    return not problems


def _container_resource_name(resource: str, errors: Errors, path: str) -> None:
    if not _resource_name(resource, errors, path):
        return
    if "/" not in resource:
        if resource not in _STANDARD and not resource.startswith(_HUGE):
            errors.invalid(path, resource, "must be a standard resource for containers")
    elif not _is_native(resource) and (resource.startswith("requests.") or label_key_errors(f"requests.{resource}")):
        errors.invalid(path, resource, "doesn't follow extended resource name standard")


def _pod_resource_name(resource: str, errors: Errors, path: str) -> None:
    if _resource_name(resource, errors, path) and resource not in _POD_LEVEL and not resource.startswith(_HUGE):
        errors.not_supported(path, resource, sorted((*_POD_LEVEL, "hugepages-")))


def _claims(used: Iterable[Tree], known: set[str], errors: Errors, path: str) -> None:
    seen: set[str] = set()
    for index, claim in enumerate(used):
        where = f"{path}[{index}]"
        name, request = claim.get("name", ""), claim.get("request", "")
        if not name:
            errors.required(where)
            continue
        if name in seen:
            errors.duplicate(where, name)
        else:
            key = f"{name}/{request}" if request else name
            if request:
                errors.each_invalid(f"{where}.request", request, dns_label_errors(request))
            if key in seen:
                errors.duplicate(where, key)
            elif not request and any(other.startswith(f"{name}/") for other in seen):
                errors.duplicate(where, name)
            seen.add(key)
        if name not in known:
            listed = f": {', '.join(sorted(known))}" if known else " which is empty"
            errors.not_found(where, name, f"must be one of the names in pod.spec.resourceClaims{listed}")
