"""Carrying out what `compute_actions` decided, as far as reports allow: sandbox, kills, starts, in the kubelet's order.

Source: semantics/pod-on-docker.md 1.3, 2.9, 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from msgspec.structs import replace

from simulator.pods import config
from simulator.pods.actions import PodActions, compute_actions
from simulator.pods.draft import Draft
from simulator.pods.executor import CreateSandbox, PodConfig, RemoveContainer
from simulator.pods.observed import ContainerProbes, ObservedContainer, ObservedSandbox
from simulator.pods.record import RETRY, SANDBOX, with_retry, without
from simulator.pods.resources import all_containers
from simulator.pods.restart_rules import is_sidecar
from simulator.pods.sources import ConfigError
from simulator.pods.starting import start_container
from simulator.pods.termination import kill_grace_seconds, pod_grace_seconds, stop_all, stop_sandboxes
from simulator.pods.volumes import VolumeError, resolve_volumes

_KEPT_INSTANCES = 2
_LONGEST_MOUNT_DELAY = 122.0


def act(draft: Draft, probes: Mapping[str, ContainerProbes], restart_all: bool) -> None:
    """Do what a pod needs that is to run; while a postStart hook runs the kubelet waits for it."""
    hooks = draft.record.post_starts
    if hooks and any(hook.has_begun for hook in hooks.values()):
        return
    awaited = draft.record.sandbox_in_flight
    observed = draft.observed
    if awaited is not None:
        observed = replace(
            observed, sandboxes=(ObservedSandbox(awaited, ready=True, may_lack_ip=True), *_unready(observed.sandboxes))
        )
    actions = compute_actions(draft.pod, observed, probes, restart_all)
    _remove_old_instances(draft)
    if actions.resets:
        _reset(draft, actions)
        if not actions.create_sandbox:
            return
    if actions.kill_pod and not _has_stopped(draft, actions):
        return
    _kill(draft, actions)
    if not (actions.create_sandbox or actions.init_containers or actions.containers):
        return
    pod_config = _pod_config(draft)
    if pod_config is None:
        return
    if actions.create_sandbox and not _create_sandbox(draft, actions, pod_config):
        return
    if not actions.create_sandbox and not _is_sandbox_usable(draft, pod_config):
        return
    _start(draft, actions, pod_config)


def _unready(sandboxes: tuple[ObservedSandbox, ...]) -> tuple[ObservedSandbox, ...]:
    return tuple(replace(sandbox, ready=False) for sandbox in sandboxes)


def _has_stopped(draft: Draft, actions: PodActions) -> bool:
    """Stop the whole pod; True once it has, and a new sandbox is to follow."""
    if not (draft.observed.containers or draft.observed.sandboxes or draft.record.starts):
        return actions.create_sandbox
    if actions.sandbox_changed and draft.record.changed_sandbox != actions.attempt:
        draft.emit("Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
        draft.update(changed_sandbox=actions.attempt)
    if not stop_all(draft, pod_grace_seconds(draft)):
        return False
    if any(sandbox.ready for sandbox in draft.observed.sandboxes):
        stop_sandboxes(draft)
    if actions.create_sandbox:
        inits = {container.name for container in draft.spec.initContainers or ()}
        for instance in draft.observed.containers:
            if instance.name in inits:
                _remove(draft, instance)
                last = max(instance.attempt, draft.record.purged_attempts.get(instance.name, 0))
                draft.update(purged_attempts=draft.record.purged_attempts | {instance.name: last})
    return actions.create_sandbox


def _kill(draft: Draft, actions: PodActions) -> None:
    if not actions.kills:
        return
    starts = {*actions.init_containers, *actions.containers}
    for kill in actions.kills:
        instance = next((item for item in draft.observed.all_of(kill.name) if item.attempt == kill.attempt), None)
        if instance is None:
            continue
        draft.stop(instance, kill_grace_seconds(draft, instance, kill.reason), kill.message)
        if kill.name in starts:
            key = draft.key(kill.name, kill.attempt)
            draft.update(killed_for_restart=draft.record.killed_for_restart | {key})


def _reset(draft: Draft, actions: PodActions) -> None:
    """Kill and remove all containers; those that asked for it go last."""
    for index, reset in enumerate(actions.resets):
        instance = next(item for item in draft.observed.all_of(reset.name) if item.attempt == reset.attempt)
        if reset.kill and instance.state != "created":
            draft.stop(instance, 0, f"Stopping container {instance.name}")
        elif index == 0 or not _is_source(draft, instance):
            _remove(draft, instance)


def _is_source(draft: Draft, instance: ObservedContainer) -> bool:
    """Whether this container's exit is why all start over."""
    from simulator.pods.restart_rules import RESTART_ALL_CONTAINERS, matching_action

    container = next(
        item for item in (*(draft.spec.initContainers or ()), *draft.spec.containers) if item.name == instance.name
    )
    return instance.state == "exited" and matching_action(container, instance.exit_code) == RESTART_ALL_CONTAINERS


def _remove(draft: Draft, instance: ObservedContainer) -> None:
    key = draft.key(instance.name, instance.attempt)
    if key not in draft.record.removals:
        draft.commands.append(RemoveContainer(key))
        draft.update(removals=draft.record.removals | {key})


def _remove_old_instances(draft: Draft) -> None:
    """Keep the latest main and the one before, and of each init container the newest that has ended (2.9, 4.4)."""
    if len(draft.observed.containers) < _KEPT_INSTANCES:
        return  # an init container that has ended once is kept as well
    inits = {container.name for container in draft.spec.initContainers or ()}
    for name in {item.name for item in draft.observed.containers}:
        instances = draft.observed.all_of(name)
        if name in inits:
            old = [item for item in instances if item.state == "exited"][1:]
        else:
            old = [item for item in instances[_KEPT_INSTANCES:] if item.state in ("exited", "created")]
        for instance in old:
            _remove(draft, instance)


def _pod_config(draft: Draft) -> PodConfig | None:
    """What the containers share; None: it can't be had yet, which is told and tried again later."""
    retry = draft.record.retry_times.get(SANDBOX)
    if retry is not None:
        if draft.now < retry:
            draft.wake(retry)
            return None
        draft.update(retry_times=without(draft.record.retry_times, SANDBOX))
    try:
        volumes = resolve_volumes(draft.pod, draft.sources, draft.placement)
        found = config.pod_config(draft.pod, volumes, draft.sources)
    except VolumeError as error:
        message = f'MountVolume.SetUp failed for volume "{error.volume}" : {error}'
        draft.emit("Warning", "FailedMount", message)
        delay = min(max(0.5, draft.record.mount_delay_seconds * 2), _LONGEST_MOUNT_DELAY)
        draft.update(mount_delay_seconds=delay)
        at = draft.now + timedelta(seconds=delay)
    except ConfigError as error:
        message = f"Failed to create pod sandbox: {error}"
        draft.emit("Warning", "FailedCreatePodSandBox", message)
        at = draft.now + RETRY
    else:
        return found
    draft.record = with_retry(draft.record, SANDBOX, at)
    draft.wake(at)
    draft.notes.append(f"{message}; tried again at {at:%H:%M:%S}")
    return None


def _create_sandbox(draft: Draft, actions: PodActions, pod_config: PodConfig) -> bool:
    """Ask for a sandbox; True if containers may be sent after it at once."""
    draft.commands.append(CreateSandbox(pod_config, actions.attempt))
    draft.update(sandbox_in_flight=actions.attempt)
    return _may_send_early(pod_config)


def _may_send_early(pod_config: PodConfig) -> bool:
    """Whether the containers need nothing that only the sandbox's report tells."""
    return not pod_config.needs_sandbox and not pod_config.needs_address


def _is_sandbox_usable(draft: Draft, pod_config: PodConfig) -> bool:
    return draft.record.sandbox_in_flight is None or _may_send_early(pod_config)


def _start(draft: Draft, actions: PodActions, pod_config: PodConfig) -> None:
    """Init containers first, then mains; each waits until the one before has its image."""
    containers = {container.name: container for container in all_containers(draft.pod)}
    for name in actions.init_containers:
        outcome = start_container(draft, containers[name], pod_config, actions.attempt)
        if name in draft.record.post_starts:
            return
        if outcome == "waiting" or (outcome == "failed" and not is_sidecar(containers[name])):
            return
    for name in actions.containers:
        outcome = start_container(draft, containers[name], pod_config, actions.attempt)
        if name in draft.record.post_starts or (outcome == "waiting" and not _is_ending(draft, name)):
            return


def _is_ending(draft: Draft, name: str) -> bool:
    """Whether a container is not started because an instance of it is still being stopped: the others go on."""
    latest = draft.observed.latest(name)
    return latest is not None and latest.state in ("running", "unknown")
