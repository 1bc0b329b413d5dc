"""A whole control plane for the tests of the API: real host, real store, no containers, served on real sockets."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.api.app import Api
from simulator.api.server import Server
from simulator.cli.client import Client, InProcess, UnixSocket
from simulator.cli.host import Host, NoExecutor
from simulator.clock import RealClock
from simulator.control_plane import ControlPlane
from simulator.executor.virtual import ContainerScript, VirtualExecutor
from simulator.pods.executor import Executor
from simulator.store.database import Database
from simulator.store.objects import Objects


def job(name: str = "a", **spec: Any) -> dict[str, Any]:
    """A Job's manifest."""
    template = {"spec": {"containers": [{"name": "main", "image": "busybox:1.35"}], "restartPolicy": "Never"}}
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template, **spec}}


class World:
    """`unix` and `direct` are clients of the same API. With a `script`, containers live by it in real time."""

    def __init__(self, folder: Path, script: ContainerScript | None = None) -> None:
        self.warnings: list[str] = []
        self.bugs: list[Exception] = []
        self.shutdowns = 0
        self._database = Database(folder / "kjsim.db")
        clock = RealClock()
        self.objects = Objects(self._database)
        executor: Executor = VirtualExecutor(clock, script) if script else NoExecutor()
        self.control_plane = ControlPlane(self.objects, executor, random.Random(1), datetime(2026, 1, 1, tzinfo=UTC))
        self.objects.commit()
        self.host = Host(self.control_plane, executor, clock)
        self.api = Api(
            self.control_plane,
            self.host.call,
            clock.now,
            executor,
            home=str(folder),
            shutdown=self._count_shutdown,
            on_bug=self.bugs.append,
        )
        self.socket = folder / "api.sock"
        self.server = Server(self.api)
        self.server.listen_unix(self.socket)
        self.host.start()
        self._transport = UnixSocket(self.socket)
        self.unix = Client(self._transport, self.warnings.append)
        self.direct = Client(InProcess(self.api), self.warnings.append)

    def _count_shutdown(self) -> None:
        self.shutdowns += 1

    def call(self, function: Callable[[], Any]) -> Any:
        """Run a function on the control plane's thread."""
        return self.host.call(function)

    def close(self) -> None:
        """End everything."""
        self._transport.close()
        self.server.close()
        self.host.stop()
        self._database.close()
        assert not self.bugs, self.bugs
