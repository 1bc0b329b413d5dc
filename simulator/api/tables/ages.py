"""Ages in table cells: from RFC 3339 text to now."""

from __future__ import annotations

from datetime import datetime

from simulator.model.durations import human_duration

_UNSET = "0001-01-01T00:00:00Z"


def is_set(timestamp: str | None) -> bool:
    """Whether a timestamp is more than absent or Go's zero time."""
    return bool(timestamp) and timestamp != _UNSET


def instant(timestamp: str) -> datetime:
    """The instant that an RFC 3339 text names."""
    return datetime.fromisoformat(timestamp)


def age(timestamp: str | None, now: datetime) -> str:
    """The time since, as kubectl shows it; `<unknown>` if it is not set."""
    if not timestamp or timestamp == _UNSET:
        return "<unknown>"
    return human_duration((now - datetime.fromisoformat(timestamp)).total_seconds())
