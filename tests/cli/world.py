"""A control plane for tests of commands: everything is real but the containers (scripted) and the clock (set).

It holds the lock of a state directory and serves its socket, so that commands find it as they find any other.
"""

from __future__ import annotations

import io
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from simulator.api.app import Api
from simulator.api.server import Server
from simulator.cli.client import Client, InProcess
from simulator.cli.main import main
from simulator.clock import VirtualClock
from simulator.control_plane import ControlPlane
from simulator.executor.virtual import Run, VirtualExecutor, VirtualImage
from simulator.model.kinds import KINDS
from simulator.model.metadata import Key
from simulator.pods.executor import Node, StartContainer
from simulator.store.database import Database
from simulator.store.objects import Objects
from simulator.store.state_directory import StateDirectory


@dataclass(frozen=True)
class Outcome:
    """What a command printed (stdout, stderr, both in the order in which they came), and its exit code."""

    stdout: str
    stderr: str
    both: str
    code: int


class _Both(io.BytesIO):
    """A stream that also writes to a second one, which it shares with another."""

    def __init__(self, shared: io.BytesIO) -> None:
        super().__init__()
        self._shared = shared

    def write(self, data: Any) -> int:
        self._shared.write(data)
        return super().write(data)


def kjsim(*arguments: str) -> Outcome:
    """Run a command in this process."""
    both = io.BytesIO()
    out, err = _Both(both), _Both(both)
    before = sys.stdout, sys.stderr
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", write_through=True)
    try:
        code = main(list(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
        return Outcome(out.getvalue().decode(), err.getvalue().decode(), both.getvalue().decode(), code)
    finally:
        sys.stdout, sys.stderr = before


class World:
    """One state directory at one moment. `run_to` lets time pass; `kjsim` runs a command in it."""

    def __init__(
        self,
        folder: Path,
        start: datetime = datetime(2026, 11, 23, 10, 33, 17, tzinfo=UTC),
        script: Callable[[StartContainer], Run] | None = None,
        images: dict[str, VirtualImage] | None = None,
    ) -> None:
        self.bugs: list[Exception] = []
        self.clock = VirtualClock(start)
        self._lock = threading.Lock()
        self._directory = StateDirectory(folder)
        self._directory.create()
        assert self._directory.try_lock()
        self._database = Database(self._directory.database)
        self.objects = Objects(self._database)
        node = Node(name="node1", cpu_milli=2000, engine_version="28")
        self.executor = VirtualExecutor(
            self.clock, script, images=images, node=node, sandbox_seconds=0.1, creation_seconds=0.2
        )
        self.control_plane = ControlPlane(self.objects, self.executor, random.Random(7), start)
        self.executor.start(lambda: None)
        self.control_plane.step(start)
        self.api = Api(
            self.control_plane, self._call, self.clock.now, self.executor, home=str(folder), on_bug=self.bugs.append
        )
        self.client = Client(InProcess(self.api))
        self._server = Server(self.api)
        self._server.listen_unix(self._directory.socket)

    def _call(self, function: Callable[[], Any]) -> Any:
        with self._lock:
            try:
                return function()
            finally:
                self.control_plane.step(self.clock.now())

    def create(self, text: str) -> None:
        """Create the objects of a manifest."""
        for manifest in yaml.safe_load_all(text):
            manifest["apiVersion"] = manifest["apiVersion"].replace("v1beta1", "v1")
            self.client.create(KINDS[manifest["kind"]], manifest)

    def run_to(self, time: datetime) -> None:
        """Let everything happen that happens up to `time`."""
        with self._lock:
            while True:
                now = self.clock.now()
                nexts = [self.control_plane.step(now), self.executor.next_time()]
                until = min([time, *(instant for instant in nexts if instant is not None)])
                if now >= time and until >= time:
                    break
                self.clock.set(max(until, now + timedelta(milliseconds=1)) if until <= now else until)

    def kjsim(self, *arguments: str) -> Outcome:
        """Run a command on this state directory."""
        return kjsim("--home", str(self._directory.home), *arguments)

    @property
    def home(self) -> Path:
        """The state directory."""
        return self._directory.home

    def close(self) -> None:
        """End everything."""
        self._server.close()
        self._database.close()
        self._directory.unlock()
        assert not self.bugs, self.bugs


class Still(World):
    """Objects that were put there, and at which nobody looks: nothing is defaulted, nothing is decided."""

    def __init__(self, folder: Path, now: datetime) -> None:
        super().__init__(folder, now)
        for key in [key for key in (Key("Namespace", "", "default"),) if self.objects.get(key)]:
            self.objects.remove(key)

    def put(self, obj: Any) -> None:
        """Store an object as it is."""
        self.objects.put(obj)

    def _call(self, function: Callable[[], Any]) -> Any:
        with self._lock:
            self.objects.commit()
            return function()
