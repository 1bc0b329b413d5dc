"""JSONPath as kubectl reads it: `-o jsonpath=`, `--sort-by`, `wait --for=jsonpath=`, custom columns.

It is a dialect: text with actions in braces; an action is a path, a quoted text, a number, or `range`/`end`; filters compare
one value; there is no logic. The errors are kubectl's. Objects are plain dicts and lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.cli.jsonpath_syntax import (
    Action,
    Field,
    Filter,
    JsonPathError,
    Literal,
    Node,
    Recursive,
    Slice,
    Union,
    Wildcard,
    Word,
    parse_template,
)

__all__ = ["JsonPath", "JsonPathError", "go_json", "go_text", "printed", "relaxed", "template_output"]

PATH_EXPECTED = "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"

_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")


class JsonPath:
    """A template. `allows_missing`: a path that leads nowhere finds nothing, instead of being an error."""

    def __init__(self, template: str, *, allows_missing: bool = True) -> None:
        self.template = template
        self.allows_missing = allows_missing
        self._actions = parse_template(template)

    def find(self, obj: Any) -> list[list[Any]]:
        """What each action finds in `obj`; raises `JsonPathError`."""
        results, _ = self._run(self._actions, 0, obj, depth=0)
        return results

    def values(self, obj: Any) -> list[Any]:
        """What all the actions find, in one list."""
        return [value for values in self.find(obj) for value in values]

    def _run(self, actions: Sequence[Action], start: int, obj: Any, depth: int) -> tuple[list[list[Any]], int | None]:
        """Carry out actions from `start`; returns the results and the index of the `end` that stopped it, if one did."""
        results: list[list[Any]] = []
        index = start
        while index < len(actions):
            action = actions[index]
            if _begins_with(action, "end"):
                if depth == 0:
                    raise JsonPathError("not in range, nothing to end")
                return results, index
            if _begins_with(action, "range"):
                end: int | None = None
                ranged = self._walk(action[1:], [obj])
                for value in ranged or [None]:
                    found, end = self._run(actions, index + 1, value, depth + 1)
                    if ranged:
                        results += found
                index = index + 1 if end is None else end + 1
                continue
            results.append(self._walk(action, [obj]))
            index += 1
        return results, None

    def _walk(self, nodes: Sequence[Node], values: list[Any]) -> list[Any]:
        for node in nodes:
            values = self._step(node, values)
        return values

    def _step(self, node: Node, values: list[Any]) -> list[Any]:
        match node:
            case Literal(value=value, is_text=is_text):
                return [value] if is_text else [value for _ in values]
            case Field(name=name):
                return self._field(name, values)
            case Wildcard():
                return [below for value in values for below in _children(value)]
            case Recursive():
                return [below for value in values for below in _descend(value)]
            case Slice():
                return [item for value in values if value is not None for item in _sliced(node, value)]
            case Union(parts=parts):
                return [value for part in parts for value in self._walk(part, values)]
            case Filter():
                return [item for value in values for item in self._filtered(node, value)]
            case Word(name=name):
                raise JsonPathError(f"unrecognized identifier {name}")

    def _field(self, name: str, values: list[Any]) -> list[Any]:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if values and not found and not self.allows_missing:
            raise JsonPathError(f"{name} is not found")
        return found

    def _filtered(self, node: Filter, value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            raise JsonPathError(f"{go_text(value)} is not array or slice and cannot be filtered")
        for item in value:
            try:
                lefts = self._walk(node.left, [item])
            except JsonPathError:
                if node.operator != "exists":
                    raise
                continue
            if node.operator == "exists":
                if lefts:
                    yield item
                continue
            if not lefts:
                continue
            rights = self._walk(node.right, [item])
            if len(lefts) > 1 or len(rights) > 1:
                raise JsonPathError("can only compare one element at a time")
            if rights and _compare(lefts[0], node.operator, rights[0]):
                yield item


def _begins_with(action: Action, word: str) -> bool:
    return bool(action) and isinstance(action[0], Word) and action[0].name == word


def relaxed(path: str) -> str:
    """A path as `--sort-by` and custom columns take it (`metadata.name`, `.metadata.name`, braces or not), as a template."""
    match = _RELAXED.fullmatch(path)
    if match is None:
        raise JsonPathError(PATH_EXPECTED)
    return "{." + (match[1] or match[2]) + "}"


def template_output(template: str, obj: Any, *, allows_missing: bool = True, as_json: bool = False) -> str:
    """`-o jsonpath=TEMPLATE` of an object (`as_json`: `jsonpath-as-json`); raises `JsonPathError` as kubectl words it."""
    from simulator.model.quoting import go_quoted

    try:
        path = JsonPath(template, allows_missing=allows_missing)
    except JsonPathError as error:
        raise JsonPathError(f"error parsing jsonpath {template}, {error}") from None
    try:
        found = path.find(obj)
        if as_json:
            return "".join(f"{go_json(values, indent=True)}\n" for values in found)
        return "".join(" ".join(printed(value) for value in values) for values in found)
    except JsonPathError as error:
        raise JsonPathError(
            f"error executing jsonpath {go_quoted(template)}: Error executing template: {error}. Printing more information "
            f"for debugging the template:\n\ttemplate was:\n\t\t{template}\n"
            f"\tobject given to jsonpath engine was:\n\t\t{go_text(obj)}\n\n"
        ) from None


def printed(value: Any) -> str:
    """One value that was found: maps and lists as JSON, all else as Go prints it."""
    return go_json(value) if isinstance(value, dict | list) else go_text(value)


def go_json(value: Any, *, indent: bool = False) -> str:
    """JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped."""
    import json

    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, indent=4 if indent else None, separators=None if indent else (",", ":")
    )
    for char, escaped in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(char, escaped)
    return text


def go_text(value: Any) -> str:
    """A value as Go's `%v` prints it: `map[a:1 b:[x y]]`."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_text(item) for item in value) + "]"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return value if isinstance(value, list) else []


def _descend(value: Any) -> Iterator[Any]:
    children = _children(value)
    if children:
        yield value
        for child in children:
            yield from _descend(child)


def _sliced(node: Slice, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise JsonPathError(f"{_type_name(value)} is not array or slice")
    length = len(value)
    start = node.start or 0
    end = start + 1 if node.is_index else length if node.end is None else node.end
    if start < 0:
        start += length
    if end < 0 or (end == 0 and node.is_index):
        end += length
    if start == end:
        return []
    if not 0 <= start < length:
        raise JsonPathError(f"array index out of bounds: index {start}, length {length}")
    if not 0 <= end <= length:
        raise JsonPathError(f"array index out of bounds: index {end - 1}, length {length}")
    if start > end:
        raise JsonPathError(f"starting index {start} is greater than ending index {end}")
    if node.step is not None and node.step <= 0:
        raise JsonPathError("step must be > 0")
    return value[start : end : node.step or 1]


def _type_name(value: Any) -> str:
    names: dict[type, str] = {dict: "map[string]interface {}", str: "string", bool: "bool", int: "int64", float: "float64"}
    return names.get(type(value), type(value).__name__)


def _compare(left: Any, operator: str, right: Any) -> bool:
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        raise JsonPathError("invalid type for comparison")
    if type(left) is not type(right):
        raise JsonPathError("incompatible types for comparison")
    if operator == "==":
        return bool(left == right)
    if operator == "!=":
        return bool(left != right)
    if operator not in ("<", "<=", ">", ">="):
        raise JsonPathError(f"unrecognized filter operator {operator}")
    if isinstance(left, bool):
        raise JsonPathError("invalid type for comparison")
    less, equal = left < right, left == right
    return bool({"<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}[operator])
