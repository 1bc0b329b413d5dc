"""The status that a sync writes: what the kubelet makes of old status and runtime, and what of it reaches the API.

Source: semantics/pod-on-docker.md 3.1, 3.4, 3.5, 3.6. The kubelet keeps its own status (`StatusUpdate.status`), which may
already be terminal while the API still shows the old phase (`StatusUpdate.published`): a terminal phase is published only
after all containers have stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.model.metadata import whole_second
from simulator.pods.conditions import (
    DISRUPTION_TARGET,
    KUBELET_CONDITIONS,
    RESTARTING_ALL,
    is_true,
    pod_conditions,
    with_terminal_readiness,
)
from simulator.pods.container_status import (
    LOST_AT_TERMINATION,
    StartErrors,
    are_settled,
    container_statuses,
    lost_state,
)
from simulator.pods.observed import ContainerProbes, Observed
from simulator.pods.phase import TERMINAL, compute_phase
from simulator.pods.resources import all_containers, qos_class
from simulator.pods.restart_rules import is_sidecar, pod_restart_policy, restarts_after

Stage = Literal["sync", "stopped", "terminated"]

DEADLINE_REASON = "DeadlineExceeded"
DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline"
_MESSAGE_BYTES = 12288


class StatusUpdate(msgspec.Struct, frozen=True):
    """The kubelet's own new `status`, what is `published` of it, and whether the deadline has passed (an event says so).

    `observed`: what it was made from.
    """

    status: core_v1.PodStatus
    published: core_v1.PodStatus
    is_past_deadline: bool
    observed: Observed


def compute_status(
    pod: core_v1.Pod,
    old_status: core_v1.PodStatus | None,
    observed: Observed,
    now: datetime,
    *,
    host_ip: str,
    start_errors: StartErrors,
    probes: Mapping[str, ContainerProbes],
    kubelet_start: datetime | None = None,
    stage: Stage = "sync",
    is_finished: bool | None = None,
    before: StatusUpdate | None = None,
) -> StatusUpdate | None:
    """The status of one sync, or None if it may not be written (a terminated container would come back).

    `pod.status` is what the API holds, `old_status` what the kubelet itself decided last (None: the same). `stage`: `sync`
    (also the beginning of termination), `stopped` (all containers have been stopped), `terminated` (the last step).
    `is_finished`: no container runs any more, so that a terminal phase may be published (None: from the stage).
    `before`: the update that was made before this one at the same instant, if any: `old_status` is its status.
    """
    api_status = pod.status or core_v1.PodStatus()
    old = old_status if old_status is not None else api_status
    is_settled = before is not None and not start_errors and are_settled(pod, before.observed, observed)
    status, is_past_deadline = _generate(
        pod,
        old,
        api_status,
        observed,
        now,
        host_ip,
        start_errors,
        probes,
        kubelet_start,
        is_stopped=stage != "sync",
        is_settled=is_settled,
    )
    if stage == "terminated":
        _end_all(pod, status, api_status)
    elif not is_settled and not _may_follow(pod, old, status):
        return None
    if not is_settled:
        _normalize(pod, status)
    finished = stage != "sync" if is_finished is None else is_finished
    return StatusUpdate(status, _published(api_status, status, finished, now), is_past_deadline, observed)


def _has_conditions_of_others(status: core_v1.PodStatus) -> bool:
    """Whether a status of the kubelet's holds conditions that are not its own: they come first."""
    conditions = status.conditions
    return conditions is not None and conditions != [] and conditions[0].type not in KUBELET_CONDITIONS


def _generate(
    pod: core_v1.Pod,
    old: core_v1.PodStatus,
    api_status: core_v1.PodStatus,
    observed: Observed,
    now: datetime,
    host_ip: str,
    start_errors: StartErrors,
    probes: Mapping[str, ContainerProbes],
    kubelet_start: datetime | None,
    *,
    is_stopped: bool,
    is_settled: bool,
) -> tuple[core_v1.PodStatus, bool]:
    assert pod.spec is not None
    assert pod.metadata is not None
    inits, mains = pod.spec.initContainers or [], pod.spec.containers
    init_statuses, main_statuses = old.initContainerStatuses or [], old.containerStatuses or []
    restarting = is_true(old.conditions, RESTARTING_ALL)
    old_by_name = by_name = {status.name: status for status in (*init_statuses, *main_statuses)}
    if not is_settled:
        given = (old_by_name, observed, start_errors, probes, kubelet_start)
        by_name = container_statuses(pod, mains, *given, are_init=False, is_restarting_all=restarting)
        main_statuses = [by_name[name] for name in sorted(by_name)]
        init_statuses = []
        if inits:
            new_inits = container_statuses(pod, inits, *given, are_init=True, is_restarting_all=restarting)
            init_statuses = list(new_inits.values())
            by_name |= new_inits
    phase = compute_phase(
        pod,
        by_name,
        old_by_name,
        is_stopped=is_stopped,
        has_main_been_created=bool(inits) and _has_main_in_sandbox(mains, observed),
        is_restarting_all=restarting,
    )
    phase, reason, message = _settle_phase(phase, old, api_status)
    is_past_deadline = False
    deadline = pod.spec.activeDeadlineSeconds
    if deadline is not None and old.startTime is not None and now - old.startTime >= timedelta(seconds=deadline):
        is_past_deadline = True
        phase, reason, message = "Failed", DEADLINE_REASON, DEADLINE_MESSAGE
    if api_status.phase in TERMINAL:
        phase = api_status.phase
    second = whole_second(now)
    ips = _pod_ips(pod, old, observed, host_ip)
    status = core_v1.PodStatus(
        phase=phase,
        reason=reason or None,
        message=message or None,
        containerStatuses=main_statuses,
        initContainerStatuses=init_statuses or None,
        hostIP=host_ip,
        hostIPs=[core_v1.HostIP(ip=host_ip)],
        podIP=ips[0].ip if ips else None,
        podIPs=ips,
        startTime=whole_second(old.startTime) if old.startTime is not None else second,
        qosClass=qos_class(pod),
        observedGeneration=pod.metadata.generation,
        conditions=pod_conditions(pod, old, phase, by_name, observed, second),
    )
    return status, is_past_deadline


def _has_main_in_sandbox(mains: list[core_v1.Container], observed: Observed) -> bool:
    """Whether a main container was ever made in the newest sandbox, which must be ready."""
    if not observed.sandboxes or not observed.sandboxes[0].ready:
        return False
    attempt = observed.sandboxes[0].attempt
    made = {instance.name for instance in observed.containers if instance.sandbox_attempt == attempt}
    return any(container.name in made for container in mains)


def _settle_phase(phase: str, old: core_v1.PodStatus, api_status: core_v1.PodStatus) -> tuple[str, str | None, str | None]:
    """Phase, reason and message: a terminal phase stays, and so do reason and message while the phase does."""
    if phase not in TERMINAL:
        for earlier in (old.phase, api_status.phase):
            if earlier is not None and earlier in TERMINAL:
                phase = earlier
                break
    if phase == old.phase:
        return phase, old.reason or api_status.reason, old.message or api_status.message
    return phase, None, None


def _pod_ips(pod: core_v1.Pod, old: core_v1.PodStatus, observed: Observed, host_ip: str) -> list[core_v1.PodIP] | None:
    assert pod.spec is not None
    newest = observed.sandboxes[0] if observed.sandboxes else None
    if newest is not None and newest.ready:
        if pod.spec.hostNetwork:
            return [core_v1.PodIP(ip=host_ip)]
        if newest.ip:
            return [core_v1.PodIP(ip=newest.ip)]
    kept = [item for item in old.podIPs if item.ip] if old.podIPs else None
    return kept or ([core_v1.PodIP(ip=host_ip)] if pod.spec.hostNetwork else None)


def _may_follow(pod: core_v1.Pod, old: core_v1.PodStatus, status: core_v1.PodStatus) -> bool:
    """Whether every container that has left Terminated may be restarted (3.5, last line)."""
    if pod_restart_policy(pod) == "Always":
        return True
    left = {}
    for before in (*(old.initContainerStatuses or ()), *(old.containerStatuses or ())):
        if before.state is not None and before.state.terminated is not None:
            left[before.name] = before.state.terminated.exitCode
    if not left:
        return True
    for after in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
        if after.state is not None and after.state.terminated is not None:
            left.pop(after.name, None)
    if is_true(old.conditions, RESTARTING_ALL) or is_true(status.conditions, RESTARTING_ALL):
        return True
    assert pod.spec is not None
    inits = {container.name for container in pod.spec.initContainers or ()}
    return all(
        (container.name in inits and is_sidecar(container)) or restarts_after(pod, container, left[container.name])
        for container in all_containers(pod)
        if container.name in left
    )


def _end_all(pod: core_v1.Pod, status: core_v1.PodStatus, api_status: core_v1.PodStatus) -> None:
    """Make this the last status of a pod: everything that may have run is terminated, the phase terminal."""
    if _has_been_initialized(pod, api_status):
        status.containerStatuses = [_ended(item) for item in status.containerStatuses or ()]
    inits = status.initContainerStatuses or []
    if inits:
        started = [index for index, item in enumerate(inits) if _has_started(item)]
        count = started[-1] + 1 if started else 1
        status.initContainerStatuses = [_ended(item) for item in inits[:count]] + inits[count:]
    if status.phase not in TERMINAL:
        status.phase = "Failed"


def _ended(item: core_v1.ContainerStatus) -> core_v1.ContainerStatus:
    if item.state is not None and item.state.terminated is not None:
        return item
    return replace(item, state=lost_state(LOST_AT_TERMINATION))


def _has_started(item: core_v1.ContainerStatus) -> bool:
    """Whether a container has ever left Waiting."""
    is_waiting = item.state is None or (item.state.running is None and item.state.terminated is None)
    return not is_waiting or (item.lastState is not None and item.lastState.terminated is not None)


def _has_been_initialized(pod: core_v1.Pod, status: core_v1.PodStatus) -> bool:
    """Whether the mains may have run, as far as `status` tells."""
    assert pod.spec is not None
    inits = pod.spec.initContainers or []
    if not inits or any(_has_started(item) for item in status.containerStatuses or ()):
        return True
    last = next((item for item in status.initContainerStatuses or () if item.name == inits[-1].name), None)
    if last is None:
        return False
    if is_sidecar(inits[-1]):
        return last.state is not None and last.state.running is not None and bool(last.started)
    states = (last.state, last.lastState)
    return any(state is not None and state.terminated is not None and state.terminated.exitCode == 0 for state in states)


def _normalize(pod: core_v1.Pod, status: core_v1.PodStatus) -> None:
    """Cut termination messages to what the pod may hold in all."""
    for item in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
        for state in (item.state, item.lastState):
            if state is not None and state.terminated is not None and state.terminated.message:
                limit = _MESSAGE_BYTES // len(all_containers(pod))
                cut = state.terminated.message.encode()[:limit].decode(errors="ignore")
                if cut != state.terminated.message:
                    state.terminated = replace(state.terminated, message=cut)


def _published(
    api_status: core_v1.PodStatus, status: core_v1.PodStatus, is_finished: bool, now: datetime
) -> core_v1.PodStatus:
    """What of the kubelet's status goes to the API (3.4)."""
    published = status
    becomes_terminal = status.phase in TERMINAL and api_status.phase not in TERMINAL
    conditions = status.conditions or []
    if _has_conditions_of_others(status):
        own = [item for item in conditions if item.type in KUBELET_CONDITIONS]
        others = [item for item in api_status.conditions or () if item.type not in KUBELET_CONDITIONS]
        target = [item for item in conditions if item.type == DISRUPTION_TARGET]
        if becomes_terminal and is_finished and target:
            others = [item for item in others if item.type != DISRUPTION_TARGET] + target
        published = replace(status, conditions=others + own)
    if becomes_terminal and not is_finished:
        return replace(published, phase=api_status.phase, reason=api_status.reason, message=api_status.message)
    if status.phase in TERMINAL and status.phase is not None and published.conditions is not None:
        ended = with_terminal_readiness(published.conditions, status.phase, whole_second(now))
        if ended is not published.conditions:
            published = replace(published, conditions=ended)
    return published
