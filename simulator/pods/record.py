"""What the node remembers of one pod between two syncs, and how an executor's reports change it.

A `PodRecord` is a value: every change makes a new one. It holds what the runtime shows, the commands whose reports are
still awaited ("in flight"), what went wrong lately, and how far the pod's termination is. Nothing of it is stored: after a
restart of the process it is rebuilt from the executor's `Snapshot` (semantics/pod-on-docker.md 4.3).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.back_off import BackOff
from simulator.pods.executor import (
    ContainerKey,
    ContainerReport,
    EngineReport,
    ExecReport,
    ImageReport,
    PodRemoved,
    Report,
    SandboxReport,
    Snapshot,
    StartFailed,
)
from simulator.pods.images import pull_failure, pulled_message
from simulator.pods.observed import Observed, ObservedContainer, ObservedSandbox

RETRY = timedelta(seconds=10)
"""How long after a failed try the kubelet looks at a pod again."""

PRE_STOP = "preStop"
"""The token of an `Exec` that is a preStop hook."""

POST_START = "postStart"
"""The token of an `Exec` that is a postStart hook."""

SANDBOX = ""
"""The key of the sandbox among container names in `PodRecord.retry_times`."""

Key = TypeVar("Key")
Value = TypeVar("Value")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOUNT_FAILED = "MountVolume.SetUp failed for volume "
_DAEMON = "Error response from daemon: "
_OWN_REASONS = (_DAEMON, "RegistryUnavailable", "SignatureValidationFailed", "ErrImagePull", "rpc error:")


class PodEvent(msgspec.Struct, frozen=True):
    """An event on the pod. `container` names the container that it is about; empty: the pod itself."""

    type: str
    reason: str
    message: str
    container: str = ""
    field_path: str = ""


class StartInFlight(msgspec.Struct, frozen=True):
    """A `StartContainer` that has not been answered: the attempt and the sandbox that it joins."""

    attempt: int
    sandbox_attempt: int


class Stopping(msgspec.Struct, frozen=True):
    """A container that is to end. `grace_seconds` counts from `began`; `hook_end`: when its preStop hook is over."""

    began: datetime
    grace_seconds: float
    hook_end: datetime


class PostStart(msgspec.Struct, frozen=True):
    """The postStart hook of a container's present attempt. `end`: of a sleep; `report`: how an exec ended."""

    attempt: int
    has_begun: bool = False
    end: datetime | None = None
    report: ExecReport | None = None


class PodRecord(msgspec.Struct, frozen=True):
    """What the node remembers of one pod. Opaque to the control plane; changed only by `observe` and `sync_pod`.

    A new pod, and every pod after a restart of the process, begins with `PodRecord(uid)`; the executor's `Snapshot` fills
    it with what exists.
    """

    uid: str
    observed: Observed = msgspec.field(default_factory=Observed)
    engine_reachable: bool = True
    status: core_v1.PodStatus | None = None
    """The kubelet's own last status; None: the API's."""

    sandbox_in_flight: int | None = None
    starts: dict[str, StartInFlight] = msgspec.field(default_factory=dict)
    pulls: dict[str, str] = msgspec.field(default_factory=dict)
    """By container: the image that is being pulled for it."""
    pulled: dict[str, ImageReport] = msgspec.field(default_factory=dict)
    """By container: the image that was pulled for it, until it starts."""
    inspects: frozenset[str] = frozenset()
    inspected: dict[str, ImageReport] = msgspec.field(default_factory=dict)
    """By image: the answer to a look of our own, until a container starts from it."""
    stops: dict[ContainerKey, datetime] = msgspec.field(default_factory=dict)
    """By container that was told to stop: when its grace ends."""
    stopping: dict[ContainerKey, Stopping] = msgspec.field(default_factory=dict)
    post_starts: dict[str, PostStart] = msgspec.field(default_factory=dict)
    """By container: its postStart hook, until that has ended."""
    failed_hooks: frozenset[ContainerKey] = frozenset()
    killed_for_restart: frozenset[ContainerKey] = frozenset()
    removals: frozenset[ContainerKey] = frozenset()
    purged_attempts: dict[str, int] = msgspec.field(default_factory=dict)
    """By init container: the number of its last instance, where that was removed to begin again in a new sandbox."""

    start_errors: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    retry_times: dict[str, datetime] = msgspec.field(default_factory=dict)
    restart_back_off: BackOff = msgspec.field(default_factory=BackOff)
    passed_back_off: frozenset[tuple[str, int]] = frozenset()
    told_back_off: frozenset[tuple[str, int]] = frozenset()
    pull_back_off: BackOff = msgspec.field(default_factory=BackOff)
    pull_messages: dict[str, str] = msgspec.field(default_factory=dict)
    mount_delay_seconds: float = 0.0
    changed_sandbox: int | None = None

    events: tuple[PodEvent, ...] = ()
    """To be told at the next sync."""
    termination_time: datetime | None = None
    """When the pod began to be stopped for good."""
    is_over: bool = False
    """The last status has been decided: nothing runs any more, nothing will."""
    is_past_deadline: bool = False
    removal_sent: bool = False


def report_pod_uid(report: Report) -> str | None:
    """The uid of the pod that a report is about; None for `EngineReport` and `Snapshot`, which are for every pod."""
    match report:
        case EngineReport() | Snapshot():
            return None
        case ContainerReport(key=key) | StartFailed(key=key) | ExecReport(key=key):
            return key.pod_uid
        case _:
            return report.pod_uid


def observe(record: PodRecord, report: Report, now: datetime) -> PodRecord:
    """Fold one report into the record of a pod.

    `report` is one about this pod (`report_pod_uid`), or an `EngineReport` or `Snapshot`, which are for every pod (a
    snapshot's entries about other pods are passed by). Reports may come twice.
    """
    match report:
        case ContainerReport():
            return _container(record, report)
        case SandboxReport():
            return _sandbox(record, report, now)
        case PodRemoved():
            return replace(record, observed=Observed(), starts={}, stops={}, removals=frozenset(), sandbox_in_flight=None)
        case ImageReport():
            return _image(record, report, now)
        case StartFailed():
            return _start_failed(record, report, now)
        case EngineReport():
            return replace(record, engine_reachable=report.reachable)
        case Snapshot():
            return _snapshot(record, report, now)
        case ExecReport():
            return _exec(record, report)


def with_event(record: PodRecord, type_: str, reason: str, message: str, container: str = "") -> PodRecord:
    """The record with one more event to tell."""
    return replace(record, events=(*record.events, PodEvent(type_, reason, message, container)))


def with_start_error(record: PodRecord, container: str, reason: str, message: str) -> PodRecord:
    """The record after a try to start a container failed, or had to be put off."""
    return replace(record, start_errors=record.start_errors | {container: (reason, message)})


def with_retry(record: PodRecord, key: str, at: datetime) -> PodRecord:
    """The record with a time before which the start of a container (or the sandbox) is not tried again."""
    return replace(record, retry_times=record.retry_times | {key: at})


def without(mapping: dict[Key, Value], key: Key) -> dict[Key, Value]:
    """`mapping` without `key`."""
    return {name: value for name, value in mapping.items() if name != key} if key in mapping else mapping


def without_attempts(attempts: frozenset[tuple[str, int]], container: str) -> frozenset[tuple[str, int]]:
    """`attempts` without those of `container`."""
    return frozenset(item for item in attempts if item[0] != container) if attempts else attempts


def _container(record: PodRecord, report: ContainerReport) -> PodRecord:
    name, attempt = report.key.name, report.key.attempt
    others = [item for item in record.observed.containers if item.attempt != attempt or item.name != name]
    if report.state == "gone":
        return replace(
            record,
            observed=Observed(record.observed.sandboxes, tuple(others)),
            removals=record.removals - {report.key},
            stops=without(record.stops, report.key),
            stopping=without(record.stopping, report.key),
        )
    containers = [*others, _observed_container(report)]
    if others:
        containers.sort(key=_attempt, reverse=True)
    changes: dict[str, Any] = {"observed": Observed(record.observed.sandboxes, tuple(containers))}
    start = record.starts.get(name)
    if start is not None and start.attempt == attempt and report.state in ("running", "exited"):
        changes["starts"] = without(record.starts, name)
        changes["start_errors"] = without(record.start_errors, name)
        created = PodEvent("Normal", "Created", "Container created", name)
        started = PodEvent("Normal", "Started", "Container started", name)
        changes["events"] = (*record.events, created, started)
    if report.state == "exited":
        changes["stops"] = without(record.stops, report.key)
        changes["stopping"] = without(record.stopping, report.key)
    return replace(record, **changes)


def _attempt(item: ObservedContainer | ObservedSandbox) -> int:
    return item.attempt


def _observed_container(report: ContainerReport) -> ObservedContainer:
    reason, started = report.reason, report.started_time
    if report.state == "exited":
        reason = reason or ("Completed" if report.exit_code == 0 else "Error")
        if reason == "StartError":
            started = started or _EPOCH
        elif started is None:
            started = report.finished_time
    finished = report.finished_time or (report.time if report.state == "exited" else None)
    if started is not None and finished is not None and reason != "StartError":
        finished = max(started, finished)
    container_id = report.container_id
    if container_id and "://" not in container_id:
        container_id = f"docker://{container_id}"
    return ObservedContainer(
        name=report.key.name,
        attempt=report.key.attempt,
        state="created" if report.state == "created" else "unknown" if report.state == "gone" else report.state,
        container_id=container_id,
        image=report.image,
        image_id=report.image_id,
        exit_code=report.exit_code,
        reason=reason if report.state == "exited" else "",
        message=report.message,
        created_time=report.created_time,
        started_time=started if report.state in ("running", "exited") else None,
        finished_time=finished if report.state == "exited" else None,
        sandbox_attempt=report.sandbox_attempt,
    )


def _sandbox(record: PodRecord, report: SandboxReport, now: datetime) -> PodRecord:
    was_awaited = record.sandbox_in_flight == report.attempt
    in_flight = None if was_awaited else record.sandbox_in_flight
    if report.error and was_awaited:
        lost = {name: start for name, start in record.starts.items() if start.sandbox_attempt == report.attempt}
        starts = {name: start for name, start in record.starts.items() if name not in lost}
        record = replace(record, starts=starts, sandbox_in_flight=in_flight)
        if report.error.startswith(_MOUNT_FAILED):
            record = with_event(record, "Warning", "FailedMount", report.error)
        else:
            message = f"Failed to create pod sandbox: {report.error}"
            record = with_event(record, "Warning", "FailedCreatePodSandBox", message)
        return with_retry(record, SANDBOX, now + RETRY)
    ip = report.ip
    sandboxes = []
    for item in record.observed.sandboxes:
        if item.attempt != report.attempt:
            sandboxes.append(item)
        elif not ip:
            ip = item.ip
    sandboxes.append(ObservedSandbox(report.attempt, report.ready, ip, None, True))
    sandboxes.sort(key=_attempt, reverse=True)
    return replace(record, sandbox_in_flight=in_flight, observed=Observed(tuple(sandboxes), record.observed.containers))


def _image(record: PodRecord, report: ImageReport, now: datetime) -> PodRecord:
    waiting = next((name for name, image in record.pulls.items() if image == report.image), None)
    if waiting is None:
        if report.image in record.inspects:
            inspected = record.inspected | {report.image: report}
            record = replace(record, inspects=record.inspects - {report.image}, inspected=inspected)
        return record
    record = replace(record, pulls=without(record.pulls, waiting))
    if not report.error:
        record = replace(
            record,
            pulled=record.pulled | {waiting: report},
            pull_back_off=record.pull_back_off.swept(now),
        )
        return with_event(record, "Normal", "Pulled", pulled_message(report), waiting)
    error = daemon_error(report.error)
    reason, message = pull_failure(report.image, error)
    record = replace(
        record,
        pull_back_off=record.pull_back_off.next(report.image, now, now),
        pull_messages=record.pull_messages | {report.image: f"{reason}: {message}"},
        passed_back_off=without_attempts(record.passed_back_off, waiting),
    )
    record = with_event(record, "Warning", "Failed", f'Failed to pull image "{report.image}": {error}', waiting)
    record = with_event(record, "Warning", "Failed", f"Error: {reason}", waiting)
    record = with_start_error(record, waiting, reason, message)
    return with_retry(record, waiting, now + RETRY)


def _start_failed(record: PodRecord, report: StartFailed, now: datetime) -> PodRecord:
    name = report.key.name
    start = record.starts.get(name)
    if start is None or start.attempt != report.key.attempt:
        return record
    record = replace(
        record,
        starts=without(record.starts, name),
        passed_back_off=without_attempts(record.passed_back_off, name),
    )
    error = daemon_error(report.error)
    if report.stage == "create":
        record = with_event(record, "Warning", "Failed", f"Error: {error}", name)
        record = with_start_error(record, name, "CreateContainerError", error)
        return with_retry(record, name, now + RETRY)
    message = f'failed to start container "{name}": {error}'
    record = with_event(record, "Normal", "Created", "Container created", name)
    record = with_event(record, "Warning", "Failed", f"Error: {message}", name)
    return with_start_error(record, name, "RunContainerError", message)


def _exec(record: PodRecord, report: ExecReport) -> PodRecord:
    """A hook has ended."""
    hook = record.post_starts.get(report.key.name)
    if report.token == POST_START and hook is not None and hook.attempt == report.key.attempt:
        return replace(record, post_starts=record.post_starts | {report.key.name: replace(hook, report=report)})
    stopping = record.stopping.get(report.key)
    if report.token != PRE_STOP or stopping is None or report.timed_out:
        return record
    if stopping.hook_end > report.time:
        stopping = replace(stopping, hook_end=report.time)
        record = replace(record, stopping=record.stopping | {report.key: stopping})
    if report.exit_code != 0 or report.error:
        record = with_event(record, "Warning", "FailedPreStopHook", "PreStopHook failed", report.key.name)
    return record


def daemon_error(text: str) -> str:
    """The engine's text as the kubelet shows it."""
    return text if text.startswith(_OWN_REASONS) else _DAEMON + text


def _snapshot(record: PodRecord, snapshot: Snapshot, now: datetime) -> PodRecord:
    """What the snapshot doesn't list is gone; commands in flight were lost if the engine was."""
    if not record.engine_reachable:
        record = replace(
            record,
            engine_reachable=True,
            sandbox_in_flight=None,
            starts={},
            pulls={},
            inspects=frozenset(),
            stops={},
            stopping={},
            removals=frozenset(),
        )
    record = replace(record, observed=Observed())
    for sandbox in snapshot.sandboxes:
        if sandbox.pod_uid == record.uid:
            record = observe(record, sandbox, now)
    for container in snapshot.containers:
        if container.key.pod_uid == record.uid:
            record = observe(record, container, now)
    return record
