"""A schedule ready to be asked: its text read, its zone found, its next time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from simulator.scheduler.language import Every, ScheduleError, read, split_zone, trimmed
from simulator.scheduler.walk import Walk
from simulator.scheduler.zones import UnknownZone, Zone, zone_named

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# Answers that are remembered: a controller asks for the same two or three slots again and again.
_MOST_REMEMBERED = 64
_UNKNOWN: Any = object()


class Schedule:
    """A schedule in its zone. Made by `parse`; the same text and zone may give the same object, to any thread."""

    def __init__(self, text: str, zone: Zone, search: Walk | Every) -> None:
        self.text = text
        self._zone = zone
        self._search = search
        self._remembered: dict[datetime, Any] = {}

    @property
    def zone(self) -> str:
        """The name of the zone whose wall clock it follows."""
        return self._zone.name

    def next(self, after: datetime) -> datetime | None:
        """The first slot after an instant (aware), in UTC; None if there is none within five years.

        Around a clock change of an odd zone the answer can be no later than `after`, as in a cluster
        (semantics/cronjob.md 4.3): a caller that goes on from slot to slot has to stop there.
        """
        remembered: datetime | None = self._remembered.get(after, _UNKNOWN)
        if remembered is not _UNKNOWN:
            return remembered
        slot = self._find(after)
        if after.tzinfo is UTC:  # two instants of one zone can look the same, where its clocks are set back
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[after] = slot
        return slot

    def _find(self, after: datetime) -> datetime | None:
        second = (after - _EPOCH) // _SECOND
        search = self._search
        found = second + search.seconds if isinstance(search, Every) else search.next(second)
        try:
            return None if found is None else _EPOCH + timedelta(seconds=found)
        except OverflowError:  # an interval of centuries, beyond the year 9999
            return None


@lru_cache(maxsize=512)
def parse(text: str, zone: str | None = None) -> Schedule:
    """A schedule of a CronJob; `zone` is its `timeZone`. A zone prefix in the text wins over it.

    Raises ScheduleError with the message of Kubernetes' parser, also for a zone prefix that names no zone, and
    `zones.UnknownZone` if it is `zone` that names none. semantics/cronjob.md 3.
    """
    if not text and zone is None:
        raise ScheduleError("empty spec string")
    prefix, rest = split_zone(text)
    if prefix is not None:
        try:
            found = zone_named(prefix)
        except UnknownZone as error:
            raise ScheduleError(f"provided bad location {prefix}: {error}") from None
    else:
        found = zone_named(zone or "")
        if zone is not None and "TZ" not in text:
            rest = trimmed(rest)  # the controller puts the zone before the text, and the parser trims what follows a zone
    search = read(rest)
    return Schedule(text, found, search if isinstance(search, Every) else Walk(search, found))
