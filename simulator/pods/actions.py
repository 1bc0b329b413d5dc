"""What one sync of a pod is to do: which sandbox, which containers to stop, start and remove.

The kubelet's own decision, before back-off and before anything is carried out. Pure: the pod and what the runtime shows
go in, `PodActions` come out. Source: semantics/pod-on-docker.md 1.3, 2.8, 2.9, 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from simulator.model.kubernetes import core_v1
from simulator.pods.observed import NO_PROBES, ContainerProbes, Observed, ObservedContainer
from simulator.pods.restart_rules import (
    RESTART_ALL_CONTAINERS,
    effective_policy,
    init_has_failed,
    is_sidecar,
    matching_action,
    pod_restart_policy,
    should_restart,
)

KillReason = Literal["", "LivenessProbe", "StartupProbe"]


class Kill(msgspec.Struct, frozen=True):
    """Stop a container. `message` is the text of its Killing event, `reason` decides whose grace period counts."""

    name: str
    attempt: int
    message: str
    reason: KillReason = ""


class Reset(msgspec.Struct, frozen=True):
    """Remove a container because all start over; `kill`: it has to be killed first, without grace."""

    name: str
    attempt: int
    kill: bool


class PodActions(msgspec.Struct):
    """What one sync does.

    `kill_pod`: stop every container and the sandbox; with `create_sandbox` a new one of number `attempt` follows.
    `sandbox_changed`: an event tells that an older sandbox is given up. `init_containers` and `containers`: names to
    start, in order. `kills` and `resets` come before anything is started.
    """

    kill_pod: bool = False
    create_sandbox: bool = False
    sandbox_changed: bool = False
    attempt: int = 0
    init_containers: list[str] = msgspec.field(default_factory=list)
    containers: list[str] = msgspec.field(default_factory=list)
    kills: list[Kill] = msgspec.field(default_factory=list)
    resets: list[Reset] = msgspec.field(default_factory=list)


def compute_actions(
    pod: core_v1.Pod,
    observed: Observed,
    probes: Mapping[str, ContainerProbes] | None = None,
    restart_all: bool = False,
) -> PodActions:
    """The actions of one sync.

    `probes`: last results of each container's latest instance. `restart_all`: the pod's condition AllContainersRestarting
    is True.
    """
    probes = probes or {}
    is_new, attempt, sandbox_changed = sandbox_need(pod, observed)
    actions = PodActions(kill_pod=is_new, create_sandbox=is_new, attempt=attempt)
    if restart_all:
        actions.resets = _resets(pod, observed)
    elif is_new:
        _start_over(pod, observed, actions)
    if is_new or restart_all:
        actions.sandbox_changed = actions.create_sandbox and sandbox_changed
        return actions
    is_initialized = _init_actions(pod, observed, probes, actions)
    if is_initialized and not actions.kill_pod:
        _main_actions(pod, observed, probes, actions)
    return actions


def sandbox_need(pod: core_v1.Pod, observed: Observed) -> tuple[bool, int, bool]:
    """Whether a new sandbox is needed, the number of the sandbox to use, and whether an older one is named as changed."""
    if not observed.sandboxes:
        return True, 0, False
    newest = observed.sandboxes[0]
    following = newest.attempt + 1
    has_several_ready = len(observed.sandboxes) > 1 and sum(sandbox.ready for sandbox in observed.sandboxes) > 1
    if has_several_ready or not newest.ready:
        return True, following, True
    wants_host = bool(pod.spec and pod.spec.hostNetwork)
    if newest.host_network is not None and newest.host_network != wants_host:
        return True, following, False
    if not wants_host and not newest.ip and not newest.may_lack_ip:
        return True, following, True
    return False, newest.attempt, False


def _start_over(pod: core_v1.Pod, observed: Observed, actions: PodActions) -> None:
    """Begin in a new sandbox, or leave it where the pod has nothing more to run."""
    assert pod.spec is not None
    if pod_restart_policy(pod) == "Never" and actions.attempt != 0 and observed.containers:
        actions.create_sandbox = False
        return
    to_start = [
        container.name
        for container in pod.spec.containers
        if effective_policy(pod, container) != "OnFailure" or not _succeeded(observed.latest(container.name))
    ]
    if not to_start and any(observed.latest(container.name) for container in pod.spec.containers):
        actions.create_sandbox = False
        return
    if pod.spec.initContainers:
        actions.init_containers = [pod.spec.initContainers[0].name]
    else:
        actions.containers = to_start


def _succeeded(latest: ObservedContainer | None) -> bool:
    return latest is not None and latest.state == "exited" and latest.exit_code == 0


def _resets(pod: core_v1.Pod, observed: Observed) -> list[Reset]:
    """Every container there is, mains first; those whose exit asked for the restart of all come last."""
    assert pod.spec is not None
    first: list[Reset] = []
    last: list[Reset] = []
    for container in (*pod.spec.containers, *(pod.spec.initContainers or ())):
        for instance in observed.all_of(container.name):
            is_source = (
                instance.state == "exited" and matching_action(container, instance.exit_code) == RESTART_ALL_CONTAINERS
            )
            reset = Reset(container.name, instance.attempt, kill=instance.state != "exited")
            (last if is_source else first).append(reset)
    return first + last


def _init_actions(pod: core_v1.Pod, observed: Observed, probes: Mapping[str, ContainerProbes], actions: PodActions) -> bool:
    """Decide on init containers; the return value says whether the mains may be looked at.

    The list is walked from its end: a later init container that exists proves the earlier ones done, even where their
    containers are gone.
    """
    assert pod.spec is not None
    inits = pod.spec.initContainers or []
    if not inits:
        return True
    mains = [observed.latest(container.name) for container in pod.spec.containers]
    is_initialized = any(main is not None and main.state in ("created", "running") for main in mains)
    later_exists = is_initialized
    last = len(inits) - 1
    starts: list[str] = []

    def start_after(index: int) -> None:
        nonlocal is_initialized
        if index == last:
            is_initialized = True
        elif not later_exists:
            starts.append(inits[index + 1].name)

    for index in range(last, -1, -1):
        container = inits[index]
        latest = observed.latest(container.name)
        if latest is None:
            if later_exists and is_sidecar(container):
                starts.append(container.name)
            continue
        if later_exists and not is_sidecar(container):
            continue
        match latest.state:
            case "created":
                starts.append(container.name)
            case "running":
                if is_sidecar(container):
                    kill, passed = _sidecar_check(container, latest, probes.get(container.name, NO_PROBES))
                    if passed:
                        start_after(index)
                    if kill:
                        actions.kills.append(kill)
                        starts.append(container.name)
            case "exited" if is_sidecar(container):
                starts.append(container.name)
            case "exited" if not init_has_failed(latest):
                start_after(index)
            case _:
                if not is_sidecar(container) and not _init_restarts(pod, container, observed, latest):
                    actions.kill_pod = True
                    return False
                if latest.state == "unknown":
                    actions.kills.append(_unknown_kill("Init container", latest))
                starts.append(container.name)
        later_exists = True
    if not later_exists:
        starts.append(inits[0].name)
    actions.init_containers = starts[::-1]
    return is_initialized


def _sidecar_check(
    container: core_v1.Container, latest: ObservedContainer, results: ContainerProbes
) -> tuple[Kill | None, bool]:
    """For a running sidecar: whether it is to be killed, and whether the next init container may start."""
    if container.startupProbe is not None and results.startup != "success":
        if results.startup == "failure":
            message = f"Init container {container.name} failed startup probe"
            return Kill(container.name, latest.attempt, message, "StartupProbe"), False
        return None, False
    if latest.changed:
        return Kill(container.name, latest.attempt, f"Init container {container.name} definition changed"), True
    if container.livenessProbe is not None and results.liveness == "failure":
        message = f"Init container {container.name} failed liveness probe"
        return Kill(container.name, latest.attempt, message, "LivenessProbe"), True
    return None, True


def _init_restarts(pod: core_v1.Pod, container: core_v1.Container, observed: Observed, latest: ObservedContainer) -> bool:
    """Whether a failed regular init container runs again."""
    if latest.state == "unknown":
        return effective_policy(pod, container) != "Never"
    return should_restart(pod, container, observed)


def _unknown_kill(subject: str, latest: ObservedContainer) -> Kill:
    message = f'{subject} is in "unknown" state, try killing it before restart'
    return Kill(latest.name, latest.attempt, message)


def _main_actions(pod: core_v1.Pod, observed: Observed, probes: Mapping[str, ContainerProbes], actions: PodActions) -> None:
    """Decide on the main containers; with none kept and none to start the pod is over."""
    assert pod.spec is not None
    kept = 0
    for container in pod.spec.containers:
        latest = observed.latest(container.name)
        if latest is None or latest.state != "running":
            if should_restart(pod, container, observed):
                actions.containers.append(container.name)
                if latest is not None and latest.state == "unknown":
                    actions.kills.append(_unknown_kill("Container", latest))
            continue
        results = probes.get(container.name, NO_PROBES)
        reason: KillReason = ""
        if latest.changed:
            message = f"Container {container.name} definition changed"
        elif results.liveness == "failure":
            message, reason = f"Container {container.name} failed liveness probe", "LivenessProbe"
        elif results.startup == "failure":
            message, reason = f"Container {container.name} failed startup probe", "StartupProbe"
        else:
            kept += 1
            continue
        if latest.changed or effective_policy(pod, container) != "Never":
            message += ", will be restarted"
            actions.containers.append(container.name)
        actions.kills.append(Kill(container.name, latest.attempt, message, reason))
    if kept == 0 and not actions.containers:
        actions.kill_pod = True
        actions.init_containers = []
