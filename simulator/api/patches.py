"""The patches of the API: JSON patch (RFC 6902), JSON merge patch (RFC 7386) and strategic merge patch.

Each takes an object's plain tree and gives a new one; the tree that goes in is left as it is. What the patched object is
worth is judged afterwards, as for any update.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec

from simulator.api.strategic_merge import strategic_merge
from simulator.errors import BadRequest, Invalid, UnsupportedMediaType
from simulator.model.kinds import Kind

Tree = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"

_MOST_OPERATIONS = 10_000


def apply_patch(tree: Tree, content_type: str, body: bytes, kind: Kind) -> Tree:
    """The object after a patch of the given content type.

    Raises `UnsupportedMediaType` for one that is not known, `BadRequest` for a body that is no such patch, `Invalid` where
    a JSON patch does not fit the object.
    """
    if content_type not in (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH):
        accepted = ", ".join((JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH))
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        )
    try:
        patch = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    if content_type == JSON_PATCH:
        return json_patch(tree, patch)
    if not isinstance(patch, dict):
        raise BadRequest(f"error decoding patch: json: cannot unmarshal {_json_type(patch)} into Go value of type map")
    if content_type == MERGE_PATCH:
        merged: Tree = merge_patch(tree, patch)
        return merged
    return strategic_merge(tree, patch, kind.type)


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    return {str: "string", list: "array", bool: "bool"}.get(type(value), "number")


# --- RFC 7386 ---


def merge_patch(target: Any, patch: Any) -> Any:
    """A JSON merge patch: objects are merged, null takes a member away, anything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


# --- RFC 6902 ---


def json_patch(tree: Tree, operations: Any) -> Tree:
    """A JSON patch: operations in order, all or none."""
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise BadRequest("error decoding patch: a JSON patch is a list of operations")
    if len(operations) > _MOST_OPERATIONS:
        raise BadRequest(f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got {len(operations)}")
    document: Any = copy.deepcopy(tree)
    for operation in operations:
        try:
            document = _operate(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise _does_not_fit(operation, error) from error
    if not isinstance(document, dict):
        raise Invalid("the server rejected our request due to an error in our request")
    return document


def _does_not_fit(operation: Tree, error: Exception) -> Invalid:
    text = f"{operation.get('op')} {operation.get('path')}: {error.args[0] if error.args else error}"
    causes = [{"reason": "UnexpectedServerResponse", "message": text}]
    return Invalid("the server rejected our request due to an error in our request", {"causes": causes})


def _operate(document: Any, operation: Tree) -> Any:
    op, path = operation.get("op"), _pointer(operation["path"])
    if op == "add":
        return _put(document, path, copy.deepcopy(operation["value"]))
    if op == "remove":
        return _remove(document, path)[0]
    if op == "replace":
        _look_up(document, path)
        return _put(document, path, copy.deepcopy(operation["value"]), replacing=True)
    if op == "test":
        if not _equal(_look_up(document, path, or_none=True), operation.get("value")):
            raise ValueError("testing value failed")
        return document
    source = _pointer(operation["from"])
    if op == "copy":
        return _put(document, path, copy.deepcopy(_look_up(document, source)))
    if op == "move":
        if path[: len(source)] == source and path != source:
            raise ValueError("a value can't be moved into itself")
        document, value = _remove(document, source)
        return _put(document, path, value)
    raise ValueError(f"unexpected kind: {op}")


def _pointer(text: str) -> list[str]:
    """The parts of a JSON pointer (RFC 6901)."""
    if text == "":
        return []
    if not text.startswith("/"):
        raise ValueError(f"not a JSON pointer: {text}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _equal(one: Any, other: Any) -> bool:
    """Equality of JSON values: true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _index(part: str, end: int) -> int:
    if not (part.isascii() and part.isdigit()) or (len(part) > 1 and part[0] == "0"):
        raise ValueError(f"not an index: {part}")
    index = int(part)
    if index >= end:
        raise IndexError(f"index {part} is out of bounds")
    return index


def _step(value: Any, part: str) -> Any:
    if isinstance(value, list):
        return value[_index(part, len(value))]
    if isinstance(value, dict):
        if part not in value:
            raise KeyError(f"missing key {part}")
        return value[part]
    raise TypeError(f"nothing below {part}")


def _look_up(document: Any, path: list[str], *, or_none: bool = False) -> Any:
    for position, part in enumerate(path):
        is_last = position == len(path) - 1
        if or_none and is_last and isinstance(document, dict) and part not in document:
            return None
        document = _step(document, part)
    return document


def _at_parent(document: Any, path: list[str], change: Callable[[Any, str], None]) -> Any:
    parent = _look_up(document, path[:-1])
    if not isinstance(parent, dict | list):
        raise TypeError(f"nothing below {path[-1]}")
    change(parent, path[-1])
    return document


def _put(document: Any, path: list[str], value: Any, *, replacing: bool = False) -> Any:
    """The document with a value put in; `replacing`: in the place of the one that is there."""
    if not path:
        return value

    def change(parent: Any, part: str) -> None:
        if isinstance(parent, dict):
            parent[part] = value
        elif replacing:
            parent[_index(part, len(parent))] = value
        else:
            parent.insert(len(parent) if part == "-" else _index(part, len(parent) + 1), value)

    return _at_parent(document, path, change)


def _remove(document: Any, path: list[str]) -> tuple[Any, Any]:
    value = _look_up(document, path)
    if not path:
        return None, value

    def change(parent: Any, part: str) -> None:
        if isinstance(parent, dict):
            del parent[part]
        else:
            del parent[_index(part, len(parent))]

    return _at_parent(document, path, change), value
