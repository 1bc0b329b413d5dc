"""Threads that carry calls to the engine, and a clock for what has to happen later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from heapq import heappop, heappush
from queue import SimpleQueue
from time import monotonic

Task = Callable[[], None]


class Workers:
    """At most `limit` daemon threads, made as they are needed; tasks begin in the order in which they were given.

    A task must not raise.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._free = 0
        self._closed = False

    def run(self, task: Task) -> None:
        """Have `task` done by the next free thread."""
        with self._lock:
            if self._closed:
                return
            if self._free > 0:
                self._free -= 1
            elif self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            else:
                self._free -= 1  # owed: the next thread that becomes free takes it
            self._tasks.put(task)

    def close(self) -> None:
        """Let the threads end after what they do now."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
            with self._lock:
                self._free += 1


class Later:
    """One thread that runs short tasks at their time (`time.monotonic`)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._condition = threading.Condition()
        self._due: list[tuple[float, int, Task]] = []
        self._count = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, task: Task) -> None:
        """Run `task` in `seconds`; it must not block for long nor raise."""
        with self._condition:
            if self._closed:
                return
            self._count += 1
            heappush(self._due, (monotonic() + seconds, self._count, task))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """Forget all tasks and end the thread."""
        with self._condition:
            self._closed = True
            self._due.clear()
            self._condition.notify()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._closed and (not self._due or self._due[0][0] > monotonic()):
                    self._condition.wait(self._due[0][0] - monotonic() if self._due else None)
                if self._closed:
                    return
                task = heappop(self._due)[2]
            task()
