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


def test_half_hour_changes() -> None:
    changes = clock_changes(parse("15 2 * * *", "Australia/Lord_Howe"), START, END)
    assert [(len(change.lost), len(change.doubled)) for change in changes] == [(1, 0)]
