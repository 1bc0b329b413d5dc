"""A control plane inside this process: its parts put together, started and ended."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterable

from simulator.api.app import Api
from simulator.cli.client import Client, InProcess
from simulator.cli.host import Host, NoExecutor
from simulator.cli.output import warn
from simulator.clock import FastClock, RealClock
from simulator.control_plane import ControlPlane, Mode
from simulator.model.conditions import finished_condition
from simulator.model.kinds import JOB, POD
from simulator.pods.executor import Executor
from simulator.store.database import Database
from simulator.store.objects import Objects
from simulator.store.state_directory import StateDirectory

_OBSERVE_PATIENCE_SECONDS = 5.0
_SWEEP_PATIENCE_SECONDS = 60.0


def host(directory: StateDirectory, mode: str, speed: float = 1.0) -> Hosted | None:
    """Put a control plane together; None if another process is the control plane of this directory.

    `speed`: how much faster than the wall clock its clock goes.
    """
    kind = Mode(mode)
    if kind is Mode.OBSERVE:
        database = Database(directory.database, read_only=True) if directory.database.exists() else None
        return Hosted(directory, kind, database)
    directory.create()
    if not directory.try_lock():
        return None
    try:
        return Hosted(directory, kind, Database(directory.database), FastClock(speed) if speed != 1 else RealClock())
    except BaseException:
        directory.unlock()
        raise


class Hosted:
    """A control plane of this process, its host and its API."""

    def __init__(
        self, directory: StateDirectory, mode: Mode, database: Database | None, clock: RealClock | FastClock | None = None
    ) -> None:
        self.directory = directory
        self.mode = mode
        self._database = database
        self.clock = clock or RealClock()
        self._objects = Objects(database, persist=mode is not Mode.OBSERVE)
        if self._objects.fact("instance") is None:
            self._objects.set_fact("instance", f"{random.getrandbits(48):012x}")
        self.unfinished_jobs = frozenset(
            job.metadata.uid for job in self._objects.list(JOB.kind) if finished_condition(job) is None
        )
        """The Jobs that had not ended when the last control plane did, by uid."""
        self._executor: Executor = NoExecutor()
        self._stack = contextlib.ExitStack()
        self._shutdown: Callable[[], None] = lambda: None
        self._is_started = False
        self._api: Api
        self.client: Client

    def start(self, *, engine: str) -> None:
        """Connect the engine (see `session.open_session`), start the control plane."""
        if engine == "always" or (engine == "if-needed" and self._has_work_for_engine()):
            self._connect_engine()
        now = self.clock.now()
        control_plane = ControlPlane(self._objects, self._executor, random.SystemRandom(), now, mode=self.mode)
        self._objects.commit()
        self.host = Host(control_plane, self._executor, self.clock)
        self._stack.callback(self.host.stop)
        self._api = Api(
            control_plane,
            self.host.call,
            self.clock.now,
            self._executor,
            home=str(self.directory.home),
            shutdown=self._on_shutdown,
        )
        self.client = Client(InProcess(self._api), warn)
        self.host.start()
        self._is_started = True
        if self.mode is Mode.OBSERVE and not isinstance(self._executor, NoExecutor):
            self._wait_for_snapshot(control_plane)

    def serve(self) -> None:
        """Open the Unix socket for other commands."""
        from simulator.api.server import Server

        server = Server(self._api)
        server.listen_unix(self.directory.socket)
        self._stack.callback(server.close)

    def _on_shutdown(self) -> None:
        self._shutdown()

    def _has_work_for_engine(self) -> bool:
        pods = self._objects.list(POD.kind)
        if self.mode is Mode.OBSERVE:
            return any(not pod.status or pod.status.phase not in ("Succeeded", "Failed") for pod in pods)
        return bool(pods)

    def _connect_engine(self) -> None:
        from simulator.executor.docker.executor import DockerExecutor

        instance = self._objects.fact("instance")
        assert instance is not None
        self._executor = DockerExecutor(instance, self.directory.home)
        if isinstance(self.clock, FastClock):
            from simulator.executor.fast import FastExecutor

            self._executor = FastExecutor(self._executor, self.clock)

    def _wait_for_snapshot(self, control_plane: ControlPlane) -> None:
        """Wait until the engine has told what exists, so that the first answer is true."""
        deadline = time.monotonic() + _OBSERVE_PATIENCE_SECONDS
        while time.monotonic() < deadline and not self.host.call(lambda: control_plane.node.has_heard):
            time.sleep(0.005)

    def require_engine(self) -> None:
        """Return once the engine has answered; raises `EngineUnavailable` if none does.

        Where Jobs were left unfinished, it has then also told what became of their pods.
        """
        self._executor.wait_until_connected()
        if self.unfinished_jobs:
            self._wait_for_snapshot(self.host.control_plane)

    def kill(self, pod_uids: Iterable[str]) -> None:
        """Kill the containers of these pods at once."""
        kill = self.host.control_plane.node.kill
        self.host.call(lambda: [kill(uid) for uid in pod_uids])

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        """Have `callback` called when a client asks for the end (`kjsim down`)."""
        self._shutdown = callback

    def wait(self, ended: threading.Event) -> None:
        """Wait for `ended`; raises what made the control plane fail meanwhile."""
        while not ended.wait(0.5):
            self.host.check()

    def close(self) -> None:
        """End everything; containers go on. A sweeping control plane first finishes what it has begun."""
        try:
            if self.mode is Mode.SWEEP and self._is_started and not isinstance(self._executor, NoExecutor):
                self.finish_sweeping()
        finally:
            self._stack.close()
            if self._database is not None:
                self._database.close()
            self.directory.unlock()

    def finish_sweeping(self) -> None:
        """Remove the containers of deleted pods; what the engine can't do now is left to the next control plane."""
        control_plane = self.host.control_plane
        deadline = time.monotonic() + _SWEEP_PATIENCE_SECONDS
        while time.monotonic() < deadline and not self.host.call(lambda: control_plane.is_swept):
            time.sleep(0.01)
