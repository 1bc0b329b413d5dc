"""The schedule language of CronJobs: text in, lists of numbers out, or the message with which Kubernetes refuses it.

Strict and complete by itself; nothing here knows about dates or zones. semantics/cronjob.md 3.
"""

from __future__ import annotations

from msgspec import Struct

from simulator.model.durations import DurationError, parse_go_duration
from simulator.model.quoting import go_quoted

# What Go's unicode.IsSpace takes for white space; str.split() would also split at the C0 separators.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_TO_BLANK = {ord(space): " " for space in _SPACES}

_INT_MAX = 2**63 - 1


class ScheduleError(ValueError):
    """A schedule that Kubernetes refuses; the message is the one of its parser."""


class Field(Struct, frozen=True):
    """One of the five fields: its numbers in order, and whether it counts as a star (semantics/cronjob.md 3.3)."""

    values: tuple[int, ...]
    star: bool


class Fields(Struct, frozen=True):
    """The five fields of a schedule."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field


class Every(Struct, frozen=True):
    """`@every DURATION`, in whole seconds, at least 1."""

    seconds: int


class _Range(Struct, frozen=True):
    low: int
    high: int
    names: dict[str, int]


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_MINUTE = _Range(0, 59, {})
_HOUR = _Range(0, 23, {})
_DAY = _Range(1, 31, {})
_MONTH = _Range(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
_WEEKDAY = _Range(0, 6, {name: number for number, name in enumerate(_WEEKDAYS)})
_RANGES = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)

_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def trimmed(text: str) -> str:
    """`text` without white space at its ends, as Go understands white space."""
    return text.strip(_SPACES)


def split_zone(text: str) -> tuple[str | None, str]:
    """The zone of a `TZ=`/`CRON_TZ=` prefix (None without one) and the schedule that is left.

    Raises ScheduleError when nothing ends the prefix (the reference parser crashes on it).
    """
    if not text.startswith(("TZ=", "CRON_TZ=")):
        return None, text
    zone, blank, rest = text.partition("=")[2].partition(" ")
    if not blank:
        raise ScheduleError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
    return zone, trimmed(rest)


def read(text: str) -> Fields | Every:
    """A schedule without zone prefix; raises ScheduleError."""
    if text.startswith("@"):
        return _read_descriptor(text)
    words = text.translate(_TO_BLANK).split(" ")
    fields = [word for word in words if word]
    if len(fields) != 5:
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    return Fields(*(_read_field(field, range_) for field, range_ in zip(fields, _RANGES, strict=True)))


def _read_descriptor(text: str) -> Fields | Every:
    if text in _DESCRIPTORS:
        return read(_DESCRIPTORS[text])
    if text.startswith("@every "):
        try:
            nanoseconds = parse_go_duration(text.removeprefix("@every "))
        except DurationError as error:
            raise ScheduleError(f"failed to parse duration {text}: {error}") from None
        return Every(max(1, nanoseconds // 10**9))
    raise ScheduleError(f"unrecognized descriptor: {text}")


def _read_field(text: str, range_: _Range) -> Field:
    values: set[int] = set()
    star = False
    for item in text.split(","):
        if item:
            numbers, item_is_star = _read_item(item, range_)
            values.update(numbers)
            star = star or item_is_star
    return Field(tuple(sorted(values)), star)


def _read_item(item: str, range_: _Range) -> tuple[range, bool]:
    parts = item.split("/")
    ends = parts[0].split("-")
    star = ends[0] in ("*", "?")
    if star:
        start, end = range_.low, range_.high
    else:
        start = end = _number_or_name(ends[0], range_.names)
        if len(ends) == 2:
            end = _number_or_name(ends[1], range_.names)
        elif len(ends) > 2:
            raise ScheduleError(f"too many hyphens: {item}")
    step = 1
    if len(parts) == 2:
        step = _number(parts[1])
        if len(ends) == 1:
            end = range_.high
        star = star and step <= 1
    elif len(parts) > 2:
        raise ScheduleError(f"too many slashes: {item}")
    if start < range_.low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({range_.low}): {item}")
    if end > range_.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({range_.high}): {item}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {item}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {item}")
    return range(start, end + 1, step), star


def _number_or_name(text: str, names: dict[str, int]) -> int:
    # Go lowers a dotted capital I to a plain i, Python to two characters.
    named = names.get(text.replace("\u0130", "i").lower())
    return _number(text) if named is None else named


def _number(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ScheduleError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_quoted(text)}: invalid syntax")
    digits = digits.lstrip("0") or "0"
    value = int(digits[:20]) * (-1 if text[0] == "-" else 1)
    if not -_INT_MAX - 1 <= value <= _INT_MAX:
        raise ScheduleError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_quoted(text)}: value out of range")
    if value < 0:
        raise ScheduleError(f"negative number ({value}) not allowed: {text}")
    return value
