"""`--sort-by`: the order that kubectl puts objects in, by the value that a JSONPath finds in each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cmp_to_key
from typing import Any, TypeVar

from simulator.cli.jsonpath import JsonPath, JsonPathError, relaxed
from simulator.errors import KjsimError
from simulator.model.quantities import QuantityError, parse_quantity

T = TypeVar("T")

_FEW = 12
"""So many are sorted by insertion, as Go does it: then what has no value moves before everything, also before its like."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def sorted_by(path: str, items: list[T], object_of: Callable[[T], Any]) -> list[T]:
    """`items` ordered by what `path` finds in the object of each; one in which it finds nothing comes first.

    Raises `KjsimError` if it finds nothing in any, or values that can't be compared.
    """
    if not items:
        return items
    template = relaxed(path)
    finder = JsonPath(template)
    try:
        keys = [next(iter(finder.values(object_of(item))), None) for item in items]
    except JsonPathError as error:
        raise KjsimError(str(error)) from None
    if all(key is None for key in keys):
        raise KjsimError(f'couldn\'t find any field with path "{template}" in the list of objects')
    keyed = list(zip(keys, items, strict=True))
    if len(keyed) > _FEW:
        return [item for _, item in sorted(keyed, key=cmp_to_key(_order))]
    result: list[tuple[Any, T]] = []
    for key, item in keyed:
        at = len(result)
        while at and _is_less(key, result[at - 1][0]):
            at -= 1
        result.insert(at, (key, item))
    return [item for _, item in result]


def natural_less(left: str, right: str) -> bool:
    """Whether `left` comes before `right` where numbers count as numbers: `job-9` before `job-10`."""
    parts = zip(re.findall(r"\d+|\D", left), re.findall(r"\d+|\D", right), strict=False)
    for a, b in parts:
        if a == b:
            continue
        if a.isdigit() and b.isdigit():
            return (int(a), len(a)) < (int(b), len(b))
        return bool(a < b)
    return len(left) < len(right)


def _order(left: tuple[Any, Any], right: tuple[Any, Any]) -> int:
    if left[0] is None or right[0] is None:
        return (left[0] is not None) - (right[0] is not None)
    return -1 if _is_less(left[0], right[0]) else int(_is_less(right[0], left[0]))


def _is_less(left: Any, right: Any) -> bool:
    if left is None:
        return True
    if right is None:
        return False
    if isinstance(left, bool | dict | list) or type(left) is not type(right):
        raise KjsimError(f"unsortable type: {type(left).__name__}")
    if not isinstance(left, str):
        return bool(left < right)
    if _TIME.fullmatch(left) and _TIME.fullmatch(right):
        return datetime.fromisoformat(left) < datetime.fromisoformat(right)
    try:
        return bool(parse_quantity(left) < parse_quantity(right))
    except QuantityError:
        return natural_less(left, right)
