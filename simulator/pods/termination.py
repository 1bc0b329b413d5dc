"""Stopping a pod: containers in their order, then the sandbox. Source: semantics/pod-on-docker.md 2.7, 2.9, 3.6."""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.pods.config import grace_seconds
from simulator.pods.draft import LEAST_GRACE_SECONDS, Draft
from simulator.pods.executor import StopSandbox
from simulator.pods.observed import ObservedContainer, ObservedSandbox
from simulator.pods.restart_rules import is_sidecar


def pod_grace_seconds(draft: Draft) -> int:
    """The grace of the pod's end: that of its deletion, else the spec's; never less than a second."""
    metadata = draft.pod.metadata
    grace = grace_seconds(draft.pod)
    if metadata is not None and metadata.deletionGracePeriodSeconds is not None:
        grace = metadata.deletionGracePeriodSeconds
    return max(1, grace)


def stop_all(draft: Draft, began: datetime) -> bool:
    """Stop every container of the pod; True once none runs.

    Mains and init containers are told at once; a sidecar waits for all mains and for the next sidecar that runs after it.
    At the end of the grace, counted from `began`, nobody waits any more.
    """
    running = draft.running()
    if not running:
        return not draft.record.starts
    grace = pod_grace_seconds(draft)
    end = began + timedelta(seconds=grace)
    left = max(LEAST_GRACE_SECONDS, grace - int((draft.now - began).total_seconds()))
    inits = draft.spec.initContainers or []
    order = {container.name: index for index, container in enumerate(inits) if is_sidecar(container)}
    others = [item for item in running if item.name not in order]
    sidecars = sorted((item for item in running if item.name in order), key=lambda item: order[item.name], reverse=True)
    for item in others:
        draft.stop(item, left, f"Stopping container {item.name}")
    has_to_wait = bool(others or draft.record.starts) and draft.now < end
    for item in sidecars:
        if has_to_wait:
            draft.wake(end)
            break
        draft.stop(item, left, f"Stopping container {item.name}")
        # The one before waits for this one, unless the grace is over.
        has_to_wait = draft.now < end
    return False


def stop_sandboxes(draft: Draft) -> None:
    """Give up the pod's sandboxes; what they held is taken as gone from here on."""
    sandboxes = draft.record.observed.sandboxes
    ready = [sandbox.attempt for sandbox in sandboxes if sandbox.ready]
    if draft.record.sandbox_in_flight is not None:
        ready.append(draft.record.sandbox_in_flight)
    draft.commands += [StopSandbox(draft.uid, attempt) for attempt in ready]
    stopped = tuple(
        ObservedSandbox(sandbox.attempt, False, sandbox.ip, sandbox.host_network, sandbox.may_lack_ip)
        for sandbox in sandboxes
    )
    draft.update(observed=type(draft.record.observed)(stopped, draft.record.observed.containers), sandbox_in_flight=None)
    draft.observed = type(draft.observed)(stopped, draft.observed.containers)


def kill_grace_seconds(draft: Draft, instance: ObservedContainer, reason: str) -> int:
    """The grace of one container that is killed by itself: its probe's, where a probe has it killed, else the pod's."""
    metadata = draft.pod.metadata
    if metadata is not None and metadata.deletionGracePeriodSeconds is not None:
        return metadata.deletionGracePeriodSeconds
    container = next(
        (item for item in (*(draft.spec.initContainers or ()), *draft.spec.containers) if item.name == instance.name),
        None,
    )
    if container is not None and reason in ("LivenessProbe", "StartupProbe"):
        probe = container.livenessProbe if reason == "LivenessProbe" else container.startupProbe
        if probe is not None and probe.terminationGracePeriodSeconds is not None:
            return int(probe.terminationGracePeriodSeconds)
    return grace_seconds(draft.pod)
