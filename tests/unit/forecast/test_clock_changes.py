from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.forecast.clock_changes import clock_changes
from simulator.scheduler import parse

START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def test_a_schedule_in_the_hour_that_is_skipped_and_repeated() -> None:
    spring, autumn = clock_changes(parse("30 2 * * *", "Europe/Berlin"), START, END)
    assert spring.instant == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert spring.lost == (datetime(2027, 3, 28, 2, 30),)  # noqa: DTZ001 - a time of the wall clock
    assert not spring.doubled
    assert autumn.doubled == (datetime(2027, 10, 31, 1, 30, tzinfo=UTC),)
    assert not autumn.lost


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("30 4 * * *", "Europe/Berlin"),
        ("*/5 * * * *", "Europe/Berlin"),
        ("30 2 * * *", "UTC"),
        ("@every 1h", "Europe/Berlin"),
        ("30 2 * * 1", "Europe/Berlin"),
        ("30 2 * * *", "Asia/Tokyo"),
    ],
)
def test_schedules_that_no_change_meets(text: str, zone: str) -> None:
    assert clock_changes(parse(text, zone), START, END) == []


def test_a_zone_in_the_schedule_itself_counts() -> None:
    assert len(clock_changes(parse("TZ=America/New_York 30 2 * * *"), START, END)) == 1  # doubled is 1:30, not 2:30


@pytest.mark.parametrize(
    ("text", "zone", "year", "found"),
    [
        # The search comes by whole hours to hh:30, and passes the hour.
        ("15 2 * * *", "Australia/Lord_Howe", 2026, [("2026-04-05 02:15", "", ""), ("2026-10-04 02:15", "", "")]),
        ("0 12 * * *", "Australia/Lord_Howe", 2026, [("2026-04-05 12:00", "", ""), ("2026-10-04 12:00", "", "")]),
        # A midnight that is skipped: the search by days passes the day, that by hours does not see that it is another one.
        ("0 12 24 * *", "Africa/Cairo", 2026, [("2026-04-24 12:00", "", "")]),
        ("0 12 23 4 *", "Africa/Cairo", 2026, [("", "", "2026-04-24 09:00")]),
        ("0 12 * * *", "Africa/Cairo", 2026, []),
        ("0 1 * * *", "Antarctica/Troll", 2026, [("2026-03-29 01:00", "", ""), ("", "2026-10-25 01:00", "")]),
        # The search stands still at its first slot, which therefore never starts.
        ("45 3 * * *", "Pacific/Chatham", 2026, [("2026-04-05 03:45", "", ""), ("2026-09-27 03:45", "", "")]),
        ("30 2 28 3 *", "Europe/Berlin", 2027, [("2027-03-28 02:30", "", "")]),
    ],
)
def test_zones_in_which_the_search_goes_astray(text: str, zone: str, year: int, found: list[tuple[str, str, str]]) -> None:
    """The first lost, doubled and added time of each change."""
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    changes = clock_changes(parse(text, zone), start, end)

    def first(times: tuple[datetime, ...]) -> str:
        return f"{times[0]:%Y-%m-%d %H:%M}" if times else ""

    assert [(first(change.lost), first(change.doubled), first(change.added)) for change in changes] == found


def test_a_month_that_begins_with_a_skipped_midnight_is_lost() -> None:
    start, end = datetime(2023, 9, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
    (change,) = clock_changes(parse("0 12 * 10 *", "America/Asuncion"), start, end)
    assert len(change.lost) == 30
