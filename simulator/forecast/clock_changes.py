"""Which slots of a schedule a clock change takes away or gives twice.

A time that the wall clock skips has no slot, one that it shows twice has two. In a few zones the search for the next slot
goes astray at a change besides, and loses times that the wall clock shows, or adds one (semantics/cronjob.md 4.3): so what
the schedule names is held against what it gives, until both agree again. Only schedules that keep to hours of the day are
looked at: one that fires in every hour of the day keeps its beat through a clock change, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from simulator.scheduler import Schedule, parse, zone_named
from simulator.scheduler.language import split_zone

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# So many times on the wall clock are looked at for one change; a schedule has at most one a minute.
_MOST_TIMES = 1500
# What follows from a change shows within the day; then, the first time at which both agree is the end of it. A month that
# begins with a skipped midnight can be lost as a whole.
_A_DAY_OR_TWO = timedelta(hours=36)
_LONGEST = timedelta(days=32)
# How far back a slot is looked for, from which the search goes on as the controller's does.
_BACKWARDS = (timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=32), timedelta(days=366))


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One clock change that a schedule meets.

    `lost`: wall-clock times (naive) without a slot; `doubled`: the second slots of a time; `added`: slots at a time that
    the schedule does not name.
    """

    instant: datetime
    lost: tuple[datetime, ...]
    doubled: tuple[datetime, ...]
    added: tuple[datetime, ...] = ()


def clock_changes(schedule: Schedule, start: datetime, end: datetime) -> list[ClockChange]:
    """The clock changes between two instants that take, double or add slots of `schedule`."""
    zone = zone_named(schedule.zone)
    if zone.is_utc:
        return []
    wall = _on_plain_calendar(schedule)
    if wall.text.startswith("@every"):
        return []
    changes = []
    for instant, before, after in _transitions(zone.info, start, end):
        if not _fires_every_hour(wall, instant + min(before, after)):
            change = _change(schedule, wall, instant, before, after)
            if change.lost or change.doubled or change.added:
                changes.append(change)
    return changes


def is_daily(schedule: Schedule, day: date) -> bool:
    """Whether the schedule names at most one time of a day."""
    wall = _on_plain_calendar(schedule)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return len(list(islice(_times(wall, midnight, midnight + _DAY), 2))) < 2


def _on_plain_calendar(schedule: Schedule) -> Schedule:
    """The same schedule as if its wall clock were UTC."""
    return parse(split_zone(schedule.text)[1].strip(), "UTC")


def _change(schedule: Schedule, wall: Schedule, instant: datetime, before: timedelta, after: timedelta) -> ClockChange:
    """What one change does. `wall`: the same schedule on the plain calendar, as if the wall clock were UTC."""
    low, high = instant + min(before, after), instant + max(before, after)
    between = tuple(_times(wall, low, high))
    first = {time - before for time in between} if before > after else set()
    slots = _slots(schedule, min(instant, instant + after - before))
    lost: list[datetime] = list(between) if after > before else []
    doubled: list[datetime] = []
    added: list[datetime] = []
    once: set[datetime] = set()

    slot = next(slots, None)
    while slot is not None and slot < instant:
        (once.add if slot in first else added.append)(slot)
        slot = next(slots, None)
    named = _times(wall, low if before > after else high, None)
    for time in islice(named, _MOST_TIMES):
        due = time - after
        while slot is not None and slot < min(due, instant + _LONGEST):
            added.append(slot)
            slot = next(slots, None)
        if due - instant > _LONGEST or (due - instant > _A_DAY_OR_TWO and slot in (due, None)):
            break
        is_repeated = time - before in once
        if slot == due:
            if is_repeated:
                doubled.append(slot)
            slot = next(slots, None)
        elif not is_repeated:
            lost.append(time)
    return ClockChange(instant, tuple(time.replace(tzinfo=None) for time in lost), tuple(doubled), tuple(added))


def _slots(schedule: Schedule, begin: datetime) -> Iterator[datetime]:
    """The slots from `begin` on, found one from the other, up to one at which the search stands still: it never starts."""
    slot = begin - _BACKWARDS[-1]
    for span in _BACKWARDS:
        found = schedule.next(begin - span)
        if found is not None and found < begin:
            slot = found
            break
    following = schedule.next(slot)
    while following is not None:
        slot, following = following, schedule.next(following)
        if following is not None and following <= slot:
            return
        if slot >= begin:
            yield slot


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


def _times(wall: Schedule, low: datetime, high: datetime | None) -> Iterator[datetime]:
    """The times of the wall clock from `low` to before `high`; both, and they, are written as if in UTC."""
    time = wall.next(low.astimezone(UTC) - _SECOND)
    while time is not None and (high is None or time < high):
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
