"""How much goes on at once: Jobs, pods, and what the pods request, over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Level(NamedTuple):
    """What goes on from an instant on: Jobs that are not finished, pods on a node that have not ended, their requests."""

    time: datetime
    jobs: int
    pods: int
    cpu_milli: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Peak:
    """The most of something, and when it was reached first."""

    value: int = 0
    time: datetime | None = None


class Load:
    """Adds up what begins and ends; only what has lasted for some time after `start` counts.

    `keep`: remember every level.
    """

    def __init__(self, keep: bool, start: datetime) -> None:
        self._keep = keep
        self._start = start
        self._jobs = self._pods = self._cpu = self._memory = 0
        self._time: datetime | None = None
        self._counted: tuple[int, int, int, int] | None = None
        self.levels: list[Level] = []
        self.jobs = self.pods = self.cpu_milli = self.memory_bytes = Peak()

    def add_job(self, now: datetime, count: int) -> None:
        """So many Jobs more."""
        self._move(now)
        self._jobs += count

    def add_pod(self, now: datetime, count: int, cpu_milli: int, memory_bytes: int) -> None:
        """So many pods more, with so much of requests (all of it negative where a pod ends)."""
        self._move(now)
        self._pods += count
        self._cpu += cpu_milli
        self._memory += memory_bytes

    def finish(self, end: datetime) -> None:
        """Count what goes on until `end`."""
        self._move(end)

    def _move(self, now: datetime) -> None:
        """Time goes on to `now`: what stood until here has lasted."""
        if now is self._time:
            return
        if self._time is None or now > self._time:
            if self._time is not None and now > self._start:
                self._count(max(self._time, self._start))
            self._time = now

    def _count(self, time: datetime) -> None:
        amounts = (self._jobs, self._pods, self._cpu, self._memory)
        if amounts == self._counted:
            return
        self._counted = amounts
        if self._jobs > self.jobs.value:
            self.jobs = Peak(self._jobs, time)
        if self._pods > self.pods.value:
            self.pods = Peak(self._pods, time)
        if self._cpu > self.cpu_milli.value:
            self.cpu_milli = Peak(self._cpu, time)
        if self._memory > self.memory_bytes.value:
            self.memory_bytes = Peak(self._memory, time)
        if self._keep:
            self.levels.append(Level(time, *amounts))
