"""A forecast for other programs: CSV for spreadsheets, iCalendar (RFC 5545) for calendars."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from simulator.forecast.ledger import Skip
from simulator.forecast.report import stamp
from simulator.forecast.runs import Run
from simulator.forecast.simulation import Forecast

_COLUMNS = (
    "namespace",
    "cronJob",
    "job",
    "scheduledTime",
    "startTime",
    "completionTime",
    "outcome",
    "reason",
    "pods",
    "failedPods",
    "lateSeconds",
    "doubled",
)
_LINE_BYTES = 75


def csv_text(forecast: Forecast) -> str:
    """A line for each run and each skipped slot (outcome `Skipped`), by time; the first line names the columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for _, entry in _entries(forecast):
        if isinstance(entry, Run):
            cells = [
                entry.owner.namespace,
                entry.cron_job or "",
                entry.job,
                stamp(entry.scheduled_time) or "",
                stamp(entry.start_time) or "",
                stamp(entry.end_time) or "",
                entry.outcome,
                entry.reason,
                entry.pod_count,
                entry.failed_pods,
                entry.late_seconds,
                "true" if entry.is_doubled else "false",
            ]
        else:
            slot = stamp(entry.scheduled_time) or ""
            cells = [entry.namespace, entry.cron_job, "", slot, "", "", "Skipped", entry.reason, 0, 0, 0, "false"]
        writer.writerow(cells)
    return out.getvalue()


def ical_text(forecast: Forecast) -> str:
    """A calendar with an event for each run; skipped slots are cancelled events. Its stamp is the forecast's start."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//kjsim//forecast//EN", "CALSCALE:GREGORIAN"]
    for _, entry in _entries(forecast):
        lines += _run_event(entry, forecast) if isinstance(entry, Run) else _skip_event(entry, forecast)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _entries(forecast: Forecast) -> list[tuple[datetime, Run | Skip]]:
    entries: list[tuple[datetime, Run | Skip]] = [(run.scheduled_time or run.created_time, run) for run in forecast.runs]
    entries += [(skip.scheduled_time, skip) for skip in forecast.skips]
    return sorted(entries, key=lambda entry: entry[0])


def _run_event(run: Run, forecast: Forecast) -> list[str]:
    start = run.start_time or run.created_time
    end = run.end_time or forecast.end
    notes = [f"outcome: {run.outcome}", *run.marks]
    return [
        "BEGIN:VEVENT",
        f"UID:{run.owner.namespace}.{run.job}@forecast.kjsim.dev",
        f"DTSTAMP:{_basic(forecast.start)}",
        f"DTSTART:{_basic(start)}",
        *([f"DTEND:{_basic(end)}"] if end > start else []),  # an end has to be later than the start
        f"SUMMARY:{_escaped(f'{run.owner.name}: {run.outcome}')}",
        f"DESCRIPTION:{_escaped(', '.join(notes))}",
        "END:VEVENT",
    ]


def _skip_event(skip: Skip, forecast: Forecast) -> list[str]:
    slot = _basic(skip.scheduled_time)
    return [
        "BEGIN:VEVENT",
        f"UID:{skip.namespace}.{skip.cron_job}.{slot}@forecast.kjsim.dev",
        f"DTSTAMP:{_basic(forecast.start)}",
        f"DTSTART:{slot}",
        f"SUMMARY:{_escaped(f'{skip.cron_job}: skipped ({skip.reason})')}",
        f"DESCRIPTION:{_escaped(skip.message)}",
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _basic(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line in pieces of at most 75 bytes, none of which cuts a character."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > _LINE_BYTES:
            pieces.append(piece)
            piece = " "
        piece += character
    return "\r\n".join([*pieces, piece])
