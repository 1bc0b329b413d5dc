"""One interface to both executors, so that the same tests run on either.

A `Program` says twice what a container does: as a shell script for the Docker Engine, and as a `Run` for the virtual one.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar

from simulator.clock import VirtualClock
from simulator.executor.virtual import ExecResult, Run, VirtualExecutor, VirtualImage
from simulator.pods.executor import (
    Command,
    ContainerConfig,
    ContainerKey,
    ContainerReport,
    CreateSandbox,
    Exec,
    Executor,
    PodConfig,
    Report,
    SandboxReport,
    Snapshot,
    StartContainer,
)

R = TypeVar("R")
IMAGE = "busybox:1.35"
ABSENT = "kjsim.invalid/absent:1"
PATIENCE_SECONDS = 40.0


@dataclass(frozen=True)
class Program:
    shell: str
    run: Run


@dataclass
class Pod:
    """A pod under test: its configuration and how to name its containers."""

    config: PodConfig
    programs: dict[str, tuple[ContainerConfig, Program]] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        return self.config.uid

    def key(self, name: str = "main", attempt: int = 0) -> ContainerKey:
        return ContainerKey(self.uid, name, attempt)

    def add(self, program: Program, name: str = "main", **settings: Any) -> Pod:
        settings.setdefault("kind", "main")
        settings.setdefault("image", IMAGE)
        settings.setdefault("command", ("sh", "-c", program.shell))
        self.programs[name] = ContainerConfig(name, **settings), program
        return self

    def sandbox(self, attempt: int = 0) -> CreateSandbox:
        return CreateSandbox(self.config, attempt)

    def start(self, name: str = "main", attempt: int = 0) -> StartContainer:
        return StartContainer(self.key(name, attempt), self.config, self.programs[name][0], 0)


class World(Protocol):
    """An executor, the reports it gave, and time."""

    executor: Executor
    reports: list[Report]

    def pod(self, **settings: Any) -> Pod: ...
    def submit(self, *commands: Command) -> None: ...
    def wait(self, wanted: Callable[[Report], bool]) -> Report: ...
    def let_pass(self, seconds: float) -> None: ...
    def restart(self) -> Snapshot: ...


class _World:
    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.pods: list[Pod] = []
        self._seen = 0

    executor: Executor

    def pod(self, **settings: Any) -> Pod:
        uid = str(uuid.uuid4())
        settings.setdefault("needs_sandbox", False)
        name = settings.pop("name", f"pod-{uid[:5]}")
        config = PodConfig(uid, name, "default", hostname=name, **settings)
        self.pods.append(Pod(config))
        return self.pods[-1]

    def submit(self, *commands: Command) -> None:
        self.executor.submit(commands)

    def _next(self, wanted: Callable[[Report], bool]) -> Report | None:
        """The next report that fits, among those not yet returned before it."""
        self.reports += self.executor.poll()
        for index in range(self._seen, len(self.reports)):
            if wanted(self.reports[index]):
                self._seen = index + 1
                return self.reports[index]
        return None


class VirtualWorld(_World):
    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        images = {ABSENT: VirtualImage(present=False, pull_error="Error response from daemon: no such host", pull_seconds=1)}
        self.executor = VirtualExecutor(self.clock, self._script, images=images, exec_script=self._exec)
        self.executor.start(lambda: None)

    def _script(self, command: StartContainer) -> Run:
        pod = next(pod for pod in self.pods if pod.uid == command.key.pod_uid)
        return pod.programs[command.key.name][1].run

    def _exec(self, command: Exec) -> ExecResult:
        """What the few shell commands of these tests do."""
        return {
            "echo hello; exit 4": ExecResult(4, "hello\n"),
            "sleep 60": ExecResult(seconds=60),
        }[command.command[-1]]

    def wait(self, wanted: Callable[[Report], bool]) -> Report:
        while (found := self._next(wanted)) is None:
            following = self.executor.next_time()
            assert following is not None, f"nothing more will happen; reported: {self.reports}"
            self.clock.set(max(following, self.clock.now()))
        return found

    def let_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.reports += self.executor.poll()

    def restart(self) -> Snapshot:
        self.executor.start(lambda: None)
        snapshot = self.wait(lambda report: isinstance(report, Snapshot))
        assert isinstance(snapshot, Snapshot)
        return snapshot

    def close(self) -> None:
        self.executor.close()


class DockerWorld(_World):
    def __init__(self, state_dir: Path, **settings: Any) -> None:
        super().__init__()
        self.instance = f"test-{uuid.uuid4().hex[:10]}"
        self.state_dir = state_dir
        self.settings = settings
        self.news = threading.Event()
        self._begin()

    def _begin(self) -> None:
        from simulator.executor.docker.executor import DockerExecutor

        self.executor = self.docker = DockerExecutor(self.instance, self.state_dir, **self.settings)
        self.executor.start(self.news.set)
        self.docker.wait_until_connected()

    def wait(self, wanted: Callable[[Report], bool]) -> Report:
        deadline = monotonic() + PATIENCE_SECONDS
        while (found := self._next(wanted)) is None:
            assert self.news.wait(max(0.0, deadline - monotonic())), f"reported: {self.reports[-8:]}"
            self.news.clear()
        return found

    def let_pass(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def restart(self) -> Snapshot:
        self.docker.close()
        self._seen = len(self.reports)
        self._begin()
        snapshot = self.wait(lambda report: isinstance(report, Snapshot))
        assert isinstance(snapshot, Snapshot)
        return snapshot

    def api(self) -> Any:
        """The client of the executor, to look behind it."""
        assert self.docker._engine is not None
        return self.docker._engine.api

    def ours(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api().containers(
            all=True, filters={"label": [f"kjsim.io/instance={self.instance}"]}
        )
        return found

    def close(self) -> None:
        self.docker.remove_all()
        self.docker.close()


# --- what tests wait for --------------------------------------------------------------------------------------------


def in_state(world: World, key: ContainerKey, state: str) -> ContainerReport:
    """Wait for a report of the container in that state."""

    def wanted(report: Report) -> bool:
        return isinstance(report, ContainerReport) and report.key == key and report.state == state

    report = world.wait(wanted)
    assert isinstance(report, ContainerReport)
    return report


def of_type(world: World, kind: type[R]) -> R:
    """Wait for a report of that type."""
    report = world.wait(lambda report: isinstance(report, kind))
    assert isinstance(report, kind)
    return report


def ready(world: World, pod: Pod, attempt: int = 0) -> SandboxReport:
    """Make the pod's sandbox and wait for it."""
    world.submit(pod.sandbox(attempt))
    report = world.wait(lambda report: isinstance(report, SandboxReport) and report.pod_uid == pod.uid)
    assert isinstance(report, SandboxReport)
    assert report.ready, report.error
    return report
