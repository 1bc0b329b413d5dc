"""The phase of a pod, from the statuses of its containers. Source: semantics/pod-on-docker.md 3.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.model.kubernetes import core_v1
from simulator.pods.restart_rules import is_sidecar, restarts_after

TERMINAL = frozenset({"Succeeded", "Failed"})


def compute_phase(
    pod: core_v1.Pod,
    info: Mapping[str, core_v1.ContainerStatus],
    old_statuses: Mapping[str, core_v1.ContainerStatus],
    *,
    is_stopped: bool,
    has_main_been_created: bool,
    is_restarting_all: bool = False,
) -> str:
    """The phase.

    `info`: the container statuses by name; `old_statuses`: those of before, which say whether a sidecar has started.
    `is_stopped`: the pod's containers have been stopped for good.
    `has_main_been_created`: a main container exists that was made in the present sandbox (of interest where there are
    sidecars). `is_restarting_all`: all start over, whatever their policies say.
    """
    assert pod.spec is not None
    inits = pod.spec.initContainers or ()
    pending_init, failed_init = _count_init(pod, inits, info) if inits else (0, 0)
    failed_init = 0 if is_restarting_all else failed_init
    pending_sidecar = waiting = running = unknown = stopped = succeeded = final = 0
    for container in inits:
        if not is_sidecar(container):
            continue
        state, last_state = _states(info.get(container.name))
        if state is None:
            unknown += 1
        elif state.running is not None:
            running += 1
            old = old_statuses.get(container.name)
            pending_sidecar += old is None or not old.started
        elif state.terminated is None and not (state.waiting is not None and last_state is not None):
            pending_sidecar += 1
            waiting += 1
    for container in pod.spec.containers:
        state, last_state = _states(info.get(container.name))
        if state is None:
            unknown += 1
        elif state.running is not None:
            running += 1
        elif state.terminated is not None:
            stopped += 1
            succeeded += state.terminated.exitCode == 0
            final += not restarts_after(pod, container, state.terminated.exitCode)
        elif last_state is not None:
            stopped += 1
            final += not restarts_after(pod, container, last_state.exitCode)
        else:
            waiting += 1
    if failed_init:
        return "Failed"
    if pending_init or (pending_sidecar and not has_main_been_created) or waiting:
        return "Pending"
    if running and not unknown:
        return "Running"
    if not running and stopped and not unknown:
        if is_stopped:
            return "Succeeded" if stopped == succeeded else "Failed"
        if final < stopped or is_restarting_all:
            return "Running"
        return "Succeeded" if stopped == succeeded else "Failed"
    return "Pending"


def _states(
    status: core_v1.ContainerStatus | None,
) -> tuple[core_v1.ContainerState | None, core_v1.ContainerStateTerminated | None]:
    """The state of a container and how it ended before."""
    if status is None or status.state is None:
        return None, None
    return status.state, status.lastState.terminated if status.lastState else None


def _count_init(
    pod: core_v1.Pod, inits: Iterable[core_v1.Container], info: Mapping[str, core_v1.ContainerStatus]
) -> tuple[int, int]:
    """How many regular init containers are still to be done, and how many have failed for good."""
    pending = failed = 0
    for container in inits:
        if is_sidecar(container):
            continue
        state, last_state = _states(info.get(container.name))
        ended = state and (state.terminated or (last_state if state.waiting else None))
        if ended is None:
            pending += 1
        elif ended.exitCode != 0 and not restarts_after(pod, container, ended.exitCode):
            failed += 1
    return pending, failed
