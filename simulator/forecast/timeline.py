"""The timeline (Gantt) of a forecast in characters: a line for each owner, a column for each stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.forecast.assumptions import Owner
from simulator.forecast.runs import DELETED, FAILED, REPLACED, Run
from simulator.forecast.simulation import Forecast

FREE, RUNNING, SKIPPED, LATE, DOUBLED, WAS_REPLACED, HAS_FAILED = "·", "█", "x", "L", "2", "R", "F"
LEGEND = "  ".join(
    f"{mark} {meaning}"
    for mark, meaning in (
        (RUNNING, "runs"),
        (HAS_FAILED, "fails"),
        (WAS_REPLACED, "replaced"),
        (SKIPPED, "skipped"),
        (LATE, "starts late"),
        (DOUBLED, "second time"),
    )
)
# What is shown where several things share a column: the last of these.
_WEIGHT = {mark: weight for weight, mark in enumerate((FREE, RUNNING, LATE, DOUBLED, SKIPPED, WAS_REPLACED, HAS_FAILED))}


@dataclass(frozen=True, slots=True)
class Timeline:
    """`axis`: labels of time above the columns; `lines`: a name and its cells; `step`: what a column stands for."""

    axis: str
    lines: list[tuple[str, str]]
    step: timedelta


def timeline(forecast: Forecast, width: int) -> Timeline:
    """The timeline in `width` columns."""
    step = (forecast.end - forecast.start) / width
    rows: dict[Owner, list[str]] = {owner: [FREE] * width for owner in forecast.tallies}

    def column(instant: datetime) -> int:
        return min(width - 1, max(0, int((instant - forecast.start) / step)))

    def put(owner: Owner, index: int, mark: str) -> None:
        row = rows[owner]
        if _WEIGHT[mark] > _WEIGHT[row[index]]:
            row[index] = mark

    for run in forecast.runs:
        first = column(run.created_time)
        last = column(forecast.end if run.end_time is None else max(run.created_time, run.end_time - timedelta(seconds=1)))
        for index in range(first, last + 1):
            put(run.owner, index, RUNNING)
        mark = _mark(run)
        if mark:
            put(run.owner, last if mark in (HAS_FAILED, WAS_REPLACED) else first, mark)
    for skip in forecast.skips:
        put(Owner("CronJob", skip.namespace, skip.cron_job), column(skip.scheduled_time), SKIPPED)
    return Timeline(_axis(forecast, width), [(forecast.label(owner), "".join(row)) for owner, row in rows.items()], step)


def _mark(run: Run) -> str:
    if run.outcome == FAILED:
        return HAS_FAILED
    if run.outcome in (REPLACED, DELETED):
        return WAS_REPLACED
    if run.is_doubled:
        return DOUBLED
    return LATE if run.late_seconds else ""


def _axis(forecast: Forecast, width: int) -> str:
    """Labels at whole days, or at whole hours where the forecast is short; in local time."""
    span = forecast.end - forecast.start
    cells = [" "] * width
    is_long = span > timedelta(days=2)
    instant = forecast.start.astimezone().replace(minute=0, second=0, microsecond=0)
    free_from = 0
    while instant < forecast.end:
        is_tick = instant.hour == 0 if is_long else True
        if is_tick and instant >= forecast.start:
            index = int((instant - forecast.start) / span * width)
            label = f"|{instant:%d %b}" if instant.hour == 0 else f"|{instant:%H}h"
            if index >= free_from and index + len(label) <= width:
                cells[index : index + len(label)] = label
                free_from = index + len(label) + 1
        instant = (instant + timedelta(hours=1)).astimezone()
    return "".join(cells).rstrip()
