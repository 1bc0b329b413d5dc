"""Real containers under a fast clock: every time that is reported is converted, and so is every time that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from simulator.clock import FastClock
from simulator.pods.executor import (
    Command,
    ContainerKey,
    ContainerReport,
    Exec,
    Executor,
    ImageReport,
    LogOptions,
    Node,
    Report,
    Snapshot,
    StopContainer,
)


class FastExecutor:
    """An executor whose containers are real while objects live on `clock`: grace periods shrink, durations grow."""

    def __init__(self, executor: Executor, clock: FastClock) -> None:
        self._executor = executor
        self._clock = clock

    @property
    def node(self) -> Node:
        """The node of the executor below."""
        return self._executor.node

    def start(self, on_news: Callable[[], None]) -> None:
        """Start the executor below."""
        self._executor.start(on_news)

    def wait_until_connected(self) -> None:
        """Wait for the executor below."""
        self._executor.wait_until_connected()

    def submit(self, commands: Sequence[Command]) -> None:
        """Hand commands on, their durations in real seconds."""
        self._executor.submit([self._in_real_time(command) for command in commands])

    def poll(self) -> list[Report]:
        """The reports of the executor below, their times on the fast clock."""
        return [self._in_fast_time(report) for report in self._executor.poll()]

    def next_time(self) -> datetime | None:
        """When something will happen by itself, if the executor below knows."""
        time = self._executor.next_time()
        return None if time is None else self._clock.from_real(time)

    def logs(self, key: ContainerKey, options: LogOptions) -> Iterator[bytes]:
        """The log of a container; its own timestamps are those of the wall clock."""
        if options.since_time is not None:
            options = replace(options, since_time=self._clock.to_real(options.since_time))
        return self._executor.logs(key, options)

    def close(self) -> None:
        """Let go of the executor below."""
        self._executor.close()

    def _in_real_time(self, command: Command) -> Command:
        match command:
            case StopContainer(grace_seconds=grace):
                return replace(command, grace_seconds=grace / self._clock.speed)
            case Exec(timeout_seconds=float(timeout)):
                return replace(command, timeout_seconds=timeout / self._clock.speed)
            case _:
                return command

    def _in_fast_time(self, report: Any) -> Any:
        changes: dict[str, Any] = {"time": self._clock.from_real(report.time)}
        match report:
            case ContainerReport():
                for name in ("created_time", "started_time", "finished_time"):
                    time = getattr(report, name)
                    changes[name] = None if time is None else self._clock.from_real(time)
            case ImageReport():
                changes["pull_seconds"] = report.pull_seconds * self._clock.speed
            case Snapshot():
                changes["sandboxes"] = tuple(self._in_fast_time(sandbox) for sandbox in report.sandboxes)
                changes["containers"] = tuple(self._in_fast_time(container) for container in report.containers)
        return replace(report, **changes)
