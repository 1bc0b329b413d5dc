"""The real host: one thread that owns the control plane, and what it is made of.

The control plane is single-threaded. Everybody else (the command's main thread, the API's connections) hands it functions
with `Host.call`; the executor's threads only wake it. Between two steps it waits for the next instant, for news or for a
call, but never longer than a second, so that a clock that was set, or a machine that slept, is noticed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from simulator.clock import Clock
from simulator.control_plane import ControlPlane
from simulator.errors import ServiceUnavailable
from simulator.pods.executor import Command, ContainerKey, Executor, LogOptions, Node, Report

T = TypeVar("T")

_LONGEST_WAIT_SECONDS = 1.0


class _Call:
    """A function on its way to the control plane's thread, and its outcome on the way back."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None


class Host:
    """Runs a control plane on the wall clock, in a thread of its own."""

    def __init__(self, control_plane: ControlPlane, executor: Executor, clock: Clock) -> None:
        self.control_plane = control_plane
        self._executor = executor
        self._clock = clock
        self._inbox: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._is_stopping = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="control-plane", daemon=True)

    def start(self) -> None:
        """Start the executor and the thread."""
        self._executor.start(self.wake)
        self._thread.start()

    def wake(self) -> None:
        """There is news; callable from any thread."""
        self._inbox.put(None)

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the control plane's thread, commit, and return what it returned or raise what it raised."""
        if self._failure is not None:
            raise self._failure
        if threading.current_thread() is self._thread:
            return function()
        call = _Call(function)
        self._inbox.put(call)
        while not call.done.wait(1.0):
            if not self._thread.is_alive() and not call.done.is_set():
                raise self._failure or ServiceUnavailable("the control plane has stopped")
        if call.error is not None:
            raise call.error
        result: T = call.result
        return result

    def check(self) -> None:
        """Raise what made the control plane fail, if something did."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the thread and let go of the engine. Containers go on."""
        self._is_stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._executor.close()

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                next_time = self.control_plane.step(self._clock.now())
                self._serve_calls(self._wait_seconds(next_time))
        except Exception as error:
            self._failure = error  # `call` and `check` raise it in the threads that ask
        finally:
            self._refuse_calls()

    def _wait_seconds(self, next_time: datetime | None) -> float:
        if next_time is None:
            return _LONGEST_WAIT_SECONDS
        return min(self._clock.seconds_until(next_time), _LONGEST_WAIT_SECONDS)

    def _serve_calls(self, wait_seconds: float) -> None:
        """Wait for a call or news, then serve all that has come."""
        try:
            item = self._inbox.get(timeout=wait_seconds) if wait_seconds > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return
        while True:
            if item is not None:
                self._serve(item)
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return

    def _serve(self, call: _Call) -> None:
        """Run a call; what it wrote is committed before it is answered. A commit that fails ends the control plane."""
        try:
            call.result = call.function()
        except Exception as error:
            call.error = error
        try:
            self.control_plane.objects.commit()
        except Exception as error:
            call.error = self._failure = error
            raise
        finally:
            call.done.set()

    def _refuse_calls(self) -> None:
        while True:
            try:
                call = self._inbox.get_nowait()
            except queue.Empty:
                return
            if call is not None:
                call.error = self._failure or ServiceUnavailable("the control plane has stopped")
                call.done.set()


class NoExecutor:
    """Stands where no container is to be touched: it reports nothing and takes no command."""

    node = Node()

    def start(self, on_news: Callable[[], None]) -> None:
        """Nothing to start."""

    def wait_until_connected(self) -> None:
        """There is nothing to wait for."""

    def submit(self, commands: Sequence[Command]) -> None:
        """Commands without an engine are dropped: a later control plane decides them anew."""

    def poll(self) -> list[Report]:
        """Nothing ever happens."""
        return []

    def next_time(self) -> datetime | None:
        """Nothing will happen."""
        return None

    def logs(self, key: ContainerKey, options: LogOptions) -> Iterator[bytes]:
        """There is no engine to read from."""
        raise ServiceUnavailable("no Docker Engine is connected")

    def close(self) -> None:
        """Nothing to let go of."""
