"""Forecasts of one CronJob: whole lives of one-pod Jobs a second on one core, and memory by length where sums are asked."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from simulator.forecast.simulation import Request, simulate

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH_MINUTES = 30 * 24 * 60


def request(schedule: str, minutes: int) -> Request:
    """Sums of a forecast of so many minutes."""
    container = {"name": "main", "image": "busybox:1.35"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    tree = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick", "namespace": "default"},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}},
    }
    return Request([tree], START, START + timedelta(minutes=minutes), START, keep=False)


def rows() -> Iterator[str]:
    """A row for each length; the last is the month that is aimed at."""
    simulate(request("* * * * *", 60))
    yield f"{'runs':>8} {'seconds':>9} {'runs/s':>8}  target"
    for minutes in (1_000, 10_000, MONTH_MINUTES):
        begin = time.process_time()
        forecast = simulate(request("* * * * *", minutes))
        seconds = time.process_time() - begin
        runs = sum(tally.runs for tally in forecast.tallies.values())
        target = "2000 runs/s; well under 30 s" if minutes == MONTH_MINUTES else "2000 runs/s"
        yield f"{runs:8} {seconds:8.2f}s {runs / seconds:8.0f}  {target}"
    yield f"{'runs':>8} {'peak memory':>12}  target: flat"
    for minutes in (1_000, 4_000):
        tracemalloc.start()
        simulate(request("* * * * *", minutes))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        yield f"{minutes:8} {peak / 1024:9.0f} KiB"
