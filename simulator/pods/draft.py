"""A sync in the making: what goes in, and what has been decided so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.executor import Command, ContainerKey, ImageReport, Node, StopContainer
from simulator.pods.observed import Observed, ObservedContainer
from simulator.pods.record import PodEvent, PodRecord
from simulator.pods.sources import Placement, Sources

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
        return [item for item in self.observed.containers if item.state in ("running", "unknown")]

    def stop(self, instance: ObservedContainer, grace_seconds: float, message: str) -> None:
        """Tell a container to stop, once, and again if its grace has become shorter."""
        key = self.key(instance.name, instance.attempt)
        grace = max(LEAST_GRACE_SECONDS, grace_seconds)
        until = self.now + timedelta(seconds=grace)
        known = self.record.stops.get(key)
        if known is not None and until >= known:
            return
        self.commands.append(StopContainer(key, grace))
        self.update(stops=self.record.stops | {key: until})
        if known is None:
            self.emit("Normal", "Killing", message, instance.name)
            self.notes.append(f"container {instance.name} is told to stop: {message}; grace {grace:g} s")
