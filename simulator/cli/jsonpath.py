"""JSONPath as kubectl reads it: `-o jsonpath=`, `--sort-by`, `wait --for=jsonpath=`, custom columns.

It is a dialect: text with actions in braces; an action is a path, a quoted text, a number, or `range`/`end`; filters compare
one value; there is no logic. The errors are kubectl's. Objects are plain dicts and lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.errors import KjsimError

PATH_EXPECTED = "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"

_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


class JsonPathError(KjsimError):
    """A template that can't be read, or can't be applied to this object; the message is kubectl's."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number or truth value."""

    value: Any
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """`.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`.*`: all values of a map or list."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """`..`: everything below."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:end:step]`. `is_index`: it was `[start]`."""

    start: int | None
    end: int | None
    step: int | None
    is_index: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """`[a,b]`."""

    parts: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(left operator right)]`; operator `exists`: whether left finds anything."""

    left: tuple[Node, ...]
    operator: str
    right: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word: `range`, `end`, or a mistake."""

    name: str


Node = Literal | Field | Wildcard | Recursive | Slice | Union | Filter | Word
Action = tuple[Node, ...]


class JsonPath:
    """A template. `allows_missing`: a path that leads nowhere finds nothing, instead of being an error."""

    def __init__(self, template: str, *, allows_missing: bool = True) -> None:
        self.template = template
        self.allows_missing = allows_missing
        self._actions = _Parser(template).parse()

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
            if action and action[0] == Word("end"):
                if depth == 0:
                    raise JsonPathError("not in range, nothing to end")
                return results, index
            if action and action[0] == Word("range"):
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
    return f"{value:g}" if isinstance(value, float) else str(value)


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


def _is_terminator(char: str) -> bool:
    return char == "" or char in " \t\r\n.,[]$@{}"


class _Parser:
    """Reads a template, one character after the other, as kubectl's parser does; so are its errors."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self) -> list[Action]:
        """The actions; text between them is an action of its own."""
        actions: list[Action] = []
        while self._at < len(self._text):
            start = self._text.find("{", self._at)
            plain = self._text[self._at : start if start >= 0 else None]
            if plain:
                actions.append((Literal(plain, is_text=True),))
            if start < 0:
                break
            self._at = start + 1
            actions.append(tuple(self._action()))
        return actions

    def _action(self) -> list[Node]:
        nodes: list[Node] = []
        while True:
            if self._skip("}"):
                return nodes
            if self._skip("[?("):
                nodes.append(self._filter())
                continue
            if self._skip(".."):
                if nodes and isinstance(nodes[-1], Recursive):
                    raise JsonPathError("invalid multiple recursive descent")
                nodes.append(Recursive())
                if self._peek().isalnum() or self._peek() == "_":
                    nodes.append(self._field())
                continue
            char = self._next()
            if char == "" or char in "\r\n":
                raise JsonPathError("unclosed action")
            if char in " @$":
                continue
            if char == "[":
                nodes += self._array()
            elif char in "\"'":
                nodes.append(Literal(self._quoted(char), is_text=True))
            elif char == ".":
                nodes.append(self._field())
            elif char in "+-" or char.isdigit():
                nodes.append(Literal(self._number(char)))
            elif char.isalnum() or char == "_":
                nodes.append(self._word(char))
            else:
                raise JsonPathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _filter(self) -> Filter:
        start, quote, is_closed = self._at, "", False
        while True:
            char = self._next()
            if char == "" or char == "\n":
                raise JsonPathError("unterminated filter")
            if char in "\"'":
                if not quote:
                    quote = char
                elif char == quote and self._text[self._at - 2] != "\\":
                    is_closed = True
            elif char == ")" and bool(quote) == is_closed:
                break
        if self._next() != "]":
            raise JsonPathError("unclosed array expect ]")
        text = self._text[start : self._at - 2]
        match = _COMPARISON.fullmatch(text)
        if match is None:
            return Filter(_inner(text), "exists", ())
        return Filter(_inner(match[1]), match[2], _inner(match[3]))

    def _array(self) -> list[Node]:
        start = self._at
        while (char := self._next()) != "]":
            if char == "" or char == "\n":
                raise JsonPathError("unterminated array")
        text = self._text[start : self._at - 1]
        parts = text.split(",")
        if len(parts) > 1:
            return [Union(tuple(_inner(f"[{part.strip(' ')}]") for part in parts))]
        if key := _DICT_KEY.fullmatch(text):
            return list(_inner(f".{key[1]}"))
        match = _SLICE.fullmatch(":" if text == "*" else text)
        if match is None:
            raise JsonPathError(f"invalid array index {text}")
        if match[1] == "-":
            raise JsonPathError("array index - is not a number")
        numbers = [
            int(number) if number.strip("-") else None for number in (match[1], (match[2] or "")[1:], (match[3] or "")[1:])
        ]
        return [Slice(numbers[0], numbers[1], numbers[2], is_index=match[2] is None)]

    def _quoted(self, quote: str) -> str:
        start = self._at
        while True:
            char = self._next()
            if char == "" or char == "\n":
                raise JsonPathError("unterminated quoted string")
            if char == quote and self._text[self._at - 2] != "\\":
                break
        return _unquoted(self._text[start : self._at - 1])

    def _number(self, first: str) -> int | float:
        start = self._at - len(first)
        while self._peek() == "." or self._peek().isdigit():
            self._at += 1
        text = self._text[start : self._at]
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            raise JsonPathError(f"cannot parse number {text}") from None

    def _word(self, first: str) -> Node:
        start = self._at - len(first)
        while not _is_terminator(self._peek()):
            self._at += 1
        text = self._text[start : self._at]
        return Literal(text == "true") if text in ("true", "false") else Word(text)

    def _field(self) -> Node:
        start = self._at
        while not _is_terminator(self._peek()):
            self._at += 2 if self._peek() == "\\" else 1
        text = self._text[start : self._at]
        return Wildcard() if text == "*" else Field(text.replace("\\", ""))

    def _skip(self, prefix: str) -> bool:
        found = self._text.startswith(prefix, self._at)
        self._at += len(prefix) if found else 0
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        char = self._peek()
        self._at += 1
        return char


def _inner(text: str) -> Action:
    """The nodes of a path inside a filter, a union or a key."""
    return _Parser("{" + text + "}").parse()[0]


def _unquoted(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU":
            return chr(int(code[1:], 16))
        return _ESCAPES[code]

    try:
        return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.|$)", replace, text)
    except (KeyError, ValueError, IndexError):
        raise JsonPathError(f"unquote string {text} error invalid syntax") from None
