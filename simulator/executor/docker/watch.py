"""Noticing what happens: one stream of events, and a list at each connection and every 10 s (5.3, D6).

The engine keeps too few events to rely on them alone: so the stream is opened first, then everything is listed, and then
the events are read. When the stream breaks, it is opened again after 0.1 s, doubling to 5 s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from simulator.executor.docker.body import INSTANCE
from simulator.executor.docker.engine import Engine, is_unreachable, plain_error

LIST_SECONDS = 10.0
FIRST_DELAY_SECONDS, LAST_DELAY_SECONDS = 0.1, 5.0


class Watched(Protocol):
    """Who is told; called from the watch's threads."""

    def on_connected(self, containers: list[dict[str, Any]]) -> None:
        """The stream is open; this is all that exists."""
        ...

    def on_list(self, containers: list[dict[str, Any]]) -> None:
        """All that exists, from time to time."""
        ...

    def on_event(self, action: str, container_id: str, attributes: dict[str, str]) -> None:
        """One event of a container."""
        ...

    def on_lost(self, error: str) -> None:
        """The engine no longer answers; said once until it does again."""
        ...


class Watch:
    """Watches the containers of one instance, in a thread of its own."""

    def __init__(self, instance: str, watched: Watched) -> None:
        self._filters = {"label": [f"{INSTANCE}={instance}"]}
        self._watched = watched
        self._stop = threading.Event()
        self._stream: Any = None
        self._engine: Engine | None = None
        self._lost = False

    def run(self, engine: Engine, first: Callable[[], None]) -> None:
        """Watch until closed. `first` is called before each connection and may raise what the SDK raises."""
        self._engine = engine
        delay = FIRST_DELAY_SECONDS
        while not self._stop.is_set():
            try:
                first()
                self._stream = engine.streams.events(filters={**self._filters, "type": "container"}, decode=True)
                if self._stop.is_set():  # `close` came before there was this stream to close
                    self._break()
                    return
                self._watched.on_connected(self.list())
                self._lost = False
                delay = FIRST_DELAY_SECONDS
                for event in self._stream:
                    attributes = (event.get("Actor") or {}).get("Attributes") or {}
                    self._watched.on_event(event.get("Action", ""), event["Actor"]["ID"], attributes)
                self._say_lost("the engine closed the stream of events")
            except Exception as error:
                self._say_lost(plain_error(error))
            self._stop.wait(delay)
            delay = min(2 * delay, LAST_DELAY_SECONDS)

    def list(self) -> list[dict[str, Any]]:
        """All containers of the instance, ended ones too."""
        assert self._engine is not None
        found: list[dict[str, Any]] = self._engine.api.containers(all=True, filters=self._filters)
        return found

    def look(self) -> None:
        """List now; an engine that doesn't answer breaks the stream, whose thread then connects again."""
        if self._stop.is_set() or self._lost:
            return
        try:
            self._watched.on_list(self.list())
        except Exception as error:
            if is_unreachable(error):
                self._break()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._break()

    def _break(self) -> None:
        stream = self._stream
        if stream is not None:
            stream.close()

    def _say_lost(self, error: str) -> None:
        if not self._lost and not self._stop.is_set():
            self._lost = True
            self._watched.on_lost(error)
