"""A forecast as text: sums, findings, assumptions, the table of runs, the timeline. Plain, the same on every terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from simulator.forecast.assumptions import Owner, in_words
from simulator.forecast.findings import findings_to_read
from simulator.forecast.inputs import seconds_text
from simulator.forecast.ledger import Skip
from simulator.forecast.runs import Run
from simulator.forecast.simulation import Forecast
from simulator.forecast.timeline import LEGEND, timeline
from simulator.scheduler import zone_named

MOST_ROWS = 100
"""So many runs are listed; the rest is counted."""
_WIDTH = 96

HEADER = ("CRONJOB", "JOB", "SCHEDULED", "LOCAL", "STARTED", "TOOK", "OUTCOME", "NOTE")


class Row(NamedTuple):
    """One line of the table of runs; `kind` is the outcome, or `Skipped`."""

    kind: str
    cells: tuple[str, ...]


def forecast_text(forecast: Forecast) -> str:
    """The whole forecast."""
    parts = [
        heading(forecast),
        "Assumptions:\n" + _indented(in_words(item, forecast.label(item.owner)) for item in forecast.assumptions),
    ]
    shown, left = rows(forecast)
    if shown:
        table = columns([HEADER, *(row.cells for row in shown)])
        parts.append(table + (f"... and {left} more (-o csv lists all)\n" if left else ""))
        parts.append(timeline_text(forecast))
    parts.append("Findings:\n" + _indented(finding.message for finding in findings_to_read(forecast)))
    parts.append(sums(forecast))
    return "\n".join(parts)


def heading(forecast: Forecast) -> str:
    """What it is a forecast of."""
    lines = [f"Forecast from {_local(forecast.start)} to {_local(forecast.end)}, seed {forecast.seed}"]
    if forecast.applied != forecast.start:
        lines.append(f"applied at {_local(forecast.applied)}")
    lines += [f"control plane down from {_local(start)} to {_local(end)}" for start, end in forecast.down[:5]]
    if len(forecast.down) > 5:
        lines.append(f"... and {len(forecast.down) - 5} times more")
    return "\n".join(lines) + "\n"


def rows(forecast: Forecast) -> tuple[list[Row], int]:
    """The first rows of the table, runs and skipped slots by time, and how many there are beyond them."""
    entries: list[tuple[datetime, Row]] = []
    listed = forecast.runs[:MOST_ROWS]
    until = forecast.end if len(listed) == len(forecast.runs) else listed[-1].created_time
    entries += [(run.scheduled_time or run.created_time, _run_row(run, forecast)) for run in listed]
    skips = [skip for skip in forecast.skips if skip.scheduled_time <= until][:MOST_ROWS]
    entries += [(skip.scheduled_time, _skip_row(skip, forecast)) for skip in skips]
    entries.sort(key=lambda entry: entry[0])
    shown = [row for _, row in entries][:MOST_ROWS]
    return shown, len(forecast.runs) + len(forecast.skips) - len(shown)


def _run_row(run: Run, forecast: Forecast) -> Row:
    took = (
        "" if run.end_time is None else seconds_text((run.end_time - (run.start_time or run.created_time)).total_seconds())
    )
    cells = (
        forecast.label(run.owner) if run.cron_job else "-",
        run.job,
        in_zone(run.scheduled_time, run.owner, forecast),
        _local(run.scheduled_time or run.created_time),
        f"{(run.start_time or run.created_time).astimezone():%H:%M:%S}",
        took,
        run.outcome,
        ", ".join(run.marks),
    )
    return Row(run.outcome, cells)


def _skip_row(skip: Skip, forecast: Forecast) -> Row:
    owner = Owner("CronJob", skip.namespace, skip.cron_job)
    slot = in_zone(skip.scheduled_time, owner, forecast)
    reason = f"Skipped ({skip.reason})"
    cells = (forecast.label(owner), "-", slot, _local(skip.scheduled_time), "-", "", reason, skip.message)
    return Row("Skipped", cells)


def in_zone(instant: datetime | None, owner: Owner, forecast: Forecast) -> str:
    """An instant on the clock of the owner's schedule, with the zone's name."""
    if instant is None:
        return "-"
    schedule = forecast.schedules.get(owner)
    zone = zone_named(schedule.zone if schedule else "UTC")
    return f"{instant.astimezone(zone.info):%a %Y-%m-%d %H:%M:%S} {zone.name}"


def _local(instant: datetime) -> str:
    """An instant on this machine's clock."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def full_name(owner: Owner, forecast: Forecast) -> str:
    """`cronjob/NAME`, with the namespace where it is needed to tell it from another."""
    return f"{owner.kind.lower()}/{forecast.label(owner)}"


def columns(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells in aligned columns."""
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(padded) + "\n"


def timeline_text(forecast: Forecast) -> str:
    """The timeline with its axis and legend."""
    drawn = timeline(forecast, _WIDTH)
    width = max(len(name) for name, _ in drawn.lines)
    lines = [f"Timeline (local time; a column is {seconds_text(drawn.step.total_seconds())}):"]
    lines.append(f"{'':{width}}  {drawn.axis}")
    lines += [f"{name:{width}}  {cells}" for name, cells in drawn.lines]
    lines.append(f"{'':{width}}  {LEGEND}")
    return "\n".join(lines) + "\n"


def sums(forecast: Forecast) -> str:
    """One line for each owner, and the total."""
    header = ("OWNER", "RUNS", "COMPLETE", "FAILED", "REPLACED", "SKIPPED", "LATE", "LONGEST")
    lines: list[tuple[str, ...]] = [header]
    for owner, tally in forecast.tallies.items():
        counts = (
            tally.runs,
            *(tally.outcomes.get(name, 0) for name in ("Complete", "Failed", "Replaced")),
            sum(tally.skipped.values()),
            tally.late,
        )
        lines.append((full_name(owner, forecast), *map(str, counts), seconds_text(tally.longest_seconds)))
    return columns(lines)


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"  {line}\n" for line in lines) or "  none\n"
