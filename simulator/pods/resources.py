"""What a pod's resources come to: QoS class, CPU shares and quota, memory limit, OOM score, amounts for scheduling.

Source: semantics/pod-on-docker.md 2.1. Amounts are `Quantity`; CPU in millicores and memory in bytes round up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from simulator.model.kubernetes import core_v1
from simulator.model.pod_specs import once_per_spec
from simulator.model.quantities import Quantity, parse_quantity
from simulator.pods.restart_rules import is_sidecar

CPU_PERIOD = 100_000
_LEAST_SHARES, _MOST_SHARES = 2, 262_144
_LEAST_QUOTA = 1000
_SYSTEM_NODE_CRITICAL = 2_000_001_000
_GUARANTEED_SCORE = -997
_BEST_EFFORT_SCORE = 1000

Amounts = dict[str, Quantity]


def amounts(resources: Mapping[str, str] | None) -> Amounts:
    """The amounts of a `requests` or `limits` map, rounded up to thousandths as at the creation of the pod."""
    return {name: _amount(value) for name, value in resources.items()} if resources else {}


@lru_cache(maxsize=1024, typed=True)
def _amount(value: str) -> Quantity:
    amount = parse_quantity(value)
    if amount.exponent >= -3:
        return amount
    milli = amount.milli()
    return Quantity(milli, -3, f"{milli}m")


def requests_of(container: core_v1.Container) -> Amounts:
    """A container's requests; where one is missing its limit stands in, as at the creation of the pod."""
    if container.resources is None:
        return {}
    return amounts(container.resources.limits) | amounts(container.resources.requests)


def limits_of(container: core_v1.Container) -> Amounts:
    """A container's limits."""
    return amounts(container.resources.limits) if container.resources else {}


def has_pod_resources(pod: core_v1.Pod) -> bool:
    """Whether the pod sets resources for itself as a whole."""
    resources = pod.spec.resources if pod.spec else None
    return resources is not None and any(
        name in ("cpu", "memory") or name.startswith("hugepages-")
        for name in (*(resources.requests or {}), *(resources.limits or {}))
    )


def pod_limits_as_written(pod: core_v1.Pod) -> Amounts:
    """The limits of the pod as a whole (`spec.resources.limits`)."""
    return amounts(pod.spec.resources.limits) if pod.spec and pod.spec.resources else {}


def all_containers(pod: core_v1.Pod) -> list[core_v1.Container]:
    """Init containers, then mains."""
    assert pod.spec is not None
    return [*(pod.spec.initContainers or ()), *pod.spec.containers]


@once_per_spec
def qos_class(pod: core_v1.Pod) -> str:
    """`Guaranteed`, `Burstable` or `BestEffort`."""
    if has_pod_resources(pod):
        limits = pod_limits_as_written(pod)
        groups = [(_pod_level_requests(pod), limits)]
    else:
        groups = [(requests_of(container), limits_of(container)) for container in all_containers(pod)]
    counted = ("cpu", "memory")
    requests: dict[str, int] = {}
    limits_total: dict[str, int] = {}
    is_guaranteed = True
    for group_requests, group_limits in groups:
        for name in counted:
            for total, group in ((requests, group_requests), (limits_total, group_limits)):
                if name in group and group[name].unscaled > 0:
                    total[name] = total.get(name, 0) + group[name].scaled(-9)
        is_guaranteed &= all(name in group_limits and group_limits[name].unscaled > 0 for name in counted)
    if not requests and not limits_total:
        return "BestEffort"
    return "Guaranteed" if is_guaranteed and requests == limits_total else "Burstable"


def _pod_level_requests(pod: core_v1.Pod) -> Amounts:
    """The requests of the pod as a whole after defaulting: as written, else the containers' sum, else its limits."""
    assert pod.spec is not None
    assert pod.spec.resources is not None
    written = amounts(pod.spec.resources.requests)
    limits = amounts(pod.spec.resources.limits)
    together = _requests_of_containers(pod)
    defaulted = {
        name: together.get(name, amount) if name in ("cpu", "memory") else amount for name, amount in limits.items()
    }
    return defaulted | written


def _plus(first: Amounts, second: Amounts) -> Amounts:
    total = dict(first)
    for name, amount in second.items():
        total[name] = _sum(total[name], amount) if name in total else amount
    return total


def _sum(first: Quantity, second: Quantity) -> Quantity:
    lowest = min(first.exponent, second.exponent)
    unscaled = first.scaled(lowest) + second.scaled(lowest)
    return Quantity(unscaled, lowest, f"{unscaled}e{lowest}" if lowest else str(unscaled))


def _largest(first: Amounts, second: Amounts) -> Amounts:
    total = dict(first)
    for name, amount in second.items():
        if name not in total or total[name] < amount:
            total[name] = amount
    return total


def _together(mains: Iterable[Amounts], inits: Iterable[tuple[bool, Amounts]]) -> Amounts:
    """Mains and sidecars added up, or the largest init container with the sidecars before it, where that is more."""
    total: Amounts = {}
    for amount in mains:
        total = _plus(total, amount)
    sidecars: Amounts = {}
    at_start: Amounts = {}
    for is_side, amount in inits:
        if is_side:
            total = _plus(total, amount)
            sidecars = _plus(sidecars, amount)
            at_start = _largest(at_start, sidecars)
        else:
            at_start = _largest(at_start, _plus(sidecars, amount))
    return _largest(total, at_start)


def _requests_of_containers(pod: core_v1.Pod) -> Amounts:
    assert pod.spec is not None
    inits = pod.spec.initContainers or ()
    return _together(map(requests_of, pod.spec.containers), [(is_sidecar(item), requests_of(item)) for item in inits])


def pod_requests(pod: core_v1.Pod) -> Amounts:
    """What the pod asks of the node in scheduling, with overhead."""
    assert pod.spec is not None
    total = _requests_of_containers(pod)
    if has_pod_resources(pod):
        total = total | _pod_level_requests(pod)
    return _plus(total, amounts(pod.spec.overhead))


def pod_limits(pod: core_v1.Pod) -> Amounts:
    """The limits of all containers of the pod, with overhead where there is a limit."""
    assert pod.spec is not None
    inits = pod.spec.initContainers or ()
    total = _together(map(limits_of, pod.spec.containers), [(is_sidecar(item), limits_of(item)) for item in inits])
    if has_pod_resources(pod):
        total = total | pod_limits_as_written(pod)
    overhead = {name: amount for name, amount in amounts(pod.spec.overhead).items() if total.get(name, amount).unscaled}
    return _plus(total, {name: amount for name, amount in overhead.items() if name in total})


def cpu_shares(pod: core_v1.Pod, container: core_v1.Container) -> int:
    """The container's CPU weight, in shares of 1024 for each CPU."""
    requests, limits = requests_of(container), limits_of(container)
    milli = 0
    if "cpu" in requests:
        milli = requests["cpu"].milli()
    elif "cpu" in limits:
        milli = limits["cpu"].milli()
    elif has_pod_resources(pod) and "cpu" in pod_limits_as_written(pod):
        milli = pod_limits_as_written(pod)["cpu"].milli()
    return max(_LEAST_SHARES, min(milli * 1024 // 1000, _MOST_SHARES))


def cpu_quota(pod: core_v1.Pod, container: core_v1.Container) -> int:
    """Microseconds of CPU in each period of 100 ms; 0: no limit."""
    limit = _limit(pod, container, "cpu")
    milli = limit.milli() if limit else 0
    return max(_LEAST_QUOTA, milli * CPU_PERIOD // 1000) if milli else 0


def memory_limit(pod: core_v1.Pod, container: core_v1.Container) -> int:
    """Bytes; 0: no limit."""
    limit = _limit(pod, container, "memory")
    return limit.value() if limit else 0


def _limit(pod: core_v1.Pod, container: core_v1.Container, resource: str) -> Quantity | None:
    """A container's own limit, else the pod's as a whole."""
    own = limits_of(container).get(resource)
    return own if own is not None and own.unscaled else pod_limits_as_written(pod).get(resource)


def oom_score_adj(pod: core_v1.Pod, container: core_v1.Container, node_memory: int) -> int:
    """How soon the kernel ends the container when memory is short: 1000 first. `node_memory` in bytes."""
    assert pod.spec is not None
    if pod.spec.priority is not None and pod.spec.priority >= _SYSTEM_NODE_CRITICAL:
        return _GUARANTEED_SCORE
    match qos_class(pod):
        case "Guaranteed":
            return _GUARANTEED_SCORE
        case "BestEffort":
            return _BEST_EFFORT_SCORE
    share = 0
    if has_pod_resources(pod):
        total = _requests_of_containers(pod).get("memory")
        whole = _pod_level_requests(pod).get("memory")
        rest = (whole.value() if whole else 0) - (total.value() if total else 0)
        share = max(0, rest) // max(1, len(all_containers(pod)))

    def score(request: Quantity | None) -> int:
        return 1000 - 1000 * ((request.value() if request else 0) + share) // node_memory

    own = score(requests_of(container).get("memory"))
    if is_sidecar(container) and any(item.name == container.name for item in pod.spec.initContainers or ()):
        smallest = max(score(requests_of(main).get("memory")) for main in pod.spec.containers)
        own = min(own, smallest)
    return min(max(own, 1000 + _GUARANTEED_SCORE), _BEST_EFFORT_SCORE - 1)
