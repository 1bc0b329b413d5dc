"""Time zones: from the instant to the wall clock and back, as the reference does it.

Zone data is the machine's, else that of the `tzdata` package, as `zoneinfo` looks for it; names are those of the IANA
database in exact letter case, as in a cluster. Instants and wall clocks are whole seconds since 1970-01-01 00:00:00, of UTC
or of the wall clock. semantics/cronjob.md 4.2.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

_DAY = 86400
# Where the calendar of datetime ends, less a margin for offsets: before and after, a zone keeps its first and last offset.
_FIRST_INSTANT = -62104060800  # year 2
_LAST_INSTANT = 253370764800  # year 9999
# Longer stretches are not worth looking at: within a month that matches, no day is further away.
_LONGEST_DAYS = 70
# Days whose offset is remembered, before all are forgotten: about forty years.
_MOST_DAYS = 15_000


class UnknownZone(ValueError):
    """No zone of that name in the database; the message is that of the reference (`unknown time zone Mars/Base`)."""


class Zone:
    """A zone of the database."""

    def __init__(self, name: str, info: ZoneInfo | None) -> None:
        self.name = name
        self.is_utc = info is None
        """Whether it is UTC itself, which never changes."""
        self._info = info
        # Offset at the beginning of each day (of UTC, counted from 1970) that was asked about.
        self._daily: dict[int, int] = {}
        # The days, from the first to the last, that `is_quiet` has found to be quiet; none to begin with.
        self._quiet = (0, -1)

    @property
    def info(self) -> ZoneInfo:
        """The zone for use with `datetime`."""
        return self._info or ZoneInfo("UTC")

    def offset(self, instant: int) -> int:
        """What its wall clock is ahead of UTC at an instant, in seconds."""
        if self._info is None:
            return 0
        day = instant // _DAY
        offset = self._offset_on(day)
        return offset if offset == self._offset_on(day + 1) else self._looked_up(instant)

    def _offset_on(self, day: int) -> int:
        offset = self._daily.get(day)
        if offset is None:
            if len(self._daily) >= _MOST_DAYS:
                self._daily.clear()
            offset = self._daily[day] = self._looked_up(day * _DAY)
        return offset

    def _looked_up(self, instant: int) -> int:
        instant = min(max(instant, _FIRST_INSTANT), _LAST_INSTANT)
        delta = datetime.fromtimestamp(instant, self._info).utcoffset()
        assert delta is not None
        return delta.days * _DAY + delta.seconds

    def wall(self, instant: int) -> int:
        """What its wall clock shows at an instant."""
        return instant + self.offset(instant)

    def instant(self, wall: int) -> int:
        """The instant of a wall-clock time.

        A time that is skipped moves back before the gap west of Greenwich and forward past it to the east; a repeated
        one is its first occurrence to the west and the second to the east.
        """
        return wall - self.offset(wall - self.offset(wall))

    def is_quiet(self, start: int, end: int) -> bool:
        """Whether its offset stays the same from `start` to `end` (False also where that span is too long to look at).

        It is looked at once a day: no zone has ever changed its clocks there and back within one.
        """
        if self._info is None:
            return True
        first, last = start // _DAY, end // _DAY + 1
        quiet_first, quiet_last = self._quiet
        if quiet_first <= first and last <= quiet_last:
            return True
        if last - first > _LONGEST_DAYS:
            return False
        offset = self._offset_on(first)
        if any(self._offset_on(day) != offset for day in range(first + 1, last + 1)):
            return False
        self._quiet = (first, last)
        return True


UTC = Zone("UTC", None)


@cache
def _names() -> frozenset[str]:
    """The names of the database: files of any other name, or in other letter case, are no zones."""
    import tzdata  # type: ignore[import-untyped]

    return frozenset((Path(tzdata.__file__).parent / "zones").read_text().split())


@cache
def zone_named(name: str) -> Zone:
    """The zone of an IANA name; raises UnknownZone. Empty, it is UTC, and so is `Local`: kjsim's controllers live in UTC."""
    if name in ("", "UTC", "Local"):
        return UTC
    if ".." in name or name[0] in "/\\":
        raise UnknownZone("time: invalid location name")
    if name not in _names():
        raise UnknownZone(f"unknown time zone {name}")
    return Zone(name, ZoneInfo(name))
