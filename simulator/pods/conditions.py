"""The conditions that the kubelet writes. Source: semantics/pod-on-docker.md 3.5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.actions import sandbox_need
from simulator.pods.observed import Observed
from simulator.pods.restart_rules import RESTART_ALL_CONTAINERS, has_restart_all_rule, is_sidecar, matching_action

READY_TO_START = "PodReadyToStartContainers"
INITIALIZED = "Initialized"
READY = "Ready"
CONTAINERS_READY = "ContainersReady"
SCHEDULED = "PodScheduled"
RESTARTING_ALL = "AllContainersRestarting"
DISRUPTION_TARGET = "DisruptionTarget"
KUBELET_CONDITIONS = frozenset({READY_TO_START, INITIALIZED, READY, CONTAINERS_READY, SCHEDULED, RESTARTING_ALL})

Condition = core_v1.PodCondition
Finding = tuple[str, str | None, str | None]
"""Status, reason and message of a condition."""

_TRUE: Finding = ("True", None, None)
_FALSE: Finding = ("False", None, None)


def find(conditions: Iterable[Condition] | None, type_: str) -> Condition | None:
    """The condition of that type, or None."""
    for condition in conditions or ():
        if condition.type == type_:
            return condition
    return None


def is_true(conditions: Iterable[Condition] | None, type_: str) -> bool:
    """Whether the condition of that type is there and True."""
    for condition in conditions or ():
        if condition.type == type_:
            return condition.status == "True"
    return False


def pod_conditions(
    pod: core_v1.Pod,
    old_status: core_v1.PodStatus,
    phase: str | None,
    info: Mapping[str, core_v1.ContainerStatus],
    observed: Observed,
    now: datetime,
) -> list[Condition]:
    """All conditions of the status that has this `phase` and, by name, these container statuses.

    Conditions of others come first, as the API has them; `old_status` is what the kubelet decided last. A condition whose
    status has not flipped keeps its transition time.
    """
    generation = pod.metadata.generation if pod.metadata else None
    written: list[Condition] = old_status.conditions or []
    earlier = {condition.type: condition for condition in reversed(written)}  # the first of a type counts
    conditions = [
        condition
        for condition in (pod.status.conditions if pod.status else None) or ()
        if condition.type not in KUBELET_CONDITIONS
    ]
    target = earlier.get(DISRUPTION_TARGET)
    if target is not None:
        conditions = [condition for condition in conditions if condition.type != DISRUPTION_TARGET] + [target]
    has_sandbox = not sandbox_need(pod, observed)[0]
    containers_ready = _containers_ready(pod, info, phase)
    ready = _ready(pod, conditions) if containers_ready is _TRUE else containers_ready
    own = (
        (READY_TO_START, _TRUE if has_sandbox else _FALSE),
        (INITIALIZED, _initialized(pod, earlier.get(INITIALIZED), info, phase)),
        (READY, ready),
        (CONTAINERS_READY, containers_ready),
        (SCHEDULED, _TRUE),
    )
    _write(conditions, own, earlier, generation, now)
    if has_restart_all_rule(pod):
        restarting_all = _restarting_all(pod, earlier.get(RESTARTING_ALL), observed, phase)
        _write(conditions, ((RESTARTING_ALL, restarting_all),), earlier, None, now)
    return conditions


def _write(
    conditions: list[Condition],
    findings: Iterable[tuple[str, Finding]],
    earlier: Mapping[str, Condition],
    generation: int | None,
    now: datetime,
) -> None:
    """Append conditions of the kubelet: the very ones that were there before where nothing about them has changed."""
    for type_, (status, reason, message) in findings:
        before: Condition | None = earlier.get(type_)
        has_flipped = before is None or before.status != status
        if (
            before is None
            or has_flipped
            or before.reason != reason
            or before.message != message
            or before.observedGeneration != generation
            or before.lastProbeTime is not None
        ):
            time = now if before is None or has_flipped else before.lastTransitionTime
            before = Condition(
                type=type_,
                status=status,
                reason=reason,
                message=message,
                lastTransitionTime=time,
                observedGeneration=generation,
            )
        conditions.append(before)


def with_terminal_readiness(conditions: list[Condition], phase: str, now: datetime) -> list[Condition]:
    """The conditions of a terminal phase: readiness that is still True becomes False."""
    ended = conditions
    for index, condition in enumerate(conditions):
        if condition.status == "True" and condition.type in (READY, CONTAINERS_READY):
            reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
            ended = ended.copy() if ended is conditions else ended
            ended[index] = replace(condition, status="False", reason=reason, message=None, lastTransitionTime=now)
    return ended


def _initialized(
    pod: core_v1.Pod, before: Condition | None, info: Mapping[str, core_v1.ContainerStatus], phase: str | None
) -> Finding:
    assert pod.spec is not None
    if phase == "Succeeded":
        return "True", "PodCompleted", None
    if not pod.spec.initContainers or (before is not None and before.status == "True"):
        return _TRUE
    incomplete = [
        container.name for container in pod.spec.initContainers if not _is_init_complete(container, info.get(container.name))
    ]
    if not incomplete or any(_has_left_waiting(info.get(container.name)) for container in pod.spec.containers):
        return _TRUE
    return "False", "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(incomplete)}]"


def _has_left_waiting(status: core_v1.ContainerStatus | None) -> bool:
    state = status.state if status is not None else None
    return state is not None and (state.running is not None or state.terminated is not None)


def _is_init_complete(container: core_v1.Container, status: core_v1.ContainerStatus | None) -> bool:
    return status is not None and bool(status.started if is_sidecar(container) else status.ready)


def _containers_ready(pod: core_v1.Pod, info: Mapping[str, core_v1.ContainerStatus], phase: str | None) -> Finding:
    assert pod.spec is not None
    if phase == "Succeeded":
        return "False", "PodCompleted", None
    if phase == "Failed":
        return "False", "PodFailed", None
    lasting = pod.spec.containers
    if pod.spec.initContainers:
        lasting = [container for container in pod.spec.initContainers if is_sidecar(container)] + lasting
    unready = [container.name for container in lasting if not info[container.name].ready]
    if not unready:
        return _TRUE
    return "False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"


def _ready(pod: core_v1.Pod, conditions: list[Condition]) -> Finding:
    """Whether a pod whose containers are ready is: that goes by its readiness gates."""
    assert pod.spec is not None
    if not pod.spec.readinessGates:
        return _TRUE
    reasons = []
    for gate in pod.spec.readinessGates:
        condition = find(conditions, gate.conditionType)
        if condition is None:
            reasons.append(f'corresponding condition of pod readiness gate "{gate.conditionType}" does not exist.')
        elif condition.status != "True":
            reasons.append(f'the status of pod readiness gate "{gate.conditionType}" is not "True", but {condition.status}')
    return ("False", "ReadinessGatesNotReady", ", ".join(reasons)) if reasons else _TRUE


def _restarting_all(pod: core_v1.Pod, before: Condition | None, observed: Observed, phase: str | None) -> Finding:
    assert pod.spec is not None
    if phase in ("Succeeded", "Failed"):
        return "False", "PodCompleted" if phase == "Succeeded" else "PodFailed", None
    was_restarting = before is not None and before.status == "True"
    asks = any(
        instance.state == "exited" and matching_action(container, instance.exit_code) == RESTART_ALL_CONTAINERS
        for container in (*(pod.spec.initContainers or ()), *pod.spec.containers)
        for instance in (observed.latest(container.name),)
        if instance is not None
    )
    if asks or (was_restarting and observed.containers):
        return "True", "RestartAllContainersStarted", "container exited with restart policy rule"
    return _FALSE
