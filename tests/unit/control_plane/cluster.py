"""A control plane over a database file, a virtual executor and a clock that is set, also back; it can be restarted."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from simulator.clock import VirtualClock
from simulator.control_plane import ControlPlane
from simulator.executor.virtual import Run, VirtualExecutor
from simulator.model.kinds import CRON_JOB, EVENT, JOB, KINDS, POD
from simulator.model.kubernetes import to_builtins
from simulator.model.metadata import Key, key_of
from simulator.pods.executor import StartContainer
from simulator.store.database import Database
from simulator.store.objects import Objects

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEMPLATE = "{spec: {restartPolicy: Never, containers: [{name: main, image: 'busybox:1.35'}]}}"


def cron_job(name: str = "tick", schedule: str = "* * * * *", **spec: Any) -> str:
    more = "".join(f", {field}: {value}" for field, value in spec.items())
    return (
        f"{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: {name}}}, "
        f"spec: {{schedule: '{schedule}'{more}, jobTemplate: {{spec: {{template: {TEMPLATE}}}}}}}}}"
    )


def job(name: str = "once", namespace: str = "default", **spec: Any) -> str:
    more = "".join(f"{field}: {value}, " for field, value in spec.items())
    return (
        f"{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, namespace: {namespace}}}, "
        f"spec: {{{more}template: {TEMPLATE}}}}}"
    )


class Cluster:
    """`seconds`: how long each container runs."""

    def __init__(self, folder: Path, *, seconds: float = 10, script: Callable[[StartContainer], Run] | None = None) -> None:
        self.clock = VirtualClock(NOON)
        self._chance = random.Random(1)
        run = Run(seconds, stop_seconds=1)
        self.executor = VirtualExecutor(self.clock, script or (lambda command: run))
        self._file = folder / "state.db"
        self.begin()

    def begin(self) -> None:
        """A process begins."""
        self.database = Database(self._file)
        self.objects = Objects(self.database)
        self.plane = ControlPlane(self.objects, self.executor, self._chance, self.now)
        self.executor.start(lambda: None)

    def end(self) -> None:
        """The process ends; what is not committed is lost."""
        self.plane.close()
        self.database.close()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # --- time ---

    def step(self) -> datetime | None:
        """Step until nothing more happens at this instant; returns the next one at which something does."""
        for _ in range(50):
            following = self.plane.step(self.now)
            if following is None or following > self.now:
                return following
        raise AssertionError("it never comes to rest while time stands still")

    def run_to(self, end: datetime) -> None:
        """Live on until an instant."""
        while (following := self.step()) is not None and following <= end:
            self.clock.set(following)
        self.clock.set(end)
        self.step()

    def let_pass(self, seconds: float) -> None:
        self.run_to(self.now + timedelta(seconds=seconds))

    def set_clock(self, time: datetime) -> None:
        """Somebody sets the clock, or the machine has slept."""
        self.clock.set(time)

    # --- objects ---

    def create(self, manifest: str) -> Any:
        tree = yaml.safe_load(manifest)
        made, _ = self.plane.registry.create(tree, KINDS[tree["kind"]], self.now)
        self.objects.commit()
        return made

    def change(self, obj: Any, **spec: Any) -> None:
        """Change fields of the spec of an object."""
        tree = to_builtins(self.objects.get(key_of(obj)))
        tree["spec"].update(spec)
        self.plane.registry.update(key_of(obj), tree, self.now)
        self.objects.commit()

    def delete(self, kind: str, name: str, namespace: str = "default", **options: Any) -> None:
        self.plane.registry.delete(Key(kind, namespace if KINDS[kind].namespaced else "", name), self.now, **options)
        self.objects.commit()

    def get(self, kind: str, name: str, namespace: str = "default") -> Any:
        return self.objects.get(Key(kind, namespace if KINDS[kind].namespaced else "", name))

    def names(self, kind: str = JOB.kind, namespace: str | None = None) -> list[str]:
        return [obj.metadata.name for obj in self.objects.list(kind, namespace)]

    def events(self, kind: str = CRON_JOB.kind) -> list[str]:
        """The events about objects of a kind, by time."""
        found = [event for event in self.objects.list(EVENT.kind) if event.involvedObject.kind == kind]
        found.sort(key=lambda event: (event.firstTimestamp, int(event.metadata.resourceVersion)))
        return [f"{event.reason}: {event.message}" for event in found]

    def decisions(self, kind: str, name: str, namespace: str = "default") -> list[tuple[datetime, str]]:
        """What was decided about the object itself."""
        key = Key(kind, namespace if KINDS[kind].namespaced else "", name)
        found = [each for each in self.objects.decisions(key) if each.key == key]
        return [(datetime.fromisoformat(each.time), each.text) for each in found]

    def told(self, kind: str, name: str, namespace: str = "default") -> list[str]:
        """The same as text, with seconds since NOON."""
        return [f"{(time - NOON).total_seconds():g} {text}" for time, text in self.decisions(kind, name, namespace)]

    def pods(self) -> list[Any]:
        return self.objects.list(POD.kind)
