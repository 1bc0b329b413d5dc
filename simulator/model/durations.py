"""Durations as text: kubectl's ages (`2d1h`) and Go's durations (`1h2m3.5s`), both ways where Go reads them too.

Go counts nanoseconds in 64 bits; here a duration is a plain number of seconds, or whole nanoseconds where exactness matters.
"""

from __future__ import annotations

from simulator.model.quoting import go_quoted

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5, micro sign
    "μs": 1_000,  # U+03BC, Greek mu
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_SECOND = NANOSECONDS["s"]
_LARGEST = 2**63 - 1


def human_duration(seconds: float) -> str:
    """An age the way kubectl shows it: at most two units, coarser as it grows (semantics/job.md 19).

    A clock may be off by a second: from -2 s down it is `<invalid>`, between that and 0 it is `0s`.
    """
    whole = int(seconds)  # towards zero
    if whole < -1:
        return "<invalid>"
    if whole < 120:
        return f"{max(whole, 0)}s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes < 10:
        return _two_units(minutes, "m", whole % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two_units(hours, "h", minutes % 60, "m")
    if days < 2:
        return f"{hours}h"
    if days < 8:
        return _two_units(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two_units(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def format_go_duration(nanoseconds: int) -> str:
    """`time.Duration.String`: `1h0m5s`, `1.5s`, `20ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest < _SECOND:
        unit = "ns" if rest < 1_000 else "µs" if rest < 1_000_000 else "ms"
        return f"{sign}{_decimal(rest, NANOSECONDS[unit])}{unit}"
    minutes, rest = divmod(rest, NANOSECONDS["m"])
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, _SECOND)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else sign + text


def format_go_seconds(seconds: float) -> str:
    """`format_go_duration` of a number of seconds (rounded to the nanosecond)."""
    return format_go_duration(round(seconds * _SECOND))


def _decimal(amount: int, unit: int) -> str:
    whole, fraction = divmod(amount, unit)
    if not fraction:
        return str(whole)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}"


class DurationError(ValueError):
    """Text that `time.ParseDuration` refuses; the message is Go's. The caller turns it into a UsageError or ApiError."""


def parse_go_duration(text: str) -> int:
    """The nanoseconds that `time.ParseDuration` reads (`1h30m`, `-1.5s`, `.5m`, `0`); raises DurationError."""
    invalid = DurationError(f"time: invalid duration {go_quoted(text)}")
    sign, rest = 1, text
    if rest[:1] in ("-", "+"):
        sign = -1 if rest[0] == "-" else 1
        rest = rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total = 0
    while rest:
        length = _leading(rest, "0123456789")
        whole, rest = rest[:length], rest[length:]
        fraction = ""
        if rest[:1] == ".":
            length = _leading(rest[1:], "0123456789")
            fraction, rest = rest[1 : 1 + length], rest[1 + length :]
        if not whole and not fraction:
            raise invalid
        length = next((i for i, char in enumerate(rest) if char in ".0123456789"), len(rest))
        unit, rest = rest[:length], rest[length:]
        if not unit:
            raise DurationError(f"time: missing unit in duration {go_quoted(text)}")
        if unit not in NANOSECONDS:
            raise DurationError(f"time: unknown unit {go_quoted(unit)} in duration {go_quoted(text)}")
        scale = NANOSECONDS[unit]
        total += int(whole or "0") * scale
        if fraction:
            total += int(fraction) * scale // 10 ** len(fraction)
        if total > _LARGEST + (sign < 0):
            raise invalid
    return sign * total


def _leading(text: str, chars: str) -> int:
    return len(text) - len(text.lstrip(chars))
