"""Which slots of a schedule a clock change takes away or gives twice.

A time that the wall clock skips has no slot, one that it shows twice has two. Only schedules that keep to hours of the day
are looked at: one that fires in every hour of the day keeps its beat through a clock change, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.scheduler import Schedule, parse, zone_named
from simulator.scheduler.language import split_zone

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# So many times on the wall clock are looked at for one change; a schedule has at most one a minute.
_MOST_TIMES = 1500


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One clock change that a schedule meets: `lost` wall-clock times (naive), and `doubled` slots (the second ones)."""

    instant: datetime
    lost: tuple[datetime, ...]
    doubled: tuple[datetime, ...]


def clock_changes(schedule: Schedule, start: datetime, end: datetime) -> list[ClockChange]:
    """The clock changes between two instants that take or double slots of `schedule`."""
    zone = zone_named(schedule.zone)
    if zone.is_utc:
        return []
    _, text = split_zone(schedule.text)
    if text.strip().startswith("@every"):
        return []
    wall = parse(text.strip(), "UTC")
    changes = []
    for instant, before, after in _transitions(zone.info, start, end):
        low, high = instant + min(before, after), instant + max(before, after)
        if _fires_every_hour(wall, low):
            continue
        times = tuple(_times(wall, low, high))
        if not times:
            continue
        if after > before:
            changes.append(ClockChange(instant, tuple(time.replace(tzinfo=None) for time in times), ()))
        else:
            doubled = tuple(slot for time in times if _is_slot(schedule, slot := time - after))
            changes.append(ClockChange(instant, (), doubled))
    return changes


def _transitions(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Instant, offset before and offset after of each change of the offset."""
    instant = start.replace(microsecond=0)
    offset = _offset(zone, instant)
    while instant < end:
        following = min(instant + _DAY, end)
        later = _offset(zone, following)
        if later != offset:
            low, high = instant, following
            while high - low > _SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            yield high, offset, later
        instant, offset = following, later


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _times(wall: Schedule, low: datetime, high: datetime) -> Iterator[datetime]:
    """The times of the wall clock from `low` to before `high`; both, and they, are written as if in UTC."""
    time = wall.next(low.astimezone(UTC) - _SECOND)
    for _ in range(_MOST_TIMES):
        if time is None or time >= high:
            return
        yield time
        time = wall.next(time)


def _fires_every_hour(wall: Schedule, around: datetime) -> bool:
    hour = around.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - 12 * _HOUR
    for index in range(24):
        begin = hour + index * _HOUR
        slot = wall.next(begin - _SECOND)
        if slot is None or slot >= begin + _HOUR:
            return False
    return True


def _is_slot(schedule: Schedule, instant: datetime) -> bool:
    return schedule.next(instant - _SECOND) == instant
