"""The matching engine: which wall-clock minute of the calendar fits the fields next, without any zone. Done by croniter.

croniter reads its own dialect, so it never sees the text of a schedule: it is handed each field as an explicit list of
numbers, and a star only where every value fits. Where day of month and day of week are alternatives
(semantics/cronjob.md 3.3), each gets an engine of its own, because an alternative that never occurs must not hide the other.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from simulator.scheduler.language import Field, Fields

if TYPE_CHECKING:
    from croniter import croniter

LAST_YEAR = 9990
"""Beyond this year the search is not begun: the calendar of `datetime` ends soon after."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEARS = 6


def _days(fields: Fields) -> list[tuple[str, str]]:
    """The pairs of day of month and day of week, in croniter's writing, one of which must match; none: no day ever does."""
    day, weekday = fields.day, fields.weekday
    if day.star or weekday.star:
        pairs = [(day, weekday)]
    elif len(day.values) == 31 or len(weekday.values) == 7:
        return [("*", "*")]
    else:
        every_day, every_weekday = Field(tuple(range(1, 32)), True), Field(tuple(range(7)), True)
        pairs = [(day, every_weekday), (every_day, weekday)]
    return [(_written(a, 31), _written(b, 7)) for a, b in pairs if a.values and b.values]


def _written(field: Field, size: int) -> str:
    return "*" if len(field.values) == size else ",".join(map(str, field.values))


class Calendar:
    """The wall-clock minutes that fit a schedule."""

    def __init__(self, fields: Fields) -> None:
        self._expressions: list[str] = []
        if fields.minute.values and fields.hour.values and fields.month.values:
            times = f"{_written(fields.minute, 60)} {_written(fields.hour, 24)}"
            month = _written(fields.month, 12)
            self._expressions = [f"{times} {day} {month} {weekday}" for day, weekday in _days(fields)]
        self._engines: list[croniter] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether a field matches nothing at all, so that there is no date to look for."""
        return not self._expressions

    def first_at_or_after(self, wall: int) -> int | None:
        """The first matching minute that does not begin before `wall`, or None within about six years.

        Both are wall-clock times, in seconds since 1970-01-01 00:00:00 of the same clock.
        """
        if self._engines is None:
            from croniter import croniter  # 60 ms to import: not for commands that never look at a schedule

            self._engines = [croniter(text, 0, max_years_between_matches=_YEARS) for text in self._expressions]
        found = [match for engine in self._engines if (match := _next(engine, wall - 1)) is not None]
        return min(found, default=None)


def _next(engine: croniter, wall: int) -> int | None:
    from croniter import CroniterBadDateError

    try:
        return int(engine.get_next(float, start_time=wall))
    except CroniterBadDateError:
        return None


def year_of(wall: int) -> int:
    """The year of a wall-clock time; raises ValueError outside the years 1 to 9999."""
    return date.fromordinal(wall // 86400 + _EPOCH_DAY).year
