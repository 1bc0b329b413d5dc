from __future__ import annotations

import pytest

from simulator.model.durations import (
    DurationError,
    format_go_duration,
    format_go_seconds,
    human_duration,
    parse_go_duration,
)

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (20_000_000, "20ms"),
        (3_300_000_000, "3.3s"),
        (60 * SECOND, "1m0s"),
        (245 * SECOND, "4m5s"),
        (245 * SECOND + SECOND // 1000, "4m5.001s"),
        (3600 * SECOND, "1h0m0s"),
        (18_367 * SECOND + 1, "5h6m7.000000001s"),
        (-90 * SECOND, "-1m30s"),
    ],
)
def test_go_duration_text(nanoseconds: int, text: str) -> None:
    assert format_go_duration(nanoseconds) == text
    assert parse_go_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("-0", 0),
        (".5m", 30 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("+5s", 5 * SECOND),
        ("1us", 1000),
        ("1μs", 1000),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
    ],
)
def test_go_reads(text: str, nanoseconds: int) -> None:
    assert parse_go_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", 'time: invalid duration ""'),
        ("3", 'time: missing unit in duration "3"'),
        ("-", 'time: invalid duration "-"'),
        (".s", 'time: invalid duration ".s"'),
        ("1x", 'time: unknown unit "x" in duration "1x"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("1é", r'time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9"'),
        ("300000000h", 'time: invalid duration "300000000h"'),
    ],
)
def test_go_refuses(text: str, error: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_go_duration(text)
    assert str(caught.value) == error


def test_seconds() -> None:
    assert format_go_seconds(90.5) == "1m30.5s"
    assert human_duration(0) == "0s"
