"""A control plane that can die between any two store writes, the containers that live on, and random things done to it.

What survives a crash is what survives one in life: what was committed to the database, and the containers. Everything
random comes from one seed, so a failure can be repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from simulator.clock import VirtualClock
from simulator.control_plane import ControlPlane
from simulator.errors import ApiError
from simulator.executor.virtual import Run, VirtualExecutor, VirtualImage
from simulator.model.kinds import JOB, KINDS, POD
from simulator.model.kubernetes import core_v1, to_builtins
from simulator.model.metadata import Key, key_of
from simulator.pods.executor import Command, ContainerKey, Report, StartContainer
from simulator.store.database import Database, DecisionRow
from simulator.store.objects import Objects
from tests.simulation.manifests import EXIT_CODES, Tree

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Crash(BaseException):
    """The process is killed here."""


class Fuse:
    """Kills the process at the n-th place at which it could be: before or after a store write, between two commands."""

    def __init__(self) -> None:
        self._places: int | None = None

    def light(self, places: int) -> None:
        """Die at the n-th place from here."""
        self._places = places

    def put_out(self) -> None:
        """Don't die."""
        self._places = None

    def burn(self) -> None:
        """One more place has been reached."""
        if self._places is None:
            return
        if self._places == 0:
            self._places = None
            raise Crash
        self._places -= 1


class MortalDatabase(Database):
    """The real database, in SQLite's memory; the process may die before and after each write."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__(Path(":memory:"))
        self._fuse = fuse

    def write(
        self,
        puts: Iterable[tuple[str, str, str, bytes]],
        deletes: Iterable[tuple[str, str, str]],
        decisions: Iterable[DecisionRow],
        meta: dict[str, str],
    ) -> None:
        self._fuse.burn()
        super().write(puts, deletes, decisions, meta)
        self._fuse.burn()


class MortalExecutor(VirtualExecutor):
    """The virtual executor; the process may die between two commands, and the containers live on."""

    def __init__(self, fuse: Fuse, clock: VirtualClock, script: Callable[[StartContainer], Run], **delays: float) -> None:
        images = {"pulled:1": VirtualImage(present=False, pull_seconds=3)}
        super().__init__(clock, script, images=images, **delays)
        self._fuse = fuse
        self._looks_before_answer = 0

    def begin(self, looks_before_answer: int) -> None:
        """A process begins; it looks for reports so many times before there are any, as with an engine that is far."""
        self._looks_before_answer = looks_before_answer
        self.start(lambda: None)

    def poll(self) -> list[Report]:
        if self._looks_before_answer:
            self._looks_before_answer -= 1
            return []
        return super().poll()

    def next_time(self) -> datetime | None:
        return self._clock.now() if self._looks_before_answer else super().next_time()

    def submit(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self._fuse.burn()
            super().submit([command])


class World:
    """`starts` counts the containers made, by key. `watch` is called for each process that begins, before it acts."""

    def __init__(self, seed: int, *, watch: Callable[[World], None]) -> None:
        self.rng = Random(seed)
        self.clock = VirtualClock(NOON + timedelta(seconds=self.rng.uniform(0, 60)))
        self.fuse = Fuse()
        self.starts: Counter[ContainerKey] = Counter()
        self.crashes = 0
        self._chance = Random(seed)
        self._watch = watch
        self._database = MortalDatabase(self.fuse)
        delays = self.rng.choice([{}, {"sandbox_seconds": 0.2, "creation_seconds": 0.5}])
        self.executor = MortalExecutor(self.fuse, self.clock, self._script, **delays)
        self._begin()

    def _begin(self) -> None:
        """What a process does first."""
        self.objects = Objects(self._database)
        self.plane = ControlPlane(self.objects, self.executor, self._chance, self.clock.now())
        self._watch(self)
        self.objects.commit()
        self.executor.begin(self.rng.choice([0, 0, 1, 2]))

    def close(self) -> None:
        self._database.close()

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def step(self) -> datetime | None:
        """One step; if the process dies in it, another one begins, perhaps later."""
        try:
            return self.plane.step(self.now)
        except Crash:
            self.restart()
            return self.now

    def restart(self, seconds: float | None = None) -> None:
        """Nobody is the control plane for some time, then another process is."""
        self.crashes += 1
        self.fuse.put_out()
        self.clock.advance(self.rng.choice([0, 0, 0.3, 8, 100]) if seconds is None else seconds)
        self._begin()

    def settle(self) -> None:
        """Let everything happen that happens at this very instant."""
        for _ in range(50):
            following = self.step()
            if following is None or following > self.now:
                return
        raise AssertionError("it never comes to rest while time stands still")

    def let_pass(self, seconds: float) -> None:
        """Live on for so long."""
        end = self.now + timedelta(seconds=seconds)
        while True:
            self.settle()
            following = self.plane.next_time()
            if following is None or following > end:
                break
            self.clock.set(max(following, self.now))
        self.clock.set(max(end, self.now))
        self.settle()

    # --- containers -------------------------------------------------------------------------------------------------

    def _script(self, command: StartContainer) -> Run:
        """The life of a container, by chance; now and then the engine refuses it once or twice."""
        rng, kind = self._chance, command.config.kind
        if rng.random() < 0.03:
            return Run(create_error="Error response from daemon: no space left on device")
        self.starts[command.key] += 1
        stop = rng.choice([None, 0.5, 40.0])
        if kind == "sidecar":
            return Run(None, stop_seconds=0.1)
        if kind == "init":
            return Run(rng.choice([0, 1]), 0 if rng.random() < 0.8 else 1)
        if rng.random() < 0.03:
            return Run(start_error="exec: no such file or directory")
        code = 0 if rng.random() < 0.6 else rng.choice(EXIT_CODES)
        return Run(rng.choice([0, 0.5, 3, 10, 45]), code, stop_seconds=stop, stop_exit_code=rng.choice([0, 143]))

    # --- objects ----------------------------------------------------------------------------------------------------

    def jobs(self) -> list[Any]:
        return self.objects.list(JOB.kind)

    def pods(self) -> list[Any]:
        return self.objects.list(POD.kind)

    def request(self, function: Callable[[], Any]) -> None:
        """An API write, which may be refused; it is committed before it is answered."""
        try:
            function()
            self.objects.commit()
        except ApiError:
            return
        except Crash:
            self.restart()

    def create(self, manifest: Tree) -> None:
        self.request(lambda: self.plane.registry.create(manifest, KINDS[manifest["kind"]], self.now))

    def change_spec(self, obj: Any, **changes: Any) -> None:
        """Change fields of a spec; one that is None is left out."""

        def update() -> None:
            tree = to_builtins(obj)
            tree["spec"].update(changes)
            tree["spec"] = {name: value for name, value in tree["spec"].items() if value is not None}
            self.plane.registry.update(key_of(obj), tree, self.now)

        self.request(update)

    def relabel(self, obj: Any, **labels: str) -> None:
        def update() -> None:
            tree = to_builtins(obj)
            tree["metadata"]["labels"] = {**tree["metadata"].get("labels", {}), **labels}
            self.plane.registry.update(key_of(obj), tree, self.now)

        self.request(update)

    def delete(self, key: Key, **options: Any) -> None:
        self.request(lambda: self.plane.registry.delete(key, self.now, **options))

    def disrupt(self, pod: Any) -> None:
        """Evict a pod: a condition tells of it, then it is deleted."""
        condition = core_v1.PodCondition(type="DisruptionTarget", status="True", reason="EvictionByEvictionAPI")

        def evict() -> None:
            conditions = [*(pod.status.conditions or ()), condition]
            status = msgspec.structs.replace(pod.status, conditions=conditions)
            self.plane.registry.update_status(key_of(pod), status)
            self.plane.registry.delete(key_of(pod), self.now)

        self.request(evict)
