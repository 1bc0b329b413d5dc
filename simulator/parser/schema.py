"""The API's types as the parser needs them: for each struct its fields, their shapes, and how zero values are treated.

Read from the annotations of the `lightkube-models` structs, lazily and once per type, with the facts of `go_types`.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from msgspec import Struct

from simulator.parser.go_types import (
    ALWAYS_WRITTEN,
    BYTES,
    EMBEDDED,
    EMBEDDED_STRUCTS,
    INT64,
    MAY_BE_EMPTY,
    NOT_POINTERS,
    POINTERS,
    RESOURCE_LISTS,
    STRING_TYPES,
)


class Shape(Struct, frozen=True):
    """The shape of a value: `kind` is string, int, bool, struct, list, map, quantity, intOrString, time, bytes or any.

    `go_type` is the name that errors give it; `item` the shape of list items and map values; `struct` the struct type.
    """

    kind: str
    go_type: str
    item: Shape | None = None
    struct: Any = None


class Field(Struct, frozen=True):
    """A field of a struct. `keeps_zero`: an empty value is stored; `always`: it is written even when absent.

    `may_be_empty`: absent, it is an empty list.
    """

    name: str
    shape: Shape
    embedded_in: str
    keeps_zero: bool
    always: bool
    may_be_empty: bool


@cache
def fields_of(struct: Any) -> dict[str, Field]:
    """The fields of a struct type by their API names."""
    required = set(struct.__struct_fields__[: len(struct.__struct_fields__) - len(struct.__struct_defaults__)])
    embedded = EMBEDDED.get(struct.__name__, {})
    module = sys.modules[struct.__module__]
    found = {}
    for attribute, name in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        qualified = f"{struct.__name__}.{name}"
        shape = _shape(struct.__annotations__[attribute], module, name, qualified)
        pointer = (name in POINTERS or qualified in POINTERS) and qualified not in NOT_POINTERS
        always = attribute in required or qualified in EMBEDDED_STRUCTS or qualified in ALWAYS_WRITTEN
        keeps_zero = pointer or always or shape.kind in ("struct", "quantity", "time", "any")
        holder = embedded.get(name, embedded.get("*", ""))
        found[name] = Field(name, shape, holder, keeps_zero, always, qualified in MAY_BE_EMPTY)
    return found


def shape_of(struct: Any) -> Shape:
    """The shape of a whole object."""
    return Shape("struct", f"v1.{struct.__name__}", struct=struct)


def _shape(annotation: str, module: Any, name: str, qualified: str) -> Shape:
    if annotation.startswith("Optional["):
        annotation = annotation[9:-1]
    if annotation.startswith("List["):
        item = _shape(annotation[5:-1], module, name, qualified)
        return Shape("list", f"[]{item.go_type}", item)
    if annotation == "dict":
        if qualified in BYTES:
            return Shape("map", "map[string][]uint8", Shape("bytes", "[]uint8"))
        if name in RESOURCE_LISTS:
            return Shape("map", "v1.ResourceList", Shape("quantity", "resource.Quantity"))
        return Shape("map", "map[string]string", Shape("string", "string"))
    if annotation == "str":
        return Shape("string", STRING_TYPES.get(qualified) or STRING_TYPES.get(name) or "string")
    if annotation == "int":
        return Shape("int", "int64" if name in INT64 else "int32")
    if annotation == "bool":
        return Shape("bool", "bool")
    last = annotation.rpartition(".")[2]
    special = {
        "Quantity": Shape("quantity", "resource.Quantity"),
        "IntOrString": Shape("intOrString", "int32"),
        "Time": Shape("time", "string"),
        "MicroTime": Shape("time", "string"),
        "FieldsV1": Shape("any", "v1.FieldsV1"),
    }.get(last)
    if special:
        return special
    target: Any = module
    for part in annotation.split("."):
        target = getattr(target, part)
    return shape_of(target)
