"""Completion indexes and their compressed lists (`1,3-5,7`), as `completedIndexes` and success policies hold them.

A list is a tuple of intervals `(first, last)`, both ends included, in the order in which they were written. Lists that this
module builds are in increasing order; what it reads back leniently from a status may not be (semantics/job.md 17).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from operator import itemgetter

from simulator.model.quoting import go_quoted

Intervals = tuple[tuple[int, int], ...]

_GO_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")
_INT64 = 2**63
_LAST = itemgetter(1)


def go_integer(text: str) -> int | None:
    """A decimal number as Go's `strconv.Atoi` reads it (64 bits; no spaces, underscores or other digits), or None."""
    if len(text) < 19 and text.isdigit() and text.isascii():
        return int(text)
    found = _GO_INTEGER.fullmatch(text)
    if found is None:
        return None
    number = int(found[1] + found[2])
    return number if -_INT64 <= number < _INT64 else None


def parse_indexes(text: str | None, completions: int) -> Intervals:
    """Read a list leniently, as the controller reads a status: skip what can't be read, cut at `completions`."""
    result: list[tuple[int, int]] = []
    for entry in (text or "").split(","):
        limits = entry.split("-")
        first = go_integer(limits[0])
        if first is None:
            continue
        if first >= completions:
            break
        last = go_integer(limits[1]) if len(limits) > 1 else first
        if last is None:
            continue
        last = min(last, completions - 1)
        if result and result[-1][1] == first - 1:
            result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return tuple(result)


def format_indexes(intervals: Intervals) -> str:
    """Write a list: runs of three and more as `a-b`, two neighbours as `a,b`."""
    parts = []
    for first, last in intervals:
        if last <= first:
            parts.append(f"{first}")
        else:
            parts.append(f"{first},{last}" if last == first + 1 else f"{first}-{last}")
    return ",".join(parts)


def intervals_of(indexes: Iterable[int]) -> Intervals:
    """The list of these indexes, in any order, doubles allowed."""
    result: list[tuple[int, int]] = []
    for index in sorted(indexes):
        if result and index <= result[-1][1] + 1:
            result[-1] = (result[-1][0], index)
        else:
            result.append((index, index))
    return tuple(result)


def merge_intervals(one: Intervals, other: Intervals) -> Intervals:
    """Both lists as one; each is taken in its own order, so a list that was read out of order stays so."""
    result: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) or j < len(other):
        if j == len(other) or (i < len(one) and one[i][0] < other[j][0]):
            first, last = one[i]
            i += 1
        else:
            first, last = other[j]
            j += 1
        if not result or first > result[-1][1] + 1:
            result.append((first, last))
        elif result[-1][1] < last:
            result[-1] = (result[-1][0], last)
    return tuple(result)


def add_indexes(intervals: Intervals, indexes: Iterable[int]) -> Intervals:
    """The list with these indexes added."""
    return merge_intervals(intervals, intervals_of(indexes))


def has_index(intervals: Intervals, index: int) -> bool:
    """Whether the (ordered) list holds this index."""
    position = bisect_left(intervals, index, key=_LAST)
    return position < len(intervals) and intervals[position][0] <= index


def count_indexes(intervals: Intervals) -> int:
    """How many indexes the list holds."""
    return sum(last - first + 1 for first, last in intervals)


def first_free_indexes(taken: Intervals, count: int, completions: int) -> list[int]:
    """The lowest `count` indexes below `completions` that the list does not hold."""
    result: list[int] = []
    candidate = 0
    for first, last in taken:
        result.extend(range(candidate, min(first, completions, candidate + count - len(result))))
        candidate = max(candidate, last + 1)
        if len(result) >= count:
            return result
    result.extend(range(candidate, min(completions, candidate + count - len(result))))
    return result


def check_indexes(text: str, completions: int) -> int:
    """Check a list strictly, as the API does for a success policy; gives the number of indexes.

    Raises `ValueError` with the API server's text (semantics/job.md 3: `error parsing succeededIndexes: <why>`).
    """
    total = 0
    previous: int | None = None
    for entry in text.split(",") if text else ():
        limits = entry.split("-")
        if len(limits) > 2:
            raise ValueError(
                f"the fragment {go_quoted(entry)} violates the requirement that an index interval can have at most two"
                " parts separated by '-'"
            )
        numbers = []
        for limit in limits:
            number = go_integer(limit)
            if number is None:
                raise ValueError(f"cannot convert string to integer for index: {go_quoted(limit)}")
            if number >= completions:
                raise ValueError(f"too large index: {go_quoted(limit)}")
            numbers.append(number)
        for number in numbers:
            if previous is not None and previous >= number:
                raise ValueError(f"non-increasing order, previous: {previous}, current: {number}")
            previous = number
        total += numbers[-1] - numbers[0] + 1
    return total


def pod_name_prefix(job_name: str, index: int) -> str:
    """The `generateName` of the pods of an index: `<job>-<index>-`, the job's part cut to 58 characters in all."""
    suffix = f"-{index}-"
    return job_name[: max(0, GENERATED_NAME_PREFIX - len(suffix))] + suffix


GENERATED_NAME_PREFIX = 58
"""So many characters of a `generateName` become part of the name; five random ones follow."""
