"""The work queue: which keys are to be looked at, now or later."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from simulator.model.metadata import Key


class Item(NamedTuple):
    """One controller's look at one object."""

    controller: str
    key: Key


class BackOff(NamedTuple):
    """Delay after the n-th error in a row: `first_seconds`, doubling, at most `longest_seconds`."""

    first_seconds: float
    longest_seconds: float


class WorkQueue:
    """Items in the order in which they were touched, each at most once; and one timer for each item.

    A later time never moves an item's timer, an earlier one does (cronjob.md 5, "Waking up"). Timers are instants of the
    clock, not waits: one that is set forward makes them due, one that is set back makes them wait until it is there again,
    as slots, deadlines and back-offs do, which are counted from instants in objects. `back_off` by controller.
    """

    def __init__(self, back_off: Mapping[str, BackOff]) -> None:
        self._back_off = back_off
        self._ready: deque[Item] = deque()
        self._is_ready: set[Item] = set()
        self._timers: dict[Item, datetime] = {}
        self._heap: list[tuple[datetime, int, Item]] = []
        self._order = 0
        self._failures: dict[Item, int] = {}

    def add(self, item: Item) -> None:
        """Look at an item as soon as possible."""
        if item not in self._is_ready:
            self._is_ready.add(item)
            self._ready.append(item)

    def add_at(self, item: Item, time: datetime) -> None:
        """Look at an item at `time`, unless its timer stands earlier already."""
        if item in self._timers and self._timers[item] <= time:
            return
        self._timers[item] = time
        self._order += 1
        heapq.heappush(self._heap, (time, self._order, item))

    def retry(self, item: Item, now: datetime) -> float:
        """Look at an item again after an error; returns the delay in seconds."""
        failures = self._failures.get(item, 0)
        self._failures[item] = failures + 1
        back_off = self._back_off[item.controller]
        delay = min(back_off.first_seconds * 2.0 ** min(failures, 60), back_off.longest_seconds)
        self.add_at(item, now + timedelta(seconds=delay))
        return delay

    def succeeded(self, item: Item) -> None:
        """The item was looked at without an error: the next error begins the back-off anew."""
        self._failures.pop(item, None)

    def forget(self, item: Item) -> None:
        """The object is gone: no timer, no record of errors."""
        self._timers.pop(item, None)
        self._failures.pop(item, None)

    def pop(self, now: datetime) -> Item | None:
        """The next item to look at, None if there is none at `now`."""
        while self._heap and self._heap[0][0] <= now:
            time, _, item = heapq.heappop(self._heap)
            if self._timers.get(item) == time:
                del self._timers[item]
                self.add(item)
        if not self._ready:
            return None
        item = self._ready.popleft()
        self._is_ready.discard(item)
        return item

    def next_time(self) -> datetime | None:
        """The time of the earliest timer."""
        while self._heap and self._timers.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
