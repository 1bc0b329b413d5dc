"""The Docker executor: takes commands, hands them to threads, gathers reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from simulator.clock import Clock, RealClock
from simulator.pods.executor import Command, ContainerKey, LogOptions, Node, Report

PodNetwork = Literal["cluster", "bridge", "none", "host"]
VolumeMode = Literal["auto", "host", "volume"]


class DockerExecutor:
    """Containers on a Docker Engine; all that it makes carries the label `kjsim.io/instance=<instance>`.

    `host` overrides how the engine is found (`unix:///...`, `tcp://...`). `start` returns at once and connects in a thread;
    `wait_until_connected` raises `EngineUnavailable` if no engine answers.
    """

    def __init__(
        self,
        instance: str,
        state_dir: Path,
        *,
        clock: Clock | None = None,
        host: str = "",
        pod_network: PodNetwork = "cluster",
        volume_mode: VolumeMode = "auto",
        max_starts: int = 0,
        infra_image: str = "",
    ) -> None:
        self._instance = instance
        self._state_dir = state_dir
        self._clock = clock or RealClock()

    @property
    def node(self) -> Node:
        """What the node can hold; the defaults until the engine has answered."""
        raise NotImplementedError

    def start(self, on_news: Callable[[], None]) -> None:
        """Connect in a thread; a `Snapshot` follows, or an `EngineReport` that says why not."""
        raise NotImplementedError

    def wait_until_connected(self, timeout_seconds: float = 10.0) -> None:
        """Return once the engine has answered; raises `EngineUnavailable` with what was tried and what to do."""
        raise NotImplementedError

    def submit(self, commands: Sequence[Command]) -> None:
        """Take commands; never blocks."""
        raise NotImplementedError

    def poll(self) -> list[Report]:
        """The reports since the last call."""
        raise NotImplementedError

    def next_time(self) -> datetime | None:
        """None: nobody knows what containers will do."""
        return None

    def logs(self, key: ContainerKey, options: LogOptions) -> Iterator[bytes]:
        """The log of a container as the kubelet serves it."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the engine; containers go on."""
        raise NotImplementedError
