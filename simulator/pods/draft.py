"""A sync in the making: what goes in, and what has been decided so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.executor import Command, ContainerKey, Exec, ImageReport, Node, StopContainer
from simulator.pods.observed import Observed, ObservedContainer
from simulator.pods.record import PRE_STOP, PodEvent, PodRecord, Stopping
from simulator.pods.sources import Placement, Sources
from simulator.pods.status import StatusUpdate

LEAST_GRACE_SECONDS = 2


class Draft(msgspec.Struct):
    """One sync while it is being decided. Only the functions of this room change it."""

    pod: core_v1.Pod
    record: PodRecord
    node: Node
    now: datetime
    images: Mapping[str, ImageReport]
    sources: Sources
    placement: Placement
    observed: Observed
    """What the runtime shows, with the images named as statuses do."""
    commands: list[Command] = msgspec.field(default_factory=list)
    events: list[PodEvent] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)
    wake_time: datetime | None = None
    status_update: StatusUpdate | None = None
    """The last one of this sync; `record.status` is from it."""

    @property
    def spec(self) -> core_v1.PodSpec:
        """The pod's spec."""
        assert self.pod.spec is not None
        return self.pod.spec

    @property
    def uid(self) -> str:
        """The pod's uid."""
        return self.record.uid

    def update(self, **changes: Any) -> None:
        """Replace fields of the record."""
        self.record = replace(self.record, **changes)

    def emit(self, type_: str, reason: str, message: str, container: str = "") -> None:
        """Record an event."""
        self.events.append(PodEvent(type_, reason, message, container))

    def wake(self, at: datetime) -> None:
        """Sync again at `at` at the latest."""
        if self.wake_time is None or at < self.wake_time:
            self.wake_time = at

    def key(self, name: str, attempt: int) -> ContainerKey:
        """The key of one container of this pod."""
        return ContainerKey(self.uid, name, attempt)

    def running(self) -> list[ObservedContainer]:
        """The containers that run, or may."""
        return self.observed.running()

    def container(self, name: str) -> core_v1.Container | None:
        """The container of that name in the spec."""
        containers = (*(self.spec.initContainers or ()), *self.spec.containers)
        return next((item for item in containers if item.name == name), None)

    def stop(self, instance: ObservedContainer, grace_seconds: float, message: str, has_turn: bool = True) -> None:
        """Bring a running container to its end: event, preStop hook, and, when it has its turn, the stop signal.

        To be called at every sync until the container has ended. A grace that has become shorter counts from then on.
        """
        key = self.key(instance.name, instance.attempt)
        stopping = self.record.stopping.get(key)
        if stopping is None:
            self.emit("Normal", "Killing", message, instance.name)
            self.notes.append(f"container {instance.name} is told to stop: {message}; grace {grace_seconds:g} s")
            stopping = Stopping(self.now, grace_seconds, self._run_pre_stop(instance, grace_seconds))
        elif grace_seconds < stopping.grace_seconds:
            hook_end = min(stopping.hook_end, self.now + timedelta(seconds=grace_seconds))
            stopping = Stopping(self.now, grace_seconds, max(self.now, hook_end))
        self.update(stopping=self.record.stopping | {key: stopping})
        if self.now < stopping.hook_end:
            self.wake(stopping.hook_end)
            return
        if not has_turn:
            return
        hook_seconds = int((stopping.hook_end - stopping.began).total_seconds())
        waited = int((self.now - max(stopping.hook_end, stopping.began)).total_seconds())
        grace = max(LEAST_GRACE_SECONDS, grace_seconds - hook_seconds - waited)
        until = self.now + timedelta(seconds=grace)
        known = self.record.stops.get(key)
        if known is None or until < known:
            self.commands.append(StopContainer(key, grace))
            self.update(stops=self.record.stops | {key: until})

    def _run_pre_stop(self, instance: ObservedContainer, grace_seconds: float) -> datetime:
        """Begin a container's preStop hook, if it has one that there is time for; returns when it is over at the latest."""
        container = self.container(instance.name)
        lifecycle = container.lifecycle if container is not None else None
        hook = lifecycle.preStop if lifecycle is not None else None
        if hook is None or grace_seconds <= 0:
            return self.now
        if hook.sleep is not None:
            return self.now + timedelta(seconds=min(hook.sleep.seconds, grace_seconds))
        if hook.exec is not None:
            key = self.key(instance.name, instance.attempt)
            self.commands.append(Exec(key, tuple(hook.exec.command or ()), grace_seconds, PRE_STOP))
            return self.now + timedelta(seconds=grace_seconds)
        self.notes.append(f"the preStop hook of container {instance.name} is not run: it is neither exec nor sleep")
        return self.now
