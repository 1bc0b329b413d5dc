"""Durations as text: kubectl's ages (`2d1h`) and Go's durations (`1h2m3.5s`), both ways where Go reads them too.

Go counts nanoseconds in 64 bits; here a duration is a plain number of seconds, or whole nanoseconds where exactness matters.
"""

from __future__ import annotations

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
    invalid = DurationError(f"time: invalid duration {_time_quoted(text)}")
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total = 0
    while rest:
        if rest[0] != "." and rest[0] not in "0123456789":
            raise invalid
        whole, rest = _leading_digits(rest)
        if len(whole.lstrip("0")) > 19 or int(whole or "0") > 2**63:
            raise invalid
        fraction = ""
        if rest.startswith("."):
            fraction, rest = _leading_digits(rest[1:])
        if not whole and not fraction:
            raise invalid
        unit_length = next((i for i, character in enumerate(rest) if character in ".0123456789"), len(rest))
        if unit_length == 0:
            raise DurationError(f"time: missing unit in duration {_time_quoted(text)}")
        unit, rest = rest[:unit_length], rest[unit_length:]
        if unit not in NANOSECONDS:
            raise DurationError(f"time: unknown unit {_time_quoted(unit)} in duration {_time_quoted(text)}")
        total += int(whole or "0") * NANOSECONDS[unit] + _fraction_of(fraction, NANOSECONDS[unit])
        if total > 2**63:
            raise invalid
    if text[0] == "-":
        return -total
    if total > _LARGEST:
        raise invalid
    return total


def _leading_digits(text: str) -> tuple[str, str]:
    length = next((i for i, character in enumerate(text) if character not in "0123456789"), len(text))
    return text[:length], text[length:]


def _fraction_of(digits: str, unit: int) -> int:
    """0.DIGITS of a unit in nanoseconds, in the floating point arithmetic of the reference (digits beyond 2^63 are cut)."""
    value, scale = 0, 1.0
    for digit in digits:
        if value > _LARGEST // 10:
            break
        value = value * 10 + int(digit)
        scale *= 10
    return int(float(value) * (float(unit) / scale))


def _time_quoted(text: str) -> str:
    """Quotes of Go's time package: every byte outside printable ASCII is escaped (0x7f is not)."""
    quoted = ""
    for character in text:
        if character < " " or character >= "\x80":
            quoted += "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        else:
            quoted += f"\\{character}" if character in '"\\' else character
    return f'"{quoted}"'
