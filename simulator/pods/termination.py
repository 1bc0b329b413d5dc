"""Stopping a pod: containers in their order, then the sandbox. Source: semantics/pod-on-docker.md 2.7, 2.9, 3.6."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from simulator.pods.config import grace_seconds
from simulator.pods.draft import Draft
from simulator.pods.executor import StopSandbox
from simulator.pods.observed import Observed, ObservedContainer
from simulator.pods.restart_rules import is_sidecar


def pod_grace_seconds(draft: Draft) -> int:
    """The grace of the pod's containers: that of its deletion, else the spec's."""
    metadata = draft.pod.metadata
    if metadata is not None and metadata.deletionGracePeriodSeconds is not None:
        return int(metadata.deletionGracePeriodSeconds)
    return grace_seconds(draft.pod)


def stop_all(draft: Draft, grace: int) -> bool:
    """Stop every container of the pod within `grace` seconds; True once none runs.

    Mains and init containers are told at once; a sidecar waits for all mains and for the next sidecar that runs after it.
    At the end of the grace nobody waits any more.
    """
    running = draft.running()
    if not running:
        return not draft.record.starts
    order = {
        container.name: index for index, container in enumerate(draft.spec.initContainers or ()) if is_sidecar(container)
    }
    others = [item for item in running if item.name not in order]
    sidecars = sorted((item for item in running if item.name in order), key=lambda item: order[item.name], reverse=True)
    for item in others:
        draft.stop(item, grace, f"Stopping container {item.name}")
    mains = {container.name for container in draft.spec.containers}
    has_mains = any(item.name in mains for item in others) or not mains.isdisjoint(draft.record.starts)
    next_order: int | None = None
    for item in sidecars:
        stopping = draft.record.stopping.get(draft.key(item.name, item.attempt))
        end = (stopping.began if stopping is not None else draft.now) + timedelta(seconds=grace)
        must_wait = has_mains or next_order == order[item.name] + 1
        if must_wait and draft.now < end:
            draft.wake(end)
        draft.stop(item, grace, f"Stopping container {item.name}", has_turn=not must_wait or draft.now >= end)
        next_order = order[item.name]
    return False


def stop_sandboxes(draft: Draft) -> None:
    """Give up the pod's sandboxes; what they held is taken as gone from here on."""
    sandboxes = draft.record.observed.sandboxes
    ready = [sandbox.attempt for sandbox in sandboxes if sandbox.ready]
    if draft.record.sandbox_in_flight is not None:
        ready.append(draft.record.sandbox_in_flight)
    draft.commands += [StopSandbox(draft.uid, attempt) for attempt in ready]
    stopped = tuple([replace(sandbox, ready=False) for sandbox in sandboxes])
    draft.update(observed=Observed(stopped, draft.record.observed.containers), sandbox_in_flight=None)
    draft.observed = Observed(stopped, draft.observed.containers)


def kill_grace_seconds(draft: Draft, instance: ObservedContainer, reason: str) -> int:
    """The grace of one container that is killed by itself: its probe's, where a probe has it killed, else the pod's."""
    metadata = draft.pod.metadata
    if metadata is not None and metadata.deletionGracePeriodSeconds is not None:
        return metadata.deletionGracePeriodSeconds
    container = draft.container(instance.name)
    if draft.spec.terminationGracePeriodSeconds is None:
        return 0
    if container is not None and reason in ("LivenessProbe", "StartupProbe"):
        probe = container.livenessProbe if reason == "LivenessProbe" else container.startupProbe
        if probe is not None and probe.terminationGracePeriodSeconds is not None:
            return int(probe.terminationGracePeriodSeconds)
    return grace_seconds(draft.pod)
