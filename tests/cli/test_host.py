"""The real host in real time: a clock that is set is noticed within a second, without any news."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from simulator.cli.host import Host, NoExecutor
from simulator.control_plane import ControlPlane
from simulator.model.kinds import CRON_JOB, JOB
from simulator.store.database import Database
from simulator.store.objects import Objects

PATIENCE_SECONDS = 5.0
CRON_JOB_TEXT = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "0 * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}}}}
"""


class SetClock:
    """A wall clock that somebody sets."""

    def __init__(self) -> None:
        self.ahead = datetime(2026, 3, 1, 12, 30, tzinfo=UTC) - datetime.now(UTC)
        self.asked: list[float] = []

    def now(self) -> datetime:
        self.asked.append(time.monotonic())
        return datetime.now(UTC) + self.ahead

    def seconds_until(self, instant: datetime) -> float:
        return max(0.0, (instant - self.now()).total_seconds())


class Living:
    """A control plane on its thread."""

    def __init__(self, file: Path) -> None:
        self.clock = SetClock()
        self._database = Database(file)
        self.objects = Objects(self._database)
        self.plane = ControlPlane(self.objects, NoExecutor(), random.Random(1), self.clock.now())
        self.host = Host(self.plane, NoExecutor(), self.clock)
        self.host.start()

    def jobs(self) -> list[str]:
        return self.host.call(lambda: [job.metadata.name for job in self.objects.list(JOB.kind)])

    def close(self) -> None:
        self.host.stop()
        self._database.close()


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    living = Living(tmp_path / "state.db")
    living.host.call(lambda: living.plane.registry.create(yaml.safe_load(CRON_JOB_TEXT), CRON_JOB, living.clock.now()))
    yield living
    living.close()


def took(condition: Callable[[], bool]) -> float:
    """Seconds until something holds that nobody brings about: no call reaches the host meanwhile."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < PATIENCE_SECONDS
        time.sleep(0.01)
    return time.monotonic() - start


def test_a_clock_set_forward_is_noticed_within_a_second(living: Living) -> None:
    assert living.jobs() == []
    living.clock.ahead += timedelta(minutes=40)
    watched: list[str] = []
    living.objects.watch(
        lambda changes: watched.extend(change.key.name for change in changes if change.key.kind == JOB.kind)
    )
    assert took(lambda: bool(watched)) < 2.0
    assert living.jobs() == [f"tick-{int(datetime(2026, 3, 1, 13, tzinfo=UTC).timestamp()) // 60}"]


def test_a_clock_set_back_starts_nothing_and_keeps_the_host_alive(living: Living) -> None:
    living.clock.ahead += timedelta(minutes=40)
    took(lambda: len(living.jobs()) == 1)
    living.clock.ahead -= timedelta(hours=5)
    assert len(living.jobs()) == 1
    living.clock.ahead += timedelta(hours=5)
    assert len(living.jobs()) == 1
    living.host.check()


def test_the_host_never_waits_longer_than_a_second(living: Living) -> None:
    del living.clock.asked[:]
    took(lambda: len(living.clock.asked) > 4)
    asked = list(living.clock.asked)
    assert max(later - earlier for earlier, later in pairwise(asked)) < 2.0
