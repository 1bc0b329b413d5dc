"""Drives a pod's lifecycle by hand: a store of one pod, the reports that a test writes, the plans that come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from simulator.model.kubernetes import core_v1, from_builtins
from simulator.pods.executor import (
    Command,
    ContainerKey,
    ContainerReport,
    ImageReport,
    Node,
    Report,
    SandboxReport,
    StartContainer,
)
from simulator.pods.lifecycle import PodPlan, PodRecord, Sources, observe, sync_pod

START = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)
IMAGE = "busybox:1.36"
PRESENT = ImageReport("u-1", IMAGE, START, image_id="sha256:1234", repo_tags=(IMAGE,))


def make_pod(
    containers: list[dict[str, Any]] | None = None,
    inits: list[dict[str, Any]] | None = None,
    policy: str = "Never",
    **spec: Any,
) -> core_v1.Pod:
    """A pod as stored; containers without image get one that is there."""

    def complete(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"image": IMAGE, "imagePullPolicy": "IfNotPresent"} | item for item in items]

    manifest: dict[str, Any] = {
        "metadata": {"name": "p", "namespace": "default", "uid": "u-1", "generation": 1},
        "spec": {
            "restartPolicy": policy,
            "terminationGracePeriodSeconds": 30,
            "containers": complete(containers or [{"name": "main"}]),
            **spec,
        },
        "status": {"phase": "Pending"},
    }
    if inits:
        manifest["spec"]["initContainers"] = complete(inits)
    return from_builtins(manifest, core_v1.Pod)


@dataclass
class Life:
    """One pod on one node; time stands still until it is moved."""

    pod: core_v1.Pod
    images: dict[str, ImageReport] = field(default_factory=lambda: {IMAGE: PRESENT})
    sources: Sources = field(default_factory=Sources)
    record: PodRecord = field(default_factory=lambda: PodRecord("u-1"))
    now: datetime = START
    commands: list[Command] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wake_time: datetime | None = None
    removed: bool = False

    def sync(self) -> list[Command]:
        """Sync until nothing more comes of it; the commands that were sent."""
        sent: list[Command] = []
        for _ in range(6):
            plan = self.sync_once()
            sent += plan.commands
            if plan.status is None and not plan.commands and plan.wake_time != self.now:
                return sent
        raise AssertionError(f"syncing does not come to rest: {plan}")

    def sync_once(self) -> PodPlan:
        """One sync, applied."""
        plan = sync_pod(self.pod, self.record, Node(name="n1"), self.now, images=self.images, sources=self.sources)
        self.record = plan.record
        changes: dict[str, Any] = {}
        if plan.node_name:
            changes["spec"] = msgspec.structs.replace(self.pod.spec, nodeName=plan.node_name)
        if plan.status is not None:
            changes["status"] = plan.status
        self.pod = msgspec.structs.replace(self.pod, **changes)
        self.commands += plan.commands
        self.events += [f"{event.type} {event.reason} {event.message}" for event in plan.events]
        self.notes += plan.notes
        self.wake_time = plan.wake_time
        self.removed = self.removed or plan.remove
        return plan

    def report(self, *reports: Report) -> list[Command]:
        """Fold reports in, then sync."""
        for report in reports:
            if isinstance(report, ImageReport):
                self.images[report.image] = report
            self.record = observe(self.record, report, self.now)
        return self.sync()

    def pass_seconds(self, seconds: float) -> list[Command]:
        """Let time go by, then sync."""
        self.now += timedelta(seconds=seconds)
        return self.sync()

    def sandbox(self, attempt: int = 0, **fields: Any) -> list[Command]:
        """The sandbox is ready."""
        return self.report(SandboxReport("u-1", attempt, self.now, **({"ready": True, "ip": "10.244.0.7"} | fields)))

    def running(self, name: str = "main", attempt: int = 0) -> list[Command]:
        """A container has started."""
        return self.report(self.container(name, attempt, "running", started_time=self.now))

    def exited(self, code: int, name: str = "main", attempt: int = 0, **fields: Any) -> list[Command]:
        """A container has ended."""
        times = {"started_time": self.now, "finished_time": self.now}
        return self.report(self.container(name, attempt, "exited", exit_code=code, **(times | fields)))

    def container(self, name: str, attempt: int, state: Any, **fields: Any) -> ContainerReport:
        """A report about a container."""
        key = ContainerKey("u-1", name, attempt)
        defaults = {"container_id": f"{name}-{attempt}", "image_id": "sha256:1234", "created_time": self.now}
        return ContainerReport(key, self.now, state, **(defaults | fields))

    def delete(self, grace: int = 30) -> list[Command]:
        """The pod is deleted."""
        metadata = msgspec.structs.replace(
            self.pod.metadata, deletionTimestamp=self.now + timedelta(seconds=grace), deletionGracePeriodSeconds=grace
        )
        self.pod = msgspec.structs.replace(self.pod, metadata=metadata)
        return self.sync()

    @property
    def status(self) -> core_v1.PodStatus:
        assert self.pod.status is not None
        return self.pod.status

    def state(self, name: str = "main") -> str:
        """A container's state in words: `waiting CrashLoopBackOff`, `running`, `terminated Error 1`."""
        statuses = [*(self.status.initContainerStatuses or ()), *(self.status.containerStatuses or ())]
        state = next(item.state for item in statuses if item.name == name)
        assert state is not None
        if state.running:
            return "running"
        if state.terminated:
            return f"terminated {state.terminated.reason} {state.terminated.exitCode}"
        assert state.waiting is not None
        return f"waiting {state.waiting.reason}"


def kinds(commands: list[Command]) -> list[str]:
    """The kinds of commands, with the container of those that start one."""
    return [
        f"StartContainer {command.key.name}-{command.key.attempt}"
        if isinstance(command, StartContainer)
        else type(command).__name__
        for command in commands
    ]
