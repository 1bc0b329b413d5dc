from __future__ import annotations

import pytest

from simulator.scheduler.language import Every, Field, Fields, ScheduleError, read, split_zone


def fields(text: str) -> Fields:
    found = read(text)
    assert isinstance(found, Fields)
    return found


def message(text: str) -> str:
    with pytest.raises(ScheduleError) as raised:
        read(text)
    return str(raised.value)


def test_lists_steps_and_names() -> None:
    found = fields("5,,10 1-9/4 */10 Jan,MAR fri")
    assert found.minute == Field((5, 10), False)
    assert found.hour == Field((1, 5, 9), False)
    assert found.day == Field((1, 11, 21, 31), False)
    assert found.month == Field((1, 3), False)
    assert found.weekday == Field((5,), False)


@pytest.mark.parametrize("text", ["*", "?", "*/1", "*,13", "*-5", "?/1", "13,*"])
def test_star_flag_is_set(text: str) -> None:
    assert fields(f"0 0 {text} * *").day == Field(tuple(range(1, 32)), True)


@pytest.mark.parametrize("text", ["*/2", "1-31", "1-31/1", "*/40"])
def test_star_flag_is_not_set(text: str) -> None:
    assert not fields(f"0 0 {text} * *").day.star


def test_a_lone_comma_matches_nothing() -> None:
    assert fields(", * * * *").minute == Field((), False)


def test_number_with_step_runs_to_the_end_of_the_field() -> None:
    assert fields("50/4 * * * *").minute.values == (50, 54, 58)
    assert fields("59/15 * * * *").minute.values == (59,)
    assert fields("10-10 * * * *").minute.values == (10,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        (" @daily", "expected exactly 5 fields, found 1: [@daily]"),
        ("0 0 * * 7", "end of range (7) above maximum (6): 7"),
        ("0 0 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("22-2 * * * *", "beginning of range (22) beyond end of range (2): 22-2"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/-1 * * * *", "negative number (-1) not allowed: -1"),
        ("-1 * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'),
        ("1_0 * * * *", 'failed to parse int from 1_0: strconv.Atoi: parsing "1_0": invalid syntax'),
        ("0 0 L * *", 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'),
        ("@Daily", "unrecognized descriptor: @Daily"),
        ("@every 1d", 'failed to parse duration @every 1d: time: unknown unit "d" in duration "1d"'),
    ],
)
def test_refusals(text: str, expected: str) -> None:
    assert message(text) == expected


def test_a_number_of_any_length_is_refused_quickly() -> None:
    text = "9" * 100_000
    assert message(f"{text} * * * *").endswith("value out of range")
    assert fields("0" * 100_000 + "5 * * * *").minute.values == (5,)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("1.5s", 1), ("0", 1), ("-5m", 1), ("1500ms", 1), ("1m0.5s", 60), ("+2s", 2), ("1\u00b5s", 1)],
)
def test_every(text: str, seconds: int) -> None:
    assert read(f"@every {text}") == Every(seconds)


@pytest.mark.parametrize("text", ["", "-", ".s", "1h-1m", "9223372036854775808ns", "1e3s", "99999999999999999999s"])
def test_durations_that_are_invalid(text: str) -> None:
    with pytest.raises(ScheduleError, match=r"failed to parse duration @every .*: time: (invalid duration|unknown unit)"):
        read(f"@every {text}")


def test_zone_prefix() -> None:
    assert split_zone("CRON_TZ=Asia/Tokyo  0 0 * * * ") == ("Asia/Tokyo", "0 0 * * *")
    assert split_zone("0 0 * * *") == (None, "0 0 * * *")
    with pytest.raises(ScheduleError, match=r"slice bounds out of range \[:-1\]"):
        split_zone("TZ=UTC")
