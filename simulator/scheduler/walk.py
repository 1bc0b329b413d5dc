"""The next time in a zone: the reference's own walk over the wall clock, because around clock changes its steps show.

Far from any change the walk gives what the plain calendar gives, so the matching engine answers there; near one, the steps
are taken one by one. semantics/cronjob.md 4.1; the names of the parts are its numbers.
"""

from __future__ import annotations

from datetime import date

from simulator.scheduler.language import Fields
from simulator.scheduler.matching import LAST_YEAR, Calendar, year_of
from simulator.scheduler.zones import Zone

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEARS = 5
_SURELY_IN_TIME = _YEARS * 365 * _DAY
_END = (date(LAST_YEAR + 1, 1, 1).toordinal() - _EPOCH_DAY) * _DAY
# How far from the search a clock change must be for the calendar's answer to be the walk's.
_MARGIN = 2 * _DAY
# The longest honest walk looks at every day of six years; a circle (Apia's skipped day) would never end.
_MOST_STEPS = 5_000


class Walk:
    """The search for the next time of one schedule in one zone."""

    def __init__(self, fields: Fields, zone: Zone) -> None:
        self._zone = zone
        self._calendar = Calendar(fields)
        self._months = frozenset(fields.month.values)
        self._days = frozenset(fields.day.values)
        self._weekdays = frozenset(fields.weekday.values)
        self._both_days = fields.day.star or fields.weekday.star
        self._hours = frozenset(fields.hour.values)
        self._minutes = frozenset(fields.minute.values)

    def next(self, after: int) -> int | None:
        """The next matching instant, in seconds since the epoch, or None if there is none (or the walk goes in circles).

        Like the reference's, it may be no later than `after` around a clock change of an odd zone.
        """
        if self._calendar.is_empty:
            return None
        try:
            return self._next(after + 1)
        except (ValueError, OverflowError):  # the calendar of `date` ends with the year 9999
            return None

    def _next(self, instant: int) -> int | None:
        if self._zone.is_utc:
            return self._next_in_utc(instant)
        year = year_of(self._zone.wall(instant))
        return None if year > LAST_YEAR else self._step_by_step(instant, year + _YEARS)

    def _next_in_utc(self, instant: int) -> int | None:
        if instant >= _END:
            return None
        match = self._calendar.first_at_or_after(instant)
        if match is None or match - instant <= _SURELY_IN_TIME:
            return match
        return match if year_of(match) <= year_of(instant) + _YEARS else None

    def _quick(self, instant: int) -> int | None:
        """The calendar's answer from `instant` on, if no clock change is near."""
        zone = self._zone
        if not zone.is_quiet(instant - _MARGIN, instant + _MARGIN):
            return None
        offset = zone.offset(instant)
        if offset % _MINUTE:  # local mean times: there the walk's cuts to the minute show
            return None
        match = self._calendar.first_at_or_after(instant + offset)
        if match is None or not zone.is_quiet(instant - _MARGIN, match - offset + _MARGIN):
            return None
        return match - offset

    def _step_by_step(self, instant: int, last_year: int) -> int | None:
        zone = self._zone
        touched = False
        wall = zone.wall(instant)
        steps = 0
        tried = False
        while True:
            # 2
            day = date.fromordinal(wall // _DAY + _EPOCH_DAY)
            if day.year > last_year:
                return None
            steps += 1
            if steps > _MOST_STEPS:
                return None
            # 3
            wrapped = False
            while day.month not in self._months:
                if not touched:
                    touched = True
                    wall = zone.wall(zone.instant(_midnight(day.replace(day=1))))
                    day = date.fromordinal(wall // _DAY + _EPOCH_DAY)
                instant = zone.instant(_a_month_later(day) + wall % _DAY)
                wall = zone.wall(instant)
                day = date.fromordinal(wall // _DAY + _EPOCH_DAY)
                steps += 1
                if steps > _MOST_STEPS:
                    return None
                if day.month == 1:
                    wrapped = True
                    break
            if wrapped:
                continue
            if not tried and not (touched and wall % _DAY):  # touched but not at midnight, the walk by days goes askew
                tried = True
                match = self._quick(instant)
                if match is not None:
                    return match if year_of(zone.wall(match)) <= last_year else None
            # 4
            while not self._day_matches(day):
                if not touched:
                    touched = True
                    wall = zone.wall(zone.instant(_midnight(day)))
                instant = zone.instant(wall + _DAY)
                wall = zone.wall(instant)
                hour = wall % _DAY // _HOUR
                if hour:
                    instant += (24 - hour if hour > 12 else -hour) * _HOUR
                    wall = zone.wall(instant)
                day = date.fromordinal(wall // _DAY + _EPOCH_DAY)
                steps += 1
                if steps > _MOST_STEPS:
                    return None
                if day.day == 1:
                    wrapped = True
                    break
            if wrapped:
                continue
            # 5
            while wall % _DAY // _HOUR not in self._hours:
                if not touched:
                    touched = True
                    instant = zone.instant(wall - wall % _HOUR)
                instant += _HOUR
                wall = zone.wall(instant)
                if wall % _DAY // _HOUR == 0:
                    wrapped = True
                    break
            if wrapped:
                continue
            # 6
            while wall % _HOUR // _MINUTE not in self._minutes:
                if not touched:
                    touched = True
                    instant -= instant % _MINUTE
                instant += _MINUTE
                wall = zone.wall(instant)
                if wall % _HOUR // _MINUTE == 0:
                    wrapped = True
                    break
            if wrapped:
                continue
            # 7
            if wall % _MINUTE == 0:
                return instant
            touched = True
            instant = self._next_whole_minute(instant)
            wall = zone.wall(instant)

    def _next_whole_minute(self, instant: int) -> int:
        """The first instant after `instant` at which the wall clock shows the second 0."""
        zone = self._zone
        whole = instant + _MINUTE - zone.wall(instant) % _MINUTE
        if zone.wall(whole) % _MINUTE == 0:
            return whole
        instant += 1  # the end of a local mean time lies between, which moves the seconds
        while zone.wall(instant) % _MINUTE:
            instant += 1
        return instant

    def _day_matches(self, day: date) -> bool:
        in_month, in_week = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        return in_month and in_week if self._both_days else in_month or in_week


def _midnight(day: date) -> int:
    return (day.toordinal() - _EPOCH_DAY) * _DAY


def _a_month_later(day: date) -> int:
    """Midnight of the same day of the next month; days that it doesn't have run over into the one after."""
    first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return _midnight(first) + (day.day - 1) * _DAY
