"""Decoding: from what a user wrote to the tree that Kubernetes' own types would hold.

What Go's types can't hold is gone: unknown fields, nulls, and zero values that are dropped when an object is written. What
they always write is there: an empty `resources`, an empty `metadata`. Quantities are in their canonical form. Defaults,
validation and storage all work on such trees; the input must have passed the structural check.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.model.kinds import KINDS
from simulator.model.quantities import canonical_quantity
from simulator.parser.schema import Shape, fields_of
from simulator.parser.structure import Tree

_ZERO: dict[str, Any] = {"string": "", "int": 0, "bool": False, "quantity": "0", "intOrString": 0}


def decode(obj: Tree) -> Tree:
    """A fresh tree of the object, whose kind is known; `apiVersion` and `kind` come first."""
    kind = KINDS[obj["kind"]]
    return {"apiVersion": kind.api_version, "kind": kind.kind, **_struct(obj, kind.type, top=True)}


def _struct(value: Tree, struct: Any, top: bool = False) -> Tree:
    decoded: Tree = {}
    for name, field in fields_of(struct).items():
        if top and name in ("apiVersion", "kind"):
            continue
        found = value.get(name)
        if found is None:
            if field.always and field.shape.kind == "struct":
                decoded[name] = _struct({}, field.shape.struct)
            elif field.always:
                decoded[name] = [] if field.may_be_empty else _ZERO.get(field.shape.kind)
            continue
        item = _value(found, field.shape)
        if field.keeps_zero or item not in ("", 0, False, [], {}):
            decoded[name] = item
    return decoded


def _value(value: Any, shape: Shape) -> Any:
    kind = shape.kind
    if kind == "struct":
        return _struct(value or {}, shape.struct)
    if kind == "list":
        assert shape.item is not None
        return [_value(item, shape.item) if item is not None else _zero(shape.item) for item in value]
    if kind == "map":
        assert shape.item is not None
        return {key: _value(item, shape.item) if item is not None else _zero(shape.item) for key, item in value.items()}
    if kind == "quantity":
        return canonical_quantity(value)
    if kind == "time" and value and not value.endswith("Z"):
        from datetime import UTC

        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def _zero(shape: Shape) -> Any:
    return _struct({}, shape.struct) if shape.kind == "struct" else _ZERO.get(shape.kind, "")
