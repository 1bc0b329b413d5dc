"""Which active pods go first when there are too many (semantics/job.md 8)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from simulator.controllers.job.observed import ObservedPod

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


class _Instant(NamedTuple):
    """Sorts unknown before late before early."""

    is_known: bool
    minus_seconds: float


class Surplus(NamedTuple):
    """A pod to delete and why, in plain words."""

    pod: ObservedPod
    why: str


def deletion_key(pod: ObservedPod) -> tuple[object, ...]:
    """Sorts active pods so that those to be deleted first come first."""
    raw, status = pod.pod, pod.pod.status
    ready_condition = next((c for c in (status.conditions if status else None) or () if c.type == "Ready"), None)
    is_ready = ready_condition is not None and ready_condition.status == "True"
    ready_since = ready_condition.lastTransitionTime if ready_condition is not None and is_ready else None
    created = raw.metadata.creationTimestamp if raw.metadata is not None else None
    restarts, sidecar_restarts = _restarts(pod)
    return (
        bool(raw.spec is not None and raw.spec.nodeName),
        _PHASES.get(pod.phase, 0),
        is_ready,
        _instant(ready_since) if is_ready else (),
        -restarts,
        -sidecar_restarts,
        _instant(created),
    )


def surplus_pods(active: list[ObservedPod], too_many: int, completions: int | None) -> list[Surplus]:
    """The pods to delete, in order: at least `too_many`; of an Indexed job (`completions` given) all misplaced ones."""
    chosen: list[Surplus] = []
    left = active
    if completions is not None:
        chosen, left = _split_by_index(active, completions)
    missing = too_many - len(chosen)
    if missing >= len(left):
        chosen += [Surplus(pod, "") for pod in left]
    elif missing > 0:
        chosen += [Surplus(pod, "") for pod in sorted(left, key=deletion_key)[:missing]]
    return chosen


def _split_by_index(active: list[ObservedPod], completions: int) -> tuple[list[Surplus], list[ObservedPod]]:
    by_index: defaultdict[int, list[ObservedPod]] = defaultdict(list)
    chosen: list[Surplus] = []
    for pod in active:
        if pod.index is None:
            chosen.append(Surplus(pod, "it has no valid completion index"))
        elif pod.index >= completions:
            chosen.append(Surplus(pod, f"index {pod.index} is not below completions {completions}"))
        else:
            by_index[pod.index].append(pod)
    left: list[ObservedPod] = []
    for index in sorted(by_index):
        pods = by_index[index]
        if len(pods) > 1:
            pods = sorted(pods, key=deletion_key)
            chosen += [Surplus(pod, f"index {index} has another pod, {pods[-1].name}") for pod in pods[:-1]]
        left.append(pods[-1])
    return chosen, left


def _instant(instant: datetime | None) -> _Instant:
    return _Instant(True, -instant.timestamp()) if instant is not None else _Instant(False, 0.0)


def _restarts(pod: ObservedPod) -> tuple[int, int]:
    """The highest restart count of an app container, and of a sidecar."""
    status, spec = pod.pod.status, pod.pod.spec
    if status is None:
        return 0, 0
    apps = max((container.restartCount for container in status.containerStatuses or ()), default=0)
    if not status.initContainerStatuses or spec is None:
        return apps, 0
    sidecars = {container.name for container in spec.initContainers or () if container.restartPolicy == "Always"}
    return apps, max((c.restartCount for c in status.initContainerStatuses if c.name in sidecars), default=0)
