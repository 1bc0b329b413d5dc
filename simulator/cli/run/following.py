"""Threads that watch Jobs, pods and container logs through the API, and put what happens into one queue."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from simulator.cli.client import Client
from simulator.cli.run.progress import container_statuses
from simulator.errors import ApiError, KjsimError, ServiceUnavailable
from simulator.model.kinds import JOB, POD, Kind

Tree = dict[str, Any]

_AGAIN_SECONDS = 0.3
"""How long a log that broke off is left alone."""


class Changed(Struct, frozen=True):
    """An object is new or has changed; `gone`: it has been deleted, and this was its last state."""

    kind: Kind
    object: Tree
    gone: bool = False


class LogLine(Struct, frozen=True):
    """One line that a container has printed, without its newline."""

    pod: str
    container: str
    text: str


class LogEnded(Struct, frozen=True):
    """The log of one container attempt is at its end."""

    pod: str
    container: str
    attempt: int


class Lost(Struct, frozen=True):
    """The control plane no longer answers."""

    error: Exception


Happening = Changed | LogLine | LogEnded | Lost


class Following:
    """Follows all Jobs and pods of a namespace, and the logs that it is asked for."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self._queue: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._close: list[Callable[[], None]] = []
        self._is_closed = False
        self._open_logs: Counter[str] = Counter()

    def start(self) -> None:
        """Tell every Job and pod that is there, then follow the changes."""
        for kind in (JOB, POD):
            listed = self._client.list(kind, self._namespace)
            for item in listed["items"]:
                self._queue.put(Changed(kind, {"kind": kind.kind, **item}))
            self._start_thread(self._watch, kind, listed["metadata"]["resourceVersion"])

    def follow_log(self, pod: str, container: str, attempt: int, *, previous: bool = False) -> None:
        """Read the log of one attempt of a container to its end."""
        self._open_logs[pod] += 1
        self._start_thread(self._read_log, pod, container, attempt, previous)

    def next(self, timeout_seconds: float | None) -> Happening | None:
        """What happened next; None if nothing did within the time."""
        try:
            happening = self._queue.get(timeout=timeout_seconds)
        except queue.Empty:
            return None
        if isinstance(happening, LogEnded):
            self._open_logs[happening.pod] -= 1
        return happening

    def has_open_logs(self, pod: str = "") -> bool:
        """Whether the end of some log (of a pod, or of any) has not been told yet."""
        return self._open_logs[pod] > 0 if pod else any(self._open_logs.values())

    def close(self) -> None:
        """End all watches."""
        self._is_closed = True
        for close in self._close:
            close()

    def _start_thread(self, target: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()

    def _watch(self, kind: Kind, resource_version: str) -> None:
        try:
            watch = self._client.watch(kind, self._namespace, resource_version=resource_version)
            self._close.append(watch.close)
            for type_, obj in watch:
                self._queue.put(Changed(kind, obj, gone=type_ == "DELETED"))
            error: Exception = KjsimError("the watch has ended")
        except (ApiError, OSError) as failure:
            error = failure
        if not self._is_closed:
            self._queue.put(Lost(error))

    def _read_log(self, pod: str, container: str, attempt: int, previous: bool) -> None:
        """Put the lines of a log into the queue; where it breaks off (the engine went away), go on when it is back."""
        told, rest = 0, b""
        while True:
            try:
                skipped = told
                for chunk in self._client.logs(
                    pod, self._namespace, container=container, follow=not previous, previous=previous
                ):
                    new, skipped = chunk[skipped:], max(0, skipped - len(chunk))
                    told += len(new)
                    *lines, rest = (rest + new).split(b"\n")
                    for line in lines:
                        self._queue.put(LogLine(pod, container, line.decode(errors="replace")))
                break
            except (ApiError, OSError) as error:
                age = self._age(pod, container, attempt, error)
                if age is None:
                    break  # The container or its pod is gone: there is no more to be read.
                previous = age > 0
        if rest:
            self._queue.put(LogLine(pod, container, rest.decode(errors="replace")))
        self._queue.put(LogEnded(pod, container, attempt))

    def _age(self, pod: str, container: str, attempt: int, error: Exception) -> int | None:
        """How many attempts have come after this one, after a pause; None if its log is not worth another try."""
        if isinstance(error, ApiError) and not isinstance(error, ServiceUnavailable):
            return None
        time.sleep(_AGAIN_SECONDS)
        if self._is_closed:
            return None
        try:
            statuses = container_statuses(self._client.get(POD, pod, self._namespace))
        except ServiceUnavailable:
            return 0
        except (ApiError, OSError):
            return None
        age = next((status.get("restartCount", 0) for status in statuses if status["name"] == container), 0) - attempt
        return age if age in (0, 1) else None
