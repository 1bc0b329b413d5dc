"""The virtual host: the real control plane over objects in memory, virtual containers, and a clock that jumps.

It does what the real host does with time taken out: step, set the clock to the next instant at which there is something to
do, step again. While the control plane is down nothing steps, containers go on; when it comes back it is a new one, as a
new process would be, with nothing but the objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

from simulator.api.patches import merge_patch
from simulator.clock import VirtualClock
from simulator.control_plane import ControlPlane
from simulator.executor.virtual import ContainerScript, VirtualExecutor
from simulator.model.kinds import KINDS, Kind
from simulator.model.kubernetes import to_builtins
from simulator.model.metadata import Key
from simulator.model.three_way import three_way
from simulator.store.objects import Objects
from simulator.store.registry import Registry

Tree = dict[str, Any]
Interval = tuple[datetime, datetime]
_ORDER = {"Namespace": 0, "CronJob": 2, "Job": 2, "Pod": 2}


class VirtualHost:
    """One world from `start` on. `down`: when its control plane is down, in order. `seed`: of names and uids."""

    def __init__(self, start: datetime, script: ContainerScript, *, seed: int, down: Sequence[Interval] = ()) -> None:
        self.clock = VirtualClock(start)
        self.objects = Objects(remember=False)
        self._chance = Random(seed)
        self._registry = Registry(self.objects, self._chance)
        self._executor = VirtualExecutor(self.clock, script)
        self._down = list(down)
        self._applied: dict[Key, Tree] = {}
        self._control_plane: ControlPlane | None = None

    def is_down(self, instant: datetime) -> bool:
        """Whether the control plane is down at an instant."""
        return any(start <= instant < end for start, end in self._down)

    def apply(self, trees: Sequence[Tree]) -> None:
        """Create these objects now, or change those that are there, as `apply` does; raises `ApiError` if one is refused.

        What Jobs and CronJobs need comes first; namespaces that are missing are made.
        """
        now = self.clock.now()
        for tree in sorted(trees, key=lambda tree: _ORDER.get(tree["kind"], 1)):
            kind = KINDS[tree["kind"]]
            key = key_of_tree(tree, kind)
            if kind.namespaced:
                self._registry.ensure_namespace(key.namespace, now)
            live = self.objects.get(key)
            if live is None:
                self._registry.create(tree, kind, now)
            else:
                # As `apply` does: what others have set stays, such as the selector of a Job, which nobody may change.
                there = to_builtins(live)
                patch = three_way(self._applied.get(key, {}), tree, there)
                self._registry.update(key, merge_patch(there, patch), now)
            self._applied[key] = tree

    def run(self, until: datetime) -> None:
        """Let happen what happens before `until`; then the clock stands there."""
        while self.clock.now() < until:
            now = self.clock.now()
            outage = next((interval for interval in self._down if interval[1] > now), None)
            if outage is not None and outage[0] <= now:
                self._stop()
                self.clock.set(min(outage[1], until))
            else:
                self._run_up(until if outage is None else min(until, outage[0]))

    def _run_up(self, until: datetime) -> None:
        """Step until an instant before which the control plane is not down."""
        clock = self.clock
        if self._control_plane is None:
            self._control_plane = ControlPlane(self.objects, self._executor, self._chance, clock.now(), keep_events=False)
            self._executor.start(lambda: None)
        step = self._control_plane.step
        next_time = step(clock.now())
        while next_time is not None and next_time < until:
            if next_time > clock.now():
                clock.set(next_time)
            next_time = step(clock.now())
        clock.set(until)

    def _stop(self) -> None:
        if self._control_plane is not None:
            self._control_plane.close()
            self._control_plane = None


def key_of_tree(tree: Tree, kind: Kind) -> Key:
    """The key of an object in its plain form."""
    metadata = tree["metadata"]
    return Key(kind.kind, metadata.get("namespace", "default") if kind.namespaced else "", metadata.get("name") or "")
