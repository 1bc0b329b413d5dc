"""The pod lifecycle: what the kubelet decides, as a pure function of the pod, what was observed, and the time.

The control plane keeps one `PodRecord` per pod. It folds every executor report into it (`observe`) and calls `sync_pod`
whenever the pod object or the record has changed or `wake_time` has come, but never before the executor's first `Snapshot`.
The plan that comes back is applied in this order: keep `record`; write `node_name` and `status` to the store (committed
first); record `events`; submit `commands`; if `remove`, take the object away (unless finalizers hold it). A status is
written before its sync acts, so what the acting brings up (a back-off, say) is written by the next sync, which the plan asks
for by `wake_time`; then syncing again gives an empty plan.

Flow of one sync: status (`status`), then either `acting` (what `actions` decided: sandbox, kills, starts) or `termination`.
Rules: semantics/pod-on-docker.md 1.3, 2.6 to 2.11 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.model.metadata import whole_second
from simulator.model.pod_specs import bound_spec, once_per_spec
from simulator.model.quantities import Quantity
from simulator.pods.acting import act
from simulator.pods.conditions import RESTARTING_ALL, SCHEDULED, find, is_true
from simulator.pods.config import needs_sandbox
from simulator.pods.draft import LEAST_GRACE_SECONDS, Draft
from simulator.pods.executor import Command, ContainerKey, ImageReport, Node, RemovePod, StopContainer
from simulator.pods.hooks import run_post_starts, without_hooked
from simulator.pods.images import status_image
from simulator.pods.observed import ContainerProbes, Observed, ObservedSandbox
from simulator.pods.phase import TERMINAL
from simulator.pods.record import PodEvent, PodRecord, observe, report_pod_uid
from simulator.pods.resources import all_containers, qos_class
from simulator.pods.sources import Placement, Sources
from simulator.pods.status import DEADLINE_MESSAGE, DEADLINE_REASON, Stage, StatusUpdate, compute_status
from simulator.pods.termination import pod_grace_seconds, stop_all, stop_sandboxes

__all__ = [
    "PodEvent",
    "PodPlan",
    "PodRecord",
    "Sources",
    "container_key",
    "observe",
    "report_pod_uid",
    "sync_orphan",
    "sync_pod",
]

DEFAULT_SCHEDULER = "default-scheduler"
_PASSED = ContainerProbes("success", "success", "success")


class PodPlan(msgspec.Struct, frozen=True):
    """What one sync decided.

    `record`: to be kept for the next call. `status`: the whole new status of the pod, None when it stays as stored.
    `node_name`: write it to spec.nodeName (the pod is bound now). `commands`: for the executor, in order. `events`: to
    record. `wake_time`: sync again then at the latest (`now`: at once), None: only on news. `remove`: the object has a
    deletionTimestamp and nothing of it runs any more. `notes`: causes in plain words, for `kjsim why pod/x`.
    """

    record: PodRecord
    status: core_v1.PodStatus | None = None
    node_name: str | None = None
    commands: tuple[Command, ...] = ()
    events: tuple[PodEvent, ...] = ()
    wake_time: datetime | None = None
    remove: bool = False
    notes: tuple[str, ...] = ()


def sync_pod(
    pod: core_v1.Pod,
    record: PodRecord,
    node: Node,
    now: datetime,
    *,
    images: Mapping[str, ImageReport],
    sources: Sources,
) -> PodPlan:
    """Decide what to do next for `pod`.

    `images`: by reference, the last `ImageReport` of this node, from whichever pod it came (an image without entry is
    inspected first). `pod` is as stored; its status is what was last written.
    """
    assert pod.spec is not None
    assert pod.metadata is not None
    if not record.engine_reachable:
        return PodPlan(record)
    node_name = None
    stored = pod.status or core_v1.PodStatus()
    if not pod.spec.nodeName:
        unbound = _unbound_plan(pod, record, now)
        if unbound is not None:
            return unbound
        node_name = node.name
        pod = _bound(pod, node.name, now)
    draft = _draft(pod, record, node, now, images, sources)
    status, remove = _sync(draft)
    published = None if status is None or status == stored else status
    return PodPlan(
        record=draft.record,
        status=published,
        node_name=node_name,
        commands=tuple(draft.commands),
        events=tuple([_with_path(pod, event) for event in draft.events]),
        wake_time=draft.wake_time,
        remove=remove,
        notes=tuple(draft.notes),
    )


def sync_orphan(record: PodRecord, now: datetime) -> PodPlan:
    """Clear away what is left of a pod whose object is gone (forced deletion, garbage after a crash).

    Running containers get the least grace (2 s), then everything is removed (`RemovePod`). `remove` is True once nothing is
    left and the record can be dropped.
    """
    if not record.engine_reachable:
        return PodPlan(record)
    running = record.observed.running()
    commands: list[Command] = []
    for item in running:
        until = now + timedelta(seconds=LEAST_GRACE_SECONDS)
        key = ContainerKey(record.uid, item.name, item.attempt)
        if key not in record.stops or record.stops[key] > until:
            commands.append(StopContainer(key, LEAST_GRACE_SECONDS))
            record = replace(record, stops=record.stops | {key: until})
    if running or record.starts:
        return PodPlan(record, commands=tuple(commands))
    is_empty = not record.observed.containers and not record.observed.sandboxes and record.sandbox_in_flight is None
    if is_empty and (record.removal_sent or record.status is None):
        return PodPlan(record, remove=True)
    if not record.removal_sent:
        commands.append(RemovePod(record.uid))
        record = replace(record, removal_sent=True)
    return PodPlan(record, commands=tuple(commands))


def container_key(record: PodRecord, name: str, previous: bool = False) -> ContainerKey | None:
    """The container whose log `kubectl logs` shows for a container name; None: there is none."""
    instances = record.observed.all_of(name)
    index = 1 if previous else 0
    return ContainerKey(record.uid, name, instances[index].attempt) if len(instances) > index else None


# --- scheduling -----------------------------------------------------------------------------------------------------


def _unbound_plan(pod: core_v1.Pod, record: PodRecord, now: datetime) -> PodPlan | None:
    """The plan for a pod that is not to be bound now; None: bind it (2.10)."""
    assert pod.spec is not None
    assert pod.metadata is not None
    if pod.metadata.deletionTimestamp is not None:
        # No kubelet will end it: the pod garbage collector says that it has failed, so that a Job whose finalizer holds it
        # can count it.
        status = pod.status or core_v1.PodStatus()
        failed = None if status.phase in TERMINAL else replace(status, phase="Failed")
        return PodPlan(record, status=failed, remove=True)
    if pod.spec.schedulingGates:
        condition = core_v1.PodCondition(
            type=SCHEDULED,
            status="False",
            reason="SchedulingGated",
            message="Scheduling is blocked due to non-empty scheduling gates",
            lastTransitionTime=whole_second(now),
        )
        status = pod.status or core_v1.PodStatus(phase="Pending")
        if find(status.conditions, SCHEDULED) is not None:
            return PodPlan(record)
        return PodPlan(record, status=replace(status, phase="Pending", conditions=[condition]))
    if (pod.spec.schedulerName or DEFAULT_SCHEDULER) != DEFAULT_SCHEDULER:
        return PodPlan(record)
    return None


def _bound(pod: core_v1.Pod, node_name: str, now: datetime) -> core_v1.Pod:
    """The pod as it is once the scheduler has bound it."""
    assert pod.spec is not None
    pod = replace(pod, spec=bound_spec(pod, node_name))
    status = pod.status or core_v1.PodStatus()
    condition = core_v1.PodCondition(
        type=SCHEDULED,
        status="True",
        lastTransitionTime=whole_second(now),
        observedGeneration=pod.metadata.generation if pod.metadata is not None else None,
    )
    others = [item for item in status.conditions or () if item.type != SCHEDULED]
    status = replace(
        status, phase=status.phase or "Pending", qosClass=status.qosClass or qos_class(pod), conditions=[*others, condition]
    )
    return replace(pod, status=status)


# --- one sync -------------------------------------------------------------------------------------------------------


def _draft(
    pod: core_v1.Pod,
    record: PodRecord,
    node: Node,
    now: datetime,
    images: Mapping[str, ImageReport],
    sources: Sources,
) -> Draft:
    assert pod.spec is not None
    observed = _with_sandbox(pod, record)
    newest = observed.sandboxes[0] if observed.sandboxes else None
    ips: tuple[str, ...] = ()
    if pod.spec.hostNetwork:
        ips = (node.internal_ip,)
    elif newest is not None and newest.ready and newest.ip:
        ips = (newest.ip,)
    return Draft(
        pod,
        replace(record, observed=observed, events=(), restart_back_off=record.restart_back_off.swept(now)),
        node,
        now,
        images,
        sources,
        Placement(ips, (node.internal_ip,), _allocatable(node.cpu_milli, node.memory_bytes)),
        _with_images(pod, observed, images),
        events=list(record.events),
    )


@lru_cache(maxsize=16)
def _allocatable(cpu_milli: int, memory_bytes: int) -> Mapping[str, Quantity]:
    return {
        "cpu": Quantity(cpu_milli, -3, f"{cpu_milli}m"),
        "memory": Quantity(memory_bytes, 0, str(memory_bytes)),
    }


def _with_sandbox(pod: core_v1.Pod, record: PodRecord) -> Observed:
    """What the runtime shows; containers of a pod without infra container prove its sandbox (1.3)."""
    observed = record.observed
    if observed.sandboxes or not observed.containers or record.sandbox_in_flight is not None or needs_sandbox(pod):
        return observed
    attempt = max(item.sandbox_attempt for item in observed.containers)
    ip = (pod.status.podIP if pod.status else None) or ""
    return replace(observed, sandboxes=(ObservedSandbox(attempt, not record.is_over, ip, may_lack_ip=True),))


def _with_images(pod: core_v1.Pod, observed: Observed, images: Mapping[str, ImageReport]) -> Observed:
    """The same with image names and ids as statuses show them."""
    if not observed.containers:
        return observed
    references = _image_references(pod)
    named = []
    for item in observed.containers:
        reference = references.get(item.name, item.image)
        report = images.get(reference)
        if report is not None and item.image_id and report.image_id != item.image_id:
            report = None
        image, image_id = status_image(reference, report, item.image, item.image_id)
        named.append(replace(item, image=image, image_id=image_id))
    return Observed(observed.sandboxes, tuple(named))


@once_per_spec
def _image_references(pod: core_v1.Pod) -> Mapping[str, str]:
    return {container.name: container.image or "" for container in all_containers(pod)}


@once_per_spec
def _passed_probes(pod: core_v1.Pod) -> Mapping[str, ContainerProbes]:
    """No probes are run: each counts as passed."""
    return {container.name: _PASSED for container in all_containers(pod)}


def _sync(draft: Draft) -> tuple[core_v1.PodStatus | None, bool]:
    """Decide; the status to be published (None: leave it) and whether the object may go."""
    metadata = draft.pod.metadata
    assert metadata is not None
    is_deleted = metadata.deletionTimestamp is not None
    if draft.record.is_over:
        return None, _finish(draft, is_deleted)
    if draft.record.termination_time is None:
        run_post_starts(draft)
    probes = _passed_probes(draft.pod)
    status = None
    errors_before = draft.record.start_errors
    if draft.record.termination_time is None:
        update = _update_status(draft, probes, "sync")
        status = update.published if update is not None else None
    if not is_deleted and draft.record.termination_time is None and not _is_terminal(draft):
        own = draft.record.status
        restart_all = own is not None and is_true(own.conditions, RESTARTING_ALL)
        act(draft, probes, restart_all)
        if draft.record.start_errors != errors_before:
            draft.wake(draft.now)
        _wake_for_deadline(draft)
        return status, False
    if draft.record.termination_time is None:
        draft.update(termination_time=draft.now, post_starts={})
        if draft.record.is_past_deadline and not is_deleted:
            # The kubelet writes a status at the end of its last sync and another at the start of termination.
            _update_status(draft, probes, "sync")
    # A pod that ends for good has a second at least, so that its sidecars wait for their turn.
    if not stop_all(draft, max(1, pod_grace_seconds(draft))):
        return status, False
    stop_sandboxes(draft)
    _update_status(draft, probes, "stopped")
    last = _update_status(draft, probes, "terminated")
    draft.update(is_over=True)
    return last.published if last is not None else status, _finish(draft, is_deleted)


def _is_terminal(draft: Draft) -> bool:
    own = draft.record.status
    api = draft.pod.status
    return (own is not None and own.phase in TERMINAL) or (api is not None and api.phase in TERMINAL)


def _update_status(draft: Draft, probes: Mapping[str, ContainerProbes], stage: Stage) -> StatusUpdate | None:
    """Compute the status and remember it; an event tells each time that the deadline has passed."""
    update = compute_status(
        draft.pod,
        draft.record.status,
        without_hooked(draft),
        draft.now,
        host_ip=draft.node.internal_ip,
        start_errors=draft.record.start_errors,
        probes=probes,
        stage=stage,
        before=draft.status_update,
    )
    if update is None:
        return None
    draft.status_update = update
    draft.update(status=update.status)
    if update.is_past_deadline:
        draft.emit("Normal", DEADLINE_REASON, DEADLINE_MESSAGE)
        if not draft.record.is_past_deadline:
            draft.update(is_past_deadline=True)
            draft.notes.append(f"the pod is stopped: active for more than {draft.spec.activeDeadlineSeconds} s")
    return update


def _wake_for_deadline(draft: Draft) -> None:
    deadline = draft.spec.activeDeadlineSeconds
    start = draft.record.status.startTime if draft.record.status is not None else None
    if deadline is not None and start is not None:
        draft.wake(start + timedelta(seconds=deadline))


def _finish(draft: Draft, is_deleted: bool) -> bool:
    """After the last status: of a deleted pod everything is removed; returns whether the object may go."""
    if is_deleted and not draft.record.removal_sent:
        draft.commands.append(RemovePod(draft.uid))
        draft.update(removal_sent=True)
    return is_deleted


def _with_path(pod: core_v1.Pod, event: PodEvent) -> PodEvent:
    """The event with the field path of its container."""
    if not event.container:
        return event
    assert pod.spec is not None
    inits = pod.spec.initContainers
    is_init = inits is not None and any(container.name == event.container for container in inits)
    field = "initContainers" if is_init else "containers"
    return replace(event, field_path=f"spec.{field}{{{event.container}}}")
