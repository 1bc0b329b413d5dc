"""Looking at a container while it is being started: the only moment at which one that ends at once shows its address."""

from __future__ import annotations

import threading
from typing import Any

from simulator.executor.docker.body import Attachment
from simulator.executor.docker.reports import address_of
from simulator.executor.docker.room import Room

LOOK_SECONDS = 0.03
"""How long after the start request the inspection goes out that is to wait for the container's lock."""

PROMPT_SECONDS = 0.005
"""An inspection that waits longer than this after the start has returned waits for the container's end."""


class Look:
    """An inspection that is sent while the start is under way.

    It waits for the container's lock in the engine and is answered before the engine sees to the container's end: so it
    shows the address even of a container that ends at once, and does not wait for the network to be taken down. Now and
    then the end comes first all the same: then the network is asked, which knows the address until it has let it go.
    `address`: on the engine's default bridge, after `result`.
    """

    def __init__(self, room: Room, container_id: str, attachment: Attachment) -> None:
        self._room = room
        self._on_bridge = attachment.mode == "bridge"
        self.address = ""
        self._container_id = container_id
        self._returned = threading.Event()
        self._finished = threading.Event()
        self._begun = threading.Lock()
        self._inspection: dict[str, Any] | None = None
        room.workers.run(self._look)

    def _look(self) -> None:
        self._returned.wait(LOOK_SECONDS)
        if not self._begun.acquire(blocking=False):
            return
        try:
            while True:
                self._inspection = self._inspect()
                if self._inspection["State"]["Status"] != "created" or self._returned.is_set():
                    break
                self._returned.wait(LOOK_SECONDS)  # the engine has not come to the start yet
        except Exception:
            self._inspection = None  # result() asks again
        finally:
            self._finished.set()

    def give_up(self) -> None:
        """The start failed."""
        self._returned.set()

    def result(self) -> dict[str, Any]:
        """The inspection, once the start has returned."""
        self._returned.set()
        if self._begun.acquire(blocking=False):
            inspection = self._inspect()
        else:
            if not self._finished.wait(PROMPT_SECONDS) and self._on_bridge:
                self.address = self._room.network.address_on_bridge(self._container_id)
            self._finished.wait()
            inspection = self._inspection or self._inspect()
        if inspection["State"]["Status"] == "created":
            inspection = self._inspect()
        if self._on_bridge:
            self.address = address_of(inspection) or self.address
        return inspection

    def _inspect(self) -> dict[str, Any]:
        inspection: dict[str, Any] = self._room.engine.api.inspect_container(self._container_id)
        return inspection
