"""YAML and JSON text as plain trees that know where each value stands, read as kubectl reads it.

PyYAML (on libyaml) composes nodes; what a plain word means is decided here, by the rules of kubectl's library:
YAML 1.1 with `yes`, `on` and `010`, times as text, numbers as JSON has them. A stream is cut at `---` lines first, as
kubectl does, and each part is read by itself; so the line in a parser's message counts from the start of its part.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from simulator.errors import Problem
from simulator.model.quoting import go_quoted
from simulator.parser.structure import Path

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_NODES = 1_000_000  # more can only come from aliases of aliases
_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
_FALSE = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*|0[0-7]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"


class Document(Struct):
    """One document: its `tree`, and the node from which it was read (None for JSON that is no YAML)."""

    tree: Any
    node: Any
    first_line: int

    def position(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of the value at a path: of its key, or of the list item. (0, 0) if unknown.

        Where the path leads nowhere it is the last value on the way to it.
        """
        node = self.node
        if node is None:
            return 0, 0
        mark = node.start_mark
        for part in path:
            if isinstance(node, yaml.MappingNode):
                entry = next((entry for entry in node.value if _key_text(entry[0]) == part), None)
                if entry is None:
                    break
                mark, node = entry[0].start_mark, entry[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                mark = node.start_mark
            else:
                break
        return self.first_line + int(mark.line), int(mark.column) + 1


def read_documents(text: str, file: str) -> tuple[list[Document], list[Problem]]:
    """The documents of a text, empty ones left out, and what can't be read. Reading goes on after a bad part."""
    documents: list[Document] = []
    problems: list[Problem] = []
    if text.startswith("\ufeff"):
        text = text[1:]
    if text.lstrip().startswith("{") and _read_json(text, file, documents, problems):
        return documents, problems
    for first_line, part in _parts(text):
        documents_of_part, problems_of_part = _read_part(part, first_line, file)
        documents += documents_of_part
        problems += problems_of_part
    return documents, problems


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The parts between `---` lines, each with the number of its first line."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        rest = line[3:].strip() if line.startswith("---") else None
        if lines and rest is not None and (not rest or rest.startswith("#")):
            yield first, "".join(lines)
            lines, first = [], number + 1
        else:
            lines.append(line)
    yield first, "".join(lines)


def _read_part(part: str, first_line: int, file: str) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    try:
        loader = _LOADER(part)
    except yaml.reader.ReaderError:
        return [], [Problem("error converting YAML to JSON: yaml: control characters are not allowed", file=file)]
    try:
        while loader.check_node():
            node = loader.get_node()
            builder = _Builder(loader, file, first_line)
            tree = builder.value(node)
            problems += builder.problems
            if tree is not None:
                documents.append(Document(tree, node, first_line))
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, part, file, first_line))
    except yaml.YAMLError:
        problems.append(Problem("error converting YAML to JSON: yaml: control characters are not allowed", file=file))
    finally:
        loader.dispose()
    return documents, problems


def _syntax_problem(error: yaml.MarkedYAMLError, part: str, file: str, first_line: int) -> Problem:
    """A syntax error; the line in its text is counted as the Go library does: a parser's (not a scanner's) from 0."""
    mark, context = error.problem_mark, error.context_mark
    text = error.problem or "unknown problem parsing YAML content"
    line = 0
    if isinstance(error, yaml.composer.ComposerError):
        alias = re.match(r"\*([-\w]+)", part.splitlines()[mark.line][mark.column :]) if mark is not None else None
        text = f"unknown anchor '{alias[1]}' referenced" if alias else text
    elif mark is not None and mark.line:
        line = mark.line + isinstance(error, yaml.scanner.ScannerError)
    elif context is not None:
        line = context.line
    where = f"line {line}: " if line else ""
    shown = first_line + mark.line if mark is not None else 0
    column = mark.column + 1 if mark is not None else 0
    return Problem(f"error converting YAML to JSON: yaml: {where}{text}", "", file, shown, column)


class _Builder:
    """Builds the plain tree of a node and collects keys that occur twice."""

    def __init__(self, loader: Any, file: str, first_line: int) -> None:
        self.problems: list[Problem] = []
        self._loader = loader
        self._file = file
        self._first_line = first_line
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: Any) -> Any:
        self._count += 1
        if self._count > _MOST_NODES:
            raise yaml.MarkedYAMLError(problem="document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise yaml.MarkedYAMLError(problem="anchor value contains itself", problem_mark=node.start_mark)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: Any) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        merged: list[Any] = []
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                merged.append(value)
                continue
            name = _key_text(key)
            if name in tree:
                line = key.start_mark.line + 1
                text = f"yaml: unmarshal errors:\n  line {line}: key {go_quoted(name)} already set in map"
                place = (self._first_line + key.start_mark.line, key.start_mark.column + 1)
                self.problems.append(Problem(f"error converting YAML to JSON: {text}", name, self._file, *place))
            tree[name] = self.value(value)
        for source in merged:
            for mapping in source.value if isinstance(source, yaml.SequenceNode) else [source]:
                if isinstance(mapping, yaml.MappingNode):
                    tree = {**self.value(mapping), **tree}
                else:
                    text = "yaml: map merge requires map or sequence of maps as the value"
                    place = (self._first_line + mapping.start_mark.line, mapping.start_mark.column + 1)
                    self.problems.append(Problem(f"error converting YAML to JSON: {text}", "<<", self._file, *place))
        return tree

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        tag = node.tag.removeprefix(_TAG)
        if tag == "binary":
            return base64.b64decode(text, validate=False).decode("utf-8", "replace")
        if node.style in ("'", '"', "|", ">"):
            return text if tag in ("str", "timestamp") or node.tag == "!" else plain_value(text)
        if tag == "str" and self._loader.resolve(yaml.ScalarNode, text, (True, False)) != f"{_TAG}str":
            return text  # marked as a string, although it does not look like one
        return plain_value(text)


def plain_value(text: str) -> Any:
    """What an unquoted word means: null, a boolean, a number or text."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "+-.0123456789":
        return text
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        digits = plain.lstrip("+-")
        is_old_octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        number = int(digits, 8) if is_old_octal else int(digits, 0)
        return -number if plain.startswith("-") else number
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if _ENDLESS.fullmatch(text):
        raise yaml.MarkedYAMLError(problem=f"json: unsupported value: {text}")
    return text


def _key_text(key: Any) -> str:
    """A key as JSON has it: always text."""
    if not isinstance(key, yaml.ScalarNode):
        return ""
    if key.style in ("'", '"', "|", ">") or key.tag == f"{_TAG}str":
        return str(key.value)
    value = plain_value(key.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _read_json(text: str, file: str, documents: list[Document], problems: list[Problem]) -> bool:
    """Read a stream of JSON objects; False if it is not JSON but may be YAML. Positions come from YAML where it can."""
    decoder = json.JSONDecoder()
    trees: list[Any] = []
    at = 0
    while at < len(text) and text[at:].strip():
        start = at + len(text[at:]) - len(text[at:].lstrip())
        try:
            tree, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            if error.pos >= len(text.rstrip()):
                line, column = error.lineno, error.colno
                problems.append(Problem("unexpected EOF", "", file, line, column))
                return True
            return False
        trees.append(tree)
    if len(trees) == 1:
        found, wrong = _read_part(text, 1, file)
        if len(found) == 1:
            documents.append(Document(trees[0], found[0].node, 1))
            problems.extend(wrong)
            return True
    documents.extend(Document(tree, None, 1) for tree in trees)
    return True
