"""A kubelet in slow motion around `sync_pod`: it syncs at full seconds and waits for each thing that it has asked for.

How pod-histories.json is played. The lifecycle hands out commands and hears reports; here every command takes its time
inside the sync that gave it, as the kubelet's calls to its runtime do, and what containers do by themselves is seen at the
next full second only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import msgspec
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.executor import (
    ContainerKey,
    ContainerReport,
    CreateSandbox,
    ImageReport,
    InspectImage,
    Node,
    PullImage,
    RemoveContainer,
    RemovePod,
    SandboxReport,
    StartContainer,
    StartFailed,
    StopContainer,
    StopSandbox,
)
from simulator.pods.lifecycle import PodPlan, PodRecord, Sources, observe, sync_pod
from tests.vectors.pod_input import read_pod, read_time

ORIGIN = read_time("2024-06-01T12:00:00Z")
MAKE_SECONDS, PULL_SECONDS = 0.125, 0.5
IMAGE = "busybox:1.36"


def at(seconds: float) -> datetime:
    """So many seconds after the first sync."""
    assert ORIGIN is not None
    return ORIGIN + timedelta(seconds=seconds)


@dataclass
class Container:
    """One container of the runtime."""

    key: ContainerKey
    run: dict[str, Any]
    sandbox: int
    start: float
    end: float = float("inf")
    exit_code: int = 0
    reason: str = ""
    is_told: bool = False
    is_stopping: bool = False

    def report(self, now: float) -> ContainerReport:
        """The container as it is seen at `now`."""
        has_ended = self.end <= now
        return ContainerReport(
            self.key,
            at(now),
            "exited" if has_ended else "running",
            container_id=str(self.key),
            image_id="sha256:1",
            exit_code=self.exit_code if has_ended else 0,
            reason=self.reason if has_ended else "",
            created_time=at(self.start),
            started_time=at(self.start),
            finished_time=at(self.end) if has_ended else None,
            sandbox_attempt=self.sandbox,
        )


@dataclass
class KubeletLife:
    """Plays one case."""

    case: dict[str, Any]
    record: PodRecord = field(default_factory=lambda: PodRecord("u-1"))
    time: float = 0.0
    containers: dict[ContainerKey, Container] = field(default_factory=dict)
    creations: dict[str, int] = field(default_factory=dict)
    runtime: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    passes: list[dict[str, Any]] = field(default_factory=list)
    sandboxes: dict[int, bool] = field(default_factory=dict)
    seen: Any = None
    withheld: list[Any] = field(default_factory=list)
    due: float = 0.0

    def __post_init__(self) -> None:
        self.pod = read_pod(self.case["pod"])
        self.pull_failures = self.case.get("pullFails")
        self.is_present = self.pull_failures is None
        self.happenings = [dict(item) for item in self.case.get("happen", [])]

    def play(self) -> list[dict[str, Any]]:
        """Every pass with something to tell."""
        second = 0
        while second < self.case["until"]:
            self.time = max(self.time, float(second))
            self._happen(second)
            self._look()
            shown = self._shown()
            is_deleted = self.pod.metadata is not None and self.pod.metadata.deletionTimestamp is not None
            if shown != self.seen or second >= self.due or is_deleted:
                self.seen = shown
                self._sync(second)
                if self.record.is_over:
                    break
            second = max(second + 1, ceil(self.time))
        return self.passes

    # --- what happens by itself ---

    def _happen(self, second: int) -> None:
        for item in [item for item in self.happenings if item["at"] <= second]:
            self.happenings.remove(item)
            if "delete" in item:
                metadata = msgspec.structs.replace(
                    self.pod.metadata,
                    deletionTimestamp=at(second + item["delete"]),
                    deletionGracePeriodSeconds=item["delete"],
                )
                self.pod = msgspec.structs.replace(self.pod, metadata=metadata)
            if item.get("sandboxDies"):
                for container in self.containers.values():
                    if container.end > second:
                        container.end, container.exit_code, container.reason = second, 137, ""
                for attempt in self.sandboxes:
                    self.sandboxes[attempt] = False
                    self.record = observe(self.record, SandboxReport("u-1", attempt, at(second), False), at(second))
            if "lose" in item:
                for key in [key for key in self.containers if key.name == item["lose"]]:
                    del self.containers[key]
                    self.record = observe(self.record, ContainerReport(key, at(second), "gone"), at(second))

    def _look(self, is_inside: bool = False) -> None:
        """Hear what has ended by now; inside a sync only of what the sync itself has told to stop."""
        for container in sorted(self.containers.values(), key=lambda item: item.end):
            if container.end <= self.time and not container.is_told and (container.is_stopping or not is_inside):
                container.is_told = True
                self._tell(container.end, f"{container.key.name}-{container.key.attempt} ends with {container.exit_code}")
                self.record = observe(self.record, container.report(self.time), at(self.time))

    def _shown(self) -> Any:
        states = {(key.name, key.attempt): item.end <= self.time for key, item in self.containers.items()}
        return states, dict(self.sandboxes)

    def _tell(self, time: float, what: str) -> None:
        self.runtime.append(f"{round(time, 6):g} {what}")

    # --- syncing ---

    def _sync(self, second: int) -> None:
        """One pass of the kubelet, up to the end of all that it has asked for."""
        self.record = replace(self.record, retry_times={}, passed_back_off=frozenset(), told_back_off=frozenset())
        before = shown_status(self.pod.status)
        plan = self._once()
        status, own = plan.status, self.record.status
        for _ in range(40):
            if not self._carry_out(plan):
                break
            has_new_sandbox = any(isinstance(command, CreateSandbox) for command in plan.commands)
            known, events, was_ending = self.record, list(self.events), self._is_ending()
            plan = self._once()
            if self._is_ending() and not was_ending:
                # The pod is over, but the kubelet finds that out at its next sync; of this one only the sandbox is left.
                self.record, self.events = known, events
                for command in plan.commands:
                    if isinstance(command, StopSandbox):
                        self._stop_sandbox(command.attempt)
                break
            if self._is_ending() or has_new_sandbox:
                # The kubelet tells of a new sandbox at once.
                status, own = plan.status or status, self.record.status
        else:
            raise AssertionError("a sync does not come to an end")
        if not self._is_ending():
            # What this sync has seen of its own doings becomes status in the next one.
            self.record = replace(self.record, status=own)
        for report in self.withheld:
            self.record = observe(self.record, report, at(self.time))
        self.withheld = []
        self.events += [f"{event.type} {event.reason} {event.message}" for event in self.record.events]
        self.record = replace(self.record, events=())
        if status is not None:
            self.pod = msgspec.structs.replace(self.pod, status=status)
        after = shown_status(self.pod.status)
        told: dict[str, Any] = {"at": second, "events": self.events, "runtime": self.runtime}
        if after != before:
            told["status"] = after
        if self.events or self.runtime or "status" in told:
            self.passes.append(told)
        self.events, self.runtime = [], []
        self._set_due()

    def _is_ending(self) -> bool:
        return self.record.termination_time is not None

    def _once(self) -> PodPlan:
        images = {}
        if self.is_present:
            images = {IMAGE: ImageReport("u-1", IMAGE, at(0), image_id="sha256:1")}
        plan = sync_pod(self.pod, self.record, Node(name="n1"), at(self.time), images=images, sources=Sources())
        self.record = plan.record
        self.events += [f"{event.type} {event.reason} {event.message}" for event in plan.events]
        return plan

    def _set_due(self) -> None:
        """When the next sync comes by itself: when a restart's back-off ends, 10 s after any other error, else in 60 s."""
        times, has_error = [], False
        for name, (reason, _) in self.record.start_errors.items():
            latest = self.record.observed.latest(name)
            if name in self.record.starts or (latest is not None and latest.state == "running"):
                continue
            if reason == "CrashLoopBackOff" and latest is not None and latest.finished_time is not None:
                entry = self.record.restart_back_off.entries[f"{name}_{IMAGE}"]
                times.append((latest.finished_time + entry.delay - at(0)).total_seconds())
            else:
                has_error = True
        if has_error:
            times.append(self.time + 10)
        self.due = min(times, default=self.time + 60)

    # --- what commands do ---

    def _carry_out(self, plan: PodPlan) -> bool:
        """Do what a plan says; whether anything came of it that the same sync goes on with."""
        has_news = False
        for command in plan.commands:
            match command:
                case CreateSandbox(attempt=attempt):
                    self.time += MAKE_SECONDS
                    self.sandboxes[attempt] = True
                    self._tell(self.time, f"sandbox {attempt}")
                    self._hear(SandboxReport("u-1", attempt, at(self.time), True, "10.244.0.7"))
                    has_news = True
                case StopSandbox(attempt=attempt):
                    self._stop_sandbox(attempt)
                case InspectImage(image=image):
                    self._hear(ImageReport("u-1", image, at(self.time), image_id="sha256:1" if self.is_present else ""))
                    has_news = True
                case PullImage(image=image):
                    self._pull(image)
                    has_news = True
                case StartContainer(key=key, sandbox_attempt=sandbox):
                    self._start(key, sandbox)
                    if key.name in self.record.post_starts and key in self.containers:
                        # The kubelet waits for the hook inside this sync.
                        self._hear(self.containers[key].report(self.time - 1))
                        self.withheld = [report for report in self.withheld if report.key != key]
                        has_news = True
                case StopContainer(key=key, grace_seconds=grace):
                    self._stop(key, grace)
                case RemoveContainer(key=key):
                    self._remove(key)
                case RemovePod():
                    pass
        ends = [item.end for item in self.containers.values() if item.is_stopping and not item.is_told]
        if ends:
            next_end = max(self.time, min(ends))
            wake = (plan.wake_time - at(0)).total_seconds() if plan.wake_time else next_end
            self.time = min(next_end, wake) if wake > self.time else next_end
            self._look(is_inside=True)
            return True
        is_hooked = any(hook.has_begun for hook in self.record.post_starts.values())
        if is_hooked and plan.wake_time is not None:
            self.time = max(self.time, (plan.wake_time - at(0)).total_seconds())
            return True
        if self._is_ending() and not self.record.is_over and plan.wake_time is not None:
            self.time = (plan.wake_time - at(0)).total_seconds()  # a preStop hook that sleeps
            return True
        return has_news

    def _stop_sandbox(self, attempt: int) -> None:
        if self.sandboxes.get(attempt):
            self._tell(self.time, f"stop sandbox {attempt}")
        self.sandboxes[attempt] = False
        self._hear(SandboxReport("u-1", attempt, at(self.time), False))

    def _hear(self, report: Any) -> None:
        self.record = observe(self.record, report, at(self.time))

    def _pull(self, image: str) -> None:
        self.time += PULL_SECONDS
        if self.pull_failures:
            self.pull_failures -= 1
            self._tell(self.time, "pull fails")
            error = "Error response from daemon: manifest unknown"
            self._hear(ImageReport("u-1", image, at(self.time), error=error))
            return
        self._tell(self.time, "pull")
        self.is_present = True
        report = ImageReport("u-1", image, at(self.time), image_id="sha256:1", pulled=True, pull_seconds=PULL_SECONDS)
        self._hear(report)

    def _start(self, key: ContainerKey, sandbox: int) -> None:
        runs = self.case["runs"][key.name]
        count = self.creations.get(key.name, 0)
        self.creations[key.name] = count + 1
        run = runs[min(count, len(runs) - 1)]
        if "createError" in run:
            self._tell(self.time, f"create {key.name}-{key.attempt} fails")
            self.withheld.append(StartFailed(key, at(self.time), "create", run["createError"]))
            return
        self.time += MAKE_SECONDS
        self._tell(self.time, f"create {key.name}-{key.attempt}")
        container = Container(key, run, sandbox, self.time)
        self.containers[key] = container
        if "startError" in run:
            self._tell(self.time, f"start {key.name}-{key.attempt} fails")
            container.end, container.exit_code, container.reason, container.is_told = self.time, 128, "StartError", True
            self.withheld.append(StartFailed(key, at(self.time), "start", run["startError"]))
            self.withheld.append(container.report(self.time))
            return
        self._tell(self.time, f"start {key.name}-{key.attempt}")
        self.withheld.append(container.report(self.time - 1))
        if run["seconds"] >= 0:
            container.end, container.exit_code = self.time + run["seconds"], run["exit"]
            container.reason = run.get("reason", "")

    def _stop(self, key: ContainerKey, grace: float) -> None:
        container = self.containers[key]
        self._tell(self.time, f"stop {key.name}-{key.attempt}, grace {grace:g}")
        container.is_stopping = True
        if container.end <= self.time:
            return
        takes = container.run["stopSeconds"]
        end, code = (self.time + takes, container.run["stopExit"]) if takes <= grace else (self.time + grace, 137)
        if end < container.end:
            container.end, container.exit_code, container.reason = end, code, ""

    def _remove(self, key: ContainerKey) -> None:
        if key in self.containers:
            assert self.pod.spec is not None
            is_init = any(item.name == key.name for item in self.pod.spec.initContainers or ())
            if is_init:  # old mains are collected by the kubelet at another time, which is not looked at
                self._tell(self.time, f"remove {key.name}-{key.attempt}")
                del self.containers[key]
        self._hear(ContainerReport(key, at(self.time), "gone"))


def shown_status(status: core_v1.PodStatus | None) -> dict[str, Any]:
    """A published status as the vectors write it."""
    assert status is not None
    shown: dict[str, Any] = {"phase": status.phase}
    if status.reason:
        shown["reason"] = status.reason
    shown["conditions"] = {item.type: _condition(item) for item in status.conditions or ()}
    statuses = [*(status.initContainerStatuses or ()), *(status.containerStatuses or ())]
    shown["containers"] = {item.name: _container(item) for item in statuses}
    return shown


def _condition(condition: core_v1.PodCondition) -> str:
    text = condition.status
    if condition.reason:
        text += f" {condition.reason}"
    return f"{text}: {condition.message}" if condition.message else text


def _container(item: core_v1.ContainerStatus) -> dict[str, Any]:
    shown: dict[str, Any] = {"state": _state(item.state), "restartCount": item.restartCount}
    if item.lastState is not None:
        shown["lastState"] = _state(item.lastState)
    if item.ready:
        shown["ready"] = True
    if item.started:
        shown["started"] = True
    return shown


def _state(state: core_v1.ContainerState | None) -> str:
    assert state is not None
    if state.running is not None:
        return "running"
    if state.terminated is not None:
        return f"terminated {state.terminated.reason} {state.terminated.exitCode}"
    assert state.waiting is not None
    text = f"waiting {state.waiting.reason}" if state.waiting.reason else "waiting"
    return f"{text}: {state.waiting.message}" if state.waiting.message else text
