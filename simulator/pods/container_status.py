"""From what the runtime shows to container statuses: waiting, running, terminated, and what was before.

Source: semantics/pod-on-docker.md 3.1, 3.2, 3.3 (waiting reasons), 3.5 (fields).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.model.metadata import whole_second
from simulator.pods.observed import NO_PROBES, ContainerProbes, Observed, ObservedContainer
from simulator.pods.resources import all_containers
from simulator.pods.restart_rules import is_sidecar, should_restart

STATUS_UNKNOWN = "ContainerStatusUnknown"
LOST_EXIT_CODE = 137
LOST_WHILE_RUNNING = "The container could not be located when the pod was deleted.  The container used to be Running"
LOST_AT_TERMINATION = "The container could not be located when the pod was terminated"
LOST_INIT = (
    "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally"
)
RESTARTING_ALL = "RestartingAllContainers"
RESTARTING_ALL_MESSAGE = "The container is removed because RestartAllContainers in place"

StartErrors = Mapping[str, tuple[str, str]]
"""By container name: reason and message of the last attempt to start it that failed and was not followed by a good one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lost_state(message: str) -> core_v1.ContainerState:
    """The terminated state of a container of which nothing is known any more."""
    return core_v1.ContainerState(
        terminated=core_v1.ContainerStateTerminated(exitCode=LOST_EXIT_CODE, reason=STATUS_UNKNOWN, message=message)
    )


def container_statuses(
    pod: core_v1.Pod,
    containers: list[core_v1.Container],
    old_statuses: Mapping[str, core_v1.ContainerStatus],
    observed: Observed,
    start_errors: StartErrors,
    probes: Mapping[str, ContainerProbes],
    kubelet_start: datetime | None,
    *,
    are_init: bool,
    is_restarting_all: bool,
) -> dict[str, core_v1.ContainerStatus]:
    """The statuses of `containers` (the pod's init containers, or its mains) by name, in spec order.

    `old_statuses`: what was written last, by name. `is_restarting_all`: the old status has AllContainersRestarting True.
    A container that has been running since before `kubelet_start` stays as ready as it was until a probe has run.
    """
    assert pod.spec is not None
    waiting_reason = "PodInitializing" if pod.spec.initContainers else "ContainerCreating"
    had_main = are_init and any(observed.latest(main.name) is not None for main in pod.spec.containers)
    statuses = {}
    for container in containers:
        old = old_statuses.get(container.name)
        instances = observed.all_of(container.name)
        if instances:
            status = _from_instances(instances, old)
        else:
            status = _without_instance(pod, container, old, waiting_reason)
            if is_restarting_all and old is not None:
                _mark_removed(status, old)
            if had_main and not is_sidecar(container) and _is_open(status):
                status.state = core_v1.ContainerState(
                    terminated=core_v1.ContainerStateTerminated(exitCode=0, reason="Completed", message=LOST_INIT)
                )
        if container.name in start_errors:
            _apply_start_error(pod, container, observed, start_errors[container.name], status, are_init)
        results = probes.get(container.name, NO_PROBES)
        running = status.state.running if status.state is not None else None
        status.started = running is not None and _has_started(container, old, results)
        if are_init and not is_sidecar(container):
            status.ready = status.ready or _has_succeeded(status)
        else:
            status.ready = status.started and _is_ready(container, status, old, results, kubelet_start)
        statuses[container.name] = status
    return statuses


def are_settled(pod: core_v1.Pod, before: Observed, observed: Observed) -> bool:
    """Whether the statuses of all containers, which were made from `before`, come out the same when they are made again.

    So it is once all have ended and are shown: what the old status says of a container counts only while it is open, lost
    or back.
    """
    if observed.containers is not before.containers:
        return False
    names = set()
    for instance in observed.containers:
        if instance.state != "exited" or not instance.container_id:
            return False
        names.add(instance.name)
    return names.issuperset([container.name for container in all_containers(pod)])


def _is_open(status: core_v1.ContainerStatus) -> bool:
    return status.state is None or status.state.terminated is None


def _from_instances(instances: list[ObservedContainer], old: core_v1.ContainerStatus | None) -> core_v1.ContainerStatus:
    latest = instances[0]
    state = _state_of(latest, old)
    restarts = latest.attempt
    if old is not None:
        was_terminated = old.state is not None and old.state.terminated is not None
        is_terminated = state.terminated is not None
        is_unknown = latest.state == "unknown"
        restarts = max(restarts, old.restartCount + (is_terminated if is_unknown else was_terminated and not is_terminated))
    last_state = _state_of(instances[1], old) if len(instances) > 1 else _last_state_kept(old, latest)
    return core_v1.ContainerStatus(
        name=latest.name,
        image=latest.image,
        imageID=latest.image_id,
        containerID=latest.container_id or None,
        restartCount=restarts,
        ready=False,
        state=state,
        lastState=last_state,
    )


def _last_state_kept(old: core_v1.ContainerStatus | None, latest: ObservedContainer) -> core_v1.ContainerState | None:
    """How the container before the latest one ended, where only the old status knows."""
    if old is None:
        return None
    ended = old.state.terminated if old.state and latest.state != "unknown" else None
    return old.state if ended is not None and ended.containerID != latest.container_id else old.lastState


def _state_of(instance: ObservedContainer, old: core_v1.ContainerStatus | None) -> core_v1.ContainerState:
    match instance.state:
        case "running":
            started = instance.started_time
            return core_v1.ContainerState(
                running=core_v1.ContainerStateRunning(startedAt=None if started is None else whole_second(started))
            )
        case "exited":
            started, finished = instance.started_time, instance.finished_time
            return core_v1.ContainerState(
                terminated=core_v1.ContainerStateTerminated(
                    exitCode=instance.exit_code,
                    reason=instance.reason or None,
                    message=instance.message or None,
                    startedAt=None if started is None else whole_second(started),
                    finishedAt=None if finished is None else whole_second(finished),
                    containerID=instance.container_id or None,
                )
            )
        case "unknown" if old is not None and old.state is not None and old.state.running is not None:
            return lost_state(LOST_AT_TERMINATION)
        case _:
            return core_v1.ContainerState(waiting=core_v1.ContainerStateWaiting())


def _without_instance(
    pod: core_v1.Pod, container: core_v1.Container, old: core_v1.ContainerStatus | None, waiting_reason: str
) -> core_v1.ContainerStatus:
    """The status of a container that the runtime doesn't show."""
    if old is not None and not _is_open(old):
        return replace(old)
    status = core_v1.ContainerStatus(
        name=container.name,
        image=container.image or "",
        imageID="",
        restartCount=old.restartCount if old else 0,
        ready=False,
        state=core_v1.ContainerState(waiting=core_v1.ContainerStateWaiting(reason=waiting_reason)),
        lastState=old.lastState if old else None,
    )
    was_running = old is not None and old.state is not None and old.state.running is not None
    if was_running and (status.lastState is None or status.lastState.terminated is None):
        status.lastState = lost_state(LOST_WHILE_RUNNING)
        if pod.metadata is None or pod.metadata.deletionTimestamp is None:
            status.restartCount += 1
    return status


def _mark_removed(status: core_v1.ContainerStatus, old: core_v1.ContainerStatus) -> None:
    """A container that was removed because all start over: it waits, and that counts as one restart."""
    waiting = old.state.waiting if old.state is not None else None
    ended = old.state.terminated if old.state is not None else None
    if waiting is not None and waiting.reason == RESTARTING_ALL:
        status.state, status.lastState = old.state, old.lastState
        return
    if waiting is not None or (ended is not None and ended.message == LOST_INIT):
        return
    status.restartCount = old.restartCount + 1
    status.state = core_v1.ContainerState(
        waiting=core_v1.ContainerStateWaiting(reason=RESTARTING_ALL, message=RESTARTING_ALL_MESSAGE)
    )
    status.lastState = core_v1.ContainerState(
        terminated=core_v1.ContainerStateTerminated(
            exitCode=LOST_EXIT_CODE, reason=RESTARTING_ALL, message=RESTARTING_ALL_MESSAGE
        )
    )


def _apply_start_error(
    pod: core_v1.Pod,
    container: core_v1.Container,
    observed: Observed,
    error: tuple[str, str],
    status: core_v1.ContainerStatus,
    is_init: bool,
) -> None:
    """A container that is due to start and could not be, or must wait, shows as waiting with the reason."""
    latest = observed.latest(container.name)
    is_done_init = is_init and latest is not None and latest.state == "exited" and latest.exit_code == 0
    if is_done_init or not should_restart(pod, container, observed):
        return
    reason, message = error
    if status.state is not None and status.state.terminated is not None:
        status.lastState = status.state
    status.state = core_v1.ContainerState(waiting=core_v1.ContainerStateWaiting(reason=reason, message=message or None))


def _has_started(container: core_v1.Container, old: core_v1.ContainerStatus | None, results: ContainerProbes) -> bool:
    """Whether a container that runs counts as started."""
    if results.startup is not None:
        return results.startup == "success"
    return container.startupProbe is None or bool(old and old.started)


def _has_succeeded(status: core_v1.ContainerStatus) -> bool:
    ended = status.state.terminated if status.state is not None else None
    return ended is not None and ended.exitCode == 0


def _is_ready(
    container: core_v1.Container,
    status: core_v1.ContainerStatus,
    old: core_v1.ContainerStatus | None,
    results: ContainerProbes,
    kubelet_start: datetime | None,
) -> bool:
    """Whether a main container or sidecar that has started is ready (3.5)."""
    if results.readiness is not None:
        return results.readiness == "success"
    return container.readinessProbe is None or _was_ready(status, old, kubelet_start)


def _was_ready(status: core_v1.ContainerStatus, old: core_v1.ContainerStatus | None, kubelet_start: datetime | None) -> bool:
    """Whether this very container ran and was ready before the kubelet started."""
    if kubelet_start is None or old is None or old.containerID != status.containerID:
        return False
    running = status.state.running if status.state is not None else None
    return old.ready and running is not None and (running.startedAt or _EPOCH) < kubelet_start
