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
    set_transition_times,
    with_terminal_readiness,
)
from simulator.pods.container_status import LOST_AT_TERMINATION, StartErrors, container_statuses, lost_state, mark_ready
from simulator.pods.observed import ContainerProbes, Observed
from simulator.pods.phase import TERMINAL, compute_phase
from simulator.pods.resources import qos_class
from simulator.pods.restart_rules import is_sidecar, pod_restart_policy, restarts_after

Stage = Literal["sync", "stopped", "terminated"]

DEADLINE_REASON = "DeadlineExceeded"
DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline"
_MESSAGE_BYTES = 12288


class StatusUpdate(msgspec.Struct, frozen=True):
    """The kubelet's own new `status`, what is `published` of it, and whether the deadline has passed (an event says so)."""

    status: core_v1.PodStatus
    published: core_v1.PodStatus
    is_past_deadline: bool = False


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
) -> StatusUpdate | None:
    """The status of one sync, or None if it may not be written (a terminated container would come back).

    `pod.status` is what the API holds, `old_status` what the kubelet itself decided last (None: the same). `stage`: `sync`
    (also the beginning of termination), `stopped` (all containers have been stopped), `terminated` (the last step).
    `is_finished`: no container runs any more, so that a terminal phase may be published (None: from the stage).
    """
    api_status = pod.status or core_v1.PodStatus()
    old = old_status if old_status is not None else api_status
    if stage == "terminated":
        last, is_past_deadline = _generate(
            pod, old, api_status, observed, now, host_ip, start_errors, probes, kubelet_start, is_stopped=True
        )
        status = _with_all_ended(pod, last, api_status)
    else:
        status, is_past_deadline = _generate(
            pod, old, api_status, observed, now, host_ip, start_errors, probes, kubelet_start, is_stopped=stage == "stopped"
        )
        if not _may_follow(pod, old, status):
            return None
    _normalize(pod, status)
    finished = stage != "sync" if is_finished is None else is_finished
    return StatusUpdate(status, _published(api_status, status, finished, now), is_past_deadline)


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
) -> tuple[core_v1.PodStatus, bool]:
    assert pod.spec is not None
    assert pod.metadata is not None
    inits, mains = pod.spec.initContainers or [], pod.spec.containers
    old_inits, old_mains = old.initContainerStatuses or [], old.containerStatuses or []
    restarting = is_true(old.conditions, RESTARTING_ALL)
    main_statuses = container_statuses(
        pod, mains, old_mains, observed, start_errors, are_init=False, is_restarting_all=restarting
    )
    init_statuses = container_statuses(
        pod, inits, old_inits, observed, start_errors, are_init=True, is_restarting_all=restarting
    )
    phase = compute_phase(
        pod,
        {status.name: status for status in (*init_statuses, *main_statuses)},
        is_stopped=is_stopped,
        has_main_been_created=_has_main_in_sandbox(mains, observed),
        is_restarting_all=restarting,
    )
    phase, reason, message = _settle_phase(phase, old, api_status)
    start_time = old.startTime or now
    is_past_deadline = False
    deadline = pod.spec.activeDeadlineSeconds
    if deadline is not None and old.startTime is not None and now - old.startTime >= timedelta(seconds=deadline):
        is_past_deadline = True
        phase, reason, message = "Failed", DEADLINE_REASON, DEADLINE_MESSAGE
    if api_status.phase in TERMINAL:
        phase = api_status.phase
    mark_ready(mains, main_statuses, old_mains, probes, kubelet_start, are_init=False)
    mark_ready(inits, init_statuses, old_inits, probes, kubelet_start, are_init=True)
    main_statuses.sort(key=lambda status: status.name)
    ips = _pod_ips(pod, old, observed, host_ip)
    status = core_v1.PodStatus(
        phase=phase,
        reason=reason or None,
        message=message or None,
        containerStatuses=main_statuses,
        initContainerStatuses=init_statuses or None,
        hostIP=host_ip,
        hostIPs=[core_v1.HostIP(ip=host_ip)],
        podIP=ips[0] if ips else None,
        podIPs=[core_v1.PodIP(ip=ip) for ip in ips] or None,
        startTime=whole_second(start_time),
        qosClass=qos_class(pod),
        observedGeneration=pod.metadata.generation,
    )
    status.conditions = pod_conditions(pod, old, status, observed)
    set_transition_times(status.conditions, old.conditions, whole_second(now))
    return status, is_past_deadline


def _has_main_in_sandbox(mains: list[core_v1.Container], observed: Observed) -> bool:
    """Whether a main container was ever made in the newest sandbox, which must be ready."""
    if not observed.sandboxes or not observed.sandboxes[0].ready:
        return False
    attempt = observed.sandboxes[0].attempt
    return any(instance.sandbox_attempt == attempt for container in mains for instance in observed.all_of(container.name))


def _settle_phase(phase: str, old: core_v1.PodStatus, api_status: core_v1.PodStatus) -> tuple[str, str | None, str | None]:
    """Phase, reason and message: a terminal phase stays, and so do reason and message while the phase does."""
    if phase not in TERMINAL:
        phase = next((earlier.phase for earlier in (old, api_status) if earlier.phase in TERMINAL and earlier.phase), phase)
    if phase == old.phase:
        return phase, old.reason or api_status.reason, old.message or api_status.message
    return phase, None, None


def _pod_ips(pod: core_v1.Pod, old: core_v1.PodStatus, observed: Observed, host_ip: str) -> list[str]:
    assert pod.spec is not None
    newest = observed.sandboxes[0] if observed.sandboxes else None
    if newest is not None and newest.ready:
        if pod.spec.hostNetwork:
            return [host_ip]
        if newest.ip:
            return [newest.ip]
    kept = [item.ip for item in old.podIPs or () if item.ip]
    return kept or ([host_ip] if pod.spec.hostNetwork else [])


def _may_follow(pod: core_v1.Pod, old: core_v1.PodStatus, status: core_v1.PodStatus) -> bool:
    """Whether every container that has left Terminated may be restarted (3.5, last line)."""
    assert pod.spec is not None
    if pod_restart_policy(pod) == "Always":
        return True
    if is_true(old.conditions, RESTARTING_ALL) or is_true(status.conditions, RESTARTING_ALL):
        return True
    specs = {container.name: container for container in (*(pod.spec.initContainers or ()), *pod.spec.containers)}
    inits = {container.name for container in pod.spec.initContainers or ()}
    new = {item.name: item for item in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ()))}
    for before in (*(old.initContainerStatuses or ()), *(old.containerStatuses or ())):
        container, after = specs.get(before.name), new.get(before.name)
        if container is None or after is None or before.state is None or before.state.terminated is None:
            continue
        if before.name in inits and is_sidecar(container):
            continue
        if restarts_after(pod, container, before.state.terminated.exitCode):
            continue
        if after.state is None or after.state.terminated is None:
            return False
    return True


def _with_all_ended(pod: core_v1.Pod, old: core_v1.PodStatus, api_status: core_v1.PodStatus) -> core_v1.PodStatus:
    """The last status of a pod: everything that may have run is terminated, the phase terminal."""
    status = replace(old)
    if _has_been_initialized(pod, api_status):
        status.containerStatuses = [_ended(item) for item in old.containerStatuses or ()]
    inits = old.initContainerStatuses or []
    if inits:
        started = [index for index, item in enumerate(inits) if _has_started(item)]
        count = started[-1] + 1 if started else 1
        status.initContainerStatuses = [_ended(item) for item in inits[:count]] + inits[count:]
    if status.phase not in TERMINAL:
        status.phase = "Failed"
    return status


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
    assert pod.spec is not None
    limit = _MESSAGE_BYTES // (len(pod.spec.containers) + len(pod.spec.initContainers or ()))
    for item in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
        for state in (item.state, item.lastState):
            if state is not None and state.terminated is not None and state.terminated.message:
                cut = state.terminated.message.encode()[:limit].decode(errors="ignore")
                if cut != state.terminated.message:
                    state.terminated = replace(state.terminated, message=cut)


def _published(
    api_status: core_v1.PodStatus, status: core_v1.PodStatus, is_finished: bool, now: datetime
) -> core_v1.PodStatus:
    """What of the kubelet's status goes to the API (3.4)."""
    published = replace(status)
    becomes_terminal = status.phase in TERMINAL and api_status.phase not in TERMINAL
    conditions = status.conditions or []
    others = [item for item in api_status.conditions or () if item.type not in KUBELET_CONDITIONS]
    own = [item for item in conditions if item.type in KUBELET_CONDITIONS]
    target = [item for item in conditions if item.type == DISRUPTION_TARGET]
    if becomes_terminal and is_finished and target:
        others = [item for item in others if item.type != DISRUPTION_TARGET] + target
    published.conditions = others + own
    if becomes_terminal and not is_finished:
        published.phase, published.reason, published.message = api_status.phase, api_status.reason, api_status.message
    if published.phase in TERMINAL and published.phase is not None:
        published.conditions = with_terminal_readiness(published.conditions, published.phase, whole_second(now))
    return published
