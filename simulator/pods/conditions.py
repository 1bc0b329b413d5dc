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


def find(conditions: Iterable[Condition] | None, type_: str) -> Condition | None:
    """The condition of that type, or None."""
    for condition in conditions or ():
        if condition.type == type_:
            return condition
    return None


def is_true(conditions: Iterable[Condition] | None, type_: str) -> bool:
    """Whether the condition of that type is there and True."""
    condition = find(conditions, type_)
    return condition is not None and condition.status == "True"


def pod_conditions(
    pod: core_v1.Pod,
    old_status: core_v1.PodStatus,
    status: core_v1.PodStatus,
    observed: Observed,
) -> list[Condition]:
    """All conditions of the new `status`, whose phase and container statuses are set; transition times as if all are new.

    Conditions of others come first, as the API has them; `old_status` is what the kubelet decided last.
    """
    assert pod.spec is not None
    generation = pod.metadata.generation if pod.metadata else None
    info = {item.name: item for item in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ()))}
    conditions = [
        condition
        for condition in (pod.status.conditions if pod.status else None) or ()
        if condition.type not in KUBELET_CONDITIONS
    ]
    target = find(old_status.conditions, DISRUPTION_TARGET)
    if target is not None:
        conditions = [condition for condition in conditions if condition.type != DISRUPTION_TARGET] + [target]
    containers_ready = _containers_ready(pod, info, status.phase)
    own = [
        Condition(type=READY_TO_START, status="False" if sandbox_need(pod, observed)[0] else "True"),
        _initialized(pod, old_status, info, status.phase),
        _ready(pod, containers_ready, conditions),
        containers_ready,
        Condition(type=SCHEDULED, status="True"),
    ]
    for condition in own:
        condition.observedGeneration = generation
    if has_restart_all_rule(pod):
        own.append(_restarting_all(pod, old_status, observed, status.phase))
    return conditions + own


def set_transition_times(conditions: Iterable[Condition], old: Iterable[Condition] | None, now: datetime) -> None:
    """Give the kubelet's conditions their transition times: the old one where the status did not flip."""
    for condition in conditions:
        if condition.type not in KUBELET_CONDITIONS:
            continue
        before = find(old, condition.type)
        is_same = before is not None and before.status == condition.status
        condition.lastTransitionTime = before.lastTransitionTime if before is not None and is_same else now


def with_terminal_readiness(conditions: list[Condition], phase: str, now: datetime) -> list[Condition]:
    """The conditions of a terminal phase: readiness that is still True becomes False."""
    reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
    return [
        replace(condition, status="False", reason=reason, message=None, lastTransitionTime=now)
        if condition.type in (READY, CONTAINERS_READY) and condition.status == "True"
        else condition
        for condition in conditions
    ]


def _initialized(
    pod: core_v1.Pod, old_status: core_v1.PodStatus, info: Mapping[str, core_v1.ContainerStatus], phase: str | None
) -> Condition:
    assert pod.spec is not None
    if phase == "Succeeded":
        return Condition(type=INITIALIZED, status="True", reason="PodCompleted")
    has_started_main = any(
        item is not None and item.state is not None and (item.state.running or item.state.terminated)
        for item in (info.get(container.name) for container in pod.spec.containers)
    )
    incomplete = [
        container.name
        for container in pod.spec.initContainers or ()
        if not _is_init_complete(container, info.get(container.name))
    ]
    if has_started_main or not incomplete or is_true(old_status.conditions, INITIALIZED):
        return Condition(type=INITIALIZED, status="True")
    return Condition(
        type=INITIALIZED,
        status="False",
        reason="ContainersNotInitialized",
        message=f"containers with incomplete status: [{' '.join(incomplete)}]",
    )


def _is_init_complete(container: core_v1.Container, status: core_v1.ContainerStatus | None) -> bool:
    return status is not None and bool(status.started if is_sidecar(container) else status.ready)


def _containers_ready(pod: core_v1.Pod, info: Mapping[str, core_v1.ContainerStatus], phase: str | None) -> Condition:
    assert pod.spec is not None
    if phase == "Succeeded":
        return Condition(type=CONTAINERS_READY, status="False", reason="PodCompleted")
    if phase == "Failed":
        return Condition(type=CONTAINERS_READY, status="False", reason="PodFailed")
    sidecars = [container for container in pod.spec.initContainers or () if is_sidecar(container)]
    unready = [container.name for container in (*sidecars, *pod.spec.containers) if not info[container.name].ready]
    if not unready:
        return Condition(type=CONTAINERS_READY, status="True")
    return Condition(
        type=CONTAINERS_READY,
        status="False",
        reason="ContainersNotReady",
        message=f"containers with unready status: [{' '.join(unready)}]",
    )


def _ready(pod: core_v1.Pod, containers_ready: Condition, conditions: list[Condition]) -> Condition:
    assert pod.spec is not None
    if containers_ready.status != "True":
        return replace(containers_ready, type=READY)
    reasons = []
    for gate in pod.spec.readinessGates or ():
        condition = find(conditions, gate.conditionType)
        if condition is None:
            reasons.append(f'corresponding condition of pod readiness gate "{gate.conditionType}" does not exist.')
        elif condition.status != "True":
            reasons.append(f'the status of pod readiness gate "{gate.conditionType}" is not "True", but {condition.status}')
    if reasons:
        return Condition(type=READY, status="False", reason="ReadinessGatesNotReady", message=", ".join(reasons))
    return Condition(type=READY, status="True")


def _restarting_all(pod: core_v1.Pod, old_status: core_v1.PodStatus, observed: Observed, phase: str | None) -> Condition:
    assert pod.spec is not None
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return Condition(type=RESTARTING_ALL, status="False", reason=reason)
    was_restarting = is_true(old_status.conditions, RESTARTING_ALL)
    asks = any(
        instance.state == "exited" and matching_action(container, instance.exit_code) == RESTART_ALL_CONTAINERS
        for container in (*(pod.spec.initContainers or ()), *pod.spec.containers)
        for instance in (observed.latest(container.name),)
        if instance is not None
    )
    if asks or (was_restarting and observed.containers):
        return Condition(
            type=RESTARTING_ALL,
            status="True",
            reason="RestartAllContainersStarted",
            message="container exited with restart policy rule",
        )
    return Condition(type=RESTARTING_ALL, status="False")
