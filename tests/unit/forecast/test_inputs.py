from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.forecast.inputs import (
    Span,
    exit_code_of,
    instant_of,
    merged,
    named,
    rate_of,
    seconds_of,
    seconds_text,
    span_of,
    window_of,
    with_jitter,
)

NOW = datetime(2026, 5, 4, 3, 2, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("7d", 604800), ("1w2d12h", 820800), ("1h30m", 5400), ("0", 0), ("1.5s", 1.5), ("0.5d", 43200)],
)
def test_durations_are_gos_with_days_and_weeks(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "-1s", "7dd", "d", "2h7d", "1000000w", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|between"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (90, "1m30s"), (3600, "1h"), (5400, "1h30m"), (86400, "1d"), (90061.5, "1d1h1m1.5s")]
)
def test_durations_are_written_so_that_they_can_be_read_again(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
    assert seconds_of(text) == seconds


def test_a_range_a_jitter_and_a_share() -> None:
    assert span_of("30s..2m") == Span(30, 120)
    assert str(span_of("30s..2m")) == "30s..2m"
    assert with_jitter(span_of("100s"), "10%") == Span(90, 110)
    assert with_jitter(span_of("10s"), "1m") == Span(0, 70)
    assert rate_of("10%") == rate_of("0.1") == 0.1
    assert exit_code_of("42") == 42
    for read, text in ((span_of, "2m..30s"), (rate_of, "110%"), (rate_of, "x"), (exit_code_of, "256"), (exit_code_of, "²")):
        with pytest.raises(ValueError):
            read(text)


def test_a_name_before_the_value() -> None:
    assert named("backup=90s") == ("backup", "90s")
    assert named("90s") == ("", "90s")
    with pytest.raises(ValueError, match="no name"):
        named("=90s")


def test_instants() -> None:
    assert instant_of("now", NOW) == datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert instant_of("2027-03-28T01:00:00Z", NOW) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert instant_of("2027-03-28T01:00:00+02:00", NOW) == datetime(2027, 3, 27, 23, tzinfo=UTC)
    with pytest.raises(ValueError, match="not an instant"):
        instant_of("tomorrow", NOW)


def test_a_window_lies_in_every_day_or_once() -> None:
    start, end = datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 7, tzinfo=UTC)
    daily = window_of("02:00..05:00", NOW).within(start, end)
    assert len(daily) == 3
    assert all((close - begin).total_seconds() == 3 * 3600 for begin, close in daily)
    overnight = window_of("22:00..01:00", NOW).within(start, end)
    assert sum((close - begin).total_seconds() for begin, close in overnight) == 3 * 3 * 3600
    once = window_of("2026-05-04T10:00:00Z..2026-05-04T12:00:00Z", NOW).within(start, end)
    assert once == [(datetime(2026, 5, 4, 10, tzinfo=UTC), datetime(2026, 5, 4, 12, tzinfo=UTC))]
    for text in ("02:00", "25:00..26:00", "2026-05-04..2026-05-04", "05:00..5:00"):
        with pytest.raises(ValueError):
            window_of(text, NOW)


def test_stretches_that_touch_become_one() -> None:
    one, two, three, four = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4))
    assert merged([(two, three), (one, two), (three, four)]) == [(one, four)]
    assert merged([(three, four), (one, two)]) == [(one, two), (three, four)]
