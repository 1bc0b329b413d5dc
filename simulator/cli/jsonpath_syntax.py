"""The syntax of kubectl's JSONPath: from a template to what it consists of. The errors are kubectl's."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from simulator.errors import KjsimError

_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


class JsonPathError(KjsimError):
    """A template that can't be read, or can't be applied to this object; the message is kubectl's."""


class Literal(NamedTuple):
    """A text, number or truth value."""

    value: Any
    is_text: bool = False


class Field(NamedTuple):
    """`.name`."""

    name: str


class Wildcard(NamedTuple):
    """`.*`: all values of a map or list."""


class Recursive(NamedTuple):
    """`..`: everything below."""


class Slice(NamedTuple):
    """`[start:end:step]`. `is_index`: it was `[start]`."""

    start: int | None
    end: int | None
    step: int | None
    is_index: bool = False


class Union(NamedTuple):
    """`[a,b]`."""

    parts: tuple[tuple[Node, ...], ...]


class Filter(NamedTuple):
    """`[?(left operator right)]`; operator `exists`: whether left finds anything."""

    left: tuple[Node, ...]
    operator: str
    right: tuple[Node, ...]


class Word(NamedTuple):
    """A bare word: `range`, `end`, or a mistake."""

    name: str


Node = Literal | Field | Wildcard | Recursive | Slice | Union | Filter | Word
Action = tuple[Node, ...]


def parse_template(template: str) -> list[Action]:
    """The actions of a template; text between them is an action of its own. Raises `JsonPathError`."""
    return _Parser(template).parse()


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
