"""The events at the end of a description."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from simulator.api.tables.ages import age, is_set
from simulator.cli.describe.page import Json, Page


def write_events(page: Page, events: Sequence[Json], now: datetime) -> None:
    """A table of events, oldest first."""
    if not events:
        page.line(0, "Events", "<none>")
        return
    page.write(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n")
    page.write(1, "----\t------\t----\t----\t-------\n")
    for event in sorted(events, key=_last_time):
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        message = (event.get("message") or "").strip()
        place = (event.get("involvedObject") or {}).get("fieldPath")
        if place:
            message = f"{place}: {message}"
        page.write(
            1, f"{event.get('type') or ''}\t{event.get('reason') or ''}\t{interval(event, now)}\t{source}\t{message}\n"
        )


def _last_time(event: Json) -> datetime:
    return datetime.fromisoformat(event.get("lastTimestamp") or "0001-01-01T00:00:00Z")


def interval(event: Json, now: datetime) -> str:
    """When an event happened, as an age; of one that happened again, also how often (`5s (x4 over 60s)`)."""
    event_time, series = event.get("eventTime"), event.get("series")
    first = age(event_time if is_set(event_time) else event.get("firstTimestamp"), now)
    if series is not None:
        return f"{age(series.get('lastObservedTime'), now)} (x{series.get('count') or 0} over {first})"
    count = event.get("count") or 0
    return f"{age(event.get('lastTimestamp'), now)} (x{count} over {first})" if count > 1 else first
