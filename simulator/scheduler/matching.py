"""The matching engine: which wall-clock minute of the calendar fits the fields next, without any zone. Done by croniter.

croniter reads its own dialect, so it never sees the text of a schedule: it is handed each field as an explicit list of
numbers, and a star only where every value fits; and the second 0, which a whole minute has already (without that field it
would cut the seconds off each answer, which takes a quarter of its time). Where day of month and day of week are
alternatives (semantics/cronjob.md 3.3), each gets an engine of its own, because an alternative that never occurs must not
hide the other.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import Any

from simulator.scheduler.language import Field, Fields

LAST_YEAR = 9990
"""Beyond this year the search is not begun: the calendar of `datetime` ends soon after."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEARS = 6
_MINUTE = 60
_AT_ONCE = 16


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
            self._expressions = [f"{times} {day} {month} {weekday} 0" for day, weekday in _days(fields)]
        self._engines: list[_Engine] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether a field matches nothing at all, so that there is no date to look for."""
        return not self._expressions

    def first_at_or_after(self, wall: int) -> int | None:
        """The first matching minute that does not begin before `wall`, or None within about six years.

        Both are wall-clock times, in seconds since 1970-01-01 00:00:00 of the same clock.
        """
        if self._engines is None:
            self._engines = [_Engine(text) for text in self._expressions]
        minute = -(-wall // _MINUTE) * _MINUTE
        first: int | None = None
        for engine in self._engines:
            match = engine.first_at_or_after(minute)
            if first is None or (match is not None and match < first):
                first = match
        return first


class _Engine:
    """croniter for one expression.

    Whoever goes on from one match to the next is given several that were found in one go: croniter is much code, and takes
    longer when it comes up once between other things. A command that is its own control plane asks from two threads: what
    is known is therefore one tuple, put in place when it is complete, and a croniter is handed to one asker at a time.
    """

    def __init__(self, expression: str) -> None:
        from croniter import CroniterBadDateError, croniter  # 60 ms to import: not for commands that look at no schedule

        def make() -> Any:
            return croniter(expression, 0, max_years_between_matches=_YEARS)

        self._make = make
        self._no_date = CroniterBadDateError
        self._idle = [make()]
        # All matches from the first number to the second; none, where the second is the smaller one.
        self._known: tuple[int, int, list[int]] = (0, -1, [])

    def first_at_or_after(self, minute: int) -> int | None:
        begin, last, matches = self._known
        if begin <= minute <= last:
            return matches[bisect_left(matches, minute)]
        try:
            engine = self._idle.pop()
        except IndexError:
            engine = self._make()
        match = self._ask(engine, minute)
        if match is not None:
            matches = [match]
            if minute == last + _MINUTE:
                self._look_ahead(engine, matches)
            self._known = (minute, matches[-1], matches)
        self._idle.append(engine)
        return match

    def _look_ahead(self, engine: Any, matches: list[int]) -> None:
        while len(matches) < _AT_ONCE and year_of(matches[-1]) <= LAST_YEAR:
            match = self._ask(engine, matches[-1] + _MINUTE)
            if match is None:
                return
            matches.append(match)

    def _ask(self, engine: Any, minute: int) -> int | None:
        try:
            return int(engine.get_next(float, start_time=minute - 1))
        except self._no_date:
            return None


def year_of(wall: int) -> int:
    """The year of a wall-clock time; raises ValueError outside the years 1 to 9999."""
    return date.fromordinal(wall // 86400 + _EPOCH_DAY).year
