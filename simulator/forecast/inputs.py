"""What a command line says of a forecast, read: instants, durations, chances, windows, values for one object or all.

Every function raises `ValueError` with a text for the user. An instant without an offset is one of the local zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from simulator.model.durations import format_go_duration, parse_go_duration

_DAYS = {"d": 86400, "w": 7 * 86400}
_LONG_PART = re.compile(r"(\d+(?:\.\d+)?)([dw])")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?")
_LONGEST_SECONDS = 100 * 366 * 86400


def seconds_of(text: str) -> float:
    """A duration in seconds: Go's (`1h30m`), with days and weeks before it (`7d`, `1w2d12h`); not negative."""
    rest, total = text.strip(), 0.0
    while found := _LONG_PART.match(rest):
        total += float(found[1]) * _DAYS[found[2]]
        rest = rest[found.end() :]
    if rest or not text.strip():
        total += parse_go_duration(rest) / 1e9
    if not 0 <= total <= _LONGEST_SECONDS:
        raise ValueError(f'"{text}" is not between 0 and a hundred years')
    return total


def seconds_text(seconds: float) -> str:
    """`90s`, `1h30m`, `2d`: a duration in the shortest of the forms that `seconds_of` reads."""
    days, rest = divmod(round(seconds * 1000), 86_400_000)
    text = f"{days}d" if days else ""
    if rest or not days:
        text += format_go_duration(rest * 1_000_000)
    for unit in ("m", "h"):
        text = text.removesuffix("0s") if text.endswith(f"{unit}0s") else text
        text = text.removesuffix("0m") if text.endswith("h0m") else text
    return text


@dataclass(frozen=True, slots=True)
class Span:
    """A duration, or a range from which it is drawn evenly; in seconds."""

    low: float
    high: float

    def __str__(self) -> str:
        return seconds_text(self.low) if self.low == self.high else f"{seconds_text(self.low)}..{seconds_text(self.high)}"


def span_of(text: str) -> Span:
    """`90s`, or a range: `30s..2m`."""
    low, dots, high = text.partition("..")
    span = Span(seconds_of(low), seconds_of(high if dots else low))
    if span.high < span.low:
        raise ValueError(f'"{text}" ends before it begins')
    return span


def with_jitter(span: Span, text: str) -> Span:
    """The span widened both ways by `10s` or by `10%`."""
    if text.strip().endswith("%"):
        share = rate_of(text)
        return Span(round(span.low * (1 - share), 3), round(span.high * (1 + share), 3))
    seconds = seconds_of(text)
    return Span(max(0.0, span.low - seconds), span.high + seconds)


def rate_of(text: str) -> float:
    """A share between 0 and 1: `10%`, `0.1`."""
    number = text.strip()
    is_percent = number.endswith("%")
    try:
        rate = float(number.removesuffix("%")) / (100 if is_percent else 1)
    except ValueError:
        raise ValueError(f'"{text}" is not a share such as 10%') from None
    if not 0 <= rate <= 1:
        raise ValueError(f'"{text}" is not between 0% and 100%')
    return rate


def exit_code_of(text: str) -> int:
    """An exit code, 0 to 255."""
    if not (text.isascii() and text.strip().isdigit()) or int(text) > 255:
        raise ValueError(f'"{text}" is not an exit code (0 to 255)')
    return int(text)


def named(text: str) -> tuple[str, str]:
    """`backup=90s` as name and value; without a name (for all) the name is empty."""
    name, equals, value = text.rpartition("=")
    if equals and not name:
        raise ValueError(f'"{text}" has no name before "="')
    return name, value


def instant_of(text: str, now: datetime) -> datetime:
    """An instant, cut to the second: `2027-03-28`, `2027-03-28 01:00`, `2027-03-28T01:00:00Z`, `02:00` (today), `now`."""
    if text == "now":
        return now.replace(microsecond=0)
    if _CLOCK.fullmatch(text):
        return datetime.combine(now.astimezone().date(), _clock_of(text)).astimezone(UTC)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is not an instant such as 2027-03-28, 2027-03-28T01:00:00Z or now') from None
    return instant.astimezone(UTC).replace(microsecond=0)


def _clock_of(text: str) -> time:
    hour, minute, second = map(int, (text + ":0").split(":")[:3])
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise ValueError(f'"{text}" is not a time of day: {error}') from None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time: once (`start`, `end` as instants), or every day in the local zone (as times of day)."""

    start: datetime | time
    end: datetime | time

    def within(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Where it lies between two instants."""
        if isinstance(self.start, datetime):
            assert isinstance(self.end, datetime)
            found = [(self.start, self.end)]
        else:
            assert isinstance(self.end, time)
            found = []
            day = start.astimezone().date() - timedelta(days=1)
            while day <= end.astimezone().date():
                last_day = day if self.end > self.start else day + timedelta(days=1)
                begin, close = datetime.combine(day, self.start), datetime.combine(last_day, self.end)
                found.append((begin.astimezone(UTC), close.astimezone(UTC)))
                day += timedelta(days=1)
        return [(max(a, start), min(b, end)) for a, b in found if a < end and b > start and a < b]


def window_of(text: str, now: datetime) -> Window:
    """`02:00..05:00` (every day), `2027-03-28T00:00:00Z..2027-03-28T06:00:00Z` (once)."""
    first, dots, last = text.partition("..")
    if not dots:
        raise ValueError(f'"{text}" is not a window such as 02:00..05:00')
    if _CLOCK.fullmatch(first) and _CLOCK.fullmatch(last):
        window = Window(_clock_of(first), _clock_of(last))
        if window.start == window.end:
            raise ValueError(f'"{text}" ends when it begins')
        return window
    start, end = instant_of(first, now), instant_of(last, now)
    if end <= start:
        raise ValueError(f'"{text}" ends before it begins')
    return Window(start, end)


def merged(intervals: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same stretches in order, those that touch made one."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
